"""Expectations of a column as checks in the values that carry its kind; a text says what kind is needed."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Any

from cauce.core.validation.checks import Between, BetweenFloats, Check, LengthBetween, Matching, OneOf
from cauce.expr.schema import Field
from cauce.expr.value_types import INTEGER_MAX, INTEGER_MIN
from cauce.spec.expectations import moment
from cauce.spec.validate import ColumnExpectation

_NUMBERS = ("integer", "float", "decimal")
_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"date": _DAY, "datetime": _MICROSECOND}


def range_check(field: Field, one: ColumnExpectation) -> Check | str:
    """`min`, `max`, `above`, `below` of a column."""
    bounds = [bound for bound in (one.min, one.max, one.above, one.below) if bound is not None]
    if any(isinstance(bound, str) for bound in bounds):
        if field.kind not in _UNITS:
            return "date, datetime"
        return _moments(field, one)
    if field.kind not in _NUMBERS:
        return ", ".join(_NUMBERS)
    if field.kind == "float":
        return _floats(field, one)
    step = Decimal(1) if field.kind == "integer" else Decimal(1).scaleb(-(field.scale or 0))
    low, high = _steps(one, step)
    if field.kind == "integer":
        return Between(field.name, _whole(low), _whole(high))
    return Between(field.name, low, high)


def _floats(field: Field, one: ColumnExpectation) -> Check:
    low = one.above if one.min is None else one.min
    high = one.below if one.max is None else one.max
    return BetweenFloats(
        field.name,
        -math.inf if low is None else _float(low),
        math.inf if high is None else _float(high),
        one.above is not None,
        one.below is not None,
    )


def _float(bound: Any) -> float:
    try:
        return float(bound)
    except OverflowError:
        return math.inf if bound > 0 else -math.inf


def _steps(one: ColumnExpectation, step: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Bounds as multiples of `step` that the column's values may reach."""
    low = high = None
    if one.min is not None:
        low = _rounded(one.min, step, ROUND_CEILING)
    if one.above is not None:
        low = _rounded(one.above, step, ROUND_FLOOR) + step
    if one.max is not None:
        high = _rounded(one.max, step, ROUND_FLOOR)
    if one.below is not None:
        high = _rounded(one.below, step, ROUND_CEILING) - step
    return low, high


def _rounded(bound: Any, step: Decimal, rounding: str) -> Decimal:
    exact = Decimal(bound)
    with localcontext() as context:
        context.prec = 1000
        return (exact / step).to_integral_value(rounding) * step


def _whole(bound: Decimal | None) -> int | None:
    return None if bound is None else int(bound)


def _moments(field: Field, one: ColumnExpectation) -> Check:
    """A bound without a time of day means the whole day."""
    unit = _UNITS[field.kind]
    low = high = None
    if one.min is not None:
        low = -((_EPOCH - _instant(one.min)) // unit)
    if one.above is not None:
        low = (_end(one.above) - _EPOCH) // unit + 1
    if one.max is not None:
        high = (_end(one.max) - _EPOCH) // unit
    if one.below is not None:
        high = -((_EPOCH - _instant(one.below)) // unit) - 1
    return Between(field.name, low, high)


def _instant(bound: Any) -> datetime:
    return moment(str(bound))


def _end(bound: Any) -> datetime:
    """The last instant the bound stands for."""
    try:
        date.fromisoformat(str(bound))
    except ValueError:
        return _instant(bound)
    return _instant(bound) + (_DAY - _MICROSECOND)


def levels_check(field: Field, one: ColumnExpectation) -> Check | str:
    """`levels` of a column."""
    converted = [_level(level, field) for level in one.levels]
    if any(level is None for level in converted):
        return ", ".join(sorted({_kind(level) for level in one.levels}))
    return OneOf(field.name, tuple(converted))


def _kind(level: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "float"}
    return names.get(type(level), "text")


def _level(level: Any, field: Field) -> Any:
    """The level in the column's own kind; None where it cannot be."""
    if field.kind == "boolean" or isinstance(level, bool):
        return level if field.kind == "boolean" and isinstance(level, bool) else None
    if field.kind == "text" or isinstance(level, str):
        return _text_level(level, field) if isinstance(level, str) else None
    if field.kind == "float":
        return _float(level)
    step = Decimal(1) if field.kind == "integer" else Decimal(1).scaleb(-(field.scale or 0))
    exact = Decimal(str(level))
    if not exact.is_finite() or _rounded(exact, step, ROUND_FLOOR) != exact:
        return None
    if field.kind == "integer":
        return int(exact) if INTEGER_MIN <= exact <= INTEGER_MAX else None
    return exact if field.kind == "decimal" else None


def _text_level(level: str, field: Field) -> Any:
    if field.kind == "text":
        return level
    if field.kind not in _UNITS:
        return None
    try:
        found = moment(level).replace(tzinfo=None)
    except ValueError:
        return None
    return found.date() if field.kind == "date" else found


def pattern_check(field: Field, one: ColumnExpectation) -> Check | str:
    """`pattern` of a column."""
    return Matching(field.name, str(one.pattern)) if field.kind == "text" else "text"


def length_check(field: Field, one: ColumnExpectation) -> Check | str:
    """`min_length` and `max_length` of a column."""
    if field.kind != "text":
        return "text"
    return LengthBetween(field.name, one.min_length or 0, one.max_length)
