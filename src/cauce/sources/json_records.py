"""JSON lines and JSON arrays as records: which line each begins at, and its cells."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cauce.core.reading.records import count_lines
from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.sources.decoding import Encoding, Unreadable, find_encoding, utf8_pieces
from cauce.sources.files import Content, SourceFile
from cauce.sources.unpacking import unpacked

_START = re.compile(r'\s*(?:\[\s*)?\{\s*(?:"|\})')
_BETWEEN = re.compile(rb"[ \t\r\n,]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SNIFFED = 1 << 12

_NO_OBJECT, _TOO_DEEP, _HALF = (
    _("not an object"),
    _("nested too deeply"),
    _("half a letter (a lone surrogate)"),
)
_TOO_LARGE, _TOO_LONG, _OTHER = (
    _("a number beyond the largest"),
    _("a number of too many digits"),
    _("it is not written as JSON is"),
)
_CONSTANTS = {
    "NaN": _("NaN is not JSON"),
    "Infinity": _("Infinity is not JSON"),
    "-Infinity": _("-Infinity is not JSON"),
}
_DECODERS = (
    _("Expecting value"),
    _("Expecting ',' delimiter"),
    _("Expecting ':' delimiter"),
    _("Expecting property name enclosed in double quotes"),
    _("Extra data"),
    _("Unterminated string starting at"),
    _("Invalid control character at"),
    _("Invalid \\escape"),
    _("Invalid \\uXXXX escape"),
)
"""Why a record is not read, in the decoder's words. All reasons are kept in English and told in the reader's
language."""


class Unread(Exception):  # noqa: N818 - never seen by users: it becomes a rejected row
    """A record that cannot be read. code: why."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(code)
        self.code, self.values = code, values


class _Object(tuple[tuple[str, Any], ...]):
    """The pairs of a JSON object, in order, with keys that may be there twice."""

    __slots__ = ()


@dataclass(frozen=True)
class JsonFile:
    """A file of JSON: one object a line, or an array of objects. stamp: its size and time."""

    file: SourceFile
    content: Content
    encoding: Encoding
    array: bool
    expansion_limit: int
    record_limit: int
    stamp: tuple[int, int]

    def records(self) -> Iterator[tuple[int, bytes]]:
        """The line that each record begins at, from 1, and its text; in an array its place, from 1.

        E0407, E0409, E0417 and what unpacking raises; E0411 for a record beyond the limit; E0434 where an
        array is broken.
        """
        if self.file.stamp() != self.stamp:
            raise CauceError("E0417", place=self.file.place())
        with unpacked(self.file, self.content, expansion_limit=self.expansion_limit) as read:
            pieces = utf8_pieces(read, self.encoding)
            yield from _elements(self, pieces) if self.array else _lines(self, pieces)


def looks_like_json(file: SourceFile, content: Content, *, expansion_limit: int) -> bool:
    """Whether a text file begins with an object, or with an array of objects."""
    with unpacked(file, content, expansion_limit=expansion_limit) as read:
        start = read(_SNIFFED)
    name = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return _START.match(start.decode(name, "ignore")) is not None


def open_json(file: SourceFile, content: Content, *, expansion_limit: int, record_limit: int) -> JsonFile:
    """The file with its encoding found: UTF-8, or what a byte-order mark says. E0405, E0407."""
    stamp = file.stamp()
    with unpacked(file, content, expansion_limit=expansion_limit) as read:
        encoding = find_encoding(file, read, declared=None, thorough=False)
    if encoding.name == "cp1252":
        raise CauceError("E0407", place=file.place(), encoding="UTF-8")
    found = JsonFile(file, content, encoding, False, expansion_limit, record_limit, stamp)
    with unpacked(file, content, expansion_limit=expansion_limit) as read:
        for piece in _readable(found, utf8_pieces(read, encoding)):
            if text := piece.lstrip():
                array = text.startswith(b"[")
                return JsonFile(file, content, encoding, array, expansion_limit, record_limit, stamp)
    raise CauceError("E0405", place=file.place())


