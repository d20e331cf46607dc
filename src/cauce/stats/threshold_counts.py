"""How many positives and negatives reach each of many thresholds, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.stats.cells import Floats, floats
from cauce.stats.mergeable import Mergeable, column
from cauce.stats.scores import is_value


@dataclass(frozen=True)
class ThresholdState:
    """counts[0], counts[1]: weights of positives and of negatives by how many thresholds they reach."""

    counts: NDArray[np.float64]


@dataclass(frozen=True)
class ThresholdWeights:
    """Weights of positives and negatives whose score is at least each threshold; and of all of them."""

    threshold: Floats
    positive: Floats
    negative: Floats
    positives: float
    negatives: float


@dataclass(frozen=True)
class ThresholdCounts(Mergeable[ThresholdState, ThresholdWeights]):
    """The weight of positive and negative rows that score at least each of `thresholds` (ascending).

    Rows whose label is null, or whose score or weight is null or NaN, are left out.
    """

    score: str
    label: str
    thresholds: tuple[float, ...]
    positive: bool | int | str = True
    weight: str | None = None
    state_type = ThresholdState

    @property
    def columns(self) -> tuple[str, ...]:
        extra = () if self.weight is None else (self.weight,)
        return tuple(dict.fromkeys((self.score, self.label, *extra)))

    def start(self) -> ThresholdState:
        return ThresholdState(np.zeros((2, len(self.thresholds) + 1)))

    def of(self, batch: pl.DataFrame) -> ThresholdState:
        labels = column(batch, self.label)
        positive = is_value(labels, self.positive, summary=self)
        scores = floats(column(batch, self.score), self)
        weights = np.ones(batch.height)
        if self.weight is not None:
            weights = floats(column(batch, self.weight), self)
        keep = labels.is_not_null().to_numpy() & ~np.isnan(scores) & np.isfinite(weights)
        if not keep.all():
            scores, positive, weights = scores[keep], positive[keep], weights[keep]
        if self.weight is None:
            return ThresholdState(np.stack([self._cells(scores[side]) for side in (positive, ~positive)]))
        size = len(self.thresholds) + 1
        reached = np.searchsorted(np.asarray(self.thresholds), scores, side="right")
        places = reached + size * ~positive
        counts = np.bincount(places, weights, minlength=2 * size).astype(np.float64)
        return ThresholdState(counts.reshape(2, size))

    def _cells(self, scores: Floats) -> Floats:
        """How many scores reach none, just the first, the first two and so on of the thresholds."""
        # Few thresholds looked up among sorted scores: much faster than each score among the thresholds.
        below = np.searchsorted(np.sort(scores), np.asarray(self.thresholds), side="left")
        return np.diff(below, prepend=0, append=len(scores)).astype(np.float64)

    def merge(self, left: ThresholdState, right: ThresholdState) -> ThresholdState:
        return ThresholdState(left.counts + right.counts)

    def result(self, state: ThresholdState) -> ThresholdWeights:
        reaching = np.cumsum(state.counts[:, ::-1], axis=1)[:, ::-1]
        totals = (float(reaching[0, 0]), float(reaching[1, 0]))
        return ThresholdWeights(np.asarray(self.thresholds), reaching[0, 1:], reaching[1, 1:], *totals)
