"""Curves of an evaluation as charts: ROC, precision and recall, calibration, residuals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cauce.core.evaluation import Evaluation
from cauce.core.metrics.curves import Calibration, Curve
from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.core.metrics.keys import DATASETS
from cauce.core.metrics.names import MetricName
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.report.blocks import Chart
from cauce.running.report.charts.bars import Bins, histogram
from cauce.running.report.charts.canvas import MOST_SERIES, Frame, shares_axis
from cauce.running.report.charts.lines import Line, Reference, line_chart
from cauce.running.report.metrics import dataset_text
from cauce.running.report.wording import count, decimals, safe

FEW = 20
"""A bin of fewer rows is drawn faintly."""


@dataclass(frozen=True, eq=False)
class _Source:
    """What a line is made of: its name, the evaluation it comes from, the class."""

    name: str
    one: DatasetEvaluation
    positive: str


def curve_charts(evaluation: Evaluation) -> Iterator[Chart]:
    """ROC, precision-recall and calibration: a line for each dataset, or for each class of the test rows."""
    if evaluation.target.task == "regression":
        return
    for kind, draw in _DRAW.items():
        sources = [one for one in _sources(evaluation) if one.positive in getattr(one.one, kind)]
        if sources:
            chart = draw(sources)
            yield chart if evaluation.target.task == "binary" else _of_classes(chart, evaluation, sources)


def _of_classes(chart: Chart, evaluation: Evaluation, sources: Sequence[_Source]) -> Chart:
    """The chart with what its lines are: classes, of the test rows, perhaps not all."""
    dataset = "test" if "test" in evaluation.datasets else next(iter(evaluation.datasets))
    title = translate(_("{title}, {dataset} rows")).format(title=chart.title, dataset=dataset_text(dataset))
    classes = len(evaluation.target.classes)
    text = translate(_("Each line is a class against all others"))
    if classes > len(sources):
        text = translate(_("The {shown} most frequent of {count} classes, each against all others"))
        text = text.format(shown=count(len(sources)), count=count(classes))
    return replace(chart, title=title, says=f"{text}. {chart.says}")


def _sources(evaluation: Evaluation) -> list[_Source]:
    if evaluation.target.task == "binary":
        found = [(one, evaluation.datasets[one]) for one in reversed(DATASETS) if one in evaluation.datasets]
        return [
            _Source(dataset_text(dataset), one, evaluation.target.positive)
            for dataset, one in found
            if one.weight > 0
        ]
    one = evaluation.datasets.get("test") or next(iter(evaluation.datasets.values()))
    classes = evaluation.target.classes
    weights = np.zeros(len(classes)) if one.confusion is None else one.confusion.labels
    order = np.argsort(-weights, kind="stable")[:MOST_SERIES]
    return [_Source(safe(classes[at], 40), one, classes[at]) for at in sorted(int(at) for at in order)]


def _roc(sources: Sequence[_Source]) -> Chart:
    across = shares_axis(translate(_("share of the other rows called positive")))
    up = shares_axis(translate(_("share of the positive rows found")))
    lines = [_line(one, "roc", "roc_auc", translate(_("{name}: area {value}"))) for one in sources]
    says = translate(
        _(
            "Each point is a threshold. A model that guesses follows the dotted line; the further up and to "
            "the left, the better."
        )
    )
    guess = Reference(translate(_("guessing")), (0.0, 0.0), (1.0, 1.0))
    return line_chart(
        translate(_("ROC curve")), says, frame=Frame(across, up), lines=lines, references=(guess,)
    )


def _precision_recall(sources: Sequence[_Source]) -> Chart:
    across = shares_axis(translate(_("recall: share of the positive rows found")))
    up = shares_axis(translate(_("precision: share of those found that are positive")))
    text = translate(_("{name}: average precision {value}"))
    lines = [_line(one, "precision_recall", "average_precision", text, stepped=True) for one in sources]
    prevalence = _prevalence(sources[0])
    guess = Reference(translate(_("guessing: the share of positives")), (0.0, prevalence), (1.0, prevalence))
    references = (guess,) if len({one.positive for one in sources}) == 1 else ()
    says = translate(
        _("How many of the rows called positive are so, for each share of the positive rows that is found.")
    )
    title = translate(_("Precision and recall"))
    return line_chart(title, says, frame=Frame(across, up), lines=lines, references=references)


def _calibration(sources: Sequence[_Source]) -> Chart:
    across = shares_axis(translate(_("predicted probability")))
    up = shares_axis(translate(_("share of rows that are positive")))
    lines = [_calibrated(one) for one in sources]
    says = translate(
        _(
            "Where the model says 0.3, three of ten rows should be positive: points on the dotted line. "
            "Faint points stand for fewer than {few} rows."
        )
    ).format(few=FEW)
    perfect = Reference(translate(_("as predicted")), (0.0, 0.0), (1.0, 1.0))
    title = translate(_("Calibration: predicted and observed"))
    return line_chart(title, says, frame=Frame(across, up), lines=lines, references=(perfect,))


_DRAW: dict[str, Callable[[Sequence[_Source]], Chart]] = {
    "roc": _roc,
    "precision_recall": _precision_recall,
    "calibration": _calibration,
}


def _line(source: _Source, kind: str, metric: str, text: str, *, stepped: bool = False) -> Line:
    curve: Curve = getattr(source.one, kind)[source.positive]
    points = tuple(zip(curve.x.tolist(), curve.y.tolist(), strict=True))
    if stepped and points and points[0][0] > 0:
        points = ((0.0, points[0][1]), *points)
    return Line(_labelled(source, metric, text), points, stepped=stepped)


def _calibrated(source: _Source) -> Line:
    table: Calibration = source.one.calibration[source.positive]
    rows = table.weight * source.one.rows / max(float(table.weight.sum()), 1e-300)
    points = list(zip(table.score.tolist(), table.share.tolist(), rows.tolist(), strict=True))
    many = tuple((x, y) for x, y, held in points if held >= FEW)
    few = tuple((x, y) for x, y, held in points if 0 < held < FEW)
    text = translate(_("{name}: calibration error {value}"))
    return Line(_labelled(source, "calibration_error", text), many, marked=True, faint=few)


def _labelled(source: _Source, metric: str, text: str) -> str:
    value = _value(source, metric)
    return source.name if value is None else text.format(name=source.name, value=decimals(value, 3))


def _value(source: _Source, kind: str) -> float | None:
    wanted = str(MetricName(kind, positive=source.positive))
    return next((one.value for one in source.one.metrics if str(one.name) == wanted), None)


def _prevalence(source: _Source) -> float:
    counts: Any = source.one.confusion
    if counts is None or counts.weight <= 0:
        return _value(source, "prevalence") or 0.0
    return float(counts.labels[counts.classes.index(source.positive)]) / float(counts.weight)


def residual_charts(evaluation: Evaluation) -> Iterator[Chart]:
    """Residuals of the test rows and of the validation rows."""
    for dataset in reversed(DATASETS[1:]):
        one = evaluation.datasets.get(dataset)
        found = None if one is None else one.residuals
        if one is None or found is None or found.weight.sum() <= 0:
            continue
        title = translate(_("Residuals, {dataset} rows")).format(dataset=dataset_text(dataset))
        says = translate(
            _("Label less prediction of {rows} rows; {below} lie further left and {above} further right.")
        ).format(rows=count(one.rows), below=count(found.below), above=count(found.above))
        bins = Bins(tuple(found.edges.tolist()), tuple(found.weight.tolist()))
        across = translate(_("label less prediction"))
        yield histogram(title, says, bins=bins, across=across, up=translate(_("rows")))
