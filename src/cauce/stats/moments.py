"""Mean, variance and skew in one pass, merged exactly up to rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from cauce.stats.cells import Floats, finite, floats
from cauce.stats.mergeable import ByColumn

_BLOCK_ROWS: Final = 32_768


@dataclass(frozen=True)
class CentralSums:
    """Count, mean (what its float64 lacks in `rest`), and sums of squared and cubed distances from it."""

    count: int = 0
    mean: float = 0.0
    rest: float = 0.0
    squares: float = 0.0
    cubes: float = 0.0


@dataclass(frozen=True)
class ColumnMoments:
    """Moments of the finite values of a column. NaN where undefined; variance is inf where it overflows."""

    count: int
    mean: float
    squares: float
    cubes: float

    @property
    def population_variance(self) -> float:
        """Divided by the count."""
        return self.squares / self.count if self.count else math.nan

    @property
    def variance(self) -> float:
        """Divided by the count less one."""
        return self.squares / (self.count - 1) if self.count > 1 else math.nan

    @property
    def deviation(self) -> float:
        """The square root of `variance`."""
        return math.sqrt(self.variance)

    @property
    def skew(self) -> float:
        """The third standardised moment g1 (biased, as scipy.stats.skew); NaN for a constant column."""
        if not 0.0 < self.squares < math.inf:
            return math.nan
        return self.cubes / self.squares / math.sqrt(self.squares) * math.sqrt(self.count)


@dataclass(frozen=True)
class Moments(ByColumn[CentralSums, ColumnMoments]):
    """Count, mean, variance and skew of numeric columns; nulls, NaN and infinities are left out.

    Merged by the formulas of Pébay, "Formulas for Robust, One-Pass Parallel Computation of Covariances
    and Arbitrary-Order Statistical Moments" (2008). Raises E0202 for a text column.
    """

    columns: tuple[str, ...]
    state_type = CentralSums

    def start_column(self) -> CentralSums:
        return CentralSums()

    def of_column(self, series: pl.Series, known: CentralSums) -> CentralSums:  # noqa: ARG002
        return central_sums(floats(series, self))

    def merge_column(self, left: CentralSums, right: CentralSums) -> CentralSums:
        return merged_sums(left, right)

    def result_column(self, state: CentralSums) -> ColumnMoments:
        return column_moments(state)


def column_moments(state: CentralSums) -> ColumnMoments:
    """What the sums say of their values."""
    if math.isfinite(state.squares) and math.isfinite(state.cubes):
        return ColumnMoments(state.count, _mean(state), state.squares, state.cubes)
    squares = state.squares if math.isfinite(state.squares) else math.inf
    return ColumnMoments(state.count, _mean(state), squares, math.nan)


def _mean(state: CentralSums) -> float:
    return state.mean if state.count else math.nan


def central_sums(values: Floats) -> CentralSums:
    """Of the finite values among `values`."""
    sums = CentralSums()
    with np.errstate(over="ignore", invalid="ignore"):
        for low in range(0, len(values), _BLOCK_ROWS):
            sums = merged_sums(sums, _block(finite(values[low : low + _BLOCK_ROWS])))
    return sums


def _block(values: Floats) -> CentralSums:
    count = len(values)
    if not count:
        return CentralSums()
    # Distances from the first value keep a constant column exactly constant.
    mean = float(values[0] + (values - values[0]).mean())
    if not math.isfinite(mean):
        mean = float((values / count).sum())
    away = values - mean
    squared = away * away
    rest = float(away.sum()) / count
    rest = rest if math.isfinite(rest) else 0.0
    second, third = float(squared.sum()), float((squared * away).sum())
    squares = max(second - count * rest * rest, 0.0) if second < math.inf else math.inf
    return CentralSums(count, mean, rest, squares, third - 3 * rest * second + 2 * count * rest * rest * rest)


def merged_sums(left: CentralSums, right: CentralSums) -> CentralSums:
    """The sums of the values of both."""
    if not left.count or not right.count:
        return left if left.count else right
    count = left.count + right.count
    share = right.count / count
    away = (right.mean - left.mean) + (right.rest - left.rest)
    mean, rest = _sum_with_rest(left.mean, left.rest + away * share)
    if not math.isfinite(away):
        mean, rest = left.mean * (1 - share) + right.mean * share, 0.0
    squares = left.squares + right.squares + away * away * left.count * share
    return CentralSums(count, mean, rest, squares, _cubes(left, right, away))


def _sum_with_rest(one: float, other: float) -> tuple[float, float]:
    """The rounded sum and what rounding took from it (Knuth's two-sum)."""
    total = one + other
    part = total - one
    return total, (one - (total - part)) + (other - part)


def _cubes(left: CentralSums, right: CentralSums, away: float) -> float:
    count = left.count + right.count
    between = away * away * away * (left.count / count) * (right.count / count) * (left.count - right.count)
    within = 3 * away * (left.count / count * right.squares - right.count / count * left.squares)
    return left.cubes + right.cubes + between + within
