"""Decimals as the shortest (coefficient, exponent), so that 1.50 and 1.5 are one value."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.stats.mixing import Words

Integers = NDArray[np.int64]

_BLOCK_ROWS: Final = 32_768


def decimal_words(series: pl.Series, scale: int) -> tuple[Words, Words, Words]:
    """Low and high word of the 128-bit two's complement coefficient, and the digits after the mark.

    The coefficient has no factor 10 left unless no digit is left after the mark. A null counts as 0.
    """
    low, high = _coefficients(series)
    digits = np.full(len(low), scale, dtype=np.int64)
    narrow = high.view(np.int64) == (low.view(np.int64) >> 63)
    for begin in range(0, len(low), _BLOCK_ROWS):
        rows = slice(begin, begin + _BLOCK_ROWS)
        _shorten(low.view(np.int64)[rows], digits[rows], np.flatnonzero(narrow[rows]))
    for row in np.flatnonzero(~narrow):
        _shorten_wide(low, high, digits, int(row))
    return low, high, digits.view(np.uint64)


def _coefficients(series: pl.Series) -> tuple[Words, Words]:
    filled = series.fill_null(0) if series.null_count() else series
    array = filled.rechunk().to_arrow()
    words = np.frombuffer(array.buffers()[1], dtype="<u8").reshape(-1, 2)
    own = words[array.offset : array.offset + len(array)]
    return own[:, 0].astype(np.uint64), own[:, 1].astype(np.uint64)


def _shorten(coefficients: Integers, digits: Integers, rows: NDArray[np.intp]) -> None:
    """Take the last zeros from the coefficients of these rows, as long as there are digits; in place."""
    left = coefficients[rows]
    for _ in range(int(digits.max(initial=0))):
        quotients = left // 10
        short = np.flatnonzero(quotients * 10 == left)
        if not len(short):
            return
        rows, left = rows[short], quotients[short]
        coefficients[rows] = left
        digits[rows] -= 1


def _shorten_wide(low: Words, high: Words, digits: Integers, row: int) -> None:
    coefficient = (int(high[row].view(np.int64)) << 64) | int(low[row])
    while digits[row] > 0 and coefficient % 10 == 0:
        coefficient //= 10
        digits[row] -= 1
    low[row] = coefficient & 0xFFFFFFFFFFFFFFFF
    high[row] = (coefficient >> 64) & 0xFFFFFFFFFFFFFFFF
