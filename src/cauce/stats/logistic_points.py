"""The log loss of many logistic models over the same rows, each on its own parts of them, in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.stats.cells import Floats, floats
from cauce.stats.logistic import LogisticState, Numbers, added, complete, curved, explained, no_sums
from cauce.stats.mergeable import Mergeable, column
from cauce.stats.products import inner_product, products_with

_BLOCK_ROWS: Final = 4_096
_LEAST_ROWS: Final = 512
_BLOCK_CELLS: Final = 1 << 20


@dataclass(frozen=True)
class LogisticPoint:
    """One model. coefficients: [outputs, 1 + p] of (x - shift) / scale, intercepts first.

    division: which of the summary's divisions. curved: whether second derivatives are wanted.
    """

    coefficients: tuple[tuple[float, ...], ...]
    division: int
    curved: bool


@dataclass(frozen=True)
class RowDivision:
    """Parts of the rows, by number, that train and that score. by_class: the classes' weights in training.

    An empty `by_class` weighs every class 1; scores never weigh classes.
    """

    train: tuple[int, ...]
    score: tuple[int, ...]
    by_class: tuple[float, ...] = ()


@dataclass(frozen=True)
class PointSums:
    """trained: sums over rows that train. scored_weight, scored_loss: Σw and the loss of rows that score."""

    trained: LogisticState
    scored_weight: float
    scored_loss: float


@dataclass(frozen=True)
class PointState:
    """One entry for each point, in their order; skipped: rows left out for a cell that is no number."""

    points: tuple[PointSums, ...]
    skipped: int = 0


@dataclass(frozen=True)
class LogisticPoints(Mergeable[PointState, PointState]):
    """What `LogisticSums` says of each point, on the rows of its division.

    label: the class number from 0. part: a whole-number column, the part of each row. Rows are standardised
    once for all points, and margins and slopes of all points are one product each.
    """

    features: tuple[str, ...]
    label: str
    part: str
    divisions: tuple[RowDivision, ...]
    points: tuple[LogisticPoint, ...]
    shift: tuple[float, ...]
    scale: tuple[float, ...]
    weight: str | None = None
    state_type = PointState

    @property
    def columns(self) -> tuple[str, ...]:
        extra = () if self.weight is None else (self.weight,)
        return tuple(dict.fromkeys((*self.features, self.label, self.part, *extra)))

    def start(self) -> PointState:
        return PointState(tuple(self._nothing(one) for one in self.points))

    def _nothing(self, point: LogisticPoint) -> PointSums:
        nothing = no_sums(len(point.coefficients), len(self.features) + 1, curved=point.curved)
        return PointSums(nothing, 0.0, 0.0)

    def of(self, batch: pl.DataFrame) -> PointState:
        numbers = Numbers.of(batch, self)
        labels = floats(column(batch, self.label), self)
        parts = column(batch, self.part).to_numpy()
        weights = np.ones(batch.height)
        if self.weight is not None:
            weights = floats(column(batch, self.weight), self)
        state, skipped = self.start(), 0
        for low in range(0, batch.height, self._block_rows):
            block = slice(low, min(low + self._block_rows, batch.height))
            rows, own, mine, places = numbers.block(block), labels[block], weights[block], parts[block]
            keep = complete(rows, own, weights=mine)
            if not keep.all():
                rows, own, mine, places = rows[:, keep], own[keep], mine[keep], places[keep]
                skipped += int(len(keep) - keep.sum())
            state = self.merge(state, self._block(rows, own, mine, places))
        return PointState(state.points, state.skipped + skipped)

    @property
    def _block_rows(self) -> int:
        margins = sum(len(one.coefficients) for one in self.points)
        return max(_LEAST_ROWS, min(_BLOCK_ROWS, _BLOCK_CELLS // max(margins, 1)))

    def _block(self, rows: Floats, labels: Floats, weights: Floats, parts: NDArray[np.int64]) -> PointState:
        """The state of some rows [1 + p, n]."""
        trained, scored = self._weights(labels, weights, parts)
        outputs = len(self.points[0].coefficients) if self.points else 0
        margins = np.array([one.coefficients for one in self.points]).reshape(-1, len(rows)) @ rows
        residuals, found = np.empty_like(margins), []
        for place, point in enumerate(self.points):
            own = slice(place * outputs, (place + 1) * outputs)
            shares, loss, wanted = explained(margins[own], labels)
            mine, other = trained[point.division], scored[point.division]
            residuals[own] = mine * (shares - wanted)
            curvature = curved(rows, shares, weights=mine) if point.curved else np.zeros((0, 0))
            sums = (float(mine.sum()), inner_product(mine, loss), curvature)
            found.append((int(np.count_nonzero(mine)), sums, float(other.sum()), inner_product(other, loss)))
        slopes = products_with(residuals, rows).reshape(len(self.points), outputs, len(rows))
        return PointState(
            tuple(
                PointSums(LogisticState(count, *sums[:2], slopes[place], sums[2]), weight, loss)
                for place, (count, sums, weight, loss) in enumerate(found)
            )
        )

    def _weights(
        self, labels: Floats, weights: Floats, parts: NDArray[np.int64]
    ) -> tuple[list[Floats], list[Floats]]:
        """Each division's weights of the rows in training and in scoring, 0 for rows of other parts."""
        trained, scored = [], []
        for one in self.divisions:
            by_class = np.array(one.by_class)[labels.astype(np.int64)] if one.by_class else 1.0
            trained.append(weights * np.isin(parts, one.train) * by_class)
            scored.append(weights * np.isin(parts, one.score))
        return trained, scored

    def merge(self, left: PointState, right: PointState) -> PointState:
        both = zip(left.points, right.points, strict=True)
        return PointState(tuple(_both(one, other) for one, other in both), left.skipped + right.skipped)

    def result(self, state: PointState) -> PointState:
        return state


def _both(one: PointSums, other: PointSums) -> PointSums:
    trained = added(one.trained, other.trained)
    return PointSums(trained, one.scored_weight + other.scored_weight, one.scored_loss + other.scored_loss)
