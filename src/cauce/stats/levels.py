"""Exact counts and sums by level, as long as there are few levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from cauce.stats.cells import floats, one_value
from cauce.stats.mergeable import ByColumn, Mergeable, at_least, column

_PREFIX = 4


@dataclass(frozen=True)
class LevelState:
    """Levels with counts (None: none seen, or too many), whether there were too many, and nulls."""

    levels: pl.DataFrame | None = None
    overflow: bool = False
    nulls: int = 0


@dataclass(frozen=True)
class ColumnLevels:
    """Levels by falling count, then by value, with their counts; both empty where `overflow`."""

    values: tuple[Any, ...]
    counts: tuple[int, ...]
    nulls: int
    overflow: bool

    def count(self, value: Any) -> int:
        """How many rows hold `value` (0 where none, or where there were too many levels)."""
        return self.counts[self.values.index(value)] if value in self.values else 0


@dataclass(frozen=True)
class Levels(ByColumn[LevelState, ColumnLevels]):
    """How often each value of a column occurs, exactly, while there are at most `limit` values.

    Beyond, the state forgets them all and says `overflow`: that depends on the rows alone, not on
    their order. Nulls are counted apart, NaN is a level (all NaN are one), 0.0 and -0.0 are one.
    """

    columns: tuple[str, ...]
    limit: int = 1000
    state_type = LevelState

    def __post_init__(self) -> None:
        at_least(self, "limit", lowest=1)

    def start_column(self) -> LevelState:
        return LevelState()

    def of_column(self, series: pl.Series, known: LevelState) -> LevelState:
        nulls = series.null_count()
        if known.overflow:
            return LevelState(None, overflow=True, nulls=nulls)
        present = one_value(series.drop_nulls().alias("value"))
        if present.head(_PREFIX * self.limit).n_unique() > self.limit:
            return LevelState(None, overflow=True, nulls=nulls)
        counted = present.to_frame().group_by("value").agg(pl.len().cast(pl.Int64).alias("count"))
        return self._kept(counted, nulls)

    def merge_column(self, left: LevelState, right: LevelState) -> LevelState:
        return merged_levels(left, right, limit=self.limit)

    def result_column(self, state: LevelState) -> ColumnLevels:
        return levels_of(state)

    def _kept(self, levels: pl.DataFrame, nulls: int) -> LevelState:
        return _within(levels, nulls, limit=self.limit)


def merged_levels(left: LevelState, right: LevelState, *, limit: int) -> LevelState:
    """The levels of the rows of both; forgotten where they are more than `limit`."""
    nulls = left.nulls + right.nulls
    if left.overflow or right.overflow:
        return LevelState(None, overflow=True, nulls=nulls)
    if left.levels is None or right.levels is None:
        return LevelState(right.levels if left.levels is None else left.levels, nulls=nulls)
    both = pl.concat((left.levels, right.levels))
    return _within(both.group_by("value").agg(pl.col("count").sum()), nulls, limit=limit)


def levels_of(state: LevelState) -> ColumnLevels:
    """What the state says: levels by falling count, then by value."""
    if state.levels is None:
        return ColumnLevels((), (), state.nulls, state.overflow)
    ranked = state.levels.sort("count", "value", descending=[True, False])
    return ColumnLevels(tuple(ranked["value"]), tuple(ranked["count"]), state.nulls, overflow=False)


def _within(levels: pl.DataFrame, nulls: int, *, limit: int) -> LevelState:
    if levels.height > limit:
        return LevelState(None, overflow=True, nulls=nulls)
    return LevelState(levels.sort("value"), nulls=nulls)


@dataclass(frozen=True)
class LevelSumState:
    """A frame of (fold, level, count, sum, absolute), or None: none seen, or too many levels."""

    levels: pl.DataFrame | None = None
    overflow: bool = False
    skipped: int = 0


@dataclass(frozen=True)
class LevelSumTable:
    """frame: `fold` (where asked), `level` (null is one), `count`, `sum`; None where `overflow`.

    skipped: rows left out because their value is null, NaN or infinite. A sum is NaN where the sum of
    the sizes exceeds the floats.
    """

    frame: pl.DataFrame | None
    overflow: bool
    skipped: int


@dataclass(frozen=True)
class LevelSums(Mergeable[LevelSumState, LevelSumTable]):
    """Count and sum of the numeric column `value` for each level of `level`, within each fold if given.

    limit: levels (null is not counted) beyond which the state keeps nothing but `overflow`.
    """

    level: str
    value: str
    fold: str | None = None
    limit: int = 100_000
    state_type = LevelSumState

    def __post_init__(self) -> None:
        at_least(self, "limit", lowest=1)

    @property
    def columns(self) -> tuple[str, ...]:
        own = (self.level, self.value) if self.fold is None else (self.level, self.value, self.fold)
        return tuple(dict.fromkeys(own))

    def start(self) -> LevelSumState:
        return LevelSumState()

    def of(self, batch: pl.DataFrame) -> LevelSumState:
        values = pl.Series("sum", floats(column(batch, self.value), self))
        parts = [one_value(column(batch, self.level)).alias("level"), values]
        if self.fold is not None:
            parts.append(column(batch, self.fold).alias("fold"))
        frame = pl.DataFrame(parts).filter(pl.col("sum").is_finite())
        skipped = batch.height - frame.height
        if _levels(frame.head(_PREFIX * self.limit)) > self.limit:
            return LevelSumState(None, overflow=True, skipped=skipped)
        sums = pl.len().cast(pl.Int64).alias("count"), pl.col("sum").sum(), _SIZES
        return self._kept(frame.group_by(self._keys).agg(*sums), skipped)

    def merge(self, left: LevelSumState, right: LevelSumState) -> LevelSumState:
        skipped = left.skipped + right.skipped
        if left.overflow or right.overflow:
            return LevelSumState(None, overflow=True, skipped=skipped)
        if left.levels is None or right.levels is None:
            return LevelSumState(right.levels if left.levels is None else left.levels, skipped=skipped)
        both = pl.concat((left.levels, right.levels)).group_by(self._keys)
        return self._kept(both.agg(pl.col("count", "sum", "absolute").sum()), skipped)

    def result(self, state: LevelSumState) -> LevelSumTable:
        if state.levels is None:
            return LevelSumTable(None, state.overflow, state.skipped)
        total = pl.when(pl.col("absolute").is_finite()).then(pl.col("sum")).otherwise(float("nan"))
        frame = state.levels.select(*self._keys, "count", total.alias("sum"))
        return LevelSumTable(frame, overflow=False, skipped=state.skipped)

    @property
    def _keys(self) -> list[str]:
        return ["level"] if self.fold is None else ["fold", "level"]

    def _kept(self, levels: pl.DataFrame, skipped: int) -> LevelSumState:
        if _levels(levels) > self.limit:
            return LevelSumState(None, overflow=True, skipped=skipped)
        return LevelSumState(levels.sort(self._keys), skipped=skipped)


_SIZES = pl.col("sum").abs().sum().alias("absolute")


def _levels(frame: pl.DataFrame) -> int:
    return frame["level"].drop_nulls().n_unique()
