"""The strict formats of dates: which directives there are, and how both evaluators read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from cauce.errors import CauceError
from cauce.expr.grammar import escape
from cauce.language import translate

# directive: (field, pattern, what Polars' reader calls it, is its width fixed)
_DIRECTIVES: dict[str, tuple[str, str, str, bool]] = {
    "%Y": ("year", "[0-9]{4}", "%Y", True),
    "%y": ("short", "[0-9]{2}", "%y", True),
    "%m": ("month", "[0-9]{2}", "%m", True),
    "%-m": ("month", "[0-9]{1,2}", "%m", False),
    "%d": ("day", "[0-9]{2}", "%d", True),
    "%-d": ("day", "[0-9]{1,2}", "%d", False),
    "%H": ("hour", "[0-9]{2}", "%H", True),
    "%-H": ("hour", "[0-9]{1,2}", "%H", False),
    "%I": ("half", "(?:0[1-9]|1[0-2])", "%I", True),
    "%-I": ("half", "(?:0?[1-9]|1[0-2])", "%I", False),
    "%M": ("minute", "[0-9]{2}", "%M", True),
    "%S": ("second", "[0-5][0-9]", "%S", True),
    ".%f": ("fraction", "[.][0-9]{1,9}", "%.f", False),
    "%p": ("noon", "(?:[AaPp][Mm])", "%p", True),
    "%z": ("zone", "(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])", "%z", False),
}
_TOKEN = re.compile(r"\.%f|%-?[A-Za-z%]|%|[^%.]+|\.", re.DOTALL)
_DATE = {"year", "month", "day"}
_TIME = {"hour", "minute", "second", "fraction", "half", "noon", "zone"}


@dataclass(frozen=True)
class DateGrammar:
    """A compiled format: the pattern of the whole stripped text, Polars' format, the fields found."""

    pattern: str
    polars: str
    fields: tuple[str, ...]

    @property
    def zoned(self) -> bool:
        return "zone" in self.fields


@lru_cache(maxsize=256)
def date_grammar(text: str, *, times: bool) -> DateGrammar:
    """The grammar of the format `text`; E0120 where it is not one. times: whether hours may appear."""
    pattern, polars, fields = "", "", []
    open_digits = False
    for token in _TOKEN.findall(text):
        if token in _DIRECTIVES:
            field, piece, name, fixed = _DIRECTIVES[token]
            if open_digits and piece.startswith(("[0-9]", "(?:0", "[0-5]")):
                raise _refused(text, token, translate("two numbers must not touch where one may be shorter"))
            pattern, polars, open_digits = pattern + f"({piece})", polars + name, not fixed
            fields.append(field)
        elif token.startswith("%%") or not token.startswith("%"):
            pattern += escape(token.replace("%%", "%"))
            polars, open_digits = polars + token, token[0].isdigit() and open_digits
        else:
            raise _refused(text, token, translate("this directive is not one of the language"))
    _check_fields(text, fields, times)
    return DateGrammar(pattern, polars, tuple("year" if field == "short" else field for field in fields))


def _check_fields(text: str, fields: list[str], times: bool) -> None:
    names = ["year" if field == "short" else "hour" if field == "half" else field for field in fields]
    found = set(names)
    if len(found) != len(names):
        raise _refused(text, text, translate("a part may appear once"))
    if not found >= _DATE:
        raise _refused(text, text, translate("year, month and day must all appear"))
    if found & _TIME and not times:
        raise _refused(text, text, translate("a date has no time of day; read it as a datetime"))
    if ("half" in fields) != ("noon" in fields):
        raise _refused(text, text, translate("%I and %p go together"))
    if "zone" in found and fields[-1] != "zone":
        raise _refused(text, text, translate("%z must come last"))
    needed = (("fraction", "second"), ("second", "minute"), ("minute", "hour"), ("zone", "minute"))
    if any(part in found and before not in found for part, before in needed):
        raise _refused(text, text, translate("a part of the time needs the greater parts before it"))


def _refused(text: str, token: str, rule: str) -> CauceError:
    return CauceError("E0120", format=text, part=token, rule=rule)


def read_date(values: tuple[str, ...], fields: tuple[str, ...]) -> date | None:
    """The date of the matched parts, or None where the calendar has no such day."""
    found = dict(zip(fields, values, strict=True))
    try:
        return date(_year(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None


def read_datetime(values: tuple[str, ...], fields: tuple[str, ...]) -> datetime | None:
    """The datetime of the matched parts (in UTC where there is a zone), or None where there is none."""
    found = dict(zip(fields, values, strict=True))
    day = read_date(values, fields)
    hour, minute = _hour(found), int(found.get("minute", "0"))
    if day is None or hour > 23 or minute > 59:
        return None
    micro = int(found.get("fraction", ".0")[1:].ljust(6, "0")[:6])
    moment = datetime(day.year, day.month, day.day, hour, minute, int(found.get("second", "0")), micro)
    try:
        return moment - _offset(found.get("zone", "Z"))
    except OverflowError:
        return None


def _year(text: str) -> int:
    if len(text) == 4:
        return int(text)
    return int(text) + (2000 if int(text) < 70 else 1900)


def _hour(found: dict[str, str]) -> int:
    if "half" in found:
        return int(found["half"]) % 12 + (12 if found["noon"] in ("PM", "pm", "Pm", "pM") else 0)
    return int(found.get("hour", "0"))


def _offset(text: str) -> timedelta:
    if text in ("Z", "z"):
        return timedelta(0)
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timedelta(minutes=-minutes if text[0] == "-" else minutes)
