"""Predictions in a table of a database: all of them, once, or none."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pymysql
import pytest
from brought_rows import brought_from

import cauce
from cauce.errors import CauceError, CauceWarning
from cauce.sources.sql.sink import load_rows
from cauce.spec.addresses import parse_address
from cauce.testing.canaries import told_by
from cauce.testing.databases import PASSWORD, Server

FRAME = pl.DataFrame(
    {
        "n": [1, 2, None],
        'we"ird, `%s` name': ['a,"b\n', "", None],
        "x": [0.1, -0.0, None],
        "yes": [True, False, None],
        "day": [date(2024, 2, 29), None, date(1, 1, 1).replace(year=1000)],
        "at": [datetime(2024, 1, 1, 12, 0, 0, 123456, tzinfo=UTC), None, None],
        "d": [Decimal("1.25"), Decimal("-99.99"), None],
    },
    schema_overrides={"at": pl.Datetime("us", "UTC"), "d": pl.Decimal(38, 2)},
)


def test_every_value_is_there_and_a_repeated_run_changes_nothing(server: Server, tmp_path: Path) -> None:
    """Otherwise a retried job doubles its predictions, or changes them."""
    server.run(
        'DROP TABLE IF EXISTS "sink t"' if server.kind == "postgresql" else "DROP TABLE IF EXISTS `sink t`"
    )
    FRAME.write_parquet(tmp_path / "rows.parquet")
    at = server.address("%22sink t%22".replace(" ", "%20"))
    for run in ("first", "first", "second"):
        assert load_rows(tmp_path / "rows.parquet", parse_address(at), run=run, home=tmp_path) == 3
    _, found = brought_from(at, tmp_path)
    assert sorted(found["cauce_run"]) == ["first"] * 3 + ["second"] * 3
    mine = found.filter(pl.col("cauce_run") == "first").sort("n", nulls_last=True)
    for name in FRAME.columns:
        wanted = [
            None if one is None else (int(one) if one is True or one is False else one) for one in FRAME[name]
        ]
        if isinstance(wanted[0], datetime) and server.kind == "mariadb":
            wanted = [one and one.replace(tzinfo=None) for one in wanted]
        assert mine[name].to_list() == wanted, name


ODD = ["", "NULL", "\\N", 'a"', '"', '""', "a,b", "c\nd", "e\r\n", "\\", "\\n\0", "é漢😀", " f ", "'"]


def test_texts_arrive_as_they_are_by_whichever_way_the_server_allows(mariadb: Server, tmp_path: Path) -> None:
    """Otherwise a quote, a line's end or the word NULL changes a class's name."""
    frame = pl.DataFrame({"n": range(len(ODD) + 1), "t": [*ODD, None], "u": [None, *ODD]})
    frame.write_parquet(tmp_path / "rows.parquet")
    for allowed in (1, 0):
        mariadb.run("DROP TABLE IF EXISTS texts")
        with local_files(mariadb, allowed=allowed):
            at = mariadb.address("texts")
            load_rows(tmp_path / "rows.parquet", parse_address(at), run="r", home=tmp_path)
        _, found = brought_from(at, tmp_path)
        assert found.sort("n").select("n", "t", "u").equals(frame), allowed


@contextmanager
def local_files(server: Server, *, allowed: int) -> Iterator[None]:
    """Whether the server takes LOAD DATA from clients."""
    set_it = "SET GLOBAL local_infile = {}"
    root = pymysql.connect(unix_socket=str(server.folder / "s"), user="root", autocommit=True)
    with root, root.cursor() as cursor:
        cursor.execute(set_it.format(allowed))
        try:
            yield
        finally:
            cursor.execute(set_it.format(1))


def test_what_does_not_fit_the_table_is_refused_and_nothing_of_it_stays(
    mariadb: Server, tmp_path: Path
) -> None:
    """LOAD DATA cuts a long text and leaves out a doubled key, and calls both a warning."""
    pl.DataFrame({"n": [1, 2], "t": ["short", "too long"]}).write_parquet(tmp_path / "rows.parquet")
    for columns in ("n int, t varchar(5)", "n int, t varchar(9), UNIQUE KEY (cauce_run)"):
        mariadb.run(
            "DROP TABLE IF EXISTS narrow2", f"CREATE TABLE narrow2 (cauce_run varchar(64), {columns})"
        )
        with pytest.raises(CauceError) as caught:
            load_rows(
                tmp_path / "rows.parquet", parse_address(mariadb.address("narrow2")), run="r", home=tmp_path
            )
        assert caught.value.code == "E2517"
        assert mariadb.run("SELECT COUNT(*) FROM narrow2") == [(0,)]


def test_a_cell_that_does_not_fit_is_in_no_failure(server: Server, tmp_path: Path) -> None:
    """Drivers quote the cell, and what is behind an error is shown by whoever collects errors."""
    pl.DataFrame({"n": ["1", "cell-4711"]}).write_parquet(tmp_path / "rows.parquet")
    server.run("DROP TABLE IF EXISTS typed", "CREATE TABLE typed (cauce_run varchar(64), n int)")
    with pytest.raises(CauceError) as caught:
        load_rows(tmp_path / "rows.parquet", parse_address(server.address("typed")), run="r", home=tmp_path)
    assert caught.value.code == "E2517"
    assert "cell-4711" not in "".join(told_by(caught.value))


def test_a_table_that_lacks_a_column_is_not_written_to(server: Server, tmp_path: Path) -> None:
    """Otherwise predictions lose the column that says what made them."""
    server.run("DROP TABLE IF EXISTS narrow", "CREATE TABLE narrow (n int)")
    FRAME.select("n").write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(CauceError) as caught:
        load_rows(tmp_path / "rows.parquet", parse_address(server.address("narrow")), run="r", home=tmp_path)
    assert (caught.value.code, caught.value.values["columns"]) == ("E2540", "cauce_run")


def test_who_may_not_write_is_told_so(server: Server, tmp_path: Path) -> None:
    """Otherwise the driver's own words are all there is."""
    FRAME.write_parquet(tmp_path / "rows.parquet")
    at = parse_address(server.address("forbidden", user="reader"))
    with pytest.raises(CauceError) as caught:
        load_rows(tmp_path / "rows.parquet", at, run="r", home=tmp_path)
    assert caught.value.code == "E2543"


