"""What a JSON value must be to be a value of a column; nothing is converted by guessing."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal
from typing import Any

from cauce.errors import CauceError
from cauce.expr.schema import Field
from cauce.expr.value_types import INTEGER_MAX, INTEGER_MIN
from cauce.expr.values import is_of
from cauce.language import gettext_noop as _
from cauce.language import translate

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,99})(?:\.[0-9]{1,99})?(?:[eE][+-]?[0-9]{1,3})?")
_EXACT = Context(prec=100)
"""The usual 28 digits are fewer than a column may have."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_DIGITS = 400
_WHOLE_DIGITS = 20
_NESTED = (list, dict)
DEEPEST = 32
"""Levels of a value that is kept and not read. What writes it down, and reads that, nests it further: a value
that is barely decoded could not be encoded."""


class Whole(str):
    """A JSON number without fraction and exponent, as it is written."""

    __slots__ = ()


class Fraction(str):
    """A JSON number with a fraction or an exponent, as it is written."""

    __slots__ = ()


class Constant(str):
    """NaN, Infinity or -Infinity, which JSON does not have and some programs write."""

    __slots__ = ()


class Repeated(dict[str, Any]):
    """An object in which names occur twice; `names` are those."""

    __slots__ = ("names",)
    names: tuple[str, ...]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a field of a row. row: from 0, None where there is only one; field: None for the row
    itself. values: fill the code's texts."""

    code: str
    row: int | None
    field: str | None
    values: Mapping[str, str]

    @property
    def error(self) -> CauceError:
        """The same with its message and hint."""
        named: dict[str, Any] = {**self.values, "field": self.field}
        return CauceError(self.code, **named)


class RowsRefused(Exception):  # noqa: N818 - what happened, and it reads so
    """Rows that cannot be scored; every fault at once."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(len(faults))
        self.faults = faults


class Unfit(Exception):  # noqa: N818 - what a value is
    """A value that is none of the column's. form: of the right type, and yet not one."""

    def __init__(self, *, form: bool = False) -> None:
        super().__init__()
        self.form = form


Reader = Callable[[Any], Any]
_TAKES = {
    "float": _("a number"),
    "integer": _("a whole number of at most 64 bits"),
    "boolean": _("true or false"),
    "text": _("a text"),
    "date": _("a date such as 2024-01-31, in a text"),
    "datetime": _("a moment such as 2024-01-31T13:45:00, in a text"),
    "zoned": _("a moment with its offset such as 2024-01-31T13:45:00Z, in a text"),
    "decimal": _("a number with at most {scale} decimals"),
}


def plain(value: Any) -> Any:
    """A JSON value that is kept and not read, and not deep: numbers as Python has them, too long ones as
    texts."""
    match value:
        case Whole():
            return int(value) if len(value) <= _WHOLE_DIGITS else str(value)
        case Fraction():
            return float(value)
        case list():
            return [plain(one) for one in value]
        case dict():
            return {name: plain(one) for name, one in value.items()}
    return value


def is_deep(value: Any) -> bool:
    """Whether lists and objects are nested more than `DEEPEST` levels in it."""
    level = [value]
    for _depth in range(DEEPEST + 1):
        level = [one for one in level if isinstance(one, _NESTED)]
        if not level:
            return False
        level = [inner for one in level for inner in _members(one)]
    return True


def kept_fault(name: str, row: int | None) -> Fault:
    """The fault of a value that is kept and not read, and is nested too deeply for that."""
    expected = translate(_("a value nested at most {count} levels")).format(count=DEEPEST)
    return Fault("E2432", row, name, {"expected": expected})


def _members(one: list[Any] | dict[str, Any]) -> Iterable[Any]:
    return one if isinstance(one, list) else one.values()


def takes(field: Field) -> str:
    """What a column takes, in words of the language in use."""
    kind = "zoned" if field.kind == "datetime" and field.zone is not None else field.kind
    return translate(_TAKES[kind]).format(scale=field.scale or 0)


def described(value: Any) -> str:
    """What a JSON value is, in words of the language in use; never the value itself."""
    for kinds, words in _FOUND:
        if type(value) in kinds:
            return translate(words)
    return translate(_("something else"))


_FOUND: tuple[tuple[tuple[type, ...], str], ...] = (
    ((Constant,), _("NaN or infinity")),
    ((Whole, Fraction, int, float, Decimal), _("a number")),
    ((bool,), _("true or false")),
    ((str,), _("a text")),
    ((list,), _("a list")),
    ((dict, Repeated), _("an object")),
    ((type(None),), _("null")),
)


