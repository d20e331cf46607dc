"""Cells of PostgreSQL's COPY as columns: how each type is selected, and which values its texts mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cauce.errors import CauceError
from cauce.sources.sql.reader import Column
from cauce.sources.sql.wording import quoted, select

_INTEGERS = ("int2", "int4", "int8", "oid")
_FLOATS = ("float4", "float8")
_TEXTS = (
    "text",
    "varchar",
    "bpchar",
    "name",
    "uuid",
    "json",
    "jsonb",
    "xml",
    "inet",
    "cidr",
    "macaddr",
    "macaddr8",
)
_MOMENTS = ("timestamp", "timestamptz")
_BITS = ("bit", "varbit")
_INFINITE = ("infinity", "-infinity")
_MOST_DIGITS = 38
_MARK = '"'


@dataclass(frozen=True)
class Typed:
    """A column with the SQL expression that gives its cells. kind: how a cell is written."""

    column: Column
    expression: str
    kind: str


def typed_columns(connection: Any, found: Sequence[Any], *, source: str) -> tuple[Typed, ...]:
    """The columns of a result. E2518 for what no kind holds, E2522 for decimals of more than 38 digits."""
    names = _type_names(connection, {one.type_code for one in found})
    open_ = [one.name for one in found if names[one.type_code] == "numeric" and one.precision is None]
    scales = _scales(connection, open_, source) if len(set(open_)) == len(open_) else {}
    return tuple(_typed(one, names[one.type_code], scales.get(one.name)) for one in found)


def _type_names(connection: Any, codes: set[int]) -> dict[int, str]:
    rows = connection.execute(
        "SELECT oid, typname, typtype FROM pg_catalog.pg_type WHERE oid = ANY(%s)", (list(codes),)
    ).fetchall()
    return {oid: "enum" if kind == "e" else name for oid, name, kind in rows}


def _scales(connection: Any, names: list[str], source: str) -> dict[str, int]:
    """The most digits after the point of numbers whose type does not say."""
    if not names:
        return {}
    parts = [part for name in names for part in _digits(quoted(name, _MARK))]
    counts = connection.execute(select(parts, source)).fetchone()
    found = {}
    for place, name in enumerate(names):
        scale, whole = counts[2 * place] or 0, counts[2 * place + 1] or 0
        if scale > _MOST_DIGITS or scale + len(str(int(whole))) > _MOST_DIGITS:
            raise CauceError("E2522", column=name)
        found[name] = int(scale)
    return found


def _digits(name: str) -> tuple[str, str]:
    finite = f"{name} NOT IN ('NaN', 'Infinity', '-Infinity')"
    return f"max(scale({name})) FILTER (WHERE {finite})", f"max(trunc(abs({name}))) FILTER (WHERE {finite})"


def _typed(found: Any, type_name: str, scale: int | None) -> Typed:
    name = quoted(found.name, _MARK)
    if type_name == "numeric":
        digits = scale if found.precision is None else found.scale
        return Typed(Column(found.name, pl.Decimal(_MOST_DIGITS, digits or 0)), name, "decimal")
    for names, dtype, expression, kind in (
        (_INTEGERS, pl.Int64(), name, "integer"),
        (_FLOATS, pl.Float64(), f"{name}::float8", "float"),
        (("bool",), pl.Boolean(), name, "boolean"),
        ((*_TEXTS, "enum"), pl.String(), name, "text"),
        (_BITS, pl.String(), f"{name}::text", "text"),
        (("date",), pl.Date(), name, "date"),
        (_MOMENTS[:1], pl.Datetime("us"), name, "moment"),
        (_MOMENTS[1:], pl.Datetime("us", "UTC"), f"({name} AT TIME ZONE 'UTC')", "moment"),
        (("time",), pl.Duration("us"), f"(extract(epoch FROM {name}) * 1000000)::bigint", "span"),
    ):
        if type_name in names:
            return Typed(Column(found.name, dtype), expression, kind)
    raise CauceError("E2518", column=found.name, found=type_name)


def frame_of(block: bytes, typed: Sequence[Typed], *, undated: dict[str, int]) -> pl.DataFrame:
    """The rows of a block of CSV: an empty cell without quotes is missing."""
    import pyarrow as pa
    from pyarrow import csv

    places = [str(place) for place in range(len(typed))]
    table = csv.read_csv(
        pa.py_buffer(block),
        read_options=csv.ReadOptions(column_names=places, use_threads=False, block_size=len(block) + 1),
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types={
                place: _ARROW.get(one.kind, pa.string)() for place, one in zip(places, typed, strict=True)
            },
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
            timestamp_parsers=[],
        ),
    )
    return pl.DataFrame(
        [
            _cells(pl.Series(one.column.name, pl.from_arrow(table.column(place))), one, undated)
            for place, one in enumerate(typed)
        ]
    )


def _int64() -> Any:
    import pyarrow as pa

    return pa.int64()


def _boolean() -> Any:
    import pyarrow as pa

    return pa.bool_()


_ARROW = {"integer": _int64, "span": _int64, "boolean": _boolean}


def _cells(cells: pl.Series, typed: Typed, undated: dict[str, int]) -> pl.Series:
    """The values that texts mean. E2522 where one means none."""
    if typed.kind in ("date", "moment"):
        endless = cells.is_in(_INFINITE)
        count = int(endless.sum())
        if count:
            undated[typed.column.name] = undated.get(typed.column.name, 0) + count
            cells = cells.set(endless, None)
    values = _parsed(cells, typed)
    if values.null_count() != cells.null_count():
        raise CauceError("E2522", column=typed.column.name)
    return values


def _parsed(cells: pl.Series, typed: Typed) -> pl.Series:
    dtype = typed.column.dtype
    if typed.kind == "date":
        return cells.str.to_date("%Y-%m-%d", strict=False)
    if typed.kind == "moment":
        moments = cells.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
        return moments.dt.replace_time_zone(dtype.time_zone)
    if typed.kind == "decimal":
        return cells.str.to_decimal(scale=dtype.scale).cast(dtype)
    return cells.cast(dtype, strict=False)
