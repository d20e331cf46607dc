"""A file that appears when it is complete: Parquet or CSV, written beside its name and then named."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from cauce.core.faults import as_failure, hidden_system_error
from cauce.errors import CauceError
from cauce.expr.schema import Schema
from cauce.running.prediction_source import KEY_PREFIX
from cauce.sources.rejections import Rejection, Rejections
from cauce.spec.addresses import scheme_of, slip_in

SUFFIXES = (".parquet", ".csv")
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")

Write = Callable[[pl.DataFrame], None]


def rejected_path(out: Path) -> Path:
    """Where the rows that could not be read are kept: scored.parquet → scored.rejected.jsonl."""
    return out.with_name(f"{out.stem}.rejected.jsonl")


def check_output(named: str | Path, *, overwrite: bool) -> Path:
    """The file of predictions that is named. E1223 for an address, E2528 for a slip in one, E1212 for another
    ending, E1211 where it or the file of rejected rows exists already, E0504 or E0505 where its folder cannot
    be found."""
    if scheme := scheme_of(str(named)):
        raise slip_in(str(named)) or CauceError("E1223", scheme=scheme)
    out = Path(named)
    if out.suffix.lower() not in SUFFIXES:
        raise CauceError("E1212", path=out)
    for path in (out, rejected_path(out)):
        if not overwrite and os.path.lexists(path):
            raise CauceError("E1211", path=path)
    try:
        out.parent.stat()
    except OSError as error:
        raise as_failure(error, out) from error
    return out


@contextmanager
def translated_writing(path: Path) -> Iterator[None]:
    """The border where what writing raises becomes E0503 (full), E0504, E0505 (rights) or E0506."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        if system_error := hidden_system_error(error):
            raise as_failure(system_error, path) from error
        raise


@dataclass(frozen=True)
class Form:
    """What a file of predictions looks like.

    suffix: ".parquet" or ".csv". schema: of its columns. constants: one row of the last columns, which are
    the same in every row. repeated: columns of few values. guard: whether a text cell of a CSV that a
    spreadsheet would take for a formula gets a ' in front.
    """

    suffix: str
    schema: Schema
    constants: pl.DataFrame
    repeated: tuple[str, ...] = ()
    guard: bool = False


@contextmanager
def table_writer(file: Path, form: Form) -> Iterator[Write]:
    """A function that appends rows, without the constant columns, to the empty file."""
    kind = _parquet if form.suffix == ".parquet" else _csv
    with file.open("wb") as stream, kind(stream, form) as write:
        yield write


@contextmanager
def _parquet(stream: BinaryIO, form: Form) -> Iterator[Write]:
    import pyarrow.parquet as pq

    constant = set(form.constants.columns)
    changing = {name: dtype for name, dtype in form.schema.dtypes.items() if name not in constant}
    empty = _arrow(pl.DataFrame(schema=changing), form)
    options = {"compression": "snappy", "store_schema": False}
    # Dictionaries of columns that hardly repeat take most of the time and make the file no smaller.
    repeated = [*form.constants.columns, *form.repeated]
    with pq.ParquetWriter(stream, empty.schema, use_dictionary=repeated, **options) as writer:
        yield lambda frame: writer.write_table(_arrow(frame, form))


def _arrow(frame: pl.DataFrame, form: Form) -> Any:
    """The rows as an Arrow table, each constant as one value and as many references to it."""
    import numpy as np
    import pyarrow as pa

    table = pl.DataFrame([_zoned(series, form.schema) for series in frame]).to_arrow()
    zeros = pa.array(np.zeros(frame.height, dtype=np.int8))
    for series in form.constants:
        value = _zoned(series, form.schema).to_arrow()
        table = table.append_column(series.name, pa.DictionaryArray.from_arrays(zeros, value))
    return table


def _zoned(series: pl.Series, schema: Schema) -> pl.Series:
    if schema[series.name].zone is None:
        return series
    return series.alias("cells").dt.replace_time_zone("UTC").alias(series.name)


@contextmanager
def _csv(stream: BinaryIO, form: Form) -> Iterator[Write]:
    schema = form.schema
    stream.write(_csv_bytes(pl.DataFrame(schema=schema.dtypes), header=True, schema=schema))

    def write(frame: pl.DataFrame) -> None:
        constants = (series.new_from_index(0, frame.height) for series in form.constants)
        whole = pl.DataFrame([*frame, *constants])
        made = pl.DataFrame([_guarded(series) for series in whole]) if form.guard else whole
        stream.write(_csv_bytes(made, header=False, schema=schema))

    yield write


def _csv_bytes(frame: pl.DataFrame, *, header: bool, schema: Schema) -> bytes:
    moments = [_moments(series, zoned=schema[series.name].zone is not None) for series in frame]
    return pl.DataFrame(moments).write_csv(include_header=header).encode()


def _moments(series: pl.Series, *, zoned: bool) -> pl.Series:
    """Moments as ISO 8601, with a Z where they are instants in UTC."""
    if series.dtype != pl.Datetime:
        return series
    form = "%Y-%m-%dT%H:%M:%S%.f" + ("Z" if zoned else "")
    return series.alias("cells").dt.to_string(form).alias(series.name)


def formula_cells(series: pl.Series) -> int:
    """How many texts of the column a spreadsheet would take for formulas."""
    if series.dtype != pl.String:
        return 0
    return int(_looks_like_formula(series.alias("cells")).sum() or 0)


def _looks_like_formula(cells: pl.Series) -> pl.Series:
    return cells.str.slice(0, 1).is_in(list(FORMULA_SIGNS))


def _guarded(series: pl.Series) -> pl.Series:
    if series.dtype != pl.String:
        return series
    cells = series.alias("cells")
    marked = (
        pl.when(_looks_like_formula(cells)).then(pl.lit("'") + pl.col("cells")).otherwise(pl.col("cells"))
    )
    return cells.to_frame().select(marked.alias("cells")).to_series().alias(series.name)


def write_rejected(file: Path, rejections: Rejections) -> None:
    """One JSON object a line: file, line, column, code, reason, the row's key where it is known, its text."""
    with file.open("wb") as stream:
        for one in rejections:
            line = json.dumps(_told(one), ensure_ascii=False) + "\n"
            stream.write(line.encode("utf-8", "backslashreplace"))


def _told(one: Rejection) -> dict[str, Any]:
    told = asdict(one)
    values = told.pop("values")
    key = {
        name.removeprefix(KEY_PREFIX): value for name, value in values.items() if name.startswith(KEY_PREFIX)
    }
    return {**told, "reason": one.reason, "key": key}
