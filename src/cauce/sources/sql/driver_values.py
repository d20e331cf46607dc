"""Columns of the values that a database's driver gives, which say themselves what they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl

from cauce.errors import CauceError, raise_alone
from cauce.sources.sql.reader import Column

_MOST_DIGITS = 38
_LEAST, _MOST = -(2**63), 2**63 - 1
_EXACT = 2**53
_PLAIN: tuple[tuple[frozenset[type], Any], ...] = (
    (frozenset((bool,)), pl.Boolean()),
    (frozenset((str, UUID)), pl.String()),
    (frozenset((date,)), pl.Date()),
    (frozenset((time, timedelta)), pl.Duration("us")),
)


@dataclass
class Seen:
    """What the values of a column were so far. whole: digits before the point; scale: behind it."""

    name: str
    kinds: set[type] = field(default_factory=set)
    aware: set[bool] = field(default_factory=set)
    least: int = 0
    most: int = 0
    whole: int = 0
    scale: int = 0

    def look(self, values: Sequence[Any]) -> None:
        """Take more values in. E2522 for decimals that are no numbers or have more than 38 digits."""
        kinds = set(map(type, values)) - {type(None)}
        self.kinds |= kinds
        if int in kinds:
            numbers = [value for value in values if type(value) is int]
            self.least, self.most = min(self.least, *numbers), max(self.most, *numbers)
        if datetime in kinds:
            self.aware |= {value.tzinfo is not None for value in values if type(value) is datetime}
        if Decimal in kinds:
            self._digits([value for value in values if type(value) is Decimal])

    def _digits(self, values: Sequence[Decimal]) -> None:
        for value in values:
            _, digits, exponent = value.as_tuple()
            if not isinstance(exponent, int):
                raise CauceError("E2522", column=self.name)
            self.scale = max(self.scale, -exponent)
            self.whole = max(self.whole, len(digits) + exponent)
        if self.scale + self.whole > _MOST_DIGITS:
            raise CauceError("E2522", column=self.name)

    def dtype(self) -> Any:
        """The one type that holds every value. E2518 where there is none, E2522 for numbers that would be
        rounded."""
        if not self.kinds:
            return pl.String()
        for kinds, dtype in _PLAIN:
            if self.kinds <= kinds:
                return dtype
        if self.kinds <= {int, bool, float, Decimal}:
            return self._number()
        if self.kinds == {datetime} and len(self.aware) == 1:
            return pl.Datetime("us", "UTC" if self.aware == {True} else None)
        found = ", ".join(sorted(kind.__name__ for kind in self.kinds))
        raise CauceError("E2518", column=self.name, found=found)

    def _number(self) -> Any:
        whole = max(self.whole, len(str(self.most)), len(str(-self.least)))
        if float in self.kinds:
            if Decimal not in self.kinds and max(self.most, -self.least) <= _EXACT:
                return pl.Float64()
        elif Decimal not in self.kinds and self.least >= _LEAST and self.most <= _MOST:
            return pl.Int64()
        elif whole + self.scale <= _MOST_DIGITS:
            return pl.Decimal(_MOST_DIGITS, self.scale)
        raise CauceError("E2522", column=self.name)


def series_of(column: Column, values: Sequence[Any]) -> pl.Series:
    """Values as a column of the type that was found. E2522 for one that another moment has changed."""
    try:
        return pl.Series(column.name, [_plain(value, column.dtype) for value in values], dtype=column.dtype)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        raise_alone(CauceError("E2522", column=column.name))


def _plain(value: Any, dtype: Any) -> Any:
    """A value of the driver as Polars takes it for the type."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, time):
        return timedelta(
            hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
        )
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if isinstance(value, int) and dtype != pl.Boolean():
        make: Callable[[int], Any] = {pl.Int64: int, pl.Float64: float}.get(dtype.base_type(), Decimal)
        return make(int(value))
    return value
