"""Scores of one or two models by label and bucket: for intervals and paired comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.stats.cells import Floats, floats
from cauce.stats.mergeable import Mergeable, at_least, column
from cauce.stats.ordered import Bins, float_keys
from cauce.stats.quantiles import middles
from cauce.stats.scores import is_value

_SHIFTS: Final = (0, 38, 42, 45, 47, 49, 52)
_SIDES: Final = ("positive", "negative")


@dataclass(frozen=True)
class JointState:
    """Distinct rows of (bucket, score keys) with weights by label; the keys are shifted."""

    cells: pl.DataFrame | None = None
    shift: int = 0
    rows: int = 0
    unlabelled: int = 0
    unscored: int = 0


@dataclass(frozen=True)
class JointCounts:
    """One entry for each distinct (bucket, scores): `scores` [models, n], weights of positives, negatives.

    exact: `scores` are the scores themselves; else each stands for a bin. rows: counted; unlabelled,
    unscored: left out (null label; null or NaN score, bucket or weight).
    """

    bucket: NDArray[np.int64]
    scores: NDArray[np.float64]
    positive: Floats
    negative: Floats
    exact: bool
    rows: int
    unlabelled: int
    unscored: int


@dataclass(frozen=True)
class JointScores(Mergeable[JointState, JointCounts]):
    """The weight of positive and negative rows at each combination of bucket and scores.

    bucket: an integer column. positive: the label's value that counts as positive. limit: exact up to so
    many combinations; beyond, scores are binned at 14, 10, 7, 5, 3 or 0 bits of mantissa, the most for
    which the combinations fit.
    """

    scores: tuple[str, ...]
    label: str
    bucket: str
    positive: bool | int | str = True
    weight: str | None = None
    limit: int = 65_536
    state_type = JointState

    def __post_init__(self) -> None:
        at_least(self, "limit", lowest=1)

    @property
    def columns(self) -> tuple[str, ...]:
        extra = () if self.weight is None else (self.weight,)
        return tuple(dict.fromkeys((*self.scores, self.label, self.bucket, *extra)))

    def start(self) -> JointState:
        return JointState()

    def update(self, state: JointState, batch: pl.DataFrame) -> JointState:
        return self.merge(state, self._of(batch, state.shift)) if batch.height else state

    def of(self, batch: pl.DataFrame) -> JointState:
        return self._of(batch, 0)

    def _of(self, batch: pl.DataFrame, shift: int) -> JointState:
        labels, buckets = column(batch, self.label), column(batch, self.bucket)
        positive = is_value(labels, self.positive, summary=self)
        weights = np.ones(batch.height)
        if self.weight is not None:
            weights = floats(column(batch, self.weight), self)
        found = [floats(column(batch, name), self) for name in self.scores]
        labelled = labels.is_not_null().to_numpy()
        keep = labelled & buckets.is_not_null().to_numpy() & np.isfinite(weights)
        for values in found:
            keep &= ~np.isnan(values)
        cells: dict[str, Any] = {"bucket": buckets.cast(pl.Int64).filter(keep)}
        cells |= {self._key(at): float_keys(part[keep] + 0.0) >> shift for at, part in enumerate(found)}
        cells |= {"positive": (weights * positive)[keep], "negative": (weights * ~positive)[keep]}
        unlabelled = int((~labelled).sum())
        rows = int(keep.sum())
        return JointState(
            *self._fitted(pl.DataFrame(cells), shift), rows, unlabelled, batch.height - rows - unlabelled
        )

    def merge(self, left: JointState, right: JointState) -> JointState:
        shift = max(left.shift, right.shift)
        every = [
            self._coarser(one.cells, shift - one.shift) for one in (left, right) if one.cells is not None
        ]
        counts = (
            left.rows + right.rows,
            left.unlabelled + right.unlabelled,
            left.unscored + right.unscored,
        )
        if not every:
            return JointState(None, shift, *counts)
        return JointState(*self._fitted(pl.concat(every), shift), *counts)

    def result(self, state: JointState) -> JointCounts:
        counts = (state.shift == 0, state.rows, state.unlabelled, state.unscored)
        if state.cells is None:
            none, models = np.empty(0), len(self.scores)
            return JointCounts(np.empty(0, np.int64), np.empty((models, 0)), none, none, *counts)
        keys = (state.cells[self._key(at)].to_numpy() for at in range(len(self.scores)))
        scores = np.stack([_middles(one, state.shift) for one in keys])
        positive, negative = (state.cells[name].to_numpy() for name in _SIDES)
        return JointCounts(state.cells["bucket"].to_numpy(), scores, positive, negative, *counts)

    @staticmethod
    def _key(at: int) -> str:
        return f"key {at}"

    @property
    def _keys(self) -> tuple[str, ...]:
        return ("bucket", *(self._key(at) for at in range(len(self.scores))))

    def _coarser(self, cells: pl.DataFrame, by: int) -> pl.DataFrame:
        if not by:
            return cells
        shifted = {self._key(at): cells[self._key(at)].to_numpy() >> by for at in range(len(self.scores))}
        return cells.with_columns(pl.Series(name, keys) for name, keys in shifted.items())

    def _fitted(self, cells: pl.DataFrame, shift: int) -> tuple[pl.DataFrame, int]:
        """The cells summed at the smallest shift, from this one on, that keeps the limit."""
        keys = self._keys
        found = cells.group_by(keys).agg(pl.col(_SIDES).sum())
        for finer, coarser in pairwise(_SHIFTS):
            if found.height <= self.limit or finer < shift:
                continue
            found = self._coarser(found, coarser - shift).group_by(keys).agg(pl.col(_SIDES).sum())
            shift = coarser
        return found.sort(keys), shift


def _middles(keys: NDArray[np.int64], shift: int) -> Floats:
    distinct, places = np.unique(keys, return_inverse=True)
    return middles(Bins(shift, distinct, np.ones(len(distinct))))[places]
