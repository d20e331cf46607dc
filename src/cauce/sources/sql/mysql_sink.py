"""Rows into a table of MySQL or MariaDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl

from cauce.sources.sql.mysql import MARK, connected
from cauce.sources.sql.mysql_failures import translated_by
from cauce.sources.sql.wording import quoted
from cauce.sources.sql.writing import RUN, Target, Writing, declared

_AT_ONCE = 1000
_CHARACTERS = "CHARACTER SET utf8mb4"
_PLAIN = {
    pl.Int64: "BIGINT",
    pl.UInt64: "BIGINT UNSIGNED",
    pl.Float64: "DOUBLE",
    pl.Boolean: "BOOLEAN",
    pl.Date: "DATE",
    pl.Datetime: "DATETIME(6)",
}


@contextmanager
def mysql_writing(table: Target) -> Iterator[Writing]:
    """A transaction on the table, made where it is not; committed at the end, undone where anything fails."""
    name = table.asked.source(MARK)
    with (
        connected(table.address) as connection,
        translated_by(table.address, table.asked),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT 1 FROM information_schema.tables "
            "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s",
            (table.asked.table[0] if len(table.asked.table) > 1 else None, table.asked.table[-1]),
        )
        if not cursor.fetchone():
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {name} ({_columns(table)}) ENGINE=InnoDB {_CHARACTERS}"
            )
        connection.begin()
        yield _MysqlWriting(cursor, name)
        connection.commit()


def _columns(table: Target) -> str:
    run = quoted(RUN, MARK)
    return declared(table, _type, mark=MARK).replace(
        f"{run} LONGTEXT", f"{run} CHAR(64) NOT NULL, INDEX ({run})"
    )


def _type(dtype: Any) -> str:
    if isinstance(dtype, pl.Decimal):
        return f"DECIMAL({dtype.precision}, {dtype.scale})"
    return _PLAIN.get(dtype.base_type(), "LONGTEXT")


@dataclass(frozen=True)
class _MysqlWriting:
    """A transaction. table: quoted."""

    cursor: Any
    table: str

    def names(self) -> tuple[str, ...]:
        self.cursor.execute(f"SELECT * FROM {self.table} LIMIT 0")  # noqa: S608 - quoted
        return tuple(one[0] for one in self.cursor.description)

    def forget(self, run: str) -> None:
        self.cursor.execute(f"DELETE FROM {_escaped(self.table)} WHERE {quoted(RUN, MARK)} = %s", (run,))  # noqa: S608

    def add(self, frame: pl.DataFrame) -> None:
        names = ", ".join(quoted(name, MARK) for name in frame.columns)
        begin = _escaped(f"INSERT INTO {self.table} ({names}) VALUES ")  # noqa: S608 - quoted
        marks = f"({', '.join(['%s'] * frame.width)})"
        for part in frame.iter_slices(_AT_ONCE):
            cells = [cell for row in part.iter_rows() for cell in row]
            self.cursor.execute(begin + ", ".join([marks] * part.height), cells)

    def count(self, run: str) -> int:
        self.cursor.execute(
            f"SELECT COUNT(*) FROM {_escaped(self.table)} WHERE {quoted(RUN, MARK)} = %s",  # noqa: S608
            (run,),
        )
        return int(self.cursor.fetchone()[0])


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
