"""The report's coefficients: what a reader takes from them is what was learned."""

from __future__ import annotations

from dataclasses import replace

import pytest
from told_run import content

from cauce.core.linear.coefficients import Coefficient, Coefficients
from cauce.core.linear.quadratic import Penalty
from cauce.running.report.blocks import Facts, Name, Paragraph, Part, Table
from cauce.running.report.content import RunContent
from cauce.running.report.page import as_html
from cauce.running.report.report import report_page
from cauce.running.report.sections.coefficients import coefficient_parts, size_of_coefficients

ROWS = (
    Coefficient(feature=None, output=None, own=2.0, standardised=5.5, error=0.5, low=1.0, high=3.0),
    Coefficient(feature="small", output=None, own=900.0, standardised=0.1, error=10.0, low=880.0, high=920.0),
    Coefficient(feature="<b>large", output=None, own=-0.25, standardised=-3.0, error=None),
)
PLAIN = Coefficients(
    rows=ROWS, learner="linear", penalty=Penalty(), scans=1, condition=None, collinear=("<b>large", "small")
)


def part(found: Coefficients) -> Part:
    run = RunContent(
        project="p",
        run="r",
        begun="",
        ended=None,
        outcome=None,
        version="",
        records={},
        training={"coefficients": found.to_json()},
    )
    (made,) = coefficient_parts(run)
    assert isinstance(made, Part)
    return made


def table(found: Coefficients) -> Table:
    (one,) = (block for block in part(found).blocks if isinstance(block, Table))
    return one


def test_coefficients_stand_by_size_on_one_scale_with_what_is_known_of_them() -> None:
    """A large number of a feature in small units would otherwise seem to matter most."""
    made = table(PLAIN)
    assert [row[0] for row in made.rows] == ["intercept", Name("<b>large"), Name("small")]
    assert [column.title for column in made.columns] == [
        "feature",
        "coefficient",
        "standard error",
        "95 % interval",
        "standardised",
    ]
    assert made.rows[2][1:] == ("900", "10", "880 to 920", "0.1")
    assert made.rows[1][2:4] == ("–", "–"), "what the data do not determine has no error"
    assert "ordinary least squares" in made.note


def test_features_that_say_the_same_are_warned_of_by_name() -> None:
    """A coefficient that two features share at random is not an effect."""
    blocks = part(PLAIN).blocks
    (warning,) = (block for block in blocks if isinstance(block, Paragraph))
    assert warning.tone == "warning"
    assert "small" in warning.text
    (facts,) = (block for block in blocks if isinstance(block, Facts))
    assert ("condition number", "∞") in facts.pairs


def test_a_penalty_and_classes_change_what_the_table_says() -> None:
    """Standard errors beside shrunk coefficients would be wrong; classes without a name unreadable."""
    rows = tuple(
        replace(one, output=name, error=None, low=None, high=None, standardised=0.0 if one.feature else 1.0)
        for name in ("no", "yes")
        for one in ROWS
    )
    found = replace(PLAIN, rows=rows, learner="logistic", penalty=Penalty(0.5, 1.0), scans=9, collinear=())
    made = table(found)
    assert [column.title for column in made.columns] == ["feature", "class", "coefficient", "standardised"]
    assert "odds between the two classes" in made.caption
    assert "no standard error" in made.note
    (facts,) = (block for block in part(found).blocks if isinstance(block, Facts))
    assert ("coefficients that the penalty left out", "2") in facts.pairs
    assert ("readings of the training rows", "9") in facts.pairs


def test_trees_have_no_coefficients() -> None:
    """A report of a boosted model must not have an empty chapter."""
    run = RunContent(
        project="p", run="r", begun="", ended=None, outcome=None, version="", records={}, training={}
    )
    assert coefficient_parts(run) == ()
    assert size_of_coefficients((("a", 0.0),)) is None


def test_the_chart_shows_sizes_not_shares() -> None:
    """A share of a sum of coefficients means nothing."""
    chart = size_of_coefficients((("a", 2.5), ("b", 0.5)))
    assert chart is not None
    assert "one deviation" in chart.says
    assert [row[1] for row in chart.data.rows] == ["2.5", "0.5"]


@pytest.mark.parametrize("found", [PLAIN, replace(PLAIN, constant=("c",), condition=12.5)])
def test_the_record_reads_back(found: Coefficients) -> None:
    """An old run's report must show what was learned then."""
    assert Coefficients.from_json(found.to_json()) == found


def test_a_page_shows_a_hostile_feature_as_text() -> None:
    """A column called <b> must not change the page."""
    run = replace(content(), training={**content().training, "coefficients": PLAIN.to_json()})
    page = as_html(report_page(run))
    assert "<b>large" not in page
    assert "&lt;b&gt;large" in page
