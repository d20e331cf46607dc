"""The language Cauce speaks: gettext lookups, the active locale, and local numbers and dates."""

from __future__ import annotations

import gettext
import locale
import math
import os
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

DOMAIN = "cauce"
LANGUAGES = ("en", "es")
_FOLDER = Path(__file__).parent / "locale"
_active: ContextVar[str] = ContextVar("language", default="en")


@lru_cache(maxsize=len(LANGUAGES))
def _translations(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, _FOLDER, languages=[language], fallback=True)


def use_language(language: str) -> None:
    """Speak `language` (one of LANGUAGES) from now on; anything else falls back to English."""
    _active.set(language if language in LANGUAGES else "en")


def active_language() -> str:
    """The two-letter code of the language in use."""
    return _active.get()


def language_of_environment() -> str:
    """The language the environment asks for (CAUCE_LANG, then the POSIX locale variables), or "en"."""
    for variable in ("CAUCE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            code = locale.normalize(value)[:2].lower()
            return code if code in LANGUAGES else "en"
    return "en"


class Counted(str):
    """A text for any count but one. one: the text for a count of one; by: the value that is counted."""

    one: str
    by: str


def ngettext_noop(singular: str, plural: str, *, by: str = "count") -> Counted:
    """Mark both forms where they are defined; `counted` chooses where they are shown.

    by: the name of the value that decides, where the text is filled from named values.
    """
    text = Counted(plural)
    text.one, text.by = singular, by
    return text


def gettext_noop(message: str) -> str:
    """Mark `message` for translation where it is defined, and translate it later, where it is shown."""
    return message


def translate(message: str) -> str:
    """`message` in the active language."""
    if isinstance(message, Counted):
        return counted(message, 2)
    return _translations(_active.get()).gettext(message) if message else ""


def translate_plural(singular: str, plural: str, count: int) -> str:
    """`singular` or `plural`, as `count` needs in the active language."""
    return _translations(_active.get()).ngettext(singular, plural, count)


def counted(message: str, count: int) -> str:
    """`message` in the active language, in the form that `count` needs where it has several."""
    if isinstance(message, Counted):
        return _translations(_active.get()).ngettext(message.one, str(message), count)
    return translate(message)


def format_number(value: float, *, digits: int | None = None) -> str:
    """`value` with the active language's grouping and decimal mark; `digits` fixes the decimals."""
    if not math.isfinite(value):
        return str(value)
    return _localised(f"{value:,}" if digits is None else f"{value:,.{digits}f}")


def format_significant(value: float, digits: int = 6) -> str:
    """`value` with so many significant digits and the active language's decimal mark, without grouping."""
    return _localised(f"{value:.{digits}g}")


def _localised(text: str) -> str:
    return text.translate(str.maketrans(",.", ".,")) if _active.get() == "es" else text
