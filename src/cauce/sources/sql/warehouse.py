"""Tables that take the place of others, all of them at once, whichever database they are in."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from cauce.core.faults import translated
from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.sources.brought import Wanted
from cauce.sources.sql import open_database
from cauce.sources.sql.claiming import Claimed, Limits, Name, shown_name
from cauce.sources.sql.restoring import restored
from cauce.sources.sql.sink import load_rows, writing_to
from cauce.sources.sql.wording import Asked, parts_of, quoted, select, written
from cauce.sources.sql.writing import RUN, Target
from cauce.spec.addresses import Address
from cauce.stats.identity import Identity, TableIdentity

_OWN = "cauce_"
_TOO_WIDE = frozenset(("1117", "1118", "54011", "54000"))


def limits_of(address: Address) -> Limits:
    """What the tables of the database at an address can be."""
    found: Limits = _dialect(address.scheme).LIMITS
    return found


def claimed(address: Address, home: Path, *, claim: str) -> AbstractContextManager[Claimed]:
    """The database while no other process has the same claim. E2569 where one has it."""
    found: AbstractContextManager[Claimed] = _dialect(address.scheme).claimed(address, home, claim=claim)
    return found


def table_at(address: Address, name: Name) -> Address:
    """The address of a table in the database."""
    return replace(address, fragment=written(name))


def check_columns(schema: Schema, limits: Limits, *, table: str) -> None:
    """E2563 for a name that cannot be a column's, E2564 for too many of them."""
    if len(schema) > limits.columns:
        raise CauceError("E2564", table=table, columns=len(schema))
    seen: dict[str, str] = {}
    for one in schema.names:
        known = one if limits.capitals else one.casefold()
        reason = _refused(one, limits)
        if known in seen:
            reason = translate(_("{other} is the same name there")).format(other=seen[known])
        if reason:
            raise CauceError("E2563", column=one, reason=reason)
        seen[known] = one


def _refused(name: str, limits: Limits) -> str:
    if not name or "\0" in name:
        return translate(_("it is empty or holds a zero character"))
    if limits.measure(name) > limits.size:
        return translate(_("it is longer than {most}")).format(most=limits.size)
    if limits.basic and (name.endswith(" ") or any(ord(one) > 0xFFFF for one in name)):
        return translate(_("it ends with a space or holds a character beyond U+FFFF"))
    if name.lower() in limits.reserved:
        return translate(_("the database has such a column itself"))
    return ""


def check_own_names(schema: Schema) -> None:
    """E2563 for a column that has a name the warehouse gives itself."""
    for one in schema.names:
        if one.casefold() == "batch_id" or one.casefold().startswith(_OWN):
            reason = translate(_("the warehouse has such a column itself"))
            raise CauceError("E2563", column=one, reason=reason)


@dataclass(frozen=True)
class Rows:
    """Rows for a table. frames: those of the schema; called again where a connection was lost.

    emptied: hears of cells that the database cannot hold, by column.
    """

    schema: Schema
    frames: Callable[[], Iterator[pl.DataFrame]]
    emptied: dict[str, int]


def write_table(address: Address, name: Name, *, rows: Rows, home: Path) -> TableIdentity:
    """Make a table of the rows, and read it back: the identity of what is there.

    E2561 where that is not what was written, E2564 and E2573 where the database refuses it.
    """
    limits = limits_of(address)
    place = table_at(address, name)
    summary = Identity(rows.schema)
    state = summary.start()
    rows.emptied.clear()
    dtypes = {one.name: _dtype(one, limits) for one in rows.schema}
    with _refusals(name, len(rows.schema)), writing_to(Target(place, home, dtypes)) as writing:
        for frame in rows.frames():
            held = pl.DataFrame({one.name: _held(one, limits, rows.emptied) for one in frame})
            state = summary.update(state, held)
            writing.add(_zoned(held, rows.schema, zoned=limits.zoned))
    written = summary.result(state)
    if read_identity(place, rows.schema, home=home) != written:
        raise CauceError("E2561", table=shown_name(name))
    return written


def load_frame(frame: pl.DataFrame, schema: Schema, *, place: Address, run: str, home: Path) -> int:
    """Insert rows with the run's name, in place of those it wrote before, and read them back; how many.

    The table is made where it is not. E2561 where what is there is not what was written: it is deleted.
    """
    limits, name = limits_of(place), parts_of(place.fragment)
    check_columns(schema, limits, table=shown_name(name))
    with tempfile.TemporaryDirectory(prefix="cauce-") as folder:
        file = Path(folder, "rows.parquet")
        buffer = io.BytesIO()
        _zoned(frame, schema, zoned=True).write_parquet(buffer)
        with translated(file):
            file.write_bytes(buffer.getvalue())
        rows = load_rows(file, place, run=run, home=home)
    summary = Identity(schema)
    if _identity_of_run(place, summary, run=run, home=home) == summary.result(summary.of(frame)):
        return rows
    dtypes = {**schema.dtypes, RUN: pl.String()}
    with writing_to(Target(place, home, dtypes)) as writing:
        writing.forget(run)
    raise CauceError("E2561", table=shown_name(name))


