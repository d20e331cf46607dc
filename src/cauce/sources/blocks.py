"""Text cut into blocks of whole records, each with the line it begins at."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

from cauce.core.reading.records import Grammar, count_lines
from cauce.errors import CauceError
from cauce.sources.decoding import CHUNK, Encoding, Unreadable, utf8_pieces
from cauce.sources.files import Content, SourceFile
from cauce.sources.unpacking import Read, unpacked


@dataclass(frozen=True)
class Block:
    """Whole records as UTF-8 bytes. line: the 1-based line of the file that the first record begins at."""

    data: bytes
    line: int
    last: bool


@dataclass(frozen=True)
class Stretch:
    """The bytes of a file from `start` to `end`, which are whole records. line: that the first begins at."""

    start: int
    end: int
    line: int


@dataclass(frozen=True)
class TextFile:
    """A file, how its bytes become text, and how its text becomes records. stamp: its size and time.

    stretch: what is read of it; None for all.
    """

    file: SourceFile
    content: Content
    encoding: Encoding
    grammar: Grammar
    expansion_limit: int
    record_limit: int
    stamp: tuple[int, int]
    stretch: Stretch | None = None


def blocks(text: TextFile) -> Generator[Block, None, None]:
    """The file's text as blocks of about 4 MiB of whole records.

    Raises E0410 (a quote never closed) and E0411 (a record beyond the limit) with their line, and what
    reading and decoding raise; E0417 where the file changed since it was first looked at.
    """
    if text.file.stamp() != text.stamp:
        raise CauceError("E0417", place=text.file.place())
    own = text.stretch
    start = 0 if own is None else own.start
    with unpacked(text.file, text.content, expansion_limit=text.expansion_limit, start=start) as read:
        yield from _cut(text, utf8_pieces(read if own is None else _inside(own, read), text.encoding))


def _inside(own: Stretch, read: Read) -> Read:
    """The bytes of a stretch, in the chunks that the whole file is read in: so blocks end where its do."""
    at = own.start

    def some(most: int) -> bytes:
        nonlocal at
        data = read(min(most, own.end - at, CHUNK - at % CHUNK))
        at += len(data)
        return data

    return some


def _cut(text: TextFile, pieces: Iterator[bytes]) -> Iterator[Block]:
    rest, wanted, ended = b"", CHUNK, False
    line = 1 if text.stretch is None else text.stretch.line
    while not ended:
        piece = _next(text, pieces, rest, line)
        ended = piece is None
        rest = rest + (piece or b"") if rest else piece or b""
        if ended or len(rest) < wanted:
            continue
        end = text.grammar.cut(rest)
        if end:
            yield Block(rest[:end], line, last=False)
            line += count_lines(rest[:end])
            rest, wanted = rest[end:], CHUNK
        elif len(rest) > text.record_limit:
            raise CauceError("E0411", place=text.file.place(line), limit=text.record_limit)
        else:
            wanted = 2 * len(rest)  # else a long record would be searched again with every piece
    open_quote = text.grammar.open_quote(rest)
    if open_quote is not None:
        raise CauceError("E0410", place=text.file.place(line + count_lines(rest[:open_quote])))
    if rest:
        yield Block(rest, line, last=True)


def _next(text: TextFile, pieces: Iterator[bytes], rest: bytes, line: int) -> bytes | None:
    try:
        return next(pieces, None)
    except Unreadable as error:
        place = text.file.place(line + count_lines(rest + error.before))
        raise CauceError(error.code, place=place, **error.values) from None


def first_text(text: TextFile, size: int) -> tuple[bytes, bool]:
    """The first `size` bytes of the text or a little more, and whether that is all of it."""
    found = b""
    with unpacked(text.file, text.content, expansion_limit=text.expansion_limit) as read:
        pieces = utf8_pieces(read, text.encoding)
        while len(found) < size:
            piece = _next(text, pieces, found, 1)
            if piece is None:
                return found, True
            found += piece
    return found, False


def first_block(text: TextFile) -> Block:
    """The first block; E0405 where the text has nothing but line ends."""
    with closing(blocks(text)) as found:
        for block in found:
            if block.data.strip(b"\r\n"):
                return block
    raise CauceError("E0405", place=text.file.place())
