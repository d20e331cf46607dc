"""The one exception type, the one warning type, and how values are shown inside them."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from cauce.errors.catalogue import CATALOGUE
from cauce.errors.entry import Entry, Exit
from cauce.language import Counted, counted, translate

_SHOWN_CHARACTERS = 120


@dataclass(frozen=True)
class Place:
    """Where something is: a file, and a 1-based line and column in it when known."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        numbers = (str(n) for n in (self.line, self.column) if n is not None)
        return ":".join((shown(self.file), *numbers))


def shown(value: object, *, most: int = _SHOWN_CHARACTERS) -> str:
    """`value` as one safe line: control characters escaped, at most `most` characters."""
    text = value if isinstance(value, str) else str(value)
    if len(text) > most:
        text = text[: most - 1] + "…"
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character.encode("unicode_escape", "backslashreplace").decode("ascii")
    return character


def _filled(template: str, values: dict[str, Any]) -> str:
    count = values.get(template.by) if isinstance(template, Counted) else None
    text = counted(template, count) if isinstance(count, int) else translate(template)
    said = {name: shown(value) for name, value in values.items()}
    for name in (one for one, value in said.items() if value.endswith((".", "…"))):
        text = re.sub(rf"\{{{name}\}}\.(?=\s|$)", f"{{{name}}}", text)  # one full stop is enough
    return text.format_map(said)


class CauceError(Exception):
    """A failure the user can understand and act on.

    code: an entry of the catalogue. place: where. values: fill the entry's templates.
    The text is made when it is read, so it follows the language in use at that moment.
    """

    def __init__(self, code: str, *, place: Place | None = None, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.place = place
        self.values = values

    @property
    def entry(self) -> Entry:
        return CATALOGUE[self.code]

    @property
    def exit_code(self) -> Exit:
        return self.entry.exit

    @property
    def message(self) -> str:
        """What happened and where, in one line."""
        text = _filled(self.entry.says, self.values)
        return f"{self.place}: {text}" if self.place else text

    @property
    def hint(self) -> str:
        """The next step."""
        return _filled(self.entry.hint, self.values)

    def __str__(self) -> str:
        return f"{self.code} {self.message}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (self.code, self.place, self.values)


def _rebuilt(code: str, place: Place | None, values: dict[str, Any]) -> CauceError:
    return CauceError(code, place=place, **values)


def raise_alone(error: BaseException) -> NoReturn:
    """Raise it without what was raised before it, not even as a suppressed context: what servers, drivers and
    libraries say may quote a secret or a row."""
    try:
        raise error
    finally:
        error.__context__ = None


class CauceErrors(CauceError):  # noqa: N818 - several errors, and it reads so
    """Several failures found in one pass, reported together. The first decides code and exit code.

    lines: what to write in the project file so that none of them comes back, where that is known.
    """

    def __init__(self, errors: Sequence[CauceError], *, lines: Sequence[str] = ()) -> None:
        first = errors[0]
        super().__init__(first.code, place=first.place, **first.values)
        self.errors = tuple(errors)
        self.lines = tuple(lines)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt_several, (self.errors, self.lines)


def _rebuilt_several(errors: Sequence[CauceError], lines: Sequence[str]) -> CauceErrors:
    return CauceErrors(errors, lines=lines)


class CauceWarning(UserWarning):
    """Something the user should know that does not stop the work. Same codes, same text as errors.

    at_once: whether it is of use only while the work goes on.
    """

    at_once = False

    def __init__(self, code: str, *, place: Place | None = None, **values: Any) -> None:
        super().__init__(code)
        self.told = CauceError(code, place=place, **values)

    def __str__(self) -> str:
        return str(self.told)


def warn(code: str, *, place: Place | None = None, **values: Any) -> None:
    """Warn with a code of the catalogue; the command line collects and prints these."""
    warnings.warn(CauceWarning(code, place=place, **values), stacklevel=2)


def warn_now(code: str, **values: Any) -> None:
    """Warn as `warn` does, of what the command line has to print at once."""
    warning = CauceWarning(code, **values)
    warning.at_once = True
    warnings.warn(warning, stacklevel=2)