def reader_of(field: Field) -> Reader:
    """What turns a JSON value (numbers as they are written) into a value of exactly the field's kind.

    None stays None. Raises Unfit for anything that is not one.
    """
    if field.kind == "decimal":
        return lambda value: _decimal(value, field.scale or 0)
    if field.kind == "datetime":
        return lambda value: moment(value, zoned=field.zone is not None)
    return _READERS[field.kind]


def _float(value: Any) -> float | None:
    if value is None:
        return None
    if type(value) is not Whole and type(value) is not Fraction:
        raise Unfit
    found = float(value) if len(value) <= _DIGITS else math.inf
    if math.isinf(found):
        raise Unfit(form=True)
    return found + 0.0 if type(value) is Whole else found


def _integer(value: Any) -> int | None:
    if value is None:
        return None
    if type(value) is Whole:
        found = int(value) if len(value) <= _WHOLE_DIGITS else INTEGER_MAX + 1
    elif type(value) is Fraction:
        found = _whole_part(value)
    else:
        raise Unfit
    if not INTEGER_MIN <= found <= INTEGER_MAX:
        raise Unfit(form=True)
    return found


def _whole_part(text: str) -> int:
    """The whole number that is written with a fraction or an exponent; exact."""
    if not _NUMBER.fullmatch(text):
        raise Unfit(form=True)
    number = Decimal(text)
    if number.adjusted() >= _WHOLE_DIGITS or number != number.to_integral_value():
        raise Unfit(form=True)
    return int(number)


def _boolean(value: Any) -> bool | None:
    if value is None or type(value) is bool:
        return value
    raise Unfit


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if type(value) is not str:
        raise Unfit
    if not is_of(value, "text"):
        raise Unfit(form=True)
    return value


def _decimal(value: Any, scale: int) -> Decimal | None:
    if value is None:
        return None
    if type(value) not in (Whole, Fraction, str):
        raise Unfit
    if not _NUMBER.fullmatch(value):
        raise Unfit(form=True)
    number = Decimal(value)
    if not is_of(number, "decimal"):
        raise Unfit(form=True)
    found = number.quantize(Decimal(1).scaleb(-scale), context=_EXACT)
    if found != number or not is_of(found, "decimal"):
        raise Unfit(form=True)
    return found


def day(value: Any) -> date | None:
    """A date of the text 2024-01-31, or of a moment at midnight."""
    if value is None:
        return None
    if type(value) is not str:
        raise Unfit
    if not _DATE.fullmatch(value):
        at = moment(value, zoned=False)
        if at is None or at.time() != time(0):
            raise Unfit(form=True)
        return at.date()
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Unfit(form=True) from None


def moment(value: Any, *, zoned: bool) -> datetime | None:
    """A moment without zone, of a text as ISO 8601 has it; zoned: the text has an offset, and the moment is
    in UTC."""
    if value is None:
        return None
    if type(value) is not str:
        raise Unfit
    parts = _MOMENT.fullmatch(value)
    if parts is None or (parts[4] is not None) != zoned:
        raise Unfit(form=True)
    offset = "" if parts[4] is None else "+00:00" if parts[4] in "Zz" else parts[4]
    try:
        found = datetime.fromisoformat(f"{parts[1]}T{parts[2]}{parts[3] or ':00'}{offset}")
        return found.astimezone(UTC).replace(tzinfo=None) if zoned else found
    except (ValueError, OverflowError):
        raise Unfit(form=True) from None


_READERS: dict[str, Reader] = {
    "float": _float,
    "integer": _integer,
    "boolean": _boolean,
    "text": _text,
    "date": day,
}


def column_faults(field: Field, error: Unfit, *, value: Any, row: int | None) -> Fault:
    """The fault of a value that is none of the column's."""
    if error.form:
        return Fault("E2432", row, field.name, {"expected": takes(field)})
    return Fault("E2431", row, field.name, {"expected": takes(field), "found": described(value)})


def doubled(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, `Repeated` where names occur twice."""
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    counts = Counter(name for name, _value in pairs)
    twice = (name for name, count in counts.items() if count > 1)
    found = Repeated(made)
    found.names = tuple(twice)
    return found


def each_repeated(row: dict[str, Any], place: int | None) -> Iterator[Fault]:
    """A fault for each name that occurs twice."""
    if type(row) is Repeated:
        for name in row.names:
            yield Fault("E2433", place, name, {})
