"""The values constants may have and the words settings may be."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal as OneOf
from typing import get_args

from cauce.expr.schema import Kind

Value = bool | int | float | Decimal | str | date | datetime | None
Level = bool | int | str | date
Comparison = OneOf["==", "!=", "<", "<=", ">", ">="]
Part = OneOf["year", "quarter", "month", "day", "weekday", "day_of_year", "hour", "minute", "second"]
ElapsedUnit = OneOf["days", "hours", "minutes", "seconds"]
TruncateUnit = OneOf["year", "quarter", "month", "week", "day", "hour"]
Moment = OneOf["date", "datetime"]
Side = OneOf["left", "right"]
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
PARTS: tuple[Part, ...] = get_args(Part)
ELAPSED_UNITS: tuple[ElapsedUnit, ...] = get_args(ElapsedUnit)
TRUNCATE_UNITS: tuple[TruncateUnit, ...] = get_args(TruncateUnit)


def kind_of_value(value: Value) -> Kind:
    """The kind that the Python type of `value` names."""
    for kind, python in _PYTHON:
        if isinstance(value, python):
            return kind
    raise TypeError(f"not a value of a kind: {type(value).__name__}")


_PYTHON: tuple[tuple[Kind, type], ...] = (
    ("boolean", bool),
    ("integer", int),
    ("float", float),
    ("decimal", Decimal),
    ("text", str),
    ("datetime", datetime),
    ("date", date),
)
