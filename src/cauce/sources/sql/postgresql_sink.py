"""Rows into a table of PostgreSQL, by COPY."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl

from cauce.sources.sql.postgresql import MARK, connected
from cauce.sources.sql.postgresql_failures import translated_by
from cauce.sources.sql.wording import quoted
from cauce.sources.sql.writing import RUN, Target, Writing, declared

_SETTINGS = "-c TimeZone=UTC -c DateStyle=ISO,YMD -c client_encoding=UTF8"
_PLAIN = {
    pl.Int64: "bigint",
    pl.UInt64: "numeric(20)",
    pl.Float64: "double precision",
    pl.Boolean: "boolean",
    pl.Date: "date",
}


@contextmanager
def postgresql_writing(table: Target) -> Iterator[Writing]:
    """A transaction on the table, made where it is not; committed at the end, undone where anything fails."""
    name = table.asked.source(MARK)
    with (
        connected(table.address, _SETTINGS) as connection,
        translated_by(table.address, table.asked),
        connection.transaction(),
        connection.cursor() as cursor,
    ):
        found = cursor.execute("SELECT to_regclass(%s)", (name,)).fetchone()
        if found[0] is None:
            cursor.execute(f"CREATE TABLE {name} ({declared(table, _type, mark=MARK)})")
            if RUN in table.dtypes:
                cursor.execute(f"CREATE INDEX ON {name} ({quoted(RUN, MARK)})")
        yield _PostgresqlWriting(cursor, name)


def _type(dtype: Any) -> str:
    if isinstance(dtype, pl.Decimal):
        return f"numeric({dtype.precision}, {dtype.scale})"
    if isinstance(dtype, pl.Datetime):
        return "timestamp" if dtype.time_zone is None else "timestamptz"
    return _PLAIN.get(dtype.base_type(), "text")


@dataclass(frozen=True)
class _PostgresqlWriting:
    """A transaction. table: quoted."""

    cursor: Any
    table: str

    def names(self) -> tuple[str, ...]:
        found = self.cursor.execute(f"SELECT * FROM {self.table} LIMIT 0")  # noqa: S608 - quoted
        return tuple(one.name for one in found.description)

    def forget(self, run: str) -> None:
        text = f"DELETE FROM {self.table} WHERE {quoted(RUN, MARK)} = %s"  # noqa: S608 - quoted
        self.cursor.execute(text.replace(self.table, self.table.replace("%", "%%")), (run,))

    def add(self, frame: pl.DataFrame) -> None:
        names = ", ".join(quoted(name, MARK) for name in frame.columns)
        with self.cursor.copy(f"COPY {self.table} ({names}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(frame.write_csv(include_header=False, quote_style="non_numeric"))

    def count(self, run: str) -> int:
        text = f"SELECT COUNT(*) FROM {self.table} WHERE {quoted(RUN, MARK)} = %s"  # noqa: S608 - quoted
        found = self.cursor.execute(text.replace(self.table, self.table.replace("%", "%%")), (run,))
        return int(found.fetchone()[0])
