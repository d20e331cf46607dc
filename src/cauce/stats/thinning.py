"""Rows thinned by their hash: the same ones whatever their order, as many as a bound allows.

A hash is kept where it is below 2^(64 - shift), with the smallest shift at which at most `limit` different
ones are kept. Each row of the kept ones is counted: so a share 2^-shift of the different rows is known whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.errors import CauceError
from cauce.stats.mergeable import Mergeable, at_least, column
from cauce.stats.mixing import Words

_HASH: Final = "#"
_COUNT: Final = "count"
_SLACK: Final = 2


@dataclass(frozen=True)
class ThinnedState:
    """rows: columns `#` (hash), `count` and the kept ones as `=name`; a hash may stand in several rows
    until they are joined, which `dump` and `result` do. total: rows seen."""

    rows: pl.DataFrame | None = None
    shift: int = 0
    total: int = 0


@dataclass(frozen=True)
class ThinnedRows:
    """The different rows kept, ascending by hash. rows: the kept columns. counts: how often each came.

    share: of the different rows, in expectation: 2^-shift. total: rows seen.
    """

    rows: pl.DataFrame
    counts: NDArray[np.int64]
    shift: int
    total: int

    @property
    def exact(self) -> bool:
        """Whether every row is kept."""
        return self.shift == 0

    @property
    def repeated(self) -> int:
        """Rows beyond the first of each kind: counted where `exact`, else estimated."""
        return int((self.counts - 1).sum()) << self.shift

    @property
    def repeated_error(self) -> float:
        """One standard error of `repeated`: kinds of rows are kept or not, each with all its rows."""
        beyond = (self.counts - 1).astype(np.float64)
        share = 0.5**self.shift
        return math.sqrt((1 - share) * float((beyond * beyond).sum())) / share


@dataclass(frozen=True)
class Thinned(Mergeable[ThinnedState, ThinnedRows]):
    """Different rows of lowest hash, each with its count; their shift depends on the rows alone.

    hash: an integer column of 64-bit hashes (rows of equal hash are taken for equal). kept: columns of the
    result. limit: the most different rows kept.
    """

    hash: str
    limit: int
    kept: tuple[str, ...] = ()
    state_type = ThinnedState

    def __post_init__(self) -> None:
        at_least(self, "limit", lowest=1)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.hash, *self.kept)))

    def start(self) -> ThinnedState:
        return ThinnedState()

    def update(self, state: ThinnedState, batch: pl.DataFrame) -> ThinnedState:
        return self.merge(state, self._of(batch, state.shift)) if batch.height else state

    def of(self, batch: pl.DataFrame) -> ThinnedState:
        return self._of(batch, 0)

    def _of(self, batch: pl.DataFrame, shift: int) -> ThinnedState:
        hashes = _words(batch, self.hash)
        found: dict[str, Any] = {_HASH: hashes, _COUNT: np.ones(len(hashes), np.int64)}
        found |= {f"={name}": column(batch, name) for name in self.kept}
        rows = pl.DataFrame(found)
        return self._bounded(_thinned(rows, shift) if shift else rows, shift, batch.height)

    def merge(self, left: ThinnedState, right: ThinnedState) -> ThinnedState:
        total = left.total + right.total
        if left.rows is None or right.rows is None:
            own = right if left.rows is None else left
            return ThinnedState(own.rows, own.shift, total)
        shift = max(left.shift, right.shift)
        one = left.rows if left.shift == shift else _thinned(left.rows, shift)
        other = right.rows if right.shift == shift else _thinned(right.rows, shift)
        return self._bounded(pl.concat((one, other)), shift, total)

    def result(self, state: ThinnedState) -> ThinnedRows:
        joined = self._joined(state)
        rows, shift = joined.rows, joined.shift
        if rows is None:
            return ThinnedRows(pl.DataFrame(), np.empty(0, np.int64), 0, state.total)
        kept = pl.DataFrame({name: rows.get_column(f"={name}") for name in self.kept})
        return ThinnedRows(kept, rows.get_column(_COUNT).to_numpy(), shift, state.total)

    def dump(self, state: ThinnedState) -> bytes:
        return super().dump(self._joined(state))

    def _bounded(self, rows: pl.DataFrame, shift: int, total: int) -> ThinnedState:
        state = ThinnedState(rows, shift, total)
        return state if rows.height <= _SLACK * self.limit else self._joined(state)

    def _joined(self, state: ThinnedState) -> ThinnedState:
        """Each hash once, ascending, and no more of them than the limit."""
        if state.rows is None:
            return state
        hashes, shift = state.rows.get_column(_HASH).to_numpy(), state.shift
        counts = state.rows.get_column(_COUNT).to_numpy()
        different = np.sort(hashes)
        different = different[np.append(True, different[1:] != different[:-1])[: len(different)]]
        while np.searchsorted(different, _bound(shift), side="right") > self.limit:
            shift += 1
        # Only what stays is put in order with its place, which costs much more than the hashes alone.
        places = np.flatnonzero(hashes <= _bound(shift))
        order = np.argsort(hashes[places])
        own = hashes[places[order]]
        starts = np.flatnonzero(np.append(True, own[1:] != own[:-1])[: len(own)])
        own, counts = own[starts], np.add.reduceat(counts[places[order]], starts)
        firsts = np.minimum.reduceat(places[order], starts)
        rows = state.rows[firsts] if self.kept else state.rows.head(len(own))
        found = {name: rows.get_column(name) for name in rows.columns}
        found |= {_HASH: pl.Series(own), _COUNT: pl.Series(counts)}
        return ThinnedState(pl.DataFrame(found), shift, state.total)


def _bound(shift: int) -> np.uint64:
    """The highest hash that is kept."""
    return np.uint64((1 << (64 - shift)) - 1)


def _thinned(rows: pl.DataFrame, shift: int) -> pl.DataFrame:
    return rows.filter(pl.Series(rows.get_column(_HASH).to_numpy() <= _bound(shift)))


def _words(batch: pl.DataFrame, name: str) -> Words:
    series = column(batch, name)
    if series.dtype not in (pl.UInt64, pl.Int64) or series.null_count():
        needed = "64-bit hashes without nulls"
        raise CauceError("E0202", column=name, found=series.dtype, summary="Thinned", needed=needed)
    return series.rechunk().to_numpy().view(np.uint64)
