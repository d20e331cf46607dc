"""Tables of SQLite as the data of a project."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from brought_rows import brought_from

import cauce
from cauce.errors import CauceError, CauceErrors, CauceWarning

PROJECT = """
name = "shop"
[data]
source = "sqlite:///shop.db#orders"
key = "id"
[target]
column = "paid"
[[models]]
learner = "logistic"
[tracking]
enabled = false
"""


def fill(path: Path, rows: int = 400) -> None:
    """Make a table of orders."""
    random.seed(7)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, amount REAL, kind TEXT, paid TEXT)")
        connection.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, age INTEGER)")
        for number in range(rows):
            amount = random.random()
            kind, paid = random.choice("abc"), "yes" if amount + random.random() > 1 else "no"
            connection.execute("INSERT INTO orders VALUES (?, ?, ?, ?)", (number, amount, kind, paid))
            connection.execute("INSERT INTO customers VALUES (?, ?)", (number, number % 80))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project on a database beside it."""
    fill(tmp_path / "shop.db")
    (tmp_path / "cauce.toml").write_text(PROJECT)
    return tmp_path


def test_a_table_is_learned_from_as_the_same_rows_in_a_parquet_file(shop: Path) -> None:
    """Otherwise moving rows into a database makes another model."""
    from_database = cauce.run(shop)
    with closing(sqlite3.connect(shop / "shop.db")) as connection:
        rows = connection.execute("SELECT * FROM orders").fetchall()
    pl.DataFrame(rows, schema=["id", "amount", "kind", "paid"], orient="row").write_parquet(
        shop / "o.parquet"
    )
    (shop / "cauce.toml").write_text(PROJECT.replace("sqlite:///shop.db#orders", "o.parquet"))
    from_file = cauce.run(shop)
    assert (from_database.snapshot, from_database.bundle) == (from_file.snapshot, from_file.bundle)


def test_a_run_reads_again_and_a_plan_says_that_it_did_not(shop: Path) -> None:
    """Otherwise a changed table is not noticed, or a question costs a scan of it."""
    with pytest.warns(CauceWarning, match="W2531"):
        assert cauce.plan(shop).steps[0].state == "will run"
    assert "ingest" in cauce.run(shop).ran
    assert cauce.run(shop).ran == ()
    with closing(sqlite3.connect(shop / "shop.db")) as connection, connection:
        connection.execute("DELETE FROM orders WHERE id = 0")
    with pytest.warns(CauceWarning, match="W2530"):
        assert cauce.plan(shop).steps[0].state == "finished"
    again = cauce.run(shop)
    assert (again.rows, "ingest" in again.ran) == (399, True)


def test_a_query_joins_tables(shop: Path) -> None:
    """Joins belong to the database."""
    text = PROJECT.replace("#orders", "").replace(
        'key = "id"', 'key = "id"\nquery = "select * from orders join customers using (id) where age > 9"'
    )
    (shop / "cauce.toml").write_text(text)
    report = cauce.run(shop)
    assert report.rows == sum(number % 80 > 9 for number in range(400))


def test_declared_kinds_and_rejected_rows_are_those_of_files(shop: Path) -> None:
    """Otherwise a date in a text column of a database cannot be read as one."""
    with closing(sqlite3.connect(shop / "shop.db")) as connection, connection:
        connection.execute("ALTER TABLE orders ADD COLUMN day TEXT DEFAULT '2024-02-29'")
        connection.execute("UPDATE orders SET day = 'soon' WHERE id = 3")
    with (shop / "cauce.toml").open("a") as file:
        file.write('[data.types]\nday = "date"\n')
    text = (shop / "cauce.toml").read_text().replace('key = "id"', 'key = "id"\nrejected = 1')
    (shop / "cauce.toml").write_text(text)
    report = cauce.run(shop)
    assert (report.rows, report.rejected) == (399, 1)


def test_every_storage_class_arrives_as_it_is(tmp_path: Path) -> None:
    """Otherwise numbers of a column become texts, or texts numbers."""
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection, connection:
        connection.execute('CREATE TABLE "a""b" (i INTEGER, r REAL, m, t TEXT, "x y;--" TEXT, e)')
        connection.execute(
            'INSERT INTO "a""b" VALUES (9223372036854775807, 0.5, 1, ?, ?, NULL)', ("007", "é\n,\"'")
        )
        connection.execute('INSERT INTO "a""b" VALUES (NULL, 2, 1.5, ?, NULL, NULL)', ("",))
    _, found = brought_from(f"sqlite:///{tmp_path}/a.db#%22a%22%22b%22", tmp_path)
    assert found.to_dict(as_series=False) == {
        "i": [9223372036854775807, None],
        "r": [0.5, 2.0],
        "m": [1.0, 1.5],
        "t": ["007", ""],
        "x y;--": ["é\n,\"'", None],
        "e": [None, None],
    }


@pytest.mark.parametrize(
    ("source", "query", "code"),
    [
        ("sqlite:///no.db#t", None, "E2512"),
        ("sqlite:///shop.db#nothing", None, "E2513"),
        ("sqlite:///shop.db?cache=1#orders", None, "E2508"),
        ("sqlite:///shop.db#orders", "select 1", "E2507"),
        ("sqlite:///shop.db", "select nothing from orders", "E2516"),
        ("sqlite:///shop.db", "select 1 from", "E2516"),
        ("sqlite:///shop.db", "delete from orders", "E2515"),
        ("sqlite:///shop.db", "select 1; delete from orders", "E2516"),
        ("sqlite:///shop.db", "select x'00' as b", "E2518"),
        ("sqlite:///cauce.toml#t", None, "E2517"),
    ],
)
def test_what_cannot_be_read_is_told_by_a_code(shop: Path, source: str, query: str | None, code: str) -> None:
    """Otherwise a traceback of the driver is all that a user gets."""
    with pytest.raises(CauceError) as caught:
        brought_from(source, shop, query=query)
    assert caught.value.code == code


def test_a_blob_is_left_out_by_name(tmp_path: Path) -> None:
    """Otherwise one picture in a table keeps all of it away."""
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection, connection:
        connection.execute("CREATE TABLE t (a INTEGER, picture BLOB)")
        connection.execute("INSERT INTO t VALUES (1, x'00')")
    _, found = brought_from("sqlite:///a.db#t", tmp_path, drop=["picture"])
    assert found.columns == ["a"]
    with pytest.raises(CauceError) as caught:
        brought_from("sqlite:///a.db#t", tmp_path, drop=["picture", "a"])
    assert caught.value.code == "E2519"


def test_a_table_beside_a_file_is_refused(shop: Path) -> None:
    """Otherwise rows of two kinds are mixed without a word."""
    text = PROJECT.replace('"sqlite:///shop.db#orders"', '["sqlite:///shop.db#orders", "a.csv"]')
    (shop / "cauce.toml").write_text(text)
    with pytest.raises(CauceErrors) as caught:
        cauce.plan(shop)
    assert caught.value.code == "E2505"
