"""Rows of a portal as typed columns: the portal's words on a column, held against every cell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import polars as pl

from cauce.sources.socrata import ID, Column

Held = Literal["text", "integer", "float", "boolean", "datetime", "zoned"]

_NUMBERS = frozenset(("number", "money", "percent", "double", "stars"))
_TIMES: Mapping[str, Held] = {
    "calendar_date": "datetime",
    "floating_timestamp": "datetime",
    "date": "zoned",
    "fixed_timestamp": "zoned",
}
_INTEGER = r"^-?[0-9]{1,18}$"
_FLOAT = r"^-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
_TYPES: Mapping[Held, pl.DataType] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "float": pl.Float64(),
    "boolean": pl.Boolean(),
    "datetime": pl.Datetime("us"),
    "zoned": pl.Datetime("us", "UTC"),
}


def page_frame(rows: Sequence[Mapping[str, Any]], columns: Iterable[Column]) -> pl.DataFrame:
    """A page as texts, :id first; a key that a row leaves out is null."""
    names = {ID: "", **{one.name: one.type for one in columns}}
    cells = {name: [_text(row.get(name), kind) for row in rows] for name, kind in names.items()}
    return pl.DataFrame({name: pl.Series(name, texts, pl.String) for name, texts in cells.items()})


def _text(value: Any, kind: str) -> str | None:
    if value is None:
        return None
    if kind == "url" and isinstance(value, dict):
        value = value.get("url")
    if value is None or isinstance(value, str):
        text = value
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int):
        text = str(value)
    else:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if text is not None and any("\ud800" <= character <= "\udfff" for character in text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def decided(pages: Sequence[Path], columns: Sequence[Column]) -> dict[str, Held]:
    """What each column is, after a look at every cell: a number column is of integers where all are, and a
    column with a cell that is not what the portal says stays text."""
    left = {one.name: _candidates(one) for one in columns}
    for page in pages:
        frame = pl.read_parquet(page)
        for name, candidates in left.items():
            cells = frame.get_column(name)
            while len(candidates) > 1 and not _fits(cells, candidates[0]):
                candidates.pop(0)
    return {name: candidates[0] for name, candidates in left.items()}


def said_otherwise(column: Column, held: pl.DataType) -> bool:
    """Whether the portal says something else of a column that became text."""
    return held == pl.String and _candidates(column)[0] != "text"


def _candidates(column: Column) -> list[Held]:
    if column.type in _NUMBERS:
        return ["integer", "float", "text"]
    if column.type == "checkbox":
        return ["boolean", "text"]
    time = _TIMES.get(column.type)
    return [time, "text"] if time else ["text"]


def _fits(cells: pl.Series, held: Held) -> bool:
    if held == "boolean":
        return bool(cells.drop_nulls().is_in(["true", "false"]).all())
    if held in ("integer", "float"):
        if not cells.drop_nulls().str.contains(_INTEGER if held == "integer" else _FLOAT).all():
            return False
        return held == "integer" or bool(cells.drop_nulls().cast(pl.Float64).is_finite().all())
    made = typed(cells, held)
    return made.null_count() == cells.null_count()


def typed(cells: pl.Series, held: Held) -> pl.Series:
    """The texts as what they are; null where one cannot be that."""
    if held == "text":
        return cells
    if held == "boolean":
        return cells == "true"
    if held in ("integer", "float"):
        return cells.cast(_TYPES[held], strict=False)
    ending = "$" if held == "datetime" else r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?$"
    sound = cells.str.contains(_TIME + ending)
    plain = pl.select(pl.when(sound).then(cells)).to_series()
    if held == "datetime":
        return plain.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    zoned = plain.str.replace("Z$", "+0000").str.replace(r"([0-9])$", "$1")
    zoned = pl.select(
        pl.when(zoned.str.contains(r"[+-][0-9]{2}:?[0-9]{2}$")).then(zoned).otherwise(zoned + "+0000")
    ).to_series()
    return zoned.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False)


def write_typed(pages: Sequence[Path], kinds: Mapping[str, Held], *, target: Path) -> int:
    """All pages as one Parquet file with these columns; how many rows. A row group for each page."""
    from pyarrow import parquet

    writer, rows = None, 0
    try:
        for page in pages:
            frame = pl.read_parquet(page)
            table = pl.DataFrame(
                [typed(frame.get_column(name), held).alias(name) for name, held in kinds.items()]
            ).to_arrow(compat_level=pl.CompatLevel.oldest())
            writer = writer or parquet.ParquetWriter(target, table.schema, compression="zstd")
            writer.write_table(table)
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def doubled(pages: Sequence[Path]) -> bool:
    """Whether a row is in the pages twice."""
    ids = pl.concat([pl.read_parquet(page, columns=[ID]).get_column(ID) for page in pages])
    return ids.n_unique() != len(ids)
