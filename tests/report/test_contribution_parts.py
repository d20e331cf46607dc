"""What a report says of contributions: how much each column moves predictions, and which way."""

from __future__ import annotations

from dataclasses import replace

from told_run import content, evaluation

from cauce.core.contributions.summary import ColumnContribution, ContributionSummary, ValuePart
from cauce.core.evaluation import Evaluation, History
from cauce.running.report.blocks import Gallery, Part
from cauce.running.report.page import as_html
from cauce.running.report.report import report_page
from cauce.running.report.sections.contributions import direction_parts, size_chart

FOUND = ContributionSummary(
    rows=900,
    outputs=("",),
    base=(0.5,),
    columns=(
        ColumnContribution(
            "income",
            0.75,
            parts=(
                ValuePart(0.0, 10.0, None, 400, (-0.5,), 4.0),
                ValuePart(11.0, 90.0, None, 400, (0.75,), 20.0),
                ValuePart(None, None, None, 100, (0.25,)),
            ),
        ),
        ColumnContribution(
            "<plan>",
            0.5,
            "level",
            (ValuePart(None, None, "<a>", 500, (0.3,)), ValuePart(None, None, None, 400, (-0.1,))),
        ),
        ColumnContribution(
            "day",
            0.1,
            "moment",
            tuple(ValuePart(at, at + 30, None, 99, (0.1,), at + 9) for at in (0.0, 365.5)),
        ),
        ColumnContribution("shape", 0.0),
    ),
)


def told(found: ContributionSummary = FOUND) -> Evaluation:
    return replace(evaluation(), contributions=found)


def test_sizes_and_directions_are_told() -> None:
    chart = size_chart(told())
    assert chart is not None
    assert chart.data.rows[0] == ("income", "0.75")
    assert "900 validation rows" in chart.says
    assert "log-odds" in chart.says
    (part,) = direction_parts(told())
    assert isinstance(part, Part)
    (gallery,) = part.blocks
    assert isinstance(gallery, Gallery)
    income, plan, day = gallery.charts
    assert income.data.rows == (("mean contribution", "4", "−0.5"), ("mean contribution", "20", "0.75"))
    assert "Where it is missing: 0.25." in income.says
    assert plan.data.rows == (("<a>", "0.3"), ("(missing)", "−0.1"))
    assert day.data.rows[1][0] == "1971-01-01 … 1971-01-31"


def test_several_classes_have_a_line_each() -> None:
    parts = (ValuePart(0.0, 1.0, None, 50, (0.1, -0.1), 0.5), ValuePart(2.0, 3.0, None, 50, (0.2, -0.2), 2.5))
    found = replace(FOUND, outputs=("no", "yes"), columns=(ColumnContribution("x", 1.0, parts=parts),))
    (part,) = direction_parts(told(found))
    assert isinstance(part, Part)
    assert isinstance(part.blocks[0], Gallery)
    rows = part.blocks[0].charts[0].data.rows
    assert [row[0] for row in rows] == ["no", "no", "yes", "yes"]


def test_a_page_without_contributions_is_as_before_and_one_with_them_is_safe() -> None:
    run = content()
    assert size_chart(run.evaluation) is None
    assert list(direction_parts(run.evaluation)) == []
    html = as_html(report_page(replace(run, evaluation=told())))
    assert "<plan>" not in html
    assert "Which way the strongest columns move predictions" in html


def test_contributions_of_a_forest_are_in_probability() -> None:
    """A forest averages shares of rows: called log-odds, 0.4 would be read as a tenth of what it is."""
    forest = replace(told(), history=History(metric="logloss", losses={"train": (0.6, 0.5)}))
    chart = size_chart(forest)
    assert chart is not None
    assert "in probability of the positive class" in chart.says
