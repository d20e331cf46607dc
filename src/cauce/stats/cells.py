"""A column's cells as the NumPy values that arithmetic works on."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.errors import CauceError

Floats = NDArray[np.float64]


def floats(series: pl.Series, summary: Any) -> Floats:
    """float64 per row, null as NaN; dates as days, datetimes as microseconds. Raises E0202 for text.

    Integers and decimals beyond 2^53 are rounded to the nearest float64.
    """
    dtype = series.dtype
    if not (dtype.is_numeric() or dtype.is_temporal() or dtype == pl.Boolean):
        name = type(summary).__name__
        raise CauceError("E0202", column=series.name, found=dtype, summary=name, needed="numbers")
    # `to_physical` makes a query of its own, many times for every batch.
    numbers = series.to_physical() if dtype.is_temporal() else series
    return numbers.cast(pl.Float64).rechunk().to_numpy()


def present(values: Floats) -> Floats:
    """`values` without NaN, and with one zero (no copy where there is nothing to leave out)."""
    missing = np.isnan(values)
    return (values[~missing] if missing.any() else values) + 0.0


def finite(values: Floats) -> Floats:
    """`values` without NaN and infinities (no copy where there is nothing to leave out)."""
    keep = np.isfinite(values)
    return values if keep.all() else values[keep]


def one_value(series: pl.Series) -> pl.Series:
    """A float column with one zero and one NaN, so that equal values are equal bytes."""
    if series.dtype != pl.Float64:
        return series
    cells = series.to_numpy()
    negative = np.signbit(cells) & (cells == 0.0)
    # Polars takes "+ 0.0" for nothing to do.
    clean = series.set(pl.Series(negative), 0.0) if negative.any() else series
    return clean.set(clean.is_nan(), float("nan")) if clean.is_nan().any() else clean
