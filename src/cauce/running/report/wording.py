"""Numbers, names and times as a reader of the active language writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from cauce.errors import shown
from cauce.language import active_language, format_number, translate
from cauce.language import gettext_noop as _
from cauce.running.report.blocks import Name

NOTHING = "–"
MOST = 80
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc](?:.*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc])?"
)
"""From the first letter of a script that is written from right to left to the last one."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SMALL, _MANY, _LARGE = 1e-4, 1e7, 1e15
_MONTHS = (
    _("January"),
    _("February"),
    _("March"),
    _("April"),
    _("May"),
    _("June"),
    _("July"),
    _("August"),
    _("September"),
    _("October"),
    _("November"),
    _("December"),
)
_MOMENTS = {"en": "{day} {month} {year}, {time}", "es": "{day} de {month} de {year}, {time}"}


def safe(text: object, most: int = MOST) -> str:
    """A text of any characters as one short line: what cannot be seen is escaped, directions stay inside."""
    line = shown(text, most=most)
    if not line:
        return translate(_("(empty)"))
    return _RIGHT_TO_LEFT.sub("\u2068\\g<0>\u2069", line)


def level(value: object) -> str:
    """A level of a column as the data write it: true and false in small letters."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def name(text: object, most: int = MOST) -> Name:
    """The same as a cell of a table."""
    return Name(safe(text, most))


def names(texts: Sequence[object], most: int = 6) -> str:
    """Several in a row, the last ones as how many they are."""
    told = ", ".join(safe(one, 60) for one in texts[:most])
    left = len(texts) - most
    return told if left <= 0 else translate(_("{names} and {count} more")).format(names=told, count=left)


def number(value: float | None, digits: int = 4) -> str:
    """A number with about so many significant digits; all digits of whole numbers."""
    if value is None:
        return NOTHING
    if isinstance(value, int) or (value.is_integer() and abs(value) < _LARGE):
        return _minus(format_number(int(value)))
    if math.isnan(value):
        return translate(_("not a number"))
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    power = math.floor(math.log10(abs(value)))
    if not _SMALL <= abs(value) < _LARGE:
        plain, _e, exponent = f"{value:.{digits - 1}e}".partition("e")
        mantissa = format_number(float(plain), digits=digits - 1)
        return _minus(f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}")
    return _minus(_shortened(format_number(value, digits=max(0, digits - 1 - power))))


def ungrouped(value: float | None) -> str:
    """A whole number without marks between thousands, as years are written; else as `number`."""
    large = value is not None and math.isfinite(value) and abs(value) >= 1000
    return _minus(str(round(value))) if large and value is not None else number(value)


def short(value: float | None) -> str:
    """The same, with millions by their letter from ten million on: 8,754 M."""
    if value is None or not math.isfinite(value) or not _MANY <= abs(value) < _LARGE:
        return number(value)
    millions = value / 1e6
    return f"{number(float(f'{millions:.4g}'))}\u202fM"


def _shortened(text: str) -> str:
    """Without zeros that end the decimals."""
    mark = "," if active_language() == "es" else "."
    return text.rstrip("0").rstrip(mark) if mark in text else text


def decimals(value: float | None, digits: int = 4) -> str:
    """A number with exactly so many decimals, so that those of a column stand under each other."""
    if value is None or not math.isfinite(value):
        return number(value)
    return _minus(format_number(value, digits=digits))


def share(part: float, whole: float = 1.0) -> str:
    """A share in per cent; "< 0.1 %" for less than can be written."""
    if whole <= 0:
        return NOTHING
    percent = 100.0 * part / whole
    if 0 < percent < 0.1:
        return f"< {format_number(0.1)}\u202f%"
    return f"{format_number(percent, digits=1)}\u202f%"


def count(value: int | float) -> str:
    """How many; weights that are not whole with one decimal."""
    whole = abs(value - round(value)) < 1e-9
    return format_number(round(value)) if whole else format_number(value, digits=1)


def moment(text: str | datetime) -> str:
    """An instant, in UTC; the text itself where it is none."""
    try:
        found = text if isinstance(text, datetime) else datetime.fromisoformat(text)
    except ValueError:
        return safe(text)
    at = found.astimezone(UTC)
    form = _MOMENTS.get(active_language(), _MOMENTS["en"])
    month = translate(_MONTHS[at.month - 1])
    return form.format(day=at.day, month=month, year=at.year, time=at.strftime("%H:%M UTC"))


def _minus(text: str) -> str:
    return text.replace("-", "−", 1) if text.startswith("-") else text