def _readable(source: JsonFile, pieces: Iterator[bytes]) -> Iterator[bytes]:
    line = 1
    while True:
        try:
            piece = next(pieces, None)
        except Unreadable as error:
            place = source.file.place(line + count_lines(error.before))
            raise CauceError(error.code, place=place, **error.values) from None
        if piece is None:
            return
        yield piece
        line += count_lines(piece)


def _lines(source: JsonFile, pieces: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    rest, line = b"", 1
    for piece in _readable(source, pieces):
        *whole, rest = (rest + piece).split(b"\n")
        for text in whole:
            if text.strip():
                yield line, text
            line += 1
        if len(rest) > source.record_limit:
            raise CauceError("E0411", place=source.file.place(line), limit=source.record_limit)
    if rest.strip():
        yield line, rest


def _elements(source: JsonFile, pieces: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Each object of an array; an object ends at the brace that closes it, outside of texts."""
    readable = _readable(source, pieces)
    buffer, start, number = b"", 0, 0
    opened = False
    while True:
        position = _after_blanks(buffer, start)
        if not opened and buffer[position : position + 1] == b"[":
            opened, start = True, position + 1
            continue
        end = _object_end(buffer, position) if buffer[position : position + 1] == b"{" else -1
        if end > 0:
            number += 1
            yield number, buffer[position:end]
            start = end
            continue
        sign = buffer[position : position + 1]
        if sign == b"]":
            return
        if sign not in (b"", b"{"):
            raise CauceError("E0434", place=source.file.place(), number=number + 1)
        if len(buffer) - position > source.record_limit:
            raise CauceError("E0411", place=source.file.place(), limit=source.record_limit)
        more = _more(readable, max(1 << 16, len(buffer) - position))
        if not more:
            raise CauceError("E0434", place=source.file.place(), number=number + 1)
        buffer, start = buffer[position:] + more, 0


def _more(readable: Iterator[bytes], size: int) -> bytes:
    """At least so many further bytes, if there are so many: a long object is not searched piece by piece."""
    found = b""
    while len(found) < size and (piece := next(readable, None)) is not None:
        found += piece
    return found


def _after_blanks(buffer: bytes, start: int) -> int:
    between = _BETWEEN.match(buffer, start)
    return start if between is None else between.end()


_TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}]|"', re.DOTALL)


def _object_end(buffer: bytes, start: int) -> int:
    """Where the object that begins at `start` ends, or -1 where the buffer ends before."""
    depth = 0
    for token in _TOKENS.finditer(buffer, start):
        text = token[0]
        if text == b"{":
            depth += 1
        elif text == b"}":
            depth -= 1
            if not depth:
                return token.end()
        elif text == b'"':
            return -1  # a text that is not whole yet
    return -1


def cells(text: bytes) -> Mapping[str, Any]:
    """The values of a record by name: None, bool, int, float, str; a list or a tuple stands for nested ones.

    `Unread` with E0435 where it is not a JSON object, E0436 where a name is there twice.
    """
    try:
        found = _DECODER.decode(text.decode())
    except (ValueError, RecursionError) as error:
        raise Unread("E0435", reason=_why(error)) from None
    if not isinstance(found, _Object):
        raise Unread("E0435", reason=_NO_OBJECT)
    values = dict(found)
    if len(values) < len(found):
        seen: set[str] = set()
        twice = next(name for name, _ in found if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise Unread("E0436", column=twice)
    if b"\\u" in text:
        _check_letters(values)
    return values


def _check_letters(values: Mapping[str, Any]) -> None:
    for pair in values.items():
        for one in pair:
            if isinstance(one, str) and not _is_text(one):
                raise Unread("E0435", reason=_HALF)


def _is_text(text: str) -> bool:
    return _SURROGATE.search(text) is None


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    if isinstance(error, json.JSONDecodeError):
        said = error.msg.rstrip(": ")
        return said if said in _DECODERS else _OTHER
    said = str(error)
    return said if said == _TOO_LARGE or said in _CONSTANTS.values() else _TOO_LONG


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(_TOO_LARGE)
    return value


def _constant(text: str) -> float:
    raise ValueError(_CONSTANTS[text])


_DECODER = json.JSONDecoder(object_pairs_hook=_Object, parse_float=_number, parse_constant=_constant)