def _identity_of_run(place: Address, summary: Identity, *, run: str, home: Path) -> TableIdentity:
    mark = limits_of(place).mark
    names = [quoted(one, mark) for one in summary.schema.names]
    table = Asked(parts_of(place.fragment)).source(mark)
    text = f"{select(names, table)} WHERE {quoted(RUN, mark)} = '{checked_run(run)}'"
    return _identity(read_frames(replace(place, fragment=""), home=home, query=text), summary)


def runs_in(place: Address, *, home: Path) -> dict[str, int]:
    """How many rows each run has in a table. E2513 where there is no table."""
    mark = limits_of(place).mark
    run, table = quoted(RUN, mark), Asked(parts_of(place.fragment)).source(mark)
    text = f"{select([run, 'COUNT(*)'], table)} GROUP BY {run}"
    frames = read_frames(replace(place, fragment=""), home=home, query=text)
    return {name: int(count) for frame in frames for name, count in frame.iter_rows() if name is not None}


def checked_run(run: str) -> str:
    """The name of a run that may stand in a query. ValueError for anything but letters and digits."""
    if not (run.isascii() and run.isalnum()):
        raise ValueError("a run's name has letters and digits alone")
    return run


def make_table(place: Address, schema: Schema, *, home: Path) -> None:
    """Make an empty table for rows of runs, where it is not there. E2563, E2564."""
    limits = limits_of(place)
    check_columns(schema, limits, table=shown_name(parts_of(place.fragment)))
    dtypes = {**{one.name: _dtype(one, limits) for one in schema}, RUN: pl.String()}
    with writing_to(Target(place, home, dtypes)):
        pass


def read_identity(place: Address, schema: Schema, *, home: Path) -> TableIdentity:
    """The identity of the rows that a table holds now, read as what the schema says they are."""
    return _identity(read_frames(place, home=home), Identity(schema))


def _identity(frames: Iterator[pl.DataFrame], summary: Identity) -> TableIdentity:
    state = summary.start()
    for frame in frames:
        state = summary.update(state, restored(frame, summary.schema))
    return summary.result(state)


def read_frames(place: Address, *, home: Path, query: str | None = None) -> Iterator[pl.DataFrame]:
    """The rows of a table or of a query, in one snapshot of the database."""
    remote: Any = open_database(place, Wanted(home=home, query=query))
    with remote.opening(remote.asked) as reader:
        yield from reader.batches()


def _dtype(field: Field, limits: Limits) -> Any:
    return pl.Datetime("us", "UTC") if field.zone is not None and limits.zoned else field.dtype


def _held(series: pl.Series, limits: Limits, emptied: dict[str, int]) -> pl.Series:
    """The column with NULL in place of numbers that the database does not hold."""
    if series.dtype != pl.Float64:
        return series
    held = series
    if not limits.infinite:
        held = held.set(held.is_infinite().fill_null(value=False), None)
    if not limits.nan:
        held = held.set(held.is_nan().fill_null(value=False), None)
    lost = held.null_count() - series.null_count()
    if lost:
        emptied[series.name] = emptied.get(series.name, 0) + lost
    return held


def _zoned(frame: pl.DataFrame, schema: Schema, *, zoned: bool) -> pl.DataFrame:
    if not zoned or all(one.zone is None for one in schema):
        return frame
    return pl.DataFrame(
        {
            one.name: frame.get_column(one.name)
            if one.zone is None
            else frame.get_column(one.name).dt.replace_time_zone("UTC")
            for one in schema
        }
    )


@contextmanager
def _refusals(name: Name, columns: int) -> Iterator[None]:
    try:
        yield
    except CauceError as error:
        if error.code != "E2517":
            raise
        number = str(error.values.get("number", ""))
        if number in _TOO_WIDE:
            raise CauceError("E2564", table=shown_name(name), columns=columns) from None
        raise CauceError("E2573", table=shown_name(name), number=number) from None


def _dialect(scheme: str) -> Any:
    if scheme in ("mysql", "mariadb"):
        from cauce.sources.sql import mysql_warehouse

        return mysql_warehouse
    if scheme == "sqlite":
        from cauce.sources.sql import sqlite_warehouse

        return sqlite_warehouse
    from cauce.sources.sql import postgresql_warehouse

    return postgresql_warehouse
