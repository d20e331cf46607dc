"""Cells of MySQL's binary protocol: a column of a block of rows at once, nothing for each cell.

Numbers are little-endian, texts and decimals stand behind their length, dates and times are fields behind
theirs (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauce.errors import CauceError

Places = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]

_LONG, _TWO_BYTES = 251, 252
_INLINE, _VIEW = 12, 16
_KEPT: NDArray[np.uint64] = np.array(
    [[0xFF * (4 <= byte < 4 + size) for byte in range(_VIEW)] for size in range(_INLINE + 1)], dtype=np.uint8
).view("<u8")
"""Which bits of a text's view are its own, for texts of 0 to 12 bytes."""
_DATE = [("size", "u1"), ("year", "<u2"), ("month", "u1"), ("day", "u1")]
_CLOCK = [("hour", "u1"), ("minute", "u1"), ("second", "u1"), ("fraction", "<u4")]
_DATES = np.dtype(_DATE)
_MOMENTS = np.dtype(_DATE + _CLOCK)
_SPANS = np.dtype([("size", "u1"), ("negative", "u1"), ("days", "<u4"), *_CLOCK])
_YEARS = 10_000
_DAY, _SECOND = 86_400, 1_000_000


@dataclass(frozen=True)
class Cells:
    """The cells of one column. place: where each begins; there: which are not missing, None for all."""

    data: Bytes
    place: Places
    there: Flags | None = None

    def records(self, dtype: np.dtype[Any]) -> Any:
        """As many bytes of each as one of the dtype has."""
        return self._at(f"V{dtype.itemsize}")[self.place].view(dtype)

    def after(self, size: int) -> Places:
        """Where the next column begins behind cells of one size; a missing one has no bytes."""
        step = size if self.there is None else self.there.astype(np.int64) * size
        return np.asarray(self.place + step, dtype=np.int64)

    def moments(self, *, whole: bool) -> tuple[Places, Flags, Places]:
        """Days, or microseconds since 1970; which are dates; where the next column begins."""
        found = self.records(_DATES if whole else _MOMENTS)
        size, after = self._sizes(found)
        month, day = found["month"], found["day"]
        dated = (size >= 4) & (month > 0) & (day > 0)
        at = np.where(dated, found["year"].astype(np.int64) * 16 + month, 0)
        days = _month_starts().take(at, mode="clip") + day
        if whole:
            return days, dated, after
        moment = (days * _DAY + np.where(size >= 7, _seconds(found), 0)) * _SECOND
        return moment + np.where(size >= 11, found["fraction"], 0), dated, after

    def spans(self) -> tuple[Places, Places]:
        """Microseconds, below zero too, and where the next column begins."""
        found = self.records(_SPANS)
        size, after = self._sizes(found)
        seconds = found["days"].astype(np.int64) * _DAY + _seconds(found)
        span = np.where(size >= 8, seconds, 0) * _SECOND + np.where(size >= 12, found["fraction"], 0)
        return np.where(found["negative"] == 1, -span, span), after

    def texts(self, name: str) -> tuple[Any, Places]:
        """Texts as Arrow's views into the block, and where the next column begins. E2522 for texts that are
        not UTF-8. Form: https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout"""
        import pyarrow as pa

        size, begin = self._text_sizes()
        views = self._at(f"V{_VIEW}")[begin - 4].view("<u8").reshape(-1, 2)
        views &= _KEPT.take(np.minimum(size, _INLINE), axis=0)
        views[:, 0] |= size.astype(np.uint64)
        long = size > _INLINE
        if long.any():
            views[:, 1] = np.where(long, begin.astype(np.uint64) << 32, views[:, 1])
        buffers = [validity(self.there), pa.py_buffer(views), pa.py_buffer(self.data)]
        made = pa.Array.from_buffers(pa.string_view(), len(size), buffers)
        try:
            made.validate(full=True)
        except pa.ArrowInvalid:
            raise CauceError("E2522", column=name) from None
        return made, begin + size

    def _text_sizes(self) -> tuple[Places, Places]:
        first = self.data[self.place].astype(np.int64)
        if self.there is not None:
            first = np.where(self.there, first, 0)
        begin = self.after(1)
        long = first >= _LONG
        if not long.any():
            return first, begin
        word = self._at("<u4")[self.place + 1].astype(np.int64)
        two = first == _TWO_BYTES
        size = np.where(long, np.where(two, word & 0xFFFF, word & 0xFFFFFF), first)
        return size, np.where(long, begin + np.where(two, 2, 3), begin)

    def _sizes(self, found: Any) -> tuple[Places, Places]:
        """What stands before a date or time, -1 where it is missing; where the next column begins."""
        size = found["size"].astype(np.int64)
        if self.there is not None:
            size = np.where(self.there, size, -1)
        return size, self.place + size + 1

    def _at(self, word: str) -> Any:
        """The value that begins at each byte."""
        size = np.dtype(word).itemsize
        return np.ndarray((len(self.data) - size + 1,), dtype=word, buffer=self.data, strides=(1,))


def validity(there: Flags | None) -> Any:
    """Arrow's bits of what is not missing."""
    import pyarrow as pa

    return None if there is None else pa.py_buffer(np.packbits(there, bitorder="little"))


def _seconds(found: Any) -> Places:
    seconds: Places = found["hour"].astype(np.int64) * 3600 + found["minute"].astype(np.int64) * 60
    seconds += found["second"]
    return seconds


@cache
def _month_starts() -> Places:
    """For 16 times the year and the month: days from 1970-01-01 to the day before the month's first."""
    months = np.arange(-1970 * 12, (_YEARS - 1970) * 12).astype("datetime64[M]")
    found = np.zeros((_YEARS, 16), dtype=np.int64)
    found[:, 1:13] = months.astype("datetime64[D]").astype(np.int64).reshape(_YEARS, 12) - 1
    return found.ravel()
