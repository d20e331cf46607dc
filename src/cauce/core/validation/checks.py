"""Which rows of a batch fail an expectation. Missing cells (null or NaN) pass all but `Missing`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
import polars as pl

from cauce.expr.kinds import columns_of
from cauce.expr.nodes import Expression
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Schema
from cauce.expr.value_types import INTEGER_MAX, INTEGER_MIN
from cauce.spec.expectations import whole
from cauce.stats.mergeable import column
from cauce.stats.mixing import Words
from cauce.stats.row_hash import key_hashes


class Check(Protocol):
    """A frozen value that can be sent to workers."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        ...

    def failing(self, batch: pl.DataFrame) -> pl.Series:
        """True for each row that fails, else false; never null."""
        ...


def missing(series: pl.Series) -> pl.Series:
    """Where a cell is null or NaN."""
    nulls = series.is_null()
    return nulls | series.is_nan().fill_null(value=True) if series.dtype.is_float() else nulls


@dataclass(frozen=True)
class OfColumn:
    """A check of one column."""

    name: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The column it reads."""
        return (self.name,)


@dataclass(frozen=True)
class Missing(OfColumn):
    """Fails where the cell is missing."""

    def failing(self, batch: pl.DataFrame) -> pl.Series:
        """True for each row that fails."""
        return missing(column(batch, self.name))


@dataclass(frozen=True)
class Between(OfColumn):
    """Fails outside [low, high], in the values that carry the column: whole numbers count days or µs."""

    low: int | Decimal | None
    high: int | Decimal | None

    def failing(self, batch: pl.DataFrame) -> pl.Series:
        """True for each row that fails."""
        cells = column(batch, self.name)
        if not isinstance(cells.dtype, pl.Decimal):
            cells = cells.to_physical().cast(pl.Int64)
        outside = pl.repeat(False, len(cells), eager=True)
        if self.low is not None:
            outside |= _below(cells, self.low)
        if self.high is not None:
            outside |= _above(cells, self.high)
        return outside


def _below(cells: pl.Series, low: int | Decimal) -> pl.Series:
    if isinstance(low, int) and not INTEGER_MIN <= low <= INTEGER_MAX:
        return cells.is_not_null() if low > 0 else cells.is_null() & cells.is_not_null()
    return (cells < low).fill_null(value=False)


def _above(cells: pl.Series, high: int | Decimal) -> pl.Series:
    if isinstance(high, int) and not INTEGER_MIN <= high <= INTEGER_MAX:
        return cells.is_not_null() if high < 0 else cells.is_null() & cells.is_not_null()
    return (cells > high).fill_null(value=False)


@dataclass(frozen=True)
class BetweenFloats(OfColumn):
    """Fails outside [low, high]; an open side excludes its own bound."""

    low: float = -float("inf")
    high: float = float("inf")
    low_open: bool = False
    high_open: bool = False

    def failing(self, batch: pl.DataFrame) -> pl.Series:
        """True for each row that fails."""
        cells = column(batch, self.name)
        under = cells <= self.low if self.low_open else cells < self.low
        over = cells >= self.high if self.high_open else cells > self.high
        return ((under | over) & cells.is_not_nan()).fill_null(value=False)


@dataclass(frozen=True)
class OneOf(OfColumn):
    """Fails where the cell is none of `levels`, which are of the column's own kind."""

    levels: tuple[Any, ...]

    def failing(self, batch: pl.DataFrame) -> pl.Series:
        """True for each row that fails."""
        cells = column(batch, self.name)
        known = pl.Series(self.levels, dtype=cells.dtype).implode()
        return ~cells.is_in(known).fill_null(value=False) & ~missing(cells)


@dataclass(frozen=True)
class Matching(OfColumn):
    """Fails where the whole text does not match."""

    pattern: str

    def failing(self, batch: pl.DataFrame) -> pl.Series:
        """True for each row that fails."""
        cells = column(batch, self.name)
        return ~cells.str.contains(whole(self.pattern), literal=False, strict=True).fill_null(value=True)


@dataclass(frozen=True)
class LengthBetween(OfColumn):
    """Fails where a text has fewer or more characters (code points)."""

    least: int = 0
    most: int | None = None

    def failing(self, batch: pl.DataFrame) -> pl.Series:
        """True for each row that fails."""
        lengths = column(batch, self.name).str.len_chars().cast(pl.Int64)
        outside = lengths < self.least
        if self.most is not None:
            outside |= lengths > self.most
        return outside.fill_null(value=False)


@dataclass(frozen=True)
class Holding:
    """Fails where the formula is false; where it is null, as `null` says."""

    expression: Expression
    schema: Schema
    null: Literal["pass", "fail"] = "pass"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns the formula reads."""
        return columns_of(self.expression)

    @cached_property
    def _work(self) -> Projection:
        return Projection((Output("holds", self.expression),), self.schema)

    def failing(self, batch: pl.DataFrame) -> pl.Series:
        """True for each row that fails."""
        return ~self._work(batch).get_column("holds").fill_null(value=self.null == "pass")

    def __reduce__(self) -> tuple[Any, ...]:
        return Holding, (self.expression, self.schema, self.null)


@dataclass(frozen=True, eq=False)
class Repeating:
    """Fails in every row whose key is one of `first` and `second`, lanes of repeated keys, ascending by
    `first`."""

    columns: tuple[str, ...]
    schema: Schema
    first: Words
    second: Words

    def failing(self, batch: pl.DataFrame) -> pl.Series:
        """True for each row that fails."""
        if not len(self.first):
            return pl.repeat(False, batch.height, eager=True)
        lanes = key_hashes(batch, self.schema, columns=self.columns)
        place = np.searchsorted(self.first, lanes[0]).clip(max=len(self.first) - 1)
        found = (self.first[place] == lanes[0]) & (self.second[place] == lanes[1])
        return pl.Series("cells", found) & whole_keys(batch, self.columns)


def whole_keys(batch: pl.DataFrame, columns: tuple[str, ...]) -> pl.Series:
    """Where no part of the key is missing."""
    present = pl.repeat(True, batch.height, eager=True)
    for name in columns:
        present &= ~missing(column(batch, name))
    return present


@dataclass(frozen=True, eq=False)
class AnyOf:
    """Fails where one of the checks does."""

    checks: tuple[Check, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns they read."""
        return tuple(dict.fromkeys(name for check in self.checks for name in check.columns))

    def failing(self, batch: pl.DataFrame) -> pl.Series:
        """True for each row that fails."""
        found = pl.repeat(False, batch.height, eager=True)
        for check in self.checks:
            found |= check.failing(batch)
        return found
