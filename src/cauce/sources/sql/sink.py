"""Rows of a file into a table of a database: all of them once, or none, however often it is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TypeVar

import polars as pl

from cauce.errors import CauceError
from cauce.sources.sql.retrying import until_done
from cauce.sources.sql.writing import RUN, Target, Writing
from cauce.spec.addresses import Address

_ROWS = 1 << 16
T = TypeVar("T")

Report = Callable[[int], None]
"""Hears how many rows the transaction holds so far."""


def check_target(target: Address, *, home: Path) -> None:
    """Refuse before the work what would be refused after it: E2507 without a table, and what connecting
    raises. Nothing is made."""
    if not target.fragment:
        raise CauceError("E2507", address=target)
    _connect(target, home)


def load_rows(file: Path, target: Address, *, run: str, home: Path, report: Report | None = None) -> int:
    """Insert the rows of a Parquet file with the run's name in one transaction; how many there are.

    What the run wrote before is replaced, so that another attempt changes nothing. E2507 without a table,
    E2520 where the connection is lost five times, E2540 where the table lacks a column, E2541 where the rows
    are not all there afterwards, E2543 without the right to write, and what connecting raises.
    """
    if not target.fragment:
        raise CauceError("E2507", address=target)
    rows = pl.scan_parquet(file)
    schema = {**rows.collect_schema(), RUN: pl.String()}
    table = Target(target, home, dict(schema))
    return tried(target, partial(_loaded, table, rows, run, report))


def tried(address: Address, work: Callable[[], T]) -> T:
    """What `work` gives, which is begun again where the connection is lost. E2520 where it is lost five
    times, E2543 without the right to write."""
    try:
        return until_done(work, address)
    except CauceError as error:
        if error.code == "E2514":
            raise CauceError("E2543", **error.values) from None
        raise


def _loaded(table: Target, rows: pl.LazyFrame, run: str, report: Report | None) -> int:
    height = 0
    with writing_to(table) as writing:
        have = set(writing.names())
        lacking = [name for name in table.dtypes if name not in have]
        if lacking:
            raise CauceError("E2540", name=table.asked.name, columns=", ".join(lacking))
        writing.forget(run)
        for frame in _frames(rows):
            writing.add(frame.with_columns(pl.lit(run).alias(RUN)))
            height += frame.height
            if report is not None:
                report(height)
        found = writing.count(run)
        if found != height:
            raise CauceError("E2541", name=table.asked.name, rows=height, found=found)
    return height


def _frames(rows: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    start = 0
    while (frame := rows.slice(start, _ROWS).collect()).height:
        yield frame
        start += frame.height


def writing_to(table: Target) -> AbstractContextManager[Writing]:
    """A transaction on a table, which is made where it is not; committed at the end."""
    if table.address.scheme in ("mysql", "mariadb"):
        from cauce.sources.sql.mysql_sink import mysql_writing

        return mysql_writing(table)
    if table.address.scheme == "sqlite":
        from cauce.sources.sql.sqlite_sink import sqlite_writing

        return sqlite_writing(table)
    from cauce.sources.sql.postgresql_sink import postgresql_writing

    return postgresql_writing(table)


def _connect(target: Address, home: Path) -> None:
    """Connect and end the connection. Raises what connecting does."""
    if target.scheme in ("mysql", "mariadb"):
        from cauce.sources.sql import mysql

        with mysql.connected(target):
            return None
    if target.scheme == "sqlite":
        from cauce.sources.sql.sqlite import check_file

        return check_file(target, home)
    from cauce.sources.sql import postgresql

    with postgresql.connected(target):
        return None
