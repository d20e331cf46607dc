"""Rows of MySQL's binary protocol as columns: a block of rows at once, nothing for each cell.

A row is a zero byte, a bit for each column that is missing (from the third bit on), then the values in
order (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby
from typing import Any

import numpy as np
import polars as pl

from cauce.errors import CauceError
from cauce.sources.sql.mysql_cells import Cells, Flags, Places, validity
from cauce.sources.sql.mysql_packets import Block
from cauce.sources.sql.reader import Column

_NOT_NULL, _UNSIGNED = 1, 32
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
_MOST_DIGITS, _DIGITS_OF_INTEGERS = 38, 18
_WORDS = {pl.UInt64: np.uint64, pl.Float64: np.float64, pl.Date: np.int32}


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
    """How a column is selected: decimals of few digits as integers, which the server makes for nothing.
    name: quoted."""
    if field.type_code == _BIT:
        return f"CAST({name} AS UNSIGNED)"
    if _is_short(field):
        return f"CAST({name} * {10**field.scale} AS SIGNED)"
    return name


def asking_order(fields: Sequence[Any]) -> list[int]:
    """In which order fields are asked for: those first whose cells have one size in every row."""

    def rank(place: int) -> int:
        field = fields[place]
        sized = field.type_code in _INTEGERS or field.type_code in _FLOATS or _is_short(field)
        return 2 if not sized else 0 if field.flags & _NOT_NULL else 1

    return sorted(range(len(fields)), key=rank)


def _is_short(field: Any) -> bool:
    """Whether the digits of a table's own decimals, which its declaration bounds, fit an integer."""
    if field.type_code not in _DECIMALS or not field.org_table:
        return False
    signs = (field.scale > 0) + (not field.flags & _UNSIGNED)
    return bool(field.length - signs <= _DIGITS_OF_INTEGERS)


@dataclass(frozen=True)
class Layout:
    """The columns of a result as the protocol calls them and as they are wanted, in the protocol's order.

    places: where each stands in a frame; undated: counts the dates of each column that are none.
    """

    columns: tuple[tuple[Any, Column], ...]
    places: Sequence[int]
    undated: dict[str, int]

    def frame(self, block: Block) -> pl.DataFrame:
        """The rows of a block."""
        there = self._there(block)
        place = block.rows + 1 + self._bits
        made: list[pl.Series] = []
        cells = zip(self.columns, there, strict=True)
        for sized, some in groupby(cells, key=lambda one: one[1] is None and bool(_word(one[0][0]))):
            if sized:
                found, place = _numbers([one for one, _ in some], Cells(block.data, place))
                made += found
                continue
            for (field, column), known in some:
                values, place = self._values(field, column, Cells(block.data, place, known))
                made.append(values)
        ordered = sorted(zip(self.places, made, strict=True), key=lambda one: one[0])
        return pl.DataFrame([values for _, values in ordered])

    @cached_property
    def _bits(self) -> int:
        """Bytes of the bits of a row."""
        return (len(self.columns) + 9) // 8

    def _there(self, block: Block) -> list[Flags | None]:
        """Which cells of each column are not missing; None where all are there."""
        bits = Cells(block.data, block.rows + 1).records(np.dtype((np.uint8, (self._bits,))))
        bits = bits.reshape(-1, self._bits)
        # Along rows of a few bytes a reduction takes seven times as long.
        some = [np.bitwise_or.reduce(bits[:, byte]) for byte in range(self._bits)]
        found: list[Flags | None] = []
        for place in range(2, len(self.columns) + 2):
            byte, bit = divmod(place, 8)
            mask = np.uint8(1 << bit)
            found.append((bits[:, byte] & mask) == 0 if some[byte] & mask else None)
        return found

    def _values(self, field: Any, column: Column, cells: Cells) -> tuple[pl.Series, Places]:
        code = field.type_code
        if word := _word(field):
            dtype = np.dtype(word)
            return _series(column, cells.records(dtype), cells.there), cells.after(dtype.itemsize)
        if code in _DATES or code in _MOMENTS:
            moments, dated, place = cells.moments(whole=code in _DATES)
            none = int(np.count_nonzero(~dated & (True if cells.there is None else cells.there)))
            if none:
                self.undated[column.name] = self.undated.get(column.name, 0) + none
            return _series(column, moments, None if dated.all() else dated), place
        if code == _TIME:
            spans, place = cells.spans()
            return _series(column, spans, cells.there), place
        views, place = cells.texts(column.name)
        texts = pl.Series(column.name, pl.from_arrow(views))
        return (_decimals(texts, column) if code in _DECIMALS else texts), place


def _word(field: Any) -> str:
    """How a number is written; "" for what is none."""
    code = field.type_code
    if code in _FLOATS:
        return f"<f{_FLOATS[code]}"
    if code in _INTEGERS:
        return f"<{'u' if field.flags & _UNSIGNED else 'i'}{_INTEGERS[code]}"
    return ""


def _numbers(columns: Sequence[tuple[Any, Column]], cells: Cells) -> tuple[list[pl.Series], Places]:
    """Columns of numbers of which none is missing, side by side, and where the next column begins."""
    names = [str(place) for place in range(len(columns))]
    dtype = np.dtype([(name, _word(field)) for name, (field, _) in zip(names, columns, strict=True)])
    found = cells.records(dtype)
    made = [_series(column, found[name], None) for name, (_, column) in zip(names, columns, strict=True)]
    return made, cells.after(dtype.itemsize)


def _series(column: Column, values: Any, there: Flags | None) -> pl.Series:
    import pyarrow as pa

    made = values.astype(_WORDS.get(column.dtype.base_type(), np.int64))
    if isinstance(column.dtype, pl.Decimal):
        made = np.stack((made, made >> 63), axis=1)
    buffers = [validity(there), pa.py_buffer(np.ascontiguousarray(made))]
    return pl.Series(
        column.name, pl.from_arrow(pa.Array.from_buffers(_kind(column.dtype), len(values), buffers))
    )


@cache
def _kind(dtype: Any) -> Any:
    """Arrow's type for values of one size."""
    return pl.DataFrame(schema={"": dtype}).to_arrow().schema.types[0]


def _decimals(texts: pl.Series, column: Column) -> pl.Series:
    """E2522 for numbers of more than 38 digits."""
    found = texts.str.to_decimal(scale=column.dtype.scale).cast(column.dtype)
    if found.null_count() != texts.null_count():
        raise CauceError("E2522", column=column.name)
    return found
