"""Rows into a table of SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl

from cauce.sources.sql.sqlite import connected
from cauce.sources.sql.wording import quoted
from cauce.sources.sql.writing import RUN, Target, Writing, declared

_MARK = '"'
_PLAIN = {pl.Int64: "INTEGER", pl.UInt64: "INTEGER", pl.Float64: "REAL", pl.Boolean: "INTEGER"}


@contextmanager
def sqlite_writing(table: Target) -> Iterator[Writing]:
    """A transaction on the table, made where it is not; committed at the end, undone where anything fails."""
    name = table.asked.source(_MARK)
    with connected(table.address, table.home, asked=table.asked) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({declared(table, _type, mark=_MARK)})")
        yield _SqliteWriting(connection, name)
        connection.execute("COMMIT")


def _type(dtype: Any) -> str:
    return _PLAIN.get(dtype.base_type(), "TEXT")


@dataclass(frozen=True)
class _SqliteWriting:
    """A transaction. table: quoted."""

    connection: sqlite3.Connection
    table: str

    def names(self) -> tuple[str, ...]:
        found = self.connection.execute(f"SELECT * FROM {self.table} LIMIT 0")  # noqa: S608 - quoted
        return tuple(one[0] for one in found.description)

    def forget(self, run: str) -> None:
        self.connection.execute(f"DELETE FROM {self.table} WHERE {quoted(RUN, _MARK)} = ?", (run,))  # noqa: S608

    def add(self, frame: pl.DataFrame) -> None:
        names = ", ".join(quoted(name, _MARK) for name in frame.columns)
        marks = ", ".join(["?"] * frame.width)
        text = f"INSERT INTO {self.table} ({names}) VALUES ({marks})"  # noqa: S608 - quoted
        told = [
            series if series.dtype.base_type() in _PLAIN else series.cast(pl.String()) for series in frame
        ]
        self.connection.executemany(text, pl.DataFrame(told).iter_rows())

    def count(self, run: str) -> int:
        text = f"SELECT COUNT(*) FROM {self.table} WHERE {quoted(RUN, _MARK)} = ?"  # noqa: S608 - quoted
        return int(self.connection.execute(text, (run,)).fetchone()[0])
