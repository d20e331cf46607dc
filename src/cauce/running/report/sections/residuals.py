"""How a regression errs, in words and charts: with the prediction, in the tails, by slices."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cauce.core.evaluation import Evaluation
from cauce.core.metrics.residuals import ResidualAnalysis, ResidualPart
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.report.blocks import Block, Chart, Listing, Part, gallery
from cauce.running.report.charts.bars import Item, dot_chart
from cauce.running.report.charts.canvas import Frame, axis
from cauce.running.report.charts.lines import Line, Reference, line_chart
from cauce.running.report.metrics import dataset_text
from cauce.running.report.wording import count, number, safe

MOST_SLICES = 20


def residual_parts(evaluation: Evaluation) -> Iterator[Block]:
    """The analysis of a regression's residuals; nothing where there is none."""
    found = evaluation.residuals
    if found is None:
        return
    charts = [_by_prediction(found), _normal(found)]
    if found.slices:
        charts.append(_by_slice(found))
    blocks: tuple[Block, ...] = (Listing(found.sentences), *gallery(charts))
    yield Part(translate(_("How the errors spread")), blocks)


def _rows(found: ResidualAnalysis) -> str:
    text = translate(_("{rows} {dataset} rows"))
    return text.format(rows=count(found.rows), dataset=dataset_text(found.dataset))


def _by_prediction(found: ResidualAnalysis) -> Chart:
    lines = [
        Line(translate(title), tuple((_middle(one), getattr(one, what)) for one in found.parts), marked=True)
        for what, title in _LINES.items()
    ]
    points = [point for line in lines for point in line.points]
    across = axis([x for x, _y in points], translate(_("prediction")), most=5)
    up = axis([0.0, *(y for _x, y in points)], translate(_("label less prediction")))
    says = translate(
        _(
            "Residuals of {rows}, in parts of equal numbers of rows. The mean should follow the dotted line; "
            "where the other two open, errors grow."
        )
    ).format(rows=_rows(found))
    none = Reference(translate(_("no error")), (across.low, 0.0), (across.high, 0.0))
    title = translate(_("Residuals by prediction"))
    return line_chart(title, says, frame=Frame(across, up), lines=lines, references=(none,))


_LINES = {
    "mean": _("mean"),
    "share_high": _("nine tenths lie below"),
    "share_low": _("one tenth lies below"),
}


def _middle(one: ResidualPart) -> float:
    return 0.0 if one.low is None or one.high is None else (one.low + one.high) / 2


def _normal(found: ResidualAnalysis) -> Chart:
    points = found.normal
    across = axis(
        [x for x, _y in points], translate(_("deviations, as a normal distribution has them")), most=5
    )
    up = axis([y for _x, y in points], translate(_("deviations, as the residuals have them")))
    low, high = max(across.low, up.low), min(across.high, up.high)
    normal = Reference(translate(_("a normal distribution")), (low, low), (high, high))
    says = translate(
        _(
            "Quantiles of the residuals of {rows} against those of a normal distribution. Points above the "
            "dotted line on the right, or below it on the left, are errors larger than a normal one."
        )
    ).format(rows=_rows(found))
    line = Line(translate(_("residuals")), points, marked=True)
    title = translate(_("Residuals against a normal distribution"))
    return line_chart(title, says, frame=Frame(across, up), lines=(line,), references=(normal,))


def _by_slice(found: ResidualAnalysis) -> Chart:
    items = [_item(one) for one in found.slices[:MOST_SLICES]]
    says = translate(
        _(
            "The mean residual of each slice of {rows}, with a 95 % interval. Above 0 the model predicts too "
            "little there, below 0 too much."
        )
    ).format(rows=_rows(found))
    heads = (translate(_("slice")), translate(_("label less prediction")))
    return dot_chart(translate(_("Residuals by slice")), says, items=items, heads=heads, reference=0.0)


def _item(one: ResidualPart) -> Item:
    about = 1.96 * one.deviation / math.sqrt(one.rows)
    return Item(safe(one.name, 60), one.mean, number(one.mean, 3), one.mean - about, one.mean + about)