def test_a_table_without_a_name_is_asked_for(tmp_path: Path) -> None:
    """Otherwise predictions go nowhere."""
    with pytest.raises(CauceError) as caught:
        load_rows(tmp_path / "rows.parquet", parse_address("sqlite:///a.db"), run="r", home=tmp_path)
    assert caught.value.code == "E2507"


def test_rows_that_a_trigger_takes_away_are_missed(tmp_path: Path) -> None:
    """Otherwise a count that is wrong is called success."""
    FRAME.select("n").write_parquet(tmp_path / "rows.parquet")
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection, connection:
        connection.execute("CREATE TABLE t (n, cauce_run)")
        connection.execute(
            "CREATE TRIGGER less AFTER INSERT ON t WHEN new.n = 2 BEGIN DELETE FROM t WHERE n = 2; END"
        )
    with pytest.raises(CauceError) as caught:
        load_rows(tmp_path / "rows.parquet", parse_address("sqlite:///a.db#t"), run="r", home=tmp_path)
    assert (caught.value.code, caught.value.values["found"]) == ("E2541", 2)
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        assert connection.execute("SELECT COUNT(*) FROM t").fetchone() == (0,)


LOAD = """
import sys
from pathlib import Path
from cauce.sources.sql.sink import load_rows
from cauce.spec.addresses import parse_address
load_rows(Path(sys.argv[1]), parse_address(sys.argv[2]), run="killed", home=Path())
"""


