"""How well coefficients explain classes, and which way they should move: one Newton step's sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.errors import CauceError
from cauce.stats.cells import Floats, floats
from cauce.stats.mergeable import Mergeable, column
from cauce.stats.products import inner_product, products_with

_BLOCK_ROWS: Final = 4_096


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
        return no_sums(len(self.coefficients), len(self.features) + 1, curved=self.curved)

    def of(self, batch: pl.DataFrame) -> LogisticState:
        numbers = Numbers.of(batch, self)
        labels = floats(column(batch, self.label), self)
        weights = np.ones(batch.height)
        if self.weight is not None:
            weights = floats(column(batch, self.weight), self)
        state, skipped = self.start(), 0
        for low in range(0, batch.height, _BLOCK_ROWS):
            part = slice(low, min(low + _BLOCK_ROWS, batch.height))
            rows = numbers.block(part)
            keep = complete(rows, labels[part], weights=weights[part])
            own, own_labels, own_weights = rows, labels[part], weights[part]
            if not keep.all():
                own, own_labels, own_weights = rows[:, keep], own_labels[keep], own_weights[keep]
                skipped += int(len(keep) - keep.sum())
            state = self.merge(state, self._block(own, own_labels, own_weights))
        left_out = state.skipped + skipped
        return LogisticState(state.rows, state.weight, state.loss, state.gradient, state.curvature, left_out)

    def _block(self, rows: Floats, labels: Floats, weights: Floats) -> LogisticState:
        margins = np.asarray(self.coefficients) @ rows
        shares, loss, wanted = explained(margins, labels)
        gradient = products_with(weights * (shares - wanted), rows)
        curvature = curved(rows, shares, weights=weights) if self.curved else np.zeros((0, 0))
        total = float(weights.sum())
        return LogisticState(rows.shape[1], total, inner_product(weights, loss), gradient, curvature)

    def merge(self, left: LogisticState, right: LogisticState) -> LogisticState:
        return added(left, right)

    def result(self, state: LogisticState) -> LogisticTotals:
        return state


def no_sums(outputs: int, size: int, *, curved: bool) -> LogisticState:
    """The sums over no rows, of models with `outputs` times `size` coefficients."""
    curvature = np.zeros((outputs * size,) * 2) if curved else np.zeros((0, 0))
    return LogisticState(0, 0.0, 0.0, np.zeros((outputs, size)), curvature)


def added(left: LogisticState, right: LogisticState) -> LogisticState:
    """The sums over the rows of both."""
    return LogisticState(
        left.rows + right.rows,
        left.weight + right.weight,
        left.loss + right.loss,
        left.gradient + right.gradient,
        left.curvature + right.curvature,
        left.skipped + right.skipped,
    )


@dataclass(frozen=True)
class Numbers:
    """The features of a batch as columns of numbers, and what standardises them."""

    cells: tuple[NDArray[Any], ...]
    shift: Floats
    inverse: Floats

    @staticmethod
    def of(batch: pl.DataFrame, summary: Any) -> Numbers:
        """Those of `summary`, which has features, shift and scale."""
        cells = tuple(_cells(column(batch, name), summary) for name in summary.features)
        shift, scale = (
            np.asarray(summary.shift, dtype=np.float64),
            np.asarray(summary.scale, dtype=np.float64),
        )
        return Numbers(cells, shift[:, None], 1.0 / scale[:, None])

    def block(self, part: slice) -> Floats:
        """Some rows, standardised: [1 + p, rows], the first 1."""
        rows = np.empty((len(self.cells) + 1, part.stop - part.start))
        rows[0] = 1.0
        for place, own in enumerate(self.cells):
            rows[place + 1] = own[part]
        with np.errstate(over="ignore", invalid="ignore"):
            rows[1:] -= self.shift
            rows[1:] *= self.inverse
        return rows


def _cells(series: pl.Series, summary: Any) -> NDArray[Any]:
    """float32 as it is, everything else as float64: what is kept small is widened block by block."""
    if series.dtype != pl.Float32:
        return floats(series, summary)
    return series.rechunk().to_numpy()


def complete(rows: Floats, labels: Floats, *, weights: Floats) -> NDArray[np.bool_]:
    """Which rows have numbers alone, [rows]."""
    with np.errstate(over="ignore", invalid="ignore"):
        fine: NDArray[np.bool_] = np.isfinite(rows.sum(axis=0) + labels + weights)
    if fine.all():
        return fine
    found: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(rows), axis=0)
    found &= np.isfinite(labels)
    found &= np.isfinite(weights)
    return found


def explained(margins: Floats, labels: Floats) -> tuple[Floats, Floats, Any]:
    """Probabilities [outputs, n], each row's loss [n], and what the probabilities should be [outputs, n]."""
    if len(margins) == 1:
        shares, loss = _two_classes(margins, labels)
        return shares, loss, labels[None, :]
    shares, loss = _classes(margins, labels)
    return shares, loss, labels[None, :] == np.arange(len(margins))[:, None]


def curved(rows: Floats, shares: Floats, *, weights: Floats) -> Floats:
    """The second derivatives of the loss, [outputs·(1 + p)]²."""
    outputs, size = len(shares), len(rows)
    found = np.empty((outputs, size, outputs, size))
    for one in range(outputs):
        for other in range(one, outputs):
            same = one == other
            both = weights * shares[one] * ((1.0 - shares[one]) if same else shares[other])
            # A product with its own transpose costs half of one with another matrix.
            scaled = rows * np.sqrt(both)
            products = scaled @ scaled.T
            found[one, :, other] = products if same else -products
            found[other, :, one] = found[one, :, other].T
    return found.reshape(outputs * size, outputs * size)


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
