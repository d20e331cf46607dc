"""Everything one looks at a column of numbers for, from one passage over its cells."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.stats.cells import Floats, floats
from cauce.stats.counts import ColumnCounts
from cauce.stats.distinct import ColumnDistinct
from cauce.stats.mergeable import ByColumn, column
from cauce.stats.mixing import mix
from cauce.stats.moments import CentralSums, ColumnMoments, central_sums, column_moments, merged_sums
from cauce.stats.ordered import Limits, key_floats, no_bins, value_bins
from cauce.stats.quantiles import (
    ColumnQuantiles,
    QuantileState,
    limits_of,
    merged_quantiles,
    quantile_state,
    quantiles_of,
)
from cauce.stats.registers import Registers, estimate, registers_of

_EXACT: Final = 2.0**53
_CLOSE: Final = 4
_FEW: Final = 4096
_LONG: Final = 32_768


@dataclass(frozen=True)
class NumberState:
    """low, high: exact, of the cells' own type. registers: None while the bins hold each value apart.

    marked: cells that hold each of the declared marks.
    """

    counts: ColumnCounts = field(default_factory=ColumnCounts)
    low: Any = None
    high: Any = None
    sums: CentralSums = field(default_factory=CentralSums)
    quantiles: QuantileState = field(default_factory=lambda: QuantileState(no_bins()))
    registers: Registers | None = None
    marked: tuple[int, ...] = ()


@dataclass(frozen=True)
class ColumnNumbers:
    """What a column of numbers holds. marked: cells with each mark, in the order declared."""

    counts: ColumnCounts
    low: Any
    high: Any
    moments: ColumnMoments
    quantiles: ColumnQuantiles
    distinct: ColumnDistinct
    marked: tuple[int, ...]


@dataclass(frozen=True)
class NumberFacts(ByColumn[NumberState, ColumnNumbers]):
    """Counts, extremes, moments, quantiles and distinct values of numeric and boolean columns.

    marks: numbers whose cells are counted. limit, bits: as in `Quantiles`. Whole numbers beyond 2^53
    and decimals are rounded to floats but for the extremes; the former are told apart for `distinct`,
    which beyond `limit` values comes from HyperLogLog. Raises E0202 for text.
    """

    columns: tuple[str, ...]
    marks: tuple[float, ...] = ()
    limit: int = 4096
    bits: int = 7
    state_type = NumberState

    def __post_init__(self) -> None:
        limits_of(self)

    def start_column(self) -> NumberState:
        return NumberState(marked=(0,) * len(self.marks))

    def update(self, state: tuple[NumberState, ...], batch: pl.DataFrame) -> tuple[NumberState, ...]:
        """The state with the rows of `batch` added; long columns are looked at side by side."""
        threads = min(pl.thread_pool_size(), len(self.columns))
        if batch.height < _LONG or threads < 2:
            return super().update(state, batch)
        cells = [column(batch, name) for name in self.columns]
        with ThreadPoolExecutor(threads) as pool:
            return tuple(pool.map(self._added, state, cells))

    def _added(self, known: NumberState, series: pl.Series) -> NumberState:
        return self.merge_column(known, self.of_column(series, known))

    def of_column(self, series: pl.Series, known: NumberState) -> NumberState:
        rows, nulls = len(series), series.null_count()
        cells = floats(series, self)
        low, high = (float(cells.min()), float(cells.max())) if rows else (math.inf, -math.inf)
        if math.isnan(low):
            cells = cells[~np.isnan(cells)]
            low, high = (float(cells.min()), float(cells.max())) if len(cells) else (math.inf, -math.inf)
        finite = math.isfinite(low) and math.isfinite(high)
        infinities = 0 if finite or not len(cells) else int(np.isinf(cells).sum())
        zeros = len(cells) - int(np.count_nonzero(cells)) if low <= 0.0 <= high else 0
        counts = ColumnCounts(rows, nulls, rows - nulls - len(cells), infinities, zeros)
        if not len(cells):
            return NumberState(counts, marked=(0,) * len(self.marks))
        whole = _whole_numbers(series) if series.dtype in (pl.Int64, pl.Boolean) else None
        different = None if whole is None else _counted(whole, int(low), high=int(high))
        if different is None:
            quantiles = quantile_state(cells, self._limits, known=known.quantiles)
        else:
            whole, counted = different
            values = whole.astype(np.float64)
            bins = value_bins(values, counted, limits=self._limits, known=known.quantiles.bins)
            quantiles = QuantileState(bins, low + 0.0, high + 0.0)
        registers = None
        if known.registers is not None or not _apart(quantiles):
            registers = registers_of(_hashes(cells if whole is None else whole), known=known.registers)
        marked = tuple(
            int(np.count_nonzero(cells == mark)) if low <= mark <= high else 0 for mark in self.marks
        )
        return NumberState(
            counts, *_ends(series, low, high), central_sums(cells), quantiles, registers, marked
        )

    def merge_column(self, left: NumberState, right: NumberState) -> NumberState:
        lows = [low for low in (left.low, right.low) if low is not None]
        highs = [high for high in (left.high, right.high) if high is not None]
        quantiles = merged_quantiles(left.quantiles, right.quantiles, limits=self._limits)
        with np.errstate(over="ignore", invalid="ignore"):
            sums = merged_sums(left.sums, right.sums)
        registers = None
        if left.registers is not None or right.registers is not None or not _apart(quantiles):
            registers = np.maximum(_registers(left), _registers(right))
        return NumberState(
            left.counts + right.counts,
            min(lows, default=None),
            max(highs, default=None),
            sums,
            quantiles,
            registers,
            tuple(one + other for one, other in zip(left.marked, right.marked, strict=True)),
        )

    def result_column(self, state: NumberState) -> ColumnNumbers:
        distinct = ColumnDistinct(len(state.quantiles.bins.keys), exact=True)
        if state.registers is not None:
            distinct = ColumnDistinct(round(estimate(state.registers)), exact=False)
        return ColumnNumbers(
            state.counts,
            state.low,
            state.high,
            column_moments(state.sums),
            quantiles_of(state.quantiles),
            distinct,
            state.marked,
        )

    @property
    def _limits(self) -> Limits:
        return limits_of(self)


def _whole_numbers(series: pl.Series) -> NDArray[np.int64]:
    present = series.drop_nulls() if series.null_count() else series
    return present.cast(pl.Int64).to_numpy()


def _counted(whole: NDArray[np.int64], low: int, *, high: int) -> tuple[Any, Any] | None:
    """Whole numbers between two close ones: the different ones, ascending, and how often each comes."""
    if high - low > max(_CLOSE * len(whole), _FEW) or max(-low, high) >= _EXACT:
        return None
    counts = np.bincount(whole - low)
    used = np.flatnonzero(counts)
    return used + low, counts[used].astype(np.int64)


def _apart(state: QuantileState) -> bool:
    """Whether each bin is one value, of whole numbers too."""
    return state.bins.shift == 0 and state.low > -_EXACT and state.high < _EXACT


def _ends(series: pl.Series, low: float, high: float) -> tuple[Any, Any]:
    if series.dtype.is_float():
        return low + 0.0, high + 0.0
    return series.min(), series.max()


def _hashes(cells: Any) -> Any:
    """A word for each cell that is a whole number or not depending on its value alone."""
    if cells.dtype != np.float64:
        return mix(cells.view(np.uint64).copy(), 0)
    words = (cells + 0.0).view(np.uint64)
    return mix(words, 1)


def _registers(state: NumberState) -> Registers:
    if state.registers is not None:
        return state.registers
    cells: Floats = key_floats(state.quantiles.bins.keys)
    return registers_of(_hashes(cells.astype(np.int64) if _whole(state) else cells))


def _whole(state: NumberState) -> bool:
    return isinstance(state.low, int) and not isinstance(state.low, bool)
