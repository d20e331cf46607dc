"""Metrics of predicted classes, from a confusion matrix of any number of classes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from cauce.core.metrics.names import MetricName
from cauce.core.metrics.results import ConfusionCounts, Floats
from cauce.core.metrics.value import Metric, metric, undefined
from cauce.errors import CauceError


def decision_metric(counts: ConfusionCounts, name: MetricName) -> Metric:
    """The metric `name` from predicted classes; E0905 where it names a class that does not exist.

    Averages are over the classes that occur among labels or predictions; a class's undefined part counts
    0 in them, as in scikit-learn. On its own it is undefined, with the reason.
    """
    if counts.weight <= 0:
        return undefined(name, "no_rows")
    if name.positive is not None:
        return _of_class(counts, name, name.positive)
    if name.average is not None:
        return metric(name, _averaged(counts, name))
    return _OVERALL[name.kind](counts, name)


def _of_class(counts: ConfusionCounts, name: MetricName, positive: str) -> Metric:
    if positive not in counts.classes:
        raise CauceError("E0905", name=name, task=positive, choices=", ".join(counts.classes))
    at = counts.classes.index(positive)
    above, under, reason = _PARTS[name.kind](counts)
    if under[at] <= 0:
        return undefined(name, reason)
    return metric(name, above[at] / under[at])


def _averaged(counts: ConfusionCounts, name: MetricName) -> float:
    above, under, _reason = _PARTS[name.kind](counts)
    parts = np.divide(above, under, out=np.zeros_like(above), where=under > 0)
    if name.average == "weighted":
        return float(parts @ counts.labels) / counts.weight
    return float(parts[(counts.labels + counts.predictions) > 0].mean())


Parts = tuple[Floats, Floats, str]


def _precision(counts: ConfusionCounts) -> Parts:
    return np.diag(counts.matrix), counts.predictions, "never_predicted"


def _recall(counts: ConfusionCounts) -> Parts:
    return np.diag(counts.matrix), counts.labels, "no_positive"


def _f1(counts: ConfusionCounts) -> Parts:
    return 2 * np.diag(counts.matrix), counts.labels + counts.predictions, "neither"


def _specificity(counts: ConfusionCounts) -> Parts:
    others = counts.weight - counts.labels
    alarms = counts.predictions - np.diag(counts.matrix)
    return others - alarms, others, "no_negative"


def _accuracy(counts: ConfusionCounts, name: MetricName) -> Metric:
    return metric(name, float(np.trace(counts.matrix)) / counts.weight)


def _balanced_accuracy(counts: ConfusionCounts, name: MetricName) -> Metric:
    present = counts.labels > 0
    return metric(name, float((np.diag(counts.matrix)[present] / counts.labels[present]).mean()))


def _mcc(counts: ConfusionCounts, name: MetricName) -> Metric:
    """Gorodkin's R_K (2004), which for two classes is Matthews' coefficient."""
    matrix = counts.matrix / counts.weight
    labels, predictions = matrix.sum(axis=1), matrix.sum(axis=0)
    spread = [float(share @ (share.sum() - share)) for share in (labels, predictions)]
    if max(labels) >= labels.sum() or max(predictions) >= predictions.sum():
        return undefined(name, "one_class")
    agreement = float(np.trace(matrix) * labels.sum() - labels @ predictions)
    return metric(name, agreement / math.sqrt(spread[0] * spread[1]))


_PARTS: dict[str, Callable[[ConfusionCounts], Parts]] = {
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
    "specificity": _specificity,
}
_OVERALL: dict[str, Callable[[ConfusionCounts, MetricName], Metric]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "mcc": _mcc,
}
DECISIONS = frozenset((*_PARTS, *_OVERALL))
