"""Counts by ordered value, fine enough to end in an exact threshold: for splits by time and by stratum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl

from cauce.errors import CauceError
from cauce.stats.grouped import Grouped
from cauce.stats.mergeable import Mergeable, at_least, column
from cauce.stats.ordered import (
    Bins,
    Keys,
    Limits,
    bins_of,
    ends,
    float_keys,
    key_floats,
    merged,
    no_bins,
)

_WIDEST: Final = 63
_SIGN: Final = np.uint64(1 << 63)


@dataclass(frozen=True)
class OrderedState:
    """The kind of the column ("" before any row), the histogram of its keys, and cells beside it."""

    bins: Bins
    kind: str = ""
    below: int = 0
    above: int = 0
    missing: int = 0


@dataclass(frozen=True)
class OrderedTable:
    """Ascending bins of values with counts; where `exact`, each bin is one value.

    low, high: the lowest and highest value each bin may hold, both included. below, above: cells
    outside the declared window. missing: nulls and NaN. Ranks count from 0 over below, bins and above.
    """

    low: pl.Series
    high: pl.Series
    counts: np.ndarray[tuple[int], np.dtype[np.int64]]
    below: int
    above: int
    missing: int
    exact: bool
    declared: OrderedCounts
    keys: tuple[Keys, Keys]

    @property
    def count(self) -> int:
        """Cells with a value, outside the window included."""
        return self.below + int(self.counts.sum()) + self.above

    def interval(self, rank: int) -> tuple[Any, Any]:
        """The lowest and the highest value that the cell of `rank` may have. Raises E0207."""
        place = self._place(rank)
        return self.low[place], self.high[place]

    def refined(self, rank: int) -> OrderedCounts:
        """What to count in a further scan to tell the cells in the bin of `rank` apart. Raises E0207."""
        place = self._place(rank)
        low, high = int(self.keys[0][place]), int(self.keys[1][place])
        return replace(self.declared, lowest_key=low, highest_key=high)

    def _place(self, rank: int) -> int:
        inside = rank - self.below
        if not 0 <= inside < int(self.counts.sum()):
            raise CauceError("E0207", rank=rank, count=self.count)
        return int(np.searchsorted(np.cumsum(self.counts), inside, side="right"))


@dataclass(frozen=True)
class OrderedCounts(Mergeable[OrderedState, OrderedTable]):
    """How many cells hold each value of an ordered column (numbers, dates, datetimes, row hashes).

    limit: exact up to so many distinct values. Beyond, a bin holds 2^s neighbouring values, with the
    smallest s that keeps at most `limit` bins in use: `refined` gives the next scan, which divides one
    bin by up to `limit` again, so that every threshold ends exact. lowest_key, highest_key: that window.
    """

    column: str
    limit: int = 262_144
    lowest_key: int | None = None
    highest_key: int | None = None
    state_type = OrderedState

    def __post_init__(self) -> None:
        at_least(self, "limit", lowest=1)

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def start(self) -> OrderedState:
        return OrderedState(no_bins())

    def update(self, state: OrderedState, batch: pl.DataFrame) -> OrderedState:
        return self.merge(state, self._of(batch, state.bins)) if batch.height else state

    def of(self, batch: pl.DataFrame) -> OrderedState:
        return self._of(batch, no_bins())

    def _of(self, batch: pl.DataFrame, known: Bins) -> OrderedState:
        series = column(batch, self.column)
        kind = str(series.dtype)
        present = series.drop_nulls()
        if kind == "Float64":
            present = present.drop_nans()
        if kind not in _KEYS:
            needed = "an ordered column"
            raise CauceError(
                "E0202", column=series.name, found=series.dtype, summary="OrderedCounts", needed=needed
            )
        keys = _KEYS[kind](present.to_physical().rechunk())
        low = np.count_nonzero(keys < self.lowest_key) if self.lowest_key is not None else 0
        high = np.count_nonzero(keys > self.highest_key) if self.highest_key is not None else 0
        if low or high:
            keys = keys[_inside(keys, self.lowest_key, self.highest_key)]
        bins = bins_of(keys, self._limits, known=known)
        return OrderedState(bins, kind, int(low), int(high), len(series) - len(present))

    def merge(self, left: OrderedState, right: OrderedState) -> OrderedState:
        return OrderedState(
            merged(left.bins, right.bins, limits=self._limits),
            left.kind or right.kind,
            left.below + right.below,
            left.above + right.above,
            left.missing + right.missing,
        )

    def result(self, state: OrderedState) -> OrderedTable:
        keys = ends(state.bins)
        low, high = (_values(own, state.kind) for own in keys)
        exact = state.bins.shift == 0
        own = (state.below, state.above, state.missing, exact, self, keys)
        return OrderedTable(low, high, state.bins.weights, *own)

    @property
    def _limits(self) -> Limits:
        return Limits(self.limit, _WIDEST)


def hash_quantile(by: str, hash_column: str, *, limit: int = 1_048_576, strata: int = 1000) -> Grouped:
    """The hashes of each stratum in order, for the exact k-th lowest of each: an OrderedTable by stratum.

    One scan is exact up to `limit` rows in a stratum (16 bytes a row). Beyond, `refined` of its table,
    filtered to the stratum, makes a second scan exact for up to about limit² / 2 rows.
    """
    return Grouped(by, OrderedCounts(hash_column, limit), strata)


def _inside(keys: Keys, lowest: int | None, highest: int | None) -> np.ndarray[Any, np.dtype[np.bool_]]:
    inside = np.ones(len(keys), np.bool_)
    if lowest is not None:
        inside &= keys >= lowest
    if highest is not None:
        inside &= keys <= highest
    return inside


def _integers(series: pl.Series) -> Keys:
    return series.cast(pl.Int64).to_numpy()


def _floats(series: pl.Series) -> Keys:
    return float_keys(series.to_numpy() + 0.0)


def _hashes(series: pl.Series) -> Keys:
    keys: Keys = np.bitwise_xor(series.to_numpy(), _SIGN).view(np.int64)
    return keys


_KEYS: Final[dict[str, Callable[[pl.Series], Keys]]] = {
    "Boolean": _integers,
    "Int64": _integers,
    "Date": _integers,
    "Datetime(time_unit='us', time_zone=None)": _integers,
    "Float64": _floats,
    "UInt64": _hashes,
}
_TYPES: Final[dict[str, pl.DataType]] = {
    "Boolean": pl.Boolean(),
    "Date": pl.Date(),
    "Datetime(time_unit='us', time_zone=None)": pl.Datetime("us"),
}


def _values(keys: Keys, kind: str) -> pl.Series:
    if kind == "Float64":
        return pl.Series(key_floats(keys))
    if kind == "UInt64":
        return pl.Series(np.bitwise_xor(keys.view(np.uint64), _SIGN))
    return pl.Series(keys).cast(_TYPES.get(kind, pl.Int64()), strict=False)
