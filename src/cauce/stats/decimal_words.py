"""Decimals as the shortest (coefficient, exponent), so that 1.50 and 1.5 are one value."""

from __future__ import annotations

import numpy as np
import polars as pl

from cauce.stats.mixing import Words


def decimal_words(series: pl.Series, scale: int) -> tuple[Words, Words, Words]:
    """Low and high word of the 128-bit two's complement coefficient, and the digits after the mark.

    The coefficient has no factor 10 left unless no digit is left after the mark. A null counts as 0.
    """
    low, high = _coefficients(series)
    digits = np.full(len(low), scale, dtype=np.int64)
    narrow = high.view(np.int64) == (low.view(np.int64) >> 63)
    coefficients = np.where(narrow, low.view(np.int64), 0)
    for _ in range(scale):
        quotient, rest = np.divmod(coefficients, 10)
        short = (rest == 0) & (digits > 0) & narrow
        if not short.any():
            break
        coefficients = np.where(short, quotient, coefficients)
        digits -= short
    low[narrow] = coefficients[narrow].view(np.uint64)
    high[narrow] = (coefficients[narrow] >> 63).view(np.uint64)
    for row in np.flatnonzero(~narrow):
        _shorten_wide(low, high, digits, int(row))
    return low, high, digits.view(np.uint64)


def _coefficients(series: pl.Series) -> tuple[Words, Words]:
    array = series.fill_null(0).rechunk().to_arrow()
    words = np.frombuffer(array.buffers()[1], dtype="<u8").reshape(-1, 2)
    own = words[array.offset : array.offset + len(array)].astype(np.uint64)
    return own[:, 0].copy(), own[:, 1].copy()


def _shorten_wide(
    low: Words, high: Words, digits: np.ndarray[tuple[int], np.dtype[np.int64]], row: int
) -> None:
    coefficient = (int(high[row].view(np.int64)) << 64) | int(low[row])
    while digits[row] > 0 and coefficient % 10 == 0:
        coefficient //= 10
        digits[row] -= 1
    low[row] = coefficient & 0xFFFFFFFFFFFFFFFF
    high[row] = (coefficient >> 64) & 0xFFFFFFFFFFFFFFFF