def test_a_killed_load_leaves_nothing_and_the_next_one_everything(server: Server, tmp_path: Path) -> None:
    """Otherwise a table holds half of a run."""
    server.run("DROP TABLE IF EXISTS killed")
    rows = 150_000
    pl.DataFrame({"n": range(rows), "x": [0.5] * rows}).write_parquet(tmp_path / "rows.parquet")
    at = server.address("killed")
    command = [sys.executable, "-c", LOAD, str(tmp_path / "rows.parquet"), at]
    child = subprocess.Popen(command, env={**os.environ, "CAUCE_TEST_PASSWORD": PASSWORD})
    end = time.monotonic() + 60
    while time.monotonic() < end and child.poll() is None:
        try:
            server.run("SELECT COUNT(*) FROM killed")
            break
        except Exception:
            time.sleep(0.02)
    time.sleep(0.3)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert server.run("SELECT COUNT(*) FROM killed") in ([(0,)], [(rows,)])
    load_rows(tmp_path / "rows.parquet", parse_address(at), run="killed", home=tmp_path)
    assert server.run("SELECT COUNT(*), SUM(n) FROM killed") == [(rows, rows * (rows - 1) // 2)]


def restarted_while_written(server: Server, folder: Path, *, how: int) -> None:
    """Write rows while the server is restarted once."""
    rows = 150_000
    server.run("DROP TABLE IF EXISTS restarted")
    pl.DataFrame({"n": range(rows), "t": [f"t{n % 97}" for n in range(rows)]}).write_parquet(
        folder / "r.parquet"
    )
    restarts = []

    def restart(done: int) -> None:
        if not restarts:
            restarts.append(done)
            server.restart(how)

    with pytest.warns(CauceWarning, match="W2521"):
        load_rows(
            folder / "r.parquet",
            parse_address(server.address("restarted")),
            run="r",
            home=folder,
            report=restart,
        )
    assert 0 < restarts[0] < rows
    asked = "SELECT COUNT(*), COUNT(DISTINCT n), SUM(n), SUM(CHAR_LENGTH(t)) FROM restarted"
    letters = sum(len(f"t{n % 97}") for n in range(rows))
    assert server.run(asked) == [(rows, rows, rows * (rows - 1) // 2, letters)]


def test_a_restart_while_rows_are_written_loses_and_doubles_none(server: Server, tmp_path: Path) -> None:
    """Otherwise a table has half of a prediction's rows, or rows twice."""
    restarted_while_written(server, tmp_path, how=signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_twenty_restarts_while_rows_are_written_lose_and_double_none(
    server: Server, tmp_path: Path, how: int
) -> None:
    """Otherwise a server under maintenance spoils a night's predictions."""
    for _ in range(10):
        restarted_while_written(server, tmp_path, how=how)


def test_predictions_of_a_model_go_to_a_table_with_what_made_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise nobody can tell which model a stored prediction is of."""
    monkeypatch.chdir(tmp_path)
    pl.DataFrame(
        {"id": range(300), "x": [(n * 7 % 101) / 101 for n in range(300)], "y": ["no", "yes", "no"] * 100}
    ).write_csv("rows.csv")
    (tmp_path / "cauce.toml").write_text(
        'name = "p"\n[data]\nsource = "rows.csv"\nkey = "id"\n[target]\ncolumn = "y"\n'
        '[[models]]\nlearner = "logistic"\n[tracking]\nenabled = false\n'
    )
    report = cauce.run(tmp_path)
    for _ in range(2):
        done = cauce.predict("rows.csv", out="sqlite:///scored.db#predictions", project=tmp_path)
        assert (done.rows, done.path) == (300, "sqlite:///scored.db#predictions")
    file = cauce.predict("rows.csv", out="scored.parquet", project=tmp_path).path
    _, found = brought_from("sqlite:///scored.db#predictions", tmp_path)
    same = ["id", "prediction", "probability_no", "probability_yes", "model_version", "snapshot"]
    assert found.select(same).equals(pl.read_parquet(file).select(same))
    assert set(found["snapshot"]) == {report.snapshot}
