"""Shuffles one raw column after another among validation rows and measures how much worse the model gets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from cauce.core.bundle.features import feature_projection, matrix_of
from cauce.core.bundle.scorer import Scorer
from cauce.core.matrix import Matrix
from cauce.core.metrics.decisions import decision_metric
from cauce.core.metrics.errors import NumberErrors
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.numbers import number_metric
from cauce.core.metrics.permutation import ColumnImportance, PermutationImportance
from cauce.core.metrics.ranking import RANKING, SMALLEST, ranking_metric
from cauce.core.metrics.results import ConfusionCounts, Floats, scores_of_rows, totals
from cauce.core.metrics.target import Target
from cauce.expr.kinds import columns_of

ROWS = 5000
REPEATS = 3
_CELLS = 84_000
FEWEST_ROWS = 500


def rows_for(columns: int) -> int:
    """How many rows to take for so many columns: ROWS, fewer where there are more than 16."""
    return max(FEWEST_ROWS, min(ROWS, _CELLS // max(columns, 1)))


@dataclass(frozen=True, eq=False, kw_only=True)
class Sample:
    """Validation rows: the raw columns the model reads; label [n], a class number or the number; weight."""

    rows: pl.DataFrame
    label: Floats
    weight: Floats


def permutation_importance(
    scorer: Scorer, sample: Sample, *, target: Target, metric: MetricName, threshold: float, seed: int = 0
) -> PermutationImportance | None:
    """The columns by how much worse `metric` gets, in its own unit; None where it has no value here.

    Features that do not read a shuffled column are not computed anew.
    """
    judge = _Judge(target, metric, threshold, sample)
    matrix = scorer.matrix(sample.rows)
    whole = judge.value(scorer.scores_of(matrix), 0)
    if whole is None:
        return None
    sign = -1 if metric.direction == "lower" else 1
    repeated = {one.name: one for one in pl.concat([sample.rows] * REPEATS).get_columns()}
    matrices = np.tile(matrix, (REPEATS, 1))
    reading = [columns_of(one.expression) for one in scorer.features]
    found = []
    for name in sample.rows.columns:
        places = [at for at, columns in enumerate(reading) if name in columns]
        projection = feature_projection([scorer.features[at] for at in places], scorer.input)
        shuffled = {**repeated, name: _shuffled(sample.rows.get_column(name), seed)}
        rows = pl.DataFrame({column: shuffled[column] for column in projection.columns})
        kept = matrices[:, places]
        matrices[:, places] = matrix_of(projection(rows))
        scores = scorer.scores_of(matrices)
        matrices[:, places] = kept
        values = [judge.value(scores, place) for place in range(REPEATS)]
        drops = [sign * (whole - value) for value in values if value is not None]
        if drops:
            spread = float(np.std(drops, ddof=1)) if len(drops) > 1 else 0.0
            found.append(ColumnImportance(name, float(np.mean(drops)), spread))
    ordered = sorted(found, key=lambda one: -one.drop)
    return PermutationImportance(
        metric=metric, rows=sample.rows.height, repeats=REPEATS, columns=tuple(ordered)
    )


def _shuffled(cells: pl.Series, seed: int) -> pl.Series:
    """The repeats one below the other; a column's order does not depend on the other columns."""
    own = int.from_bytes(hashlib.sha256(cells.name.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    random = np.random.default_rng([seed, own])
    places = np.concatenate([random.permutation(len(cells)) for _ in range(REPEATS)])
    return cells.gather(places)


@dataclass(frozen=True, eq=False)
class _Judge:
    target: Target
    metric: MetricName
    threshold: float
    sample: Sample

    def value(self, scores: Matrix, place: int) -> float | None:
        """The metric of the rows of one repeat."""
        size = self.sample.label.size
        part: Any = scores[place * size : (place + 1) * size].astype(np.float64)
        if self.target.task == "regression":
            return self._of_numbers(part)
        if self.metric.kind in RANKING:
            return self._ranked(part)
        return decision_metric(self._confusion(part), self.metric).value

    def _of_numbers(self, predicted: Floats) -> float | None:
        sample = self.sample
        columns = {"label": sample.label, "prediction": predicted, "weight": sample.weight}
        summary = NumberErrors("label", "prediction", "weight")
        sums = summary.result(summary.of(pl.DataFrame(columns)))
        if self.metric.kind == "median_absolute_error":
            return float(np.median(np.abs(predicted - sample.label)))
        return number_metric(sums, self.metric).value

    def _ranked(self, scores: Floats) -> float | None:
        label, weight, classes = self.sample.label, self.sample.weight, self.target.classes
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

    def _confusion(self, scores: Floats) -> ConfusionCounts:
        size = len(self.target.classes)
        if self.target.task == "binary":
            predicted = (scores[:, 1] >= self.threshold).astype(np.int64)
        else:
            predicted = np.argmax(scores, axis=1)
        pairs = self.sample.label.astype(np.int64) * size + predicted
        matrix = totals(pairs, self.sample.weight, size=size * size).reshape(size, size)
        return ConfusionCounts(self.target.classes, matrix)
