"""Rows of MySQL's binary protocol as columns: a block of rows at once, nothing for each cell.

A row is a zero byte, a bit for each column that is missing (from the third bit on), then the values in
order: numbers little-endian, texts and decimals after their length, dates and times in fields after their
length (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.errors import CauceError
from cauce.sources.sql.reader import Column

Places = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]

_UNSIGNED = 32
_BINARY = 63
_INTEGERS = {1: 1, 2: 2, 3: 4, 8: 8, 9: 4, 13: 2}
_FLOATS = {4: 4, 5: 8}
_DECIMALS = (0, 246)
_DATES, _MOMENTS, _STAMP, _TIME, _BIT, _JSON = (10, 14), (7, 12), 7, 11, 16, 245
_TEXTS = (15, 247, 248, 249, 250, 251, 252, 253, 254)
_KNOWN = {242: "vector", 255: "geometry"}
_NULL = 6
_PLAIN: tuple[tuple[Collection[int], Any], ...] = (
    (_FLOATS, pl.Float64()),
    (_DATES, pl.Date()),
    ((_TIME,), pl.Duration("us")),
    ((*_TEXTS, _JSON, _NULL), pl.String()),
)
_SPARE = 16
_MOST_DIGITS = 38
_INLINE = 12
_LONG, _TWO_BYTES = 251, 252
_KEPT = np.array(
    [[(1 << 8 * min(4, max(0, size - 4 * part))) - 1 for part in range(3)] for size in range(_INLINE + 1)],
    dtype=np.uint32,
)
"""What stays of the three words of a text of 0 to 12 bytes."""


def column_of(field: Any) -> Column:
    """The column that a field of the result becomes. E2518 for bytes, shapes and what no kind holds."""
    return Column(field.name, _dtype(field))


def _dtype(field: Any) -> Any:
    code, unsigned = field.type_code, bool(field.flags & _UNSIGNED)
    if code in _INTEGERS or code == _BIT:
        return pl.UInt64() if code == _BIT or (unsigned and code == 8) else pl.Int64()
    if code in _DECIMALS:
        return pl.Decimal(_MOST_DIGITS, field.scale)
    if code in _MOMENTS:
        return pl.Datetime("us", "UTC" if code == _STAMP else None)
    plain = next((dtype for codes, dtype in _PLAIN if code in codes), None)
    if plain is None or (plain == pl.String() and code in _TEXTS and field.charsetnr == _BINARY):
        found = _KNOWN.get(code, "bytes" if code in _TEXTS else f"type {code}")
        raise CauceError("E2518", column=field.name, found=found)
    return plain


def expression(field: Any, name: str) -> str:
    """How a column is selected. name: quoted."""
    return f"CAST({name} AS UNSIGNED)" if field.type_code == _BIT else name


@dataclass(frozen=True)
class Layout:
    """The columns of a result, in order, as the protocol calls them and as they are wanted.

    undated: counts the dates of each column that are none.
    """

    columns: tuple[tuple[Any, Column], ...]
    undated: dict[str, int]

    def frame(self, block: bytes, starts: Sequence[int]) -> pl.DataFrame:
        """The rows that begin at these places of a block."""
        data = np.frombuffer(block + bytes(_SPARE), np.uint8)
        rows = np.array(starts, dtype=np.int64)
        place = rows + 1 + (len(self.columns) + 9) // 8
        made = []
        for number, (field, column) in enumerate(self.columns):
            missing = (data[rows + 1 + (number + 2) // 8] >> ((number + 2) % 8)) & 1
            there = None if not missing.any() else missing == 0
            values, place = self._values(field, column, Cells(data, place, there))
            made.append(values)
        return pl.DataFrame(made)

    def _values(self, field: Any, column: Column, cells: Cells) -> tuple[pl.Series, Places]:
        code = field.type_code
        if code in _INTEGERS or code in _FLOATS:
            values, place = cells.numbers(_word(field))
            return _series(column, values, cells.there), place
        if code in _DATES or code in _MOMENTS:
            values, dated, place = cells.moments(whole=code in _DATES)
            none = int(np.count_nonzero(~dated & (True if cells.there is None else cells.there)))
            if none:
                self.undated[column.name] = self.undated.get(column.name, 0) + none
            return _series(column, values, None if dated.all() else dated), place
        if code == _TIME:
            values, place = cells.spans()
            return _series(column, values, cells.there), place
        texts, place = cells.texts(column.name)
        return (_decimals(texts, column) if code in _DECIMALS else texts), place


def _word(field: Any) -> str:
    code = field.type_code
    if code in _FLOATS:
        return f"<f{_FLOATS[code]}"
    return f"<{'u' if field.flags & _UNSIGNED else 'i'}{_INTEGERS[code]}"


def _series(column: Column, values: Any, there: Flags | None) -> pl.Series:
    found = pl.Series(column.name, values)
    if there is not None:
        found = found.set(pl.Series(~there), None)
    return found.cast(column.dtype)


def _decimals(texts: pl.Series, column: Column) -> pl.Series:
    """E2522 for numbers of more than 38 digits."""
    found = texts.str.to_decimal(scale=column.dtype.scale).cast(column.dtype)
    if found.null_count() != texts.null_count():
        raise CauceError("E2522", column=column.name)
    return found


@dataclass(frozen=True)
class Cells:
    """The cells of one column. place: where each begins; there: which are not missing, None for all."""

    data: Bytes
    place: Places
    there: Flags | None

    def numbers(self, word: str) -> tuple[Any, Places]:
        """Numbers of this many bytes, and where the next column begins; a missing cell has no bytes."""
        size = np.dtype(word).itemsize
        return self._at(word)[self.place], self._after(size)

    def moments(self, *, whole: bool) -> tuple[Places, Flags, Places]:
        """Days, or microseconds since 1970; which are dates; where the next column begins."""
        size = self._sizes()
        year, month = self._at("<u2")[self.place + 1].astype(np.int64), self._bytes(3)
        day = self._bytes(4)
        dated = (size >= 4) & (month > 0) & (day > 0)
        days = _days(year, month, day)
        after = self.place + np.where(size < 0, 0, size + 1)
        if whole:
            return days, dated, after
        seconds = self._bytes(5) * 3600 + self._bytes(6) * 60 + self._bytes(7)
        fraction = self._at("<u4")[self.place + 8].astype(np.int64)
        moment = (days * 86_400 + np.where(size >= 7, seconds, 0)) * 1_000_000
        return moment + np.where(size >= 11, fraction, 0), dated, after

    def spans(self) -> tuple[Places, Places]:
        """Microseconds, below zero too, and where the next column begins."""
        size = self._sizes()
        days = self._at("<u4")[self.place + 2].astype(np.int64)
        seconds = days * 86_400 + self._bytes(6) * 3600 + self._bytes(7) * 60 + self._bytes(8)
        fraction = self._at("<u4")[self.place + 9].astype(np.int64)
        span = np.where(size >= 8, seconds, 0) * 1_000_000 + np.where(size >= 12, fraction, 0)
        signed = np.where(self._bytes(1) == 1, -span, span)
        return signed, self.place + np.where(size < 0, 0, size + 1)

    def texts(self, name: str) -> tuple[pl.Series, Places]:
        """Texts as views into the block, and where the next column begins."""
        import pyarrow as pa

        size, begin = self._text_sizes()
        words = np.empty((len(size), 4), dtype=np.uint32)
        words[:, 0] = size
        load = self._at("<u4")
        for part in range(3):
            words[:, part + 1] = load[np.minimum(begin + 4 * part, len(load) - 1)]
        long = size > _INLINE
        words[:, 1:] &= _KEPT[np.minimum(size, _INLINE)]
        words[long, 2] = 0
        words[long, 3] = begin[long]
        known = None if self.there is None else pa.py_buffer(np.packbits(self.there, bitorder="little"))
        buffers = [known, pa.py_buffer(words), pa.py_buffer(self.data)]
        made = pa.Array.from_buffers(pa.string_view(), len(size), buffers)
        try:
            made.validate(full=True)
        except pa.ArrowInvalid:
            raise CauceError("E2522", column=name) from None
        return pl.Series(name, pl.from_arrow(made)), begin + size

    def _text_sizes(self) -> tuple[Places, Places]:
        first = self.data[self.place].astype(np.int64)
        if self.there is not None:
            first = np.where(self.there, first, 0)
        begin = self.place + 1 if self.there is None else self.place + self.there
        long = first >= _LONG
        if not long.any():
            return first, begin
        word = self._at("<u4")[self.place + 1].astype(np.int64)
        two = first == _TWO_BYTES
        size = np.where(long, np.where(two, word & 0xFFFF, word & 0xFFFFFF), first)
        return size, np.where(long, begin + np.where(two, 2, 3), begin)

    def _sizes(self) -> Places:
        """What stands before a date or time; -1 where it is missing."""
        found = self.data[self.place].astype(np.int64)
        return found if self.there is None else np.where(self.there, found, -1)

    def _bytes(self, offset: int) -> Places:
        return self.data[self.place + offset].astype(np.int64)

    def _after(self, size: int) -> Places:
        step = size if self.there is None else self.there.astype(np.int64) * size
        return np.asarray(self.place + step, dtype=np.int64)

    def _at(self, word: str) -> Any:
        """The number that begins at each byte."""
        size = np.dtype(word).itemsize
        return np.ndarray((len(self.data) - size + 1,), dtype=word, buffer=self.data, strides=(1,))


def _days(year: Places, month: Places, day: Places) -> Places:
    """Days since 1970-01-01 in the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date
    algorithms", days_from_civil)."""
    year = year - (month <= 2)
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + np.where(month > 2, -3, 9)) + 2) // 5 + day - 1
    days: Places = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    return days
