"""What a column holds, counted: nulls, special values, extremes, lengths of texts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from cauce.errors import CauceError
from cauce.stats.mergeable import ByColumn
from cauce.stats.scalars import Scalar


@dataclass(frozen=True)
class ColumnCounts:
    """Cells of a column by what they hold. NaN, infinities only in floats; empty only in texts."""

    rows: int = 0
    nulls: int = 0
    nans: int = 0
    infinities: int = 0
    zeros: int = 0
    empty: int = 0

    @property
    def present(self) -> int:
        """Cells that are neither null nor NaN."""
        return self.rows - self.nulls - self.nans

    def __add__(self, other: ColumnCounts) -> ColumnCounts:
        """The counts of the cells of both."""
        both = zip(vars(self).values(), vars(other).values(), strict=True)
        return ColumnCounts(*(one + more for one, more in both))


@dataclass(frozen=True)
class Counts(ByColumn[ColumnCounts, ColumnCounts]):
    """Rows, nulls, NaNs, infinities, zeros and empty texts of each column."""

    columns: tuple[str, ...]
    state_type = ColumnCounts

    def start_column(self) -> ColumnCounts:
        return ColumnCounts()

    def of_column(self, series: pl.Series, known: ColumnCounts) -> ColumnCounts:  # noqa: ARG002
        rows, nulls = len(series), series.null_count()
        if series.dtype == pl.String:
            return ColumnCounts(rows, nulls, empty=_true(series == ""))
        if not series.dtype.is_numeric():
            return ColumnCounts(rows, nulls)
        if not series.dtype.is_float():
            return ColumnCounts(rows, nulls, zeros=_true(series == 0))
        # NumPy, because Polars makes a query of each such question, many times for every batch.
        cells = series.to_numpy()
        nans = int(np.count_nonzero(np.isnan(cells))) - nulls
        infinities, zeros = np.count_nonzero(np.isinf(cells)), np.count_nonzero(cells == 0)
        return ColumnCounts(rows, nulls, nans, int(infinities), int(zeros))

    def merge_column(self, left: ColumnCounts, right: ColumnCounts) -> ColumnCounts:
        return left + right

    def result_column(self, state: ColumnCounts) -> ColumnCounts:
        return state


def _true(mask: pl.Series) -> int:
    return int(mask.sum() or 0)


@dataclass(frozen=True)
class ColumnExtremes:
    """Lowest and highest cell (None where there is none), and how many cells were NaN."""

    low: Any = None
    high: Any = None
    nans: int = 0


@dataclass(frozen=True)
class Extremes(ByColumn[ColumnExtremes, ColumnExtremes]):
    """The lowest and highest value of each column; nulls and NaN are left out, infinities are not.

    Texts are ordered by code point, false comes before true, and the zero is never negative.
    """

    columns: tuple[str, ...]
    state_type = ColumnExtremes

    def start_column(self) -> ColumnExtremes:
        return ColumnExtremes()

    def of_column(self, series: pl.Series, known: ColumnExtremes) -> ColumnExtremes:  # noqa: ARG002
        low, high = series.min(), series.max()
        if not series.dtype.is_float():
            return ColumnExtremes(low, high)
        nans = int(np.count_nonzero(np.isnan(series.to_numpy()))) - series.null_count()
        if nans and (low is None or math.isnan(low) or math.isnan(high)):  # type: ignore[arg-type]
            valid = series.filter(series.is_not_nan())
            low, high = valid.min(), valid.max()
        return ColumnExtremes(_one_zero(low), _one_zero(high), nans)

    def merge_column(self, left: ColumnExtremes, right: ColumnExtremes) -> ColumnExtremes:
        lows = [low for low in (left.low, right.low) if low is not None]
        highs = [high for high in (left.high, right.high) if high is not None]
        return ColumnExtremes(min(lows, default=None), max(highs, default=None), left.nans + right.nans)

    def result_column(self, state: ColumnExtremes) -> ColumnExtremes:
        return state


def _one_zero(value: Any) -> Scalar:
    return None if value is None else value + 0.0


@dataclass(frozen=True)
class ColumnLengths:
    """Lengths of texts in code points, as exact sums over the texts that are not null."""

    count: int = 0
    shortest: int | None = None
    longest: int | None = None
    total: int = 0
    squares: int = 0

    @property
    def mean(self) -> float:
        """NaN where there is no text."""
        return self.total / self.count if self.count else math.nan

    @property
    def deviation(self) -> float:
        """Of the sample (divided by the count less one); NaN below two texts."""
        if self.count < 2:
            return math.nan
        spread = self.squares * self.count - self.total * self.total
        return math.sqrt(spread / (self.count * (self.count - 1)))


@dataclass(frozen=True)
class TextLengths(ByColumn[ColumnLengths, ColumnLengths]):
    """Shortest, longest, mean and deviation of the length of texts. Raises E0202 for other kinds."""

    columns: tuple[str, ...]
    state_type = ColumnLengths

    def start_column(self) -> ColumnLengths:
        return ColumnLengths()

    def of_column(self, series: pl.Series, known: ColumnLengths) -> ColumnLengths:  # noqa: ARG002
        if series.dtype != pl.String:
            raise CauceError(
                "E0202", column=series.name, found=series.dtype, summary=type(self).__name__, needed="text"
            )
        lengths = series.drop_nulls().str.len_chars().cast(pl.Int64)
        if not len(lengths):
            return ColumnLengths()
        total, squares = int(lengths.sum()), int((lengths * lengths).sum())
        return ColumnLengths(len(lengths), lengths.min(), lengths.max(), total, squares)  # type: ignore[arg-type]

    def merge_column(self, left: ColumnLengths, right: ColumnLengths) -> ColumnLengths:
        return merged_lengths(left, right)

    def result_column(self, state: ColumnLengths) -> ColumnLengths:
        return state


def merged_lengths(left: ColumnLengths, right: ColumnLengths) -> ColumnLengths:
    """The lengths of the texts of both."""
    if left.shortest is None or right.shortest is None:
        return right if left.shortest is None else left
    return ColumnLengths(
        left.count + right.count,
        min(left.shortest, right.shortest),
        max(left.longest or 0, right.longest or 0),
        left.total + right.total,
        left.squares + right.squares,
    )
