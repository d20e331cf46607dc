"""The learning curve: how good the model is by how many rows it learned from."""

from __future__ import annotations

from collections.abc import Iterator

from cauce.core.metrics.learning_curve import CurvePoint, LearningCurve
from cauce.core.metrics.value import Metric
from cauce.language import gettext_noop as _
from cauce.language import translate, translate_plural
from cauce.running.report.blocks import Block, Cell, Chart, Column, Paragraph, Part, Table, gallery
from cauce.running.report.charts.canvas import Frame, axis
from cauce.running.report.charts.lines import Line, line_chart
from cauce.running.report.metrics import dataset_text, interval_text, value_text
from cauce.running.report.wording import count, safe, share


def curve_parts(found: LearningCurve | None) -> Iterator[Block]:
    """The curve and what it says; nothing where it was not asked for."""
    if found is None:
        return
    blocks: tuple[Block, ...] = (Paragraph(found.sentence), *gallery((_chart(found),)), _table(found))
    yield Part(translate(_("Learning curve")), blocks)


def _chart(found: LearningCurve) -> Chart:
    lines = [
        Line(dataset_text("train"), _points(found, "train"), marked=True),
        Line(dataset_text("validation"), _points(found, "validation"), marked=True),
        Line(translate(_("the validation interval's upper end")), _ends(found, "high")),
        Line(translate(_("its lower end")), _ends(found, "low")),
    ]
    shown = [line for line in lines if line.points]
    points = [point for line in shown for point in line.points]
    across = axis([x for x, _y in points], translate(_("training rows")), zero=True, most=5)
    up = axis([y for _x, y in points], safe(found.metric))
    says = translate(
        _(
            "The same model fitted to growing parts of the training rows, each with all rows of the one "
            "before. Where the lines come together, more rows help little; where they are apart, they may."
        )
    )
    return line_chart(translate(_("Learning curve")), says, frame=Frame(across, up), lines=shown)


def _points(found: LearningCurve, dataset: str) -> tuple[tuple[float, float], ...]:
    values = ((one.rows, getattr(one, dataset).value) for one in found.points)
    return tuple((float(rows), value) for rows, value in values if value is not None)


def _ends(found: LearningCurve, end: str) -> tuple[tuple[float, float], ...]:
    values = ((one.rows, getattr(one.validation, end)) for one in found.points)
    return tuple((float(rows), value) for rows, value in values if value is not None)


def _table(found: LearningCurve) -> Table:
    heads = (
        Column(translate(_("share of the training rows"))),
        Column(translate(_("rows")), "number"),
        Column(dataset_text("train"), "number"),
        Column(dataset_text("validation"), "number"),
    )
    note = ""
    if found.left_out:
        text = translate_plural(
            "{count} size is left out: no model could be fitted to so few rows ({codes}).",
            "{count} sizes are left out: no model could be fitted to so few rows ({codes}).",
            len(found.left_out),
        )
        codes = ", ".join(dict.fromkeys(code for _share, code in found.left_out))
        note = text.format(count=count(len(found.left_out)), codes=codes)
    caption = translate(_("{metric} by the rows that were learned from.")).format(metric=safe(found.metric))
    return Table(caption, heads, tuple(_row(one) for one in found.points), note)


def _row(one: CurvePoint) -> tuple[Cell, ...]:
    return (share(one.share), count(one.rows), _value(one.train), _value(one.validation))


def _value(metric: Metric) -> str:
    return f"{value_text(metric)}{interval_text(metric, before=' ')}"
