"""How well coefficients explain classes, and which way they should move: one Newton step's sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.errors import CauceError
from cauce.stats.cells import Floats, floats
from cauce.stats.mergeable import Mergeable, column

_BLOCK_ROWS: Final = 16_384


@dataclass(frozen=True)
class LogisticState:
    """Sums over rows; see LogisticTotals. skipped: rows left out for a null or infinite cell."""

    rows: int
    weight: float
    loss: float
    gradient: NDArray[np.float64]
    curvature: NDArray[np.float64]
    skipped: int = 0


LogisticTotals = LogisticState
"""rows, Σw and the loss -Σw·ln(probability of the label), with its first and second derivatives.

gradient: [outputs, 1 + p]; curvature: [outputs·(1 + p)]², in the gradient's order, or [0, 0] where it was
not asked for.
"""


@dataclass(frozen=True)
class LogisticSums(Mergeable[LogisticState, LogisticTotals]):
    """The log loss of a logistic model over rows, and its derivatives by the coefficients.

    label: the class number from 0. coefficients: for each output the intercept and the coefficients of
    (x - shift) / scale; one output for two classes, the positive one's, else one for each class.
    """

    features: tuple[str, ...]
    label: str
    coefficients: tuple[tuple[float, ...], ...]
    shift: tuple[float, ...]
    scale: tuple[float, ...]
    weight: str | None = None
    curved: bool = True
    state_type = LogisticState

    def __post_init__(self) -> None:
        width = len(self.features)
        lengths = {len(self.shift), len(self.scale), *(len(one) - 1 for one in self.coefficients)}
        if lengths != {width} or not np.isfinite([*self.shift, *self.scale]).all() or 0.0 in self.scale:
            needed = f"{width} finite numbers for each output, shift and scale"
            raise CauceError("E0206", summary="LogisticSums", option="shift", value=self.shift, needed=needed)

    @property
    def columns(self) -> tuple[str, ...]:
        extra = () if self.weight is None else (self.weight,)
        return tuple(dict.fromkeys((*self.features, self.label, *extra)))

    def start(self) -> LogisticState:
        outputs, size = len(self.coefficients), len(self.features) + 1
        curvature = np.zeros((outputs * size,) * 2) if self.curved else np.zeros((0, 0))
        return LogisticState(0, 0.0, 0.0, np.zeros((outputs, size)), curvature)

    def of(self, batch: pl.DataFrame) -> LogisticState:
        rows = np.empty((len(self.features) + 1, batch.height))
        rows[0] = 1.0
        with np.errstate(over="ignore", invalid="ignore"):
            for place, name in enumerate(self.features):
                rows[place + 1] = (floats(column(batch, name), self) - self.shift[place]) / self.scale[place]
        labels = floats(column(batch, self.label), self)
        weights = np.ones(batch.height)
        if self.weight is not None:
            weights = floats(column(batch, self.weight), self)
        keep = np.isfinite(rows).all(axis=0) & np.isfinite(labels) & np.isfinite(weights)
        if not keep.all():
            rows, labels, weights = rows[:, keep], labels[keep], weights[keep]
        state = self.start()
        for low in range(0, rows.shape[1], _BLOCK_ROWS):
            part = slice(low, low + _BLOCK_ROWS)
            state = self.merge(state, self._block(rows[:, part], labels[part], weights[part]))
        left_out = int(batch.height - keep.sum())
        return LogisticState(state.rows, state.weight, state.loss, state.gradient, state.curvature, left_out)

    def _block(self, rows: Floats, labels: Floats, weights: Floats) -> LogisticState:
        margins = np.asarray(self.coefficients) @ rows
        two = len(self.coefficients) == 1
        wanted = labels[None, :] if two else (labels[None, :] == np.arange(len(margins))[:, None])
        shares, loss = _two_classes(margins, labels) if two else _classes(margins, labels)
        gradient = (weights * (shares - wanted)) @ rows.T
        curvature = self._curvature(rows, shares, weights) if self.curved else np.zeros((0, 0))
        total = float(weights.sum())
        return LogisticState(rows.shape[1], total, float(weights @ loss), gradient, curvature)

    def _curvature(self, rows: Floats, shares: Floats, weights: Floats) -> Floats:
        outputs, size = len(shares), len(rows)
        found = np.empty((outputs, size, outputs, size))
        for one in range(outputs):
            for other in range(one, outputs):
                both = shares[one] * ((one == other) - shares[other])
                found[one, :, other] = (rows * (weights * both)) @ rows.T
                found[other, :, one] = found[one, :, other].T
        return found.reshape(outputs * size, outputs * size)

    def merge(self, left: LogisticState, right: LogisticState) -> LogisticState:
        return LogisticState(
            left.rows + right.rows,
            left.weight + right.weight,
            left.loss + right.loss,
            left.gradient + right.gradient,
            left.curvature + right.curvature,
            left.skipped + right.skipped,
        )

    def result(self, state: LogisticState) -> LogisticTotals:
        return state


def _two_classes(margins: Floats, labels: Floats) -> tuple[Floats, Floats]:
    """The positive class's probability [1, n], and each row's loss."""
    margin = margins[0]
    small = np.exp(-np.abs(margin))
    shares = np.where(margin >= 0, 1.0, small) / (1.0 + small)
    return shares[None, :], np.log1p(small) + np.maximum(margin, 0.0) - labels * margin


def _classes(margins: Floats, labels: Floats) -> tuple[Floats, Floats]:
    """Each class's probability [classes, n], and each row's loss."""
    away = margins - margins.max(axis=0)
    powers = np.exp(away)
    totals = powers.sum(axis=0)
    own = away[labels.astype(np.int64), np.arange(len(labels))]
    return powers / totals, np.log(totals) - own
