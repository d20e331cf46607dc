"""From the model's numbers to its answers: calibration before and after, another scale, intervals."""

from __future__ import annotations

from collections.abc import Iterator

from cauce.core.answering.effects import AnswerEffects, CalibrationEffect, Coverage, IntervalEffect
from cauce.core.evaluation import Evaluation
from cauce.core.metrics.curves import Calibration
from cauce.core.metrics.keys import DATASETS
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.report.blocks import Block, Cell, Chart, Column, Listing, Part, Table, gallery
from cauce.running.report.charts.canvas import Frame, shares_axis
from cauce.running.report.charts.lines import Line, Reference, line_chart
from cauce.running.report.metrics import by_name, dataset_text, value_text
from cauce.running.report.wording import NOTHING, count, decimals, name, number, safe, short

FEW = 20
MOST_CLASSES = 12


def answer_parts(evaluation: Evaluation) -> Iterator[Block]:
    """A part for each thing that lies between the model's numbers and its answers."""
    answers = evaluation.answers or AnswerEffects()
    if answers.calibration is not None:
        told = Listing(tuple(safe(one, 400) for one in answers.calibration.sentences))
        charts = gallery(tuple(_reliability(evaluation, answers.calibration)))
        blocks = (told, *charts, _before_and_after(evaluation, answers.calibration))
        yield Part(translate(_("Calibration before and after")), blocks)
    if answers.scale is not None:
        said = Listing(tuple(safe(one, 400) for one in answers.scale.sentences))
        yield Part(translate(_("Learned on the scale log(1 + x)")), (said,))
    if answers.interval is not None:
        said = Listing(tuple(safe(one, 400) for one in answers.interval.sentences))
        yield Part(translate(_("Intervals")), (said, _coverage(answers.interval)))


def _reliability(evaluation: Evaluation, found: CalibrationEffect) -> Iterator[Chart]:
    """Predicted against observed on test rows, a chart for each class that has room."""
    test = evaluation.datasets.get("test")
    before = found.curves.get("test", {})
    for positive, curve in list(before.items())[: MOST_CLASSES // 3]:
        after = None if test is None else test.calibration.get(positive)
        if test is None or after is None:
            continue
        across = shares_axis(translate(_("predicted probability")))
        up = shares_axis(translate(_("share of rows that are positive")))
        title = translate(_("Calibration of {name}, test rows")).format(name=safe(positive, 60))
        says = translate(
            _(
                "Before and after, on rows that neither the model nor the calibration has seen. Where the "
                "model says 0.3, three of ten rows should be positive: points on the dotted line. Faint "
                "points stand for fewer than {few} rows."
            )
        ).format(few=FEW)
        perfect = Reference(translate(_("as predicted")), (0.0, 0.0), (1.0, 1.0))
        lines = [
            _line(translate(_("before")), curve, test.rows),
            _line(translate(_("after")), after, test.rows),
        ]
        yield line_chart(title, says, frame=Frame(across, up), lines=lines, references=(perfect,))


def _line(text: str, table: Calibration, rows: int) -> Line:
    held = table.weight * rows / max(float(table.weight.sum()), 1e-300)
    points = list(zip(table.score.tolist(), table.share.tolist(), held.tolist(), strict=True))
    many = tuple((x, y) for x, y, size in points if size >= FEW)
    return Line(text, many, marked=True, faint=tuple((x, y) for x, y, size in points if 0 < size < FEW))


def _before_and_after(evaluation: Evaluation, found: CalibrationEffect) -> Table:
    datasets = [one for one in reversed(DATASETS) if one in found.before and one in evaluation.datasets]
    heads = [Column(translate(_("metric")))]
    for dataset in datasets:
        for text in (_("{dataset}, before"), _("{dataset}, after")):
            heads.append(Column(translate(text).format(dataset=dataset_text(dataset)), "number"))
    rows = []
    for metric in found.before[datasets[0]][: 2 + 2 * MOST_CLASSES] if datasets else ():
        cells: list[Cell] = [name(metric.name)]
        for dataset in datasets:
            both = (
                {str(one.name): one for one in found.before[dataset]},
                by_name(evaluation.datasets[dataset]),
            )
            values = (one.get(str(metric.name)) for one in both)
            cells += [NOTHING if one is None else value_text(one) for one in values]
        rows.append(tuple(cells))
    return Table(translate(_("Metrics before and after calibration")), tuple(heads), tuple(rows))


def _coverage(found: IntervalEffect) -> Table:
    heads = (
        Column(translate(_("rows"))),
        Column(translate(_("number")), "number"),
        Column(translate(_("share inside")), "number"),
        Column(translate(_("between")), "number"),
        Column(translate(_("median width")), "number"),
    )
    shown = [one for one in reversed(DATASETS) if one in found.datasets]
    whole = (_covered(dataset_text(one), found.datasets[one]) for one in shown)
    rows = (*whole, *(_covered(name(one.name), one.coverage) for one in found.slices))
    text = translate(_("How often {level} intervals hold, fitted on {rows} rows outside the training rows"))
    level = f"{number(round(100 * found.level, 1))}\u202f%"
    note = translate(_("Slices are of test rows. Training rows lie inside more often: they were learned."))
    return Table(text.format(level=level, rows=count(found.rows)), heads, rows, note)


def _covered(title: Cell, one: Coverage) -> tuple[Cell, ...]:
    ends = f"{decimals(one.interval.low, 3)} – {decimals(one.interval.high, 3)}"
    return (title, count(one.rows), decimals(one.share, 3), ends, short(one.width))
