"""Databases without a reader of their own, through SQLAlchemy: the driver's values, exactly, or refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
import pytest
from brought_rows import brought_from

import cauce
from cauce.errors import CauceError
from cauce.sources.sql.driver_values import Seen, series_of
from cauce.sources.sql.reader import Column
from cauce.testing.databases import Server

pytest.importorskip("sqlalchemy")


def table(folder: Path, *statements: str) -> str:
    """The address of a SQLite file, which stands for a database that only SQLAlchemy knows."""
    with closing(sqlite3.connect(folder / "a.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return f"sqlite+pysqlite:///{folder / 'a.db'}"


def test_rows_come_with_the_types_of_their_values(tmp_path: Path) -> None:
    """Otherwise a database without a reader of its own changes numbers or texts."""
    at = table(
        tmp_path,
        'CREATE TABLE "odd ""t" (n, x, t, "100%:name", empty)',
        "INSERT INTO \"odd \"\"t\" VALUES (1, 0.5, 'é', 'a:b%', NULL), (NULL, -0.0, NULL, '', NULL)",
        "INSERT INTO \"odd \"\"t\" VALUES (9223372036854775807, 2, 'x', 'y', NULL)",
    )
    _, found = brought_from(f"{at}#%22odd%20%22%22t%22", tmp_path)
    assert found.to_dict(as_series=False) == {
        "n": [1, None, 2**63 - 1],
        "x": [0.5, -0.0, 2.0],
        "t": ["é", None, "x"],
        "100%:name": ["a:b%", "", "y"],
        "empty": [None, None, None],
    }
    assert found.schema["n"] == pl.Int64()


def test_a_query_can_be_asked_and_columns_left(tmp_path: Path) -> None:
    """Otherwise joins have to be stored first."""
    at = table(tmp_path, "CREATE TABLE t (n, b)", "INSERT INTO t VALUES (1, x'00'), (2, x'01')")
    _, found = brought_from(at, tmp_path, query="SELECT n + 1 AS m, b FROM t;", drop=("b",))
    assert found.to_dict(as_series=False) == {"m": [2, 3]}


@pytest.mark.parametrize(
    ("end", "query", "code"),
    [
        ("#nothing", None, "E2513"),
        ("#t", None, "E2518"),
        ("#mixed", None, "E2518"),
        ("", "DELETE FROM t", "E2515"),
        ("", "SELECT nothing FROM t", "E2517"),
    ],
)
def test_what_cannot_be_read_is_told_by_a_code(
    tmp_path: Path, end: str, query: str | None, code: str
) -> None:
    """Otherwise bytes become text, or a slip ends in a traceback."""
    at = table(
        tmp_path,
        "CREATE TABLE t (b)",
        "INSERT INTO t VALUES (x'00')",
        "CREATE TABLE mixed (v)",
        "INSERT INTO mixed VALUES (1), ('one')",
    )
    with pytest.raises(CauceError) as caught:
        brought_from(at + end, tmp_path, query=query)
    assert caught.value.code == code


@pytest.mark.parametrize("at", ["nosuch+driver://h/d#t", "oracle+cx_oracle://h/d#t"])
def test_what_is_not_installed_is_named(tmp_path: Path, at: str) -> None:
    """Otherwise nobody knows which package is missing."""
    with pytest.raises(CauceError) as caught:
        brought_from(at, tmp_path)
    assert caught.value.code == "E2524"


def test_a_project_learns_from_such_a_table(tmp_path: Path) -> None:
    """Otherwise rows have to be exported by hand."""
    at = table(tmp_path, "CREATE TABLE t (id INTEGER, x REAL, y TEXT)")
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection, connection:
        rows = [(n, (n * 7 % 101) / 101, "yes" if (n * 7 % 101) > 40 + n % 13 else "no") for n in range(300)]
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    (tmp_path / "cauce.toml").write_text(
        f'name = "p"\n[data]\nsource = "{at}#t"\nkey = "id"\n[target]\ncolumn = "y"\n'
        '[[models]]\nlearner = "logistic"\n[tracking]\nenabled = false\n'
    )
    assert cauce.run(tmp_path).rows == 300


def test_a_server_gives_the_same_rows_as_its_own_reader(postgresql: Server, tmp_path: Path) -> None:
    """Otherwise exact numbers, days and moments are only as good as the way to them."""
    postgresql.run(
        "DROP TABLE IF EXISTS same_rows",
        "CREATE TABLE same_rows (n int8, d numeric(38,10), x float8, t text, yes bool, day date, "
        "at timestamptz)",
        "INSERT INTO same_rows VALUES (1, 0.1234567891, 0.1, 'a', true, '2024-02-29', "
        "'2024-01-01 00:00:00+02'), "
        "(-9223372036854775808, 1234567890123456789012345678.9876543210, NULL, NULL, NULL, NULL, NULL)",
    )
    own = postgresql.address("same_rows")
    _, theirs = brought_from(own, tmp_path)
    other = own.replace("postgresql://", "postgresql+psycopg://")
    _, ours = brought_from(other, tmp_path)
    assert ours.equals(theirs)


KINDS: list[tuple[Sequence[Any], Any, Sequence[Any]]] = [
    ([True, None], pl.Boolean(), [True, None]),
    ([True, 2], pl.Int64(), [1, 2]),
    ([2**64, 1], pl.Decimal(38, 0), [Decimal(2**64), Decimal(1)]),
    ([Decimal("1.50"), 2, None], pl.Decimal(38, 2), [Decimal("1.50"), Decimal("2.00"), None]),
    ([Decimal("1e3"), Decimal("0.001")], pl.Decimal(38, 3), [Decimal(1000), Decimal("0.001")]),
    ([UUID(int=1), "a"], pl.String(), [str(UUID(int=1)), "a"]),
    ([date(2024, 2, 29)], pl.Date(), [date(2024, 2, 29)]),
    ([time(1, 0, 0, 7), timedelta(-1)], pl.Duration("us"), [timedelta(0, 3600, 7), timedelta(-1)]),
    ([datetime(2024, 1, 1, 0, 0, 0, 1)], pl.Datetime("us"), [datetime(2024, 1, 1, 0, 0, 0, 1)]),
    (
        [datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=2)))],
        pl.Datetime("us", "UTC"),
        [datetime(2023, 12, 31, 22, tzinfo=UTC)],
    ),
]


@pytest.mark.parametrize(("values", "dtype", "wanted"), KINDS)
def test_values_of_a_driver_are_held_exactly(values: list[Any], dtype: Any, wanted: list[Any]) -> None:
    """Otherwise a decimal becomes a float, or a moment that of another zone."""
    seen = Seen("c")
    seen.look(values)
    assert seen.dtype() == dtype
    assert series_of(Column("c", dtype), values).to_list() == wanted


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([b"x"], "E2518"),
        ([0.5, Decimal("0.5")], "E2522"),
        ([0.5, 2**53 + 1], "E2522"),
        ([Decimal("NaN")], "E2522"),
        ([Decimal("1e-30"), Decimal("1e20")], "E2522"),
        ([10**39], "E2522"),
        ([datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)], "E2518"),
        ([[1]], "E2518"),
    ],
)
def test_values_that_no_type_holds_are_refused(values: list[Any], code: str) -> None:
    """Otherwise they are rounded without a word."""

    def dtype() -> Any:
        seen = Seen("c")
        seen.look(values)
        return seen.dtype()

    with pytest.raises(CauceError) as caught:
        dtype()
    assert caught.value.code == code
