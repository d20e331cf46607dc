"""Which values are of which kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from cauce.expr.value_types import INTEGER_MAX, INTEGER_MIN

DIGITS = 38
"""That a decimal has, before and behind the mark."""


def is_whole(value: object, *, low: int, high: int) -> bool:
    """Whether `value` is an int within the bounds."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def decimal_scale(value: Decimal) -> int:
    """How many digits follow the mark."""
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def is_of(value: object, kind: str) -> bool:
    """Whether `value` is None or exactly of `kind`."""
    if value is None:
        return True
    return _IS_OF[kind](value)


def _is_decimal(value: object) -> bool:
    if not isinstance(value, Decimal) or not value.is_finite() or value.adjusted() >= DIGITS:
        return False
    return max(0, value.adjusted() + 1) + decimal_scale(value) <= DIGITS


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


_IS_OF: dict[str, Callable[[object], bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: is_whole(value, low=INTEGER_MIN, high=INTEGER_MAX),
    "float": lambda value: isinstance(value, float),
    "decimal": _is_decimal,
    "text": _is_text,
    "date": lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "datetime": lambda value: isinstance(value, datetime) and value.tzinfo is None,
}
