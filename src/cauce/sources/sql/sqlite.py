"""SQLite: a file read in one transaction, whose columns hold what their values are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from cauce.core.secrets import redacted
from cauce.errors import CauceError, raise_alone
from cauce.sources.sql.options import check_options
from cauce.sources.sql.reader import ROWS, Column, Opening, Reader
from cauce.sources.sql.wording import Asked, quoted, select
from cauce.spec.addresses import Address

OPTIONS: tuple[str, ...] = ("timeout",)
_MARK = '"'
_TIMEOUT = 10.0
_AT_ONCE = 30
_KINDS = ("integer", "real", "text", "blob")


def reader(address: Address, home: Path) -> Opening:
    """What opens the file at the address; a relative path is relative to `home`."""
    return partial(_opened, address, home)


@contextmanager
def _opened(address: Address, home: Path, asked: Asked) -> Iterator[Reader]:
    path = home / address.path
    if not path.is_file():
        raise CauceError("E2512", address=address, database=address.path)
    file = f"file:{quote(str(path))}?mode=ro"
    with (
        translated_by(address, asked),
        closing(
            sqlite3.connect(file, uri=True, timeout=_patience(address), isolation_level=None)
        ) as connection,
    ):
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        source = asked.source(_MARK)
        found = connection.execute(f"{select(['*'], source)} LIMIT 0").description or ()
        names = tuple(one[0] for one in found if one[0] not in asked.drop)
        columns = () if len(set(names)) < len(names) else _columns(connection, names, source)
        yield SqliteReader(
            connection, address, asked, columns or tuple(Column(n, pl.String()) for n in names)
        )


@contextmanager
def connected(address: Address, home: Path, *, asked: Asked) -> Iterator[sqlite3.Connection]:
    """A connection that may write, made with its file where that is not; fails in our own codes.

    E2508 and E2509 for its options.
    """
    check_options(address, OPTIONS)
    with (
        translated_by(address, asked),
        closing(
            sqlite3.connect(home / address.path, timeout=_patience(address), isolation_level=None)
        ) as connection,
    ):
        yield connection


def _patience(address: Address) -> float:
    return float(address.options.get("timeout", _TIMEOUT))


def check_file(address: Address, home: Path) -> None:
    """E2508 and E2509 for the options, E2527 for a file that cannot be made where it is to be."""
    check_options(address, OPTIONS)
    path = home / address.path
    if path.is_dir() or not path.parent.is_dir():
        raise CauceError("E2527", address=address, reason="SQLITE_CANTOPEN")


@contextmanager
def translated_by(address: Address, asked: Asked) -> Iterator[None]:
    """Turn SQLite's errors into E2513 to E2517, and E2527."""
    try:
        yield
    except sqlite3.Error as error:
        raise_alone(_failure(error, address, asked))


def _failure(error: sqlite3.Error, address: Address, asked: Asked) -> CauceError:
    text = str(error)
    name = getattr(error, "sqlite_errorname", "") or type(error).__name__
    if text.startswith("no such table"):
        return CauceError("E2513", address=address, name=asked.name)
    if name in ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN"):
        return CauceError("E2527", address=address, reason=name)
    if name in ("SQLITE_READONLY", "SQLITE_AUTH", "ProgrammingError", "Warning"):
        return CauceError("E2515")
    if name == "SQLITE_ERROR" and asked.query is not None:
        return CauceError("E2516", reason=redacted(text))
    return CauceError("E2517", address=address, number=name)


def _columns(connection: sqlite3.Connection, names: tuple[str, ...], source: str) -> tuple[Column, ...]:
    """Each column with the one type that all its values have: SQLite binds no column to one."""
    columns: list[Column] = []
    for first in range(0, len(names), _AT_ONCE):
        some = names[first : first + _AT_ONCE]
        asked = [f"SUM(TYPEOF({quoted(name, _MARK)}) = '{kind}')" for name in some for kind in _KINDS]
        counts = connection.execute(select(asked, source)).fetchone()
        for place, name in enumerate(some):
            columns.append(_column(name, counts[4 * place : 4 * place + 4]))
    return tuple(columns)


def _column(name: str, counts: tuple[int | None, ...]) -> Column:
    integers, reals, texts, blobs = (count or 0 for count in counts)
    if blobs:
        raise CauceError("E2518", column=name, found="blob")
    if texts or not (integers or reals):
        return Column(name, pl.String())
    return Column(name, pl.Float64() if reals else pl.Int64())


@dataclass(frozen=True)
class SqliteReader:
    """A transaction on the file."""

    connection: sqlite3.Connection
    address: Address
    asked: Asked
    columns: tuple[Column, ...]
    undated: dict[str, int] = field(default_factory=dict)

    @property
    def server(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    def seconds(self) -> None:
        return None

    def expected(self) -> float | None:
        (count,) = self.connection.execute(select(["COUNT(*)"], self.asked.source(_MARK))).fetchone()
        return float(count)

    def batches(self) -> Iterator[pl.DataFrame]:
        parts = [_part(column) for column in self.columns]
        with translated_by(self.address, self.asked):
            cursor = self.connection.execute(select(parts, self.asked.source(_MARK)))
            while rows := cursor.fetchmany(ROWS):
                yield self._frame(rows)

    def _frame(self, rows: list[tuple[Any, ...]]) -> pl.DataFrame:
        cells = zip(*rows, strict=True)
        return pl.DataFrame(
            [
                pl.Series(column.name, values, dtype=column.dtype)
                for column, values in zip(self.columns, cells, strict=True)
            ]
        )


def _part(column: Column) -> str:
    """How a column is selected: one that holds texts gives texts alone."""
    name = quoted(column.name, _MARK)
    return f"CAST({name} AS TEXT)" if column.dtype == pl.String() else name
