"""Shuffles one raw column after another among validation rows and measures how much worse the model gets."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cauce.core.bundle.features import feature_projection, matrix_of
from cauce.core.bundle.scorer import Scorer
from cauce.core.matrix import Matrix
from cauce.core.metrics.judging import Judge
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.permutation import ColumnImportance, PermutationImportance
from cauce.core.metrics.results import Floats
from cauce.core.metrics.target import Target
from cauce.expr.kinds import columns_of
from cauce.expr.projection import Projection
from cauce.threads import in_threads

ROWS = 5000
REPEATS = 3
_PARTS = 4
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
    judge = Judge(target, metric, threshold)
    matrix = scorer.matrix(sample.rows)
    whole = _value(judge, scorer.scores_of(matrix), sample, 0)
    if whole is None:
        return None
    shuffling = _Shuffling(scorer, sample, matrix, whole, judge, seed)
    names = sample.rows.columns
    parts = in_threads(shuffling.importances, [names[at::_PARTS] for at in range(min(_PARTS, len(names)))])
    found = sorted((one for part in parts for one in part), key=lambda one: names.index(one.column))
    ordered = sorted(found, key=lambda one: -one.drop)
    return PermutationImportance(
        metric=metric, rows=sample.rows.height, repeats=REPEATS, columns=tuple(ordered)
    )


@dataclass(frozen=True, eq=False)
class _Shuffling:
    """What every column's importance starts from. matrix: of the sample as it is; whole: its metric."""

    scorer: Scorer
    sample: Sample
    matrix: Matrix
    whole: float
    judge: Judge
    seed: int

    def importances(self, names: Sequence[str]) -> list[ColumnImportance]:
        """Of these columns, in their order, where the metric has a value."""
        scorer, sample = self.scorer, self.sample
        repeated = {one.name: one for one in pl.concat([sample.rows] * REPEATS).get_columns()}
        matrices = np.tile(self.matrix, (REPEATS, 1))
        reading = [columns_of(one.expression) for one in scorer.features]
        found = []
        projections: dict[tuple[int, ...], Projection] = {}
        for name in names:
            places = [at for at, columns in enumerate(reading) if name in columns]
            # Columns of the same features, as principal components have, share what is dear to make.
            projection = projections.get(tuple(places))
            if projection is None:
                made = feature_projection([scorer.features[at] for at in places], scorer.input)
                projection = projections.setdefault(tuple(places), made)
            shuffled = {**repeated, name: _shuffled(sample.rows.get_column(name), self.seed)}
            rows = pl.DataFrame({column: shuffled[column] for column in projection.columns})
            kept = matrices[:, places]
            matrices[:, places] = matrix_of(projection(rows))
            found.append(self._importance(name, scorer.scores_of(matrices)))
            matrices[:, places] = kept
        return [one for one in found if one is not None]

    def _importance(self, name: str, scores: Matrix) -> ColumnImportance | None:
        sign = -1 if self.judge.metric.direction == "lower" else 1
        values = [_value(self.judge, scores, self.sample, place) for place in range(REPEATS)]
        drops = [sign * (self.whole - value) for value in values if value is not None]
        if not drops:
            return None
        spread = float(np.std(drops, ddof=1)) if len(drops) > 1 else 0.0
        return ColumnImportance(name, float(np.mean(drops)), spread)


def _shuffled(cells: pl.Series, seed: int) -> pl.Series:
    """The repeats one below the other; a column's order does not depend on the other columns."""
    own = int.from_bytes(hashlib.sha256(cells.name.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    random = np.random.default_rng([seed, own])
    places = np.concatenate([random.permutation(len(cells)) for _ in range(REPEATS)])
    return cells.gather(places)


def _value(judge: Judge, scores: Matrix, sample: Sample, place: int) -> float | None:
    """The metric of the rows of one repeat."""
    size = sample.label.size
    return judge.value(scores[place * size : (place + 1) * size], label=sample.label, weight=sample.weight)
