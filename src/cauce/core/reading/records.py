"""The grammar of records in delimited text, byte by byte.

The fast tokeniser (Arrow's) reads the cells; it cannot say where a record begins, whether the last quote
was closed, or where a block of bytes may be cut. This slow grammar answers those questions, only where they
are asked, and means the same: a cell that begins with the quote runs to the next single quote, a doubled
quote is one, and anything up to the delimiter after a closing quote belongs to the cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

_NEWLINES = b"\r\n"


@dataclass(frozen=True)
class Grammar:
    """Delimiter and quote, one ASCII character each; an empty quote means that quotes mean nothing."""

    delimiter: str
    quote: str

    @cached_property
    def _field(self) -> bytes:
        plain = b"[^%b\\r\\n]*+" % re.escape(self.delimiter.encode())
        if not self.quote:
            return plain
        quote = re.escape(self.quote.encode())
        return b"(?:%b(?:[^%b]++|%b%b)*+(?:%b|(?P<open>\\Z)))?+" % ((quote,) * 5) + plain

    @cached_property
    def _cell(self) -> re.Pattern[bytes]:
        return re.compile(self._field)

    @cached_property
    def _record(self) -> re.Pattern[bytes]:
        field = self._field.replace(b"(?P<open>\\Z)", b"\\Z")
        delimiter = re.escape(self.delimiter.encode())
        return re.compile(b"(%b(?:%b%b)*+)(?:\\r\\n|\\n|\\r|\\Z)" % (field, delimiter, field))

    def records(self, data: bytes) -> Iterator[tuple[int, int, int]]:
        """Every record, blank lines too: where it begins, where its text ends, where the next begins."""
        position = 0
        while position < len(data):
            match = self._record.match(data, position)
            if match is None:  # cannot be: the pattern matches anything up to a line end
                return
            yield match.start(), match.end(1), match.end()
            position = match.end()

    def cells(self, record: bytes) -> list[bytes]:
        """The cells of one record, unquoted."""
        found: list[bytes] = []
        position = 0
        while True:
            match = self._cell.match(record, position)
            if match is None:
                return found
            found.append(self._unquoted(match.group()))
            position = match.end() + 1
            if match.end() >= len(record):
                return found

    def cell_count(self, record: bytes) -> int:
        """How many cells a record has."""
        if self.quote and self.quote.encode() in record:
            return len(self.cells(record))
        return record.count(self.delimiter.encode()) + 1

    def _unquoted(self, cell: bytes) -> bytes:
        quote = self.quote.encode()
        if not quote or not cell.startswith(quote):
            return cell
        inner = re.match(b"%b((?:[^%b]++|%b%b)*+)%b?" % ((re.escape(quote),) * 5), cell)
        if inner is None:
            return cell
        return inner.group(1).replace(quote + quote, quote) + cell[inner.end() :]

    def open_quote(self, data: bytes) -> int | None:
        """The position of a quote that is never closed in `data`, which begins with a record; or None."""
        if not self.quote or self.quote.encode() not in data:
            return None
        position = 0
        for position, _, end in self.records(data):  # noqa: B007 - the last record's beginning is wanted
            if end >= len(data):
                break
        while position <= len(data):
            match = self._cell.match(data, position)
            if match is None:
                return None
            if match.groupdict().get("open") is not None:
                return position
            position = match.end() + 1
        return None

    def cut(self, data: bytes) -> int:
        """The end of the last record of `data` (which begins with one) that is surely complete, or 0."""
        end = _last_line_end(data, len(data))
        if not end or not self.quote or self.quote.encode() not in data:
            return end
        quotes = self._regular_quotes(data)
        if quotes is None:
            return self._slow_cut(data)
        while end:
            before = int(np.searchsorted(quotes, end))
            if before % 2 == 0:
                return end
            end = _last_line_end(data, int(quotes[before - 1]))
        return 0

    def regular(self, data: bytes) -> bool:
        """Whether every quote opens, closes or doubles as exporters write it, none within a bare cell."""
        return not self.quote or self.quote.encode() not in data or self._regular_quotes(data) is not None

    def _regular_quotes(self, data: bytes) -> np.ndarray | None:
        """Positions of quotes where each odd one opens a cell and each even one closes it, else None."""
        buffer = np.frombuffer(data, np.uint8)
        quote = ord(self.quote)
        positions = np.flatnonzero(buffer == quote)
        borders = np.zeros(256, bool)
        borders[[ord(self.delimiter), quote, *_NEWLINES]] = True
        opening, closing = positions[::2], positions[1::2]
        before = buffer[np.maximum(opening - 1, 0)]
        after = buffer[np.minimum(closing + 1, len(buffer) - 1)]
        # A quote before an opening one must be the closing one it doubles, which parity already says.
        if np.all(borders[before] | (opening == 0)) and np.all(borders[after] | (closing + 1 == len(buffer))):
            return positions
        return None

    def _slow_cut(self, data: bytes) -> int:
        whole = 0
        for _, text_end, end in self.records(data):
            if end > text_end and not (end == len(data) and data.endswith(b"\r")):
                whole = end
        return whole


def _last_line_end(data: bytes, before: int) -> int:
    """The position after the last line end of `data[:before]`; a carriage return at the very end may be half
    of a line end, so it does not count."""
    end = data.rfind(b"\n", 0, before) + 1
    return end or data.rfind(b"\r", 0, min(before, len(data) - 1)) + 1


def count_lines(data: bytes) -> int:
    """Line ends in `data`: LF, CR LF and lone CR each count once."""
    return data.count(b"\n") + (data.count(b"\r") - data.count(b"\r\n") if b"\r" in data else 0)
