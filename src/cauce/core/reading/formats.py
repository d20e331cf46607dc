"""The ways a column of texts may be written, each with the one expression that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product

from cauce.expr.nodes import (
    Coalesce,
    Expression,
    ParseBoolean,
    ParseDate,
    ParseDatetime,
    ParseDecimal,
    ParseFloat,
    ParseInteger,
)
from cauce.expr.schema import Kind

TRUE_WORDS = ("true", "verdadero")
FALSE_WORDS = ("false", "falso")
# Answers, not truth values: a column of them stays text unless it is declared boolean.
YES_WORDS = (*TRUE_WORDS, "yes", "sí", "si", "t", "y", "s", "1")
NO_WORDS = (*FALSE_WORDS, "no", "f", "n", "0")

CURRENCIES = ("$", "€", "£", "US$", "COP")
DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")
MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y")
_DATES = ("%Y-%m-%d", "%Y/%m/%d", *DAY_FIRST, *MONTH_FIRST)
_CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f")


@dataclass(frozen=True)
class NumberMarks:
    """How numbers are written: decimal mark, grouping mark ("" for none), currency text ("" for none)."""

    decimal: str = "."
    grouping: str = ""
    currency: str = ""

    @property
    def has_comma_decimals(self) -> bool:
        """Whether "1,5" is one and a half here, or "1.500" fifteen hundred."""
        return self.decimal == "," or self.grouping == "."


@dataclass(frozen=True)
class Format:
    """One way of writing values of a kind. pattern: of dates; zoned: the texts carry an offset from UTC;
    scale: of decimals, which are read only to be scored."""

    kind: Kind
    marks: NumberMarks = NumberMarks()
    pattern: str = ""
    words: bool = False
    scale: int = 0

    @property
    def zoned(self) -> bool:
        return "%z" in self.pattern

    def expression(self, operand: Expression) -> Expression:
        """What reads a text written so; null where it is not."""
        if self.kind == "boolean":
            return ParseBoolean(
                operand, *((YES_WORDS, NO_WORDS) if self.words else (TRUE_WORDS, FALSE_WORDS))
            )
        marks = self.marks
        match self.kind:
            case "integer":
                return ParseInteger(operand, marks.grouping, marks.currency)
            case "float":
                return ParseFloat(operand, marks.decimal, marks.grouping, marks.currency)
            case "decimal":
                return ParseDecimal(operand, self.scale, marks.decimal, marks.grouping)
            case "date":
                return ParseDate(operand, self.pattern)
        return ParseDatetime(operand, self.pattern)

    @cached_property
    def _rank(self) -> int:
        return ("integer", "float").index(self.kind) if self.kind in ("integer", "float") else -1

    def within(self, other: Format) -> bool:
        """Whether every text this format reads is read by `other`, with the same value."""
        if self.kind == other.kind == "boolean":
            return other.words or not self.words
        if self == other or self._rank < 0 or other._rank < self._rank:
            return self == other
        mine, theirs = self.marks, other.marks
        whole = self.kind == "integer"
        return (
            (not mine.grouping or mine.grouping == theirs.grouping)
            and (not mine.currency or mine.currency == theirs.currency)
            and (whole or mine.decimal == theirs.decimal)
        )


@lru_cache(maxsize=64)
def number_formats(
    decimal: str | None, grouping: str | None, *, currencies: tuple[str, ...]
) -> tuple[Format, ...]:
    """Every way numbers may be written, plainest first. None: to be found; "" for grouping: none."""
    decimals = (".", ",") if decimal is None else (decimal,)
    groupings = ("", ",", ".", " ", "'") if grouping is None else ("", grouping) if grouping else ("",)
    found = []
    for kind, group, currency in product(("integer", "float"), groupings, ("", *currencies)):
        for mark in decimals:
            if mark == group or (kind == "integer" and mark != _usual_decimal(group, decimals)):
                continue
            found.append(Format(kind, NumberMarks(mark, group, currency)))  # type: ignore[arg-type]
    return tuple(found)


def _usual_decimal(grouping: str, decimals: tuple[str, ...]) -> str:
    """The decimal mark a whole number with this grouping implies, so that it stands for one format."""
    if len(decimals) == 1:
        return decimals[0]
    return "," if grouping == "." else "."


@lru_cache(maxsize=4)
def time_formats() -> tuple[Format, ...]:
    """Every way dates and times may be written, without those two digits of year."""
    dates = tuple(Format("date", pattern=pattern) for pattern in _DATES)
    moments = tuple(
        Format("datetime", pattern=f"{day}{between}{clock}{zone}")
        for day, between, clock, zone in product(_DATES, (" ", "T"), _CLOCKS, ("", "%z"))
        if day == "%Y-%m-%d" or (between == " " and not zone)
    )
    return (*dates, *moments)


def declared_time_formats(patterns: tuple[str, ...]) -> tuple[Format, ...]:
    """The user's own patterns: a date without clock directives, else a datetime."""
    return tuple(
        Format("datetime" if "%H" in pattern or "%I" in pattern else "date", pattern=pattern)
        for pattern in patterns
    )


def in_order(formats: tuple[Format, ...], operand: Expression) -> Expression:
    """The value by the first format that reads the text."""
    if len(formats) == 1:
        return formats[0].expression(operand)
    return Coalesce(tuple(item.expression(operand) for item in formats))


BOOLEAN = Format("boolean")
ANSWERS = Format("boolean", words=True)
