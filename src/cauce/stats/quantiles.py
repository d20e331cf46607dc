"""Quantiles from a sparse histogram of the ordered float64's top bits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.stats.cells import Floats, floats
from cauce.stats.mergeable import ByColumn, at_least
from cauce.stats.ordered import Bins, Limits, ends, float_bins, key_floats, merged, no_bins

_MANTISSA: Final = 52


@dataclass(frozen=True)
class QuantileState:
    """A histogram and the exact extremes (inf and -inf where there are no values)."""

    bins: Bins
    low: float = math.inf
    high: float = -math.inf


@dataclass(frozen=True)
class ColumnQuantiles:
    """Ascending `values` with their `counts`; the k-th lowest cell of the column lies within
    `error_bound`, relative to its own size, of the k-th value here (0.0: equal). The lowest and the
    highest cell are exact (NaN where there is none)."""

    values: NDArray[np.float64]
    counts: NDArray[np.int64]
    error_bound: float
    low: float
    high: float

    @property
    def exact(self) -> bool:
        return self.error_bound == 0.0

    @property
    def count(self) -> int:
        """Cells that are neither null nor NaN."""
        return int(self.counts.sum())

    def quantile(self, share: float) -> float:
        """Linear between the cells around rank share * (count - 1), as NumPy's default; NaN for none.

        Its error is at most `error_bound` times the larger of those two cells' sizes.
        """
        if not len(self.counts):
            return math.nan
        rank = share * (self.count - 1)
        below = math.floor(rank)
        low, high = self.at_rank(below), self.at_rank(math.ceil(rank))
        if low == high or rank == below:
            return low
        return low * (1 - (rank - below)) + high * (rank - below)

    def at_rank(self, rank: int) -> float:
        """The cell of `rank` (0: the lowest)."""
        if rank in (0, self.count - 1):
            return self.high if rank else self.low
        return float(self.values[np.searchsorted(np.cumsum(self.counts), rank, side="right")])


@dataclass(frozen=True)
class Quantiles(ByColumn[QuantileState, ColumnQuantiles]):
    """Any quantile of numeric columns; nulls and NaN are left out, infinities are values.

    limit: exact up to so many distinct values. Beyond, the bins are the finest powers of two of which
    at most `limit` are in use, but never wider than `bits` bits of mantissa leave them: the relative
    error is at most 2^-(bits + 1), and the result says what it is (values under 2^-1022: at most 2^-1022).
    """

    columns: tuple[str, ...]
    limit: int = 4096
    bits: int = 7
    state_type = QuantileState

    def __post_init__(self) -> None:
        limits_of(self)

    def start_column(self) -> QuantileState:
        return QuantileState(no_bins())

    def of_column(self, series: pl.Series, known: QuantileState) -> QuantileState:
        return quantile_state(floats(series, self), self._limits, known=known)

    def merge_column(self, left: QuantileState, right: QuantileState) -> QuantileState:
        return merged_quantiles(left, right, limits=self._limits)

    def result_column(self, state: QuantileState) -> ColumnQuantiles:
        return quantiles_of(state)

    @property
    def _limits(self) -> Limits:
        return limits_of(self)


def limits_of(summary: Any) -> Limits:
    """The limits of a histogram of floats by the `limit` and `bits` of `summary`; E0206."""
    at_least(summary, "limit", lowest=1)
    at_least(summary, "bits", lowest=1)
    return Limits(summary.limit, _MANTISSA - summary.bits)


def quantile_state(values: Floats, limits: Limits, *, known: QuantileState) -> QuantileState:
    """The state of `values` alone; NaN is left out."""
    if not len(values):
        return QuantileState(no_bins())
    low, high = float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
    if math.isnan(low):
        return QuantileState(no_bins())
    return QuantileState(float_bins(values, limits, known=known.bins), low + 0.0, high + 0.0)


def merged_quantiles(left: QuantileState, right: QuantileState, *, limits: Limits) -> QuantileState:
    """The state of the values of both."""
    bins = merged(left.bins, right.bins, limits=limits)
    return QuantileState(bins, min(left.low, right.low), max(left.high, right.high))


def quantiles_of(state: QuantileState) -> ColumnQuantiles:
    """What the state says of its values."""
    bound = relative_error(state.bins)
    if not len(state.bins.keys):
        return ColumnQuantiles(np.empty(0), state.bins.weights, bound, math.nan, math.nan)
    values = np.clip(middles(state.bins), state.low, state.high)
    return ColumnQuantiles(values, state.bins.weights, bound, state.low, state.high)


def relative_error(bins: Bins) -> float:
    """How far, relative to its size, a float64 is at most from the middle of its bin."""
    return 2.0 ** (bins.shift - _MANTISSA - 1) if bins.shift else 0.0


def middles(bins: Bins) -> Floats:
    """One value for each bin of float keys: its middle, 0 for the bins around zero, infinities whole."""
    lowest, highest = (key_floats(keys) for keys in ends(bins))
    with np.errstate(invalid="ignore"):
        middle = lowest / 2 + highest / 2 if bins.shift else lowest
    middle = np.where(np.isinf(lowest), lowest, np.where(np.isinf(highest), highest, middle))
    return np.where((bins.keys == 0) | (bins.keys == -1), 0.0, middle) if bins.shift else middle
