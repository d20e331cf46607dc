"""How much each column moves predictions, and which way, over validation rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from cauce.core.contributions.summary import ColumnContribution, ContributionSummary, ValuePart
from cauce.core.evaluation import Evaluation
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.report.blocks import Block, Chart, Part, gallery
from cauce.running.report.charts.bars import Item, bar_chart, dot_chart
from cauce.running.report.charts.canvas import MOST_SERIES, Frame, axis
from cauce.running.report.charts.lines import Line, Reference, line_chart
from cauce.running.report.wording import count, number, safe

SHOWN, DRAWN = 20, 6
_UNITS: dict[str, str] = {
    "binary": _("log-odds of the positive class"),
    "multiclass": _("raw score of each class"),
    "regression": _("the scale that was learned"),
}
_SHARES: dict[str, str] = {
    "binary": _("probability of the positive class"),
    "multiclass": _("probability of each class"),
}
"""Of a forest, which averages shares of rows."""


def size_chart(evaluation: Evaluation | None) -> Chart | None:
    """A bar by column; None where contributions were not asked for."""
    found = None if evaluation is None else evaluation.contributions
    if evaluation is None or found is None or not found.columns:
        return None
    items = [Item(safe(one.source, 60), one.size, number(one.size)) for one in found.columns[:SHOWN]]
    says = translate(
        _(
            "The mean size of each column's contribution to the raw score of {rows} validation rows, in "
            "{unit}. A contribution says what the model does, not what causes what."
        )
    ).format(rows=count(found.rows), unit=unit(evaluation))
    heads = (translate(_("column")), translate(_("mean size")))
    return bar_chart(translate(_("How much each column moves predictions")), says, items=items, heads=heads)


def unit(evaluation: Evaluation) -> str:
    """What raw scores are in, in the active language."""
    history, task = evaluation.history, evaluation.target.task
    forest = history is not None and any(history.losses.values()) and history.best_round is None
    return translate(_SHARES.get(task, _UNITS[task]) if forest else _UNITS[task])


def direction_parts(evaluation: Evaluation | None) -> Iterator[Block]:
    """A small chart for each of the strongest columns."""
    found = None if evaluation is None else evaluation.contributions
    if evaluation is None or found is None:
        return
    told = [one for one in found.columns if len(one.parts) > 1 and one.size > 0][:DRAWN]
    charts = [_direction(one, found, unit(evaluation)) for one in told]
    if charts:
        yield Part(translate(_("Which way the strongest columns move predictions")), gallery(charts))


def _direction(column: ColumnContribution, found: ContributionSummary, of: str) -> Chart:
    single = len(found.outputs) == 1
    if column.kind != "number" and single:
        return _by_level(column, of)
    return _by_value(column, found, of)


def _says(rows: int) -> str:
    return translate(
        _(
            "Mean contribution over rows with these values, {rows} validation rows in all; above 0 raises "
            "the score."
        )
    ).format(rows=count(rows))


def _by_level(column: ColumnContribution, of: str) -> Chart:
    items = [Item(_named(one, column.kind), one.means[0], number(one.means[0], 3)) for one in column.parts]
    heads = (safe(column.source, 40), of)
    rows = sum(one.rows for one in column.parts)
    return dot_chart(safe(column.source, 60), _says(rows), items=items, heads=heads, reference=0.0)


def _by_value(column: ColumnContribution, found: ContributionSummary, of: str) -> Chart:
    places = _places(column)
    shown = range(min(len(found.outputs), MOST_SERIES))
    lines = [
        Line(
            safe(found.outputs[at], 40) if found.outputs[at] else translate(_("mean contribution")),
            tuple((x, one.means[at]) for x, one in zip(places, column.parts, strict=True) if x is not None),
            marked=True,
        )
        for at in shown
    ]
    points = [point for line in lines for point in line.points]
    across = axis([x for x, _y in points], safe(column.source, 40), most=5)
    up = axis([0.0, *(y for _x, y in points)], of, most=5)
    zero = Reference(translate(_("no effect")), (across.low, 0.0), (across.high, 0.0))
    said = _says(sum(one.rows for one in column.parts))
    missing = [one for one, x in zip(column.parts, places, strict=True) if x is None]
    if missing and len(found.outputs) == 1:
        text = translate(_("Where it is missing: {value}."))
        said = f"{said} {text.format(value=number(missing[0].means[0], 3))}"
    if column.kind != "number":
        names = "; ".join(f"{at + 1}: {_named(one, column.kind)}" for at, one in enumerate(column.parts))
        said = f"{said} {names}"
    return line_chart(safe(column.source, 60), said, frame=Frame(across, up), lines=lines, references=(zero,))


def _places(column: ColumnContribution) -> Sequence[float | None]:
    """Where each part stands on the axis; None for missing values among numbers."""
    if column.kind != "number":
        return [at + 1.0 for at in range(len(column.parts))]
    return [one.middle for one in column.parts]


def _named(part: ValuePart, kind: str) -> str:
    if kind == "level":
        return translate(_("(missing)")) if part.level is None else safe(part.level, 40)
    if part.low is None or part.high is None:
        return translate(_("(missing)"))
    ends = (_day(part.low), _day(part.high)) if kind == "moment" else (number(part.low), number(part.high))
    return f"{ends[0]} … {ends[1]}"


def _day(days: float) -> str:
    return (date(1970, 1, 1) + timedelta(days=math.floor(days))).isoformat()
