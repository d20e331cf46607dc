"""Our own hash of a row, defined byte by byte in docs/meaning/row-hash.md.

It is not cryptographic. It does not depend on column order, batches, files, engine or library version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.stats.decimal_words import decimal_words
from cauce.stats.known_lanes import known_lanes, note_lanes
from cauce.stats.mergeable import column
from cauce.stats.mixing import LANES, Words, mix, salts
from cauce.stats.text_hash import text_digests

HASH_COLUMNS: Final = ("__hash_0", "__hash_1")
_BLOCK_ROWS: Final = 32_768
_NAN: Final = np.uint64(0x7FF8000000000000)


def row_hashes(
    batch: pl.DataFrame, schema: Schema, *, columns: Sequence[str] | None = None
) -> tuple[Words, Words]:
    """Two independent uint64 lanes per row over `columns` (None: all fields of `schema`).

    Raises E0101 where a column is absent, E0201 where its type is not the schema's.
    """
    fields = schema if columns is None else schema.select(tuple(columns))
    known = known_lanes(batch, fields)
    if known is not None:
        return known
    prepared = [_prepared(_column(batch, field), field) for field in fields]
    lanes = (np.zeros(batch.height, np.uint64), np.zeros(batch.height, np.uint64))
    for low in range(0, batch.height, _BLOCK_ROWS):
        rows = slice(low, min(low + _BLOCK_ROWS, batch.height))
        _hash_block(prepared, rows, tuple(lane[rows] for lane in lanes))
    note_lanes(batch, fields, lanes=lanes)
    return lanes


def key_hashes(batch: pl.DataFrame, schema: Schema, *, columns: Sequence[str]) -> tuple[Words, Words]:
    """Two lanes per row over the key's columns only: equal keys have equal hashes in every table."""
    return row_hashes(batch, schema, columns=columns)


def with_hashes(
    batch: pl.DataFrame,
    schema: Schema,
    *,
    columns: Sequence[str] | None = None,
    names: tuple[str, str] = HASH_COLUMNS,
) -> pl.DataFrame:
    """`batch` with the two lanes as UInt64 columns `names` at its end."""
    lanes = row_hashes(batch, schema, columns=columns)
    return batch.with_columns(pl.Series(name, lane) for name, lane in zip(names, lanes, strict=True))


def unit_interval(hashes: NDArray[np.uint64], seed: int | str) -> NDArray[np.float64]:
    """One float64 in [0, 1) per hash, a multiple of 2^-53; other seeds give independent values."""
    mixed = mix(np.asarray(hashes, np.uint64) ^ salts("cauce unit 1", str(seed))[0], 0)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


@dataclass(frozen=True)
class _Prepared:
    """A column ready to be mixed: per lane the first words, then words both lanes share."""

    salts: Words
    first: tuple[NDArray[np.generic], NDArray[np.generic]]
    more: tuple[Words, ...] = ()
    nulls: NDArray[np.bool_] | None = None


def _column(batch: pl.DataFrame, field: Field) -> pl.Series:
    series = column(batch, field.name)
    if series.dtype != field.dtype:
        raise CauceError("E0201", column=field.name, found=series.dtype, declared=field.dtype)
    return series


def _prepared(series: pl.Series, field: Field) -> _Prepared:
    token = f"{field.kind} {field.zone}" if field.zone else field.kind
    own = salts("cauce row 1", token, field.name)
    nulls = series.is_null().to_numpy() if series.null_count() else None
    if field.kind == "text":
        return _Prepared(own, text_digests(series), nulls=nulls)
    if field.kind == "decimal":
        low, high, exponent = decimal_words(series, field.scale or 0)
        return _Prepared(own, (low, low), (high, exponent), nulls)
    filled = series.to_physical().fill_null(0) if nulls is not None else series.to_physical()
    if field.kind != "float":
        filled = filled.cast(pl.Int64)
    values = filled.rechunk().to_numpy()
    return _Prepared(own, (values, values), nulls=nulls)


def _hash_block(columns: Sequence[_Prepared], rows: slice, sums: tuple[Words, ...]) -> None:
    words, spare = np.empty_like(sums[0]), np.empty_like(sums[0])
    for prepared in columns:
        shared = _bits(prepared.first[0][rows])
        for lane in LANES:
            first = shared if prepared.first[lane] is prepared.first[0] else _bits(prepared.first[lane][rows])
            mix(np.bitwise_xor(first, prepared.salts[lane], out=words), lane, spare=spare)
            for more in prepared.more:
                mix(np.add(words, more[rows], out=words), lane, spare=spare)
            if prepared.nulls is not None:
                words[prepared.nulls[rows]] = prepared.salts[2 + lane]
            np.add(sums[lane], words, out=sums[lane])
    for lane in LANES:
        mix(sums[lane], lane, spare=spare)


def _bits(values: NDArray[np.generic]) -> Words:
    """The value as a word: integers in two's complement, floats with one zero and one NaN."""
    if values.dtype != np.float64:
        words: Words = values.view(np.uint64)
        return words
    with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN
        positive = np.add(values, 0.0)
    bits: Words = positive.view(np.uint64)
    missing = np.isnan(positive)
    if missing.any():
        bits[missing] = _NAN
    return bits
