"""What the model decides: confusion, thresholds and slices."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from cauce.core.evaluation import Evaluation
from cauce.core.metrics.results import ConfusionCounts
from cauce.core.metrics.slices import Slice
from cauce.core.metrics.thresholds import ThresholdRow, ThresholdTable
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.plots.confusion import fewer
from cauce.running.report.blocks import (
    Block,
    Cell,
    Chart,
    Column,
    Listing,
    Paragraph,
    Part,
    Shaded,
    Table,
    gallery,
)
from cauce.running.report.charts.bars import Item, dot_chart
from cauce.running.report.charts.canvas import Frame, shares_axis
from cauce.running.report.charts.lines import Line, Upright, line_chart
from cauce.running.report.metrics import dataset_text, level_text, value_text
from cauce.running.report.wording import NOTHING, count, decimals, name, number, safe, share

MOST_THRESHOLDS = 25
_LEVELS = 8


def confusion_parts(evaluation: Evaluation) -> Iterator[Block]:
    """The confusion matrix of the test rows, and of the others behind a fold."""
    for dataset in ("test", "validation", "train"):
        one = evaluation.datasets.get(dataset)
        if one is None or one.confusion is None or one.weight <= 0:
            continue
        title = translate(_("Confusion matrix, {dataset} rows")).format(dataset=dataset_text(dataset))
        yield Part(title, (_confusion(one.confusion),), folded=dataset != "test")


def _confusion(counts: ConfusionCounts) -> Table:
    shown, joined = fewer(counts)
    names: list[Cell] = [name(one, 40) for one in shown.classes]
    if joined:
        names[-1] = translate(_("other ({count})")).format(count=count(joined))
    totals = shown.labels
    rows = tuple(
        (names[at], *(_cell(float(weight), float(totals[at])) for weight in shown.matrix[at]))
        for at in range(len(names))
    )
    heads = (Column(translate(_("true class ↓  predicted →"))), *(Column(one, "number") for one in names))
    caption = translate(
        _("Rows by true class (down) and predicted class (across), with their share of the true class.")
    )
    return Table(caption, heads, rows, heat=True)


def _cell(weight: float, total: float) -> Shaded:
    if total <= 0:
        return Shaded(NOTHING, 0)
    level = int(np.clip(round(_LEVELS * weight / total), 0, _LEVELS))
    return Shaded(f"{count(weight)} · {share(weight, total)}", level)


def threshold_parts(evaluation: Evaluation) -> Iterator[Block]:
    """What each threshold gives on validation rows, and how the one in use was chosen."""
    table = evaluation.thresholds
    if table is None or not table.threshold.size:
        return
    dataset = dataset_text("validation")
    said = "" if evaluation.choice is None else evaluation.choice.sentence
    title = translate(_("Thresholds, {dataset} rows")).format(dataset=dataset)
    blocks: list[Block] = [Paragraph(said)] if said else []
    yield Part(title, (*blocks, *gallery((_threshold_chart(evaluation, table),)), _threshold_table(table)))


def _threshold_chart(evaluation: Evaluation, table: ThresholdTable) -> Chart:
    names = {"precision": _("precision"), "recall": _("recall"), "f1": _("F1")}
    rows = table.rows
    lines = [Line(translate(names[one]), tuple(_defined(rows, one))) for one in ("precision", "recall", "f1")]
    across = shares_axis(translate(_("threshold")))
    frame = Frame(across, shares_axis(translate(_("share"))))
    says = translate(_("A higher threshold calls fewer rows positive: precision mostly rises, recall falls."))
    upright = Upright(
        evaluation.threshold,
        translate(_("in use: {threshold}")).format(threshold=number(evaluation.threshold, 3)),
    )
    title = translate(_("Precision, recall and F1 by threshold"))
    return line_chart(title, says, frame=frame, lines=lines, upright=upright)


def _defined(rows: Sequence[ThresholdRow], what: str) -> Iterator[tuple[float, float]]:
    for row in rows:
        value = getattr(row, what)
        if value is not None:
            yield row.threshold, value


def _threshold_table(table: ThresholdTable) -> Table:
    step = max(1, math.ceil(table.threshold.size / MOST_THRESHOLDS))
    shown = [table.at(place) for place in range(0, table.threshold.size, step)]
    costs = table.costs is not None
    heads = [
        Column(translate(_("threshold")), "number"),
        *(Column(translate(one), "number") for one in (_("precision"), _("recall"), _("F1"))),
        Column(translate(_("predicted positive")), "number"),
        *((Column(translate(_("cost for each row")), "number"),) if costs else ()),
    ]
    rows = tuple(
        (
            number(one.threshold, 3),
            *(decimals(value) for value in (one.precision, one.recall, one.f1)),
            share(one.predicted),
            *((decimals(one.cost),) if costs else ()),
        )
        for one in shown
    )
    text = translate(_("What each threshold gives on {rows} validation rows; none was chosen on test rows."))
    return Table(text.format(rows=count(table.weight)), tuple(heads), rows)


def slice_parts(evaluation: Evaluation) -> Iterator[Block]:
    """The headline by slices of the rows, the weak ones named."""
    dataset = "validation" if "validation" in evaluation.datasets else "test"
    for column in dict.fromkeys(one.column for one in evaluation.slices):
        found = [one for one in evaluation.slices if one.column == column and one.dataset == dataset]
        if found:
            title = translate(_("By {column}, {dataset} rows"))
            title = title.format(column=safe(column), dataset=dataset_text(dataset))
            weak = tuple(safe(one.sentence, 600) for one in evaluation.weakest if one.column == column)
            listing: tuple[Block, ...] = (Listing(weak),) if weak else ()
            yield Part(title, (*listing, *gallery((_slice_chart(title, found),)), _slice_table(found)))


def _slice_chart(title: str, slices: Sequence[Slice]) -> Chart | None:
    valued = [one for one in slices if one.headline.value is not None]
    if not valued:
        return None
    items = [
        Item(
            _slice_name(one),
            one.headline.value or 0.0,
            value_text(one.headline),
            one.headline.low,
            one.headline.high,
        )
        for one in valued
    ]
    metric, level = safe(valued[0].headline.name), level_text(valued[0].headline)
    says = translate(_("{metric} with its {level} interval; the dotted line is that of all rows."))
    heads = (translate(_("slice")), metric)
    overall = valued[0].overall
    return dot_chart(
        title, says.format(metric=metric, level=level), items=items, heads=heads, reference=overall
    )


def _slice_name(one: Slice) -> str:
    return safe(one.level, 40) if one.kind == "level" else safe(one.name.removeprefix(f"{one.column} = "), 40)


def _slice_table(slices: Sequence[Slice]) -> Table:
    metrics = [one.name for one in slices[0].metrics]
    heads = (
        Column(translate(_("slice"))),
        Column(translate(_("rows")), "number"),
        *(Column(name(one), "number") for one in metrics),
        Column(translate(_("beyond chance"))),
    )
    rows = tuple(_slice_row(one) for one in slices)
    caption = translate(_("Weak: worse than all rows beyond chance, corrected for {looks} looks."))
    return Table(caption.format(looks=count(slices[0].looks)), heads, rows)


def _slice_row(one: Slice) -> tuple[Cell, ...]:
    values = (value_text(metric) for metric in one.metrics)
    weak = translate(_("weak")) if one.weak else NOTHING
    return (name(_slice_name(one)), count(one.rows), *values, weak)
