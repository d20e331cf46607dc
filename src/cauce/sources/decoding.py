"""A text file's encoding, found from all its bytes, and its text as UTF-8."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cauce.core.reading.records import count_lines
from cauce.errors import CauceError
from cauce.sources.files import SourceFile
from cauce.sources.unpacking import Read

CHUNK = 4 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UTF8 = "utf-8"
_FALLBACK = "cp1252"
# Bytes that cp1252 leaves undefined.
_UNDEFINED = re.compile(b"[\x81\x8d\x8f\x90\x9d]")
_INVALID = re.compile("[\udc80-\udcff]")
_VALID_MULTIBYTE = re.compile("[^\x00-\x7f\udc80-\udcff]")


@dataclass(frozen=True)
class Encoding:
    """A codec's name, how many bytes of byte-order mark precede the text, and whether it was declared."""

    name: str
    mark: int = 0
    declared: bool = False


@dataclass
class _Bytes:
    """What the bytes of a file that is not ASCII showed so far. Lines count from 1."""

    lines: int = 0
    first_invalid: int | None = None
    first_undefined: int | None = None
    multibyte: bool = False

    def see(self, chunk: bytes) -> None:
        if not chunk.isascii():
            self._see_letters(chunk)
        self.lines += count_lines(chunk)

    def _see_letters(self, chunk: bytes) -> None:
        try:
            chunk.decode(_UTF8)
        except UnicodeDecodeError as error:
            if self.first_invalid is None:
                self.first_invalid = self._line(chunk, error.start)
            text = chunk.decode(_UTF8, "surrogateescape")
            self.multibyte = self.multibyte or bool(_VALID_MULTIBYTE.search(text))
            undefined = _UNDEFINED.search(chunk)
            if undefined and self.first_undefined is None:
                self.first_undefined = self._line(chunk, undefined.start())
        else:
            self.multibyte = True

    def _line(self, chunk: bytes, position: int) -> int:
        return self.lines + count_lines(chunk[:position]) + 1


def known_encoding(name: str) -> str:
    """The codec's canonical name; E0415 where Python has no such text codec."""
    try:
        codec = codecs.lookup(name)
        "".encode(codec.name)
    except (LookupError, ValueError, TypeError):
        expected = "utf-8, cp1252, latin-1, utf-16, …"
        raise CauceError("E0415", option="encoding", value=name, expected=expected) from None
    return codec.name


def find_encoding(file: SourceFile, read: Read, *, declared: str | None, thorough: bool) -> Encoding:
    """The encoding of a file, from its mark or from every byte of it (`thorough`) or of its first chunk.

    Declared: taken as it is. A byte-order mark decides. Otherwise UTF-8 where all bytes are; cp1252 where
    no accented letter of UTF-8 stands anywhere and cp1252 defines every byte; else E0408 (mixed) or E0407.
    E0405 where there are no bytes but line ends, E0409 where a NUL stands.
    """
    start = read(CHUNK)
    mark, marked = next(((mark, name) for mark, name in _MARKS if start.startswith(mark)), (b"", None))
    if declared is not None:
        name = known_encoding(declared)
        fits = marked is not None and name.replace("-sig", "").startswith(marked[:6])
        return Encoding(marked if fits and marked else name, len(mark) if fits else 0, declared=True)
    if marked is not None and marked != _UTF8:
        return Encoding(marked, len(mark))
    if not thorough and len(start) >= CHUNK and _is_plainly_utf8(start[len(mark) :]):
        return Encoding(_UTF8, len(mark))
    return Encoding(_from_all_bytes(file, start[len(mark) :], read), len(mark))


def _is_plainly_utf8(start: bytes) -> bool:
    """Whether a first chunk is so surely UTF-8 text that the rest may be trusted until it fails to decode."""
    lines = start[: start.rfind(b"\n") + 1]
    try:
        return bool(lines.decode(_UTF8).strip("\r\n")) and b"\0" not in lines
    except UnicodeDecodeError:
        return False


def _from_all_bytes(file: SourceFile, start: bytes, read: Read) -> str:
    seen = _Bytes()
    filled = False
    for lines in _whole_lines(start, read):
        nul = lines.find(b"\0")
        if nul >= 0:
            raise CauceError("E0409", place=file.place(seen.lines + count_lines(lines[:nul]) + 1))
        filled = filled or bool(lines.strip(b"\r\n"))
        seen.see(lines)
    if not filled:
        raise CauceError("E0405", place=file.place())
    if seen.first_invalid is None:
        return _UTF8
    if seen.multibyte:
        raise CauceError("E0408", place=file.place(seen.first_invalid))
    if seen.first_undefined is not None:
        raise CauceError("E0407", place=file.place(seen.first_undefined), encoding="UTF-8 / cp1252")
    return _FALLBACK


def _whole_lines(start: bytes, read: Read) -> Iterator[bytes]:
    """The bytes again, in pieces that end at a line end where they have one, so no letter is cut."""
    rest = start
    while chunk := read(CHUNK):
        rest += chunk
        end = max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, len(rest) - 1)) + 1
        if end:
            yield rest[:end]
            rest = rest[end:]
    if rest:
        yield rest


class Unreadable(Exception):  # noqa: N818 - never seen by users: it becomes a CauceError with its line
    """Text that stops being readable. before: the text read just before, in the piece that fails."""

    def __init__(self, before: bytes, code: str, **values: str) -> None:
        super().__init__(code)
        self.before, self.code, self.values = before, code, values


def utf8_pieces(read: Read, encoding: Encoding) -> Iterator[bytes]:
    """The text as UTF-8 bytes without mark, in pieces of any length. `Unreadable` with E0407 where it does
    not decode, with E0409 where a NUL stands."""
    decoder = codecs.getincrementaldecoder(encoding.name)()
    plain = encoding.name == _UTF8
    skip, ended = encoding.mark, False
    while not ended:
        chunk = read(CHUNK)
        ended = not chunk
        chunk, skip = chunk[skip:], max(0, skip - len(chunk))
        if plain and chunk.isascii() and not decoder.getstate()[0]:
            piece = chunk
        else:
            try:
                piece = decoder.decode(chunk, ended).encode(_UTF8)
            except UnicodeError as error:
                before = chunk[: getattr(error, "start", 0)]
                raise Unreadable(before, "E0407", encoding=encoding.name) from None
        if b"\0" in piece:
            raise Unreadable(piece[: piece.index(b"\0")], "E0409")
        yield piece
