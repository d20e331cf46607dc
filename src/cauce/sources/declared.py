"""What the user declared about columns, as the formats their texts may have."""

from __future__ import annotations

from cauce.core.reading.decision import Reading
from cauce.core.reading.formats import (
    ANSWERS,
    BOOLEAN,
    CURRENCIES,
    Format,
    declared_time_formats,
    number_formats,
    time_formats,
)
from cauce.errors import CauceError
from cauce.expr.schema import Field, Kind
from cauce.sources.options import ReadOptions


def fixed_reading(name: str, options: ReadOptions) -> Reading | None:
    """The reading of a column that needs no evidence."""
    kind = options.types.get(name)
    if kind == "text":
        return Reading(Field(name, "text"), declared=True)
    if kind == "boolean":
        return Reading(Field(name, "boolean"), (ANSWERS,), declared=True)
    if kind == "decimal":
        raise CauceError("E0428", column=name, kind=kind, found="text")
    if kind in ("date", "datetime") and options.date_formats:
        formats = _times(kind, options)
        zone = "UTC" if formats[0].zoned else None
        return Reading(Field(name, kind, zone=zone), formats, declared=True)  # type: ignore[arg-type]
    return None


def _times(kind: Kind, options: ReadOptions) -> tuple[Format, ...]:
    found = tuple(item for item in declared_time_formats(options.date_formats) if item.kind == kind)
    return found or tuple(item for item in time_formats() if item.kind == kind)


def open_formats(options: ReadOptions) -> tuple[Format, ...]:
    """What an undeclared column may be."""
    currencies = CURRENCIES if options.currency is None else options.currency
    numbers = number_formats(options.decimal, options.thousands, currencies=currencies)
    times = declared_time_formats(options.date_formats) or time_formats()
    return (*numbers, BOOLEAN, ANSWERS, *times)


def declared_formats(name: str, options: ReadOptions) -> tuple[Format, ...]:
    """What a column of a declared kind may be written like."""
    kind = options.types[name]
    if kind in ("date", "datetime"):
        return _times(kind, options)
    return tuple(item for item in open_formats(options) if item.kind == kind)
