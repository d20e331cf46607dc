"""Everything one looks at a column of dates or datetimes for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.errors import CauceError
from cauce.stats.counts import ColumnCounts
from cauce.stats.distinct import ColumnDistinct, Distinct, DistinctState
from cauce.stats.mergeable import ByColumn, at_least
from cauce.stats.ordered import Bins, Limits, bins_of, merged, no_bins

_WIDEST: Final = 63
_DAY: Final = 86_400_000_000


@dataclass(frozen=True)
class DayState:
    """bins: of the days since 1970-01-01."""

    counts: ColumnCounts = field(default_factory=ColumnCounts)
    low: Any = None
    high: Any = None
    distinct: DistinctState = field(default_factory=lambda: DistinctState(np.empty(0, np.uint64)))
    bins: Bins = field(default_factory=no_bins)


@dataclass(frozen=True)
class ColumnDays:
    """What a column of dates holds. days: since 1970-01-01, ascending, with how many cells fall on each
    (the first of `width` days in a row, where there were too many)."""

    counts: ColumnCounts
    low: Any
    high: Any
    distinct: ColumnDistinct
    days: NDArray[np.int64]
    cells: NDArray[np.int64]
    width: int


@dataclass(frozen=True)
class DayFacts(ByColumn[DayState, ColumnDays]):
    """Counts, extremes, distinct values and cells by day of date and datetime columns.

    limit: days are told apart up to so many; beyond, 2^s days in a row, as in `OrderedCounts`. Raises E0202.
    """

    columns: tuple[str, ...]
    limit: int = 32_768
    state_type = DayState

    def __post_init__(self) -> None:
        at_least(self, "limit", lowest=1)

    def start_column(self) -> DayState:
        return DayState()

    def of_column(self, series: pl.Series, known: DayState) -> DayState:
        if series.dtype not in (pl.Date(), pl.Datetime("us")):
            raise CauceError(
                "E0202", column=series.name, found=series.dtype, summary="DayFacts", needed="dates"
            )
        nulls = series.null_count()
        present = series.drop_nulls() if nulls else series
        days = present.to_physical().cast(pl.Int64).to_numpy()
        if series.dtype != pl.Date():
            days = days // _DAY
        return DayState(
            ColumnCounts(len(series), nulls),
            present.min(),
            present.max(),
            self._distinct.of_column(series, known.distinct),
            bins_of(days, Limits(self.limit, _WIDEST), known=known.bins),
        )

    def merge_column(self, left: DayState, right: DayState) -> DayState:
        lows = [low for low in (left.low, right.low) if low is not None]
        highs = [high for high in (left.high, right.high) if high is not None]
        return DayState(
            left.counts + right.counts,
            min(lows, default=None),
            max(highs, default=None),
            self._distinct.merge_column(left.distinct, right.distinct),
            merged(left.bins, right.bins, limits=Limits(self.limit, _WIDEST)),
        )

    def result_column(self, state: DayState) -> ColumnDays:
        distinct = self._distinct.result_column(state.distinct)
        days, width = state.bins.keys << state.bins.shift, 1 << state.bins.shift
        return ColumnDays(state.counts, state.low, state.high, distinct, days, state.bins.weights, width)

    @property
    def _distinct(self) -> Distinct:
        return Distinct(self.columns)
