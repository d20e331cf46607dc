"""One metric of scored rows that are in memory, without its doubt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from cauce.core.metrics.decisions import decision_metric
from cauce.core.metrics.errors import NumberErrors
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.numbers import number_metric
from cauce.core.metrics.ranking import RANKING, SMALLEST, ranking_metric
from cauce.core.metrics.results import ConfusionCounts, Floats, scores_of_rows, totals
from cauce.core.metrics.target import Target

_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


@dataclass(frozen=True, eq=False)
class _Rows:
    scores: Floats
    label: Floats
    weight: Floats


@dataclass(frozen=True, eq=False)
class Judge:
    """One metric of rows in memory. threshold: of the positive class, for a binary target."""

    target: Target
    metric: MetricName
    threshold: float = 0.5

    def value(self, scores: npt.NDArray[Any], *, label: Floats, weight: Floats) -> float | None:
        """The metric, or None where it has no value on these rows.

        scores: probabilities [n, classes] or values [n]; label: class numbers or numbers [n]; weight [n].
        """
        rows = _Rows(scores.astype(np.float64), label, weight)
        if self.target.task == "regression":
            return self._of_numbers(rows)
        if self.metric.kind in RANKING:
            return self._ranked(rows)
        return decision_metric(self._confusion(rows), self.metric).value

    def _of_numbers(self, rows: _Rows) -> float | None:
        columns = {"label": rows.label, "prediction": rows.scores, "weight": rows.weight}
        summary = NumberErrors("label", "prediction", "weight")
        sums = summary.result(summary.of(pl.DataFrame(columns)))
        if self.metric.kind == "median_absolute_error":
            return _weighted_median(np.abs(rows.scores - rows.label), rows.weight)
        return number_metric(sums, self.metric).value

    def _ranked(self, rows: _Rows) -> float | None:
        scores, label, weight, classes = rows.scores, rows.label, rows.weight, self.target.classes
        if self.metric.kind == "log_loss":
            likely = scores[np.arange(label.size), label.astype(np.int64)]
            return float(-np.average(np.log(np.clip(likely, SMALLEST, 1 - SMALLEST)), weights=weight))
        numbers = range(len(classes)) if self.metric.average else [self._class]
        found = [
            ranking_metric(
                scores_of_rows(np.clip(scores[:, at], 0, 1), label == at, weight=weight),
                MetricName(self.metric.kind, positive=classes[at], option=self.metric.option)
                if self.metric.kind != "brier"
                else self.metric,
            ).value
            for at in numbers
        ]
        known = [value for value in found if value is not None]
        return float(np.mean(known)) if len(known) == len(found) else None

    @property
    def _class(self) -> int:
        if self.metric.positive is None:
            return len(self.target.classes) - 1
        return self.target.classes.index(self.metric.positive)

    def _confusion(self, rows: _Rows) -> ConfusionCounts:
        scores, size = rows.scores, len(self.target.classes)
        if self.target.task == "binary":
            predicted = (scores[:, 1] >= self.threshold).astype(np.int64)
        else:
            predicted = np.argmax(scores, axis=1)
        pairs = rows.label.astype(np.int64) * size + predicted
        matrix = totals(pairs, rows.weight, size=size * size).reshape(size, size)
        return ConfusionCounts(self.target.classes, matrix)


def _weighted_median(values: Floats, weight: Floats) -> float | None:
    """The value that half of the weight lies below; the middle of two where it lies between them."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    if not len(reached) or reached[-1] <= 0:
        return None
    half = reached[-1] / 2
    low, high = (min(int(np.searchsorted(reached, half, side=side)), len(order) - 1) for side in _SIDES)
    return float((values[order[low]] + values[order[high]]) / 2)
