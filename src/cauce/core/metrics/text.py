"""How class names of any characters stand inside a metric's name."""

from __future__ import annotations

import re

from cauce.errors import CauceError

_SPECIAL = {"\\", ",", "]"}
_HEXADECIMAL = re.compile(r"u\{([0-9a-f]{1,6})\}")
_LAST_CODE_POINT = 0x10FFFF


def escaped(value: str) -> str:
    """`value` with a backslash before comma, ] and backslash; invisible characters, and spaces
    that look like the common one, as \\u{hexadecimal}."""
    return "".join(_escaped(character) for character in value)


def _escaped(character: str) -> str:
    if character in _SPECIAL:
        return "\\" + character
    if not character.isprintable():
        return f"\\u{{{ord(character):x}}}"
    return character


def unescaped(text: str) -> str:
    """The value that `escaped` wrote as `text`; E0904 where a backslash means nothing."""
    found, at = [], 0
    while at < len(text):
        character, at = _next(text, at)
        found.append(character)
    return "".join(found)


def _next(text: str, at: int) -> tuple[str, int]:
    if text[at] != "\\":
        return text[at], at + 1
    if at + 1 < len(text) and text[at + 1] in _SPECIAL:
        return text[at + 1], at + 2
    match = _HEXADECIMAL.match(text, at + 1)
    if match and int(match[1], 16) <= _LAST_CODE_POINT:
        return chr(int(match[1], 16)), match.end()
    raise unreadable(text, at)


def pieces(text: str) -> tuple[str, tuple[str, ...]]:
    """The kind and the still escaped arguments of a metric's text; E0904 where brackets do not match."""
    kind, bracket, rest = text.partition("[")
    if not bracket:
        return kind.strip(" "), ()
    found, start, at = [], 0, 0
    while at < len(rest) and rest[at] != "]":
        if rest[at] == ",":
            found.append(rest[start:at])
            start = at + 1
        at += 2 if rest[at] == "\\" else 1
    if at != len(rest) - 1:
        raise unreadable(text, len(kind) + 1 + min(at, len(rest)))
    return kind.strip(" "), (*found, rest[start:at])


def unreadable(text: str, at: int) -> CauceError:
    """E0904 at the 0-based position `at` of `text`."""
    return CauceError("E0904", text=text, position=at + 1)
