"""The tables of a warehouse are those of one run, whole, whatever happens while they are written."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import polars as pl
import pytest
from warehouse_project import FRAME, ODD, ROWS, write_project

import cauce
from cauce.errors import CauceError, CauceWarning
from cauce.running.warehouse_place import Place
from cauce.running.workspace import open_workspace
from cauce.testing.databases import PASSWORD, Server

NAMES = ("initial_data", "train_data", "val_data", "test_data", "experiments", "predictions", "cauce_tables")


class Warehouse:
    """A run's tables, read by the database's own driver; each quotes names its own way."""

    def __init__(self, folder: Path, server: Server | None = None) -> None:
        self.folder, self.server = folder, server
        self.url = "sqlite:///w.db" if server is None else server.address()
        self.parts, self.mark, self.more = ("raw_data", "clean_data"), '"', ""
        if server is not None and server.kind == "mariadb":
            self.parts, self.mark, self.more = ("shop", "shop"), "`", 'raw = "shop"\nclean = "shop"\n'

    def name(self, table: str) -> str:
        part = self.parts[0] if table in ("initial_data", "predictions") else self.parts[1]
        return f"{part}.{table}" if self.server else f"{part}_{table}"

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        if self.server is not None:
            return self.server.run(*statements)
        with closing(sqlite3.connect(self.folder / "w.db", isolation_level=None)) as connection:
            for statement in statements:
                rows = connection.execute(statement).fetchall()
            return rows

    def select(self, columns: str, table: str, rest: str = "") -> list[tuple[Any, ...]]:
        return self.run(f"SELECT {columns} FROM {self.name(table)} {rest}")

    def quoted(self, name: str) -> str:
        return f"{self.mark}{name.replace(self.mark, self.mark * 2)}{self.mark}"

    def clear(self) -> None:
        for table in NAMES:
            self.run(f"DROP TABLE IF EXISTS {self.name(table)}")


def empty_warehouse(folder: Path, server: Server) -> Warehouse:
    """A warehouse without tables; a schema has to be there before a test makes a table in it."""
    found = Warehouse(folder, server)
    if server.kind == "postgresql":
        found.run("CREATE SCHEMA IF NOT EXISTS raw_data", "CREATE SCHEMA IF NOT EXISTS clean_data")
    found.clear()
    return found


@pytest.fixture(params=["sqlite", "mariadb", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse of each kind."""
    if request.param == "sqlite":
        yield Warehouse(tmp_path)
        return
    found = empty_warehouse(tmp_path, request.getfixturevalue(request.param))
    yield found
    found.clear()


def test_a_run_leaves_its_rows_divided_and_judged(house: Warehouse) -> None:
    """Otherwise whoever reads the tables learns from other rows than the model did."""
    project = write_project(house.folder, house.url, more=house.more)
    report = cauce.run(project)
    assert report.ran[-1] == "warehouse"
    columns = f"id, x, {house.quoted(ODD)}, {house.quoted('select')}, kind, y"
    there = house.select(columns, "initial_data", "ORDER BY id")
    wanted = FRAME.select("id", "x", ODD, "select", pl.col("kind").cast(pl.String), "y")
    assert there == wanted.rows()
    amounts = [
        None if one is None else float(one) for (one,) in house.select("d", "initial_data", "ORDER BY id")
    ]
    assert amounts == [None if one is None else float(one) for one in FRAME["d"]]
    days = [one and str(one) for (one,) in house.select("day", "initial_data", "ORDER BY id")]
    assert days == [one and one.isoformat() for one in FRAME["day"]]
    walls = [str(one)[:19] for (one,) in house.select("wall", "initial_data", "ORDER BY id")]
    assert walls == [one.isoformat(" ", "seconds") for one in FRAME["wall"]]
    _divided_once(house)
    metrics = house.select("COUNT(*), COUNT(DISTINCT metric), MIN(run)", "experiments")
    evaluated = report.evaluation.datasets
    assert metrics[0][0] == sum(len(one.metrics) for one in evaluated.values())
    assert metrics[0][2] == report.run
    headline = house.select(
        "value, model_version", "experiments", f"WHERE metric = '{report.metric}' AND dataset = 'test'"
    )
    assert headline == [(pytest.approx(report.values["test"]), report.bundle)]
    _nothing_new(house, project)
    _predicted(house, project)


def _divided_once(house: Warehouse) -> None:
    """Every row with a target is in one table of three, those that train in batches of 50."""
    folds = [{one for (one,) in house.select("id", name)} for name in ("train_data", "val_data", "test_data")]
    labelled = set(FRAME.drop_nulls("y")["id"])
    assert set.union(*folds) == labelled
    assert sum(map(len, folds)) == len(labelled)
    sizes = Counter(one for (one,) in house.select("batch_id", "train_data"))
    full, left = divmod(len(folds[0]), 50)
    assert sizes == {**dict.fromkeys(range(1, full + 1), 50), **({full + 1: left} if left else {})}
    first = sorted(one for (one,) in house.select("id", "train_data", "WHERE batch_id = 1"))
    assert first[-1] > ROWS // 2, "the batches follow the file's order"


def _nothing_new(house: Warehouse, project: Path) -> None:
    """A repeated command finds all as it is."""
    books = house.select("*", "cauce_tables", "ORDER BY name")
    experiments = house.select("COUNT(*)", "experiments")
    assert cauce.warehouse(project).rows[house.name("initial_data")] == ROWS
    assert house.select("*", "cauce_tables", "ORDER BY name") == books
    assert house.select("COUNT(*)", "experiments") == experiments


def _predicted(house: Warehouse, project: Path) -> None:
    """The table of predictions that a mirror makes takes those of a file."""
    at = house.url.replace("sqlite:///", f"sqlite:///{house.folder}/")
    out = f"{at}#{house.name('predictions')}"
    assert cauce.predict(project / "rows.parquet", out=out, project=project).rows == ROWS
    assert house.select("COUNT(DISTINCT id), COUNT(probability_yes)", "predictions") == [(ROWS, ROWS)]


def test_other_rows_take_the_place_of_all_and_a_changed_table_is_mended(house: Warehouse) -> None:
    """Otherwise a table keeps rows of an earlier run, or what somebody did to it."""
    project = write_project(house.folder, house.url, more=house.more)
    cauce.run(project)
    write_project(
        house.folder, house.url, more=house.more, frame=FRAME.head(200).with_columns(new=pl.lit("q"))
    )
    cauce.run(project)
    assert house.select("COUNT(*), MIN(new)", "initial_data") == [(200, "q")]
    assert house.select("COUNT(DISTINCT run)", "experiments") == [(2,)]
    count = house.select("COUNT(*)", "test_data")
    house.run(f"DELETE FROM {house.name('test_data')}", f"UPDATE {house.name('train_data')} SET x = 0.5")
    cauce.warehouse(project)
    assert house.select("COUNT(*)", "test_data") == count
    assert house.select("COUNT(DISTINCT x)", "train_data")[0][0] > 50


def test_tables_of_others_are_never_replaced(house: Warehouse) -> None:
    """Otherwise a project destroys rows that are nowhere else."""
    project = write_project(house.folder, house.url, more=house.more)
    house.run(f"CREATE TABLE {house.name('val_data')} (mine int)")
    with pytest.warns(CauceWarning, match="W2571 .*E2562"):
        report = cauce.run(project)
    assert "warehouse" not in report.ran
    assert house.select("COUNT(*)", "val_data") == [(0,)]
    with pytest.raises(CauceError) as caught:
        cauce.warehouse(project)
    assert (caught.value.code, caught.value.values["owner"]) == ("E2562", "somebody else")
    house.run(f"DROP TABLE {house.name('val_data')}")
    cauce.warehouse(project)
    other = (project / "cauce.toml").read_text().replace('"shop"\n[data]', '"other"\n[data]')
    (project / "cauce.toml").write_text(other)
    with pytest.warns(CauceWarning, match="the project shop"):
        cauce.run(project)


def test_a_database_that_is_away_costs_the_mirror_and_not_the_model(
    postgresql: Server, tmp_path: Path
) -> None:
    """Otherwise an hour of training is lost to a database that nobody needs for it."""
    house = empty_warehouse(tmp_path, postgresql)
    project = write_project(tmp_path, house.url)
    postgresql.stop(signal.SIGKILL)
    with pytest.warns(CauceWarning, match="W2571 .*E2510"):
        report = cauce.run(project)
    assert (report.folder / "manifest.json").is_file()
    postgresql.start()
    assert cauce.warehouse(project).rows["raw_data.initial_data"] == ROWS
    assert cauce.run(project).ran == ()
    house.clear()


def test_a_view_keeps_a_table_whose_columns_change_and_all_others_with_it(
    postgresql: Server, tmp_path: Path
) -> None:
    """Otherwise a failure half-way leaves tables of two runs side by side, or a view without a table."""
    house = empty_warehouse(tmp_path, postgresql)
    project = write_project(tmp_path, house.url)
    cauce.run(project)
    house.run("CREATE VIEW clean_data.seen AS SELECT x FROM clean_data.test_data")
    before = [house.select("*", name, "ORDER BY id") for name in ("initial_data", "train_data", "test_data")]
    write_project(tmp_path, house.url, frame=FRAME.with_columns(new=pl.lit("q")))
    with pytest.warns(CauceWarning, match="E2568"):
        cauce.run(project)
    after = [house.select("*", name, "ORDER BY id") for name in ("initial_data", "train_data", "test_data")]
    assert after == before
    left = house.run("SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'cauce_new%'")
    assert left == []
    house.run("DROP VIEW clean_data.seen")
    house.clear()


def test_who_may_not_make_tables_is_told_so(mariadb: Server, tmp_path: Path) -> None:
    """Otherwise the driver's own words are all there is."""
    project = write_project(tmp_path, mariadb.address(), more='raw = "elsewhere"\n')
    with pytest.warns(CauceWarning, match="W2571 .*E2566"):
        cauce.run(project)


def test_a_table_that_the_rows_came_from_is_not_written(mariadb: Server, tmp_path: Path) -> None:
    """Otherwise a project replaces its own source by what it read of it."""
    house = empty_warehouse(tmp_path, mariadb)
    house.run("CREATE TABLE initial_data (id int, x double, y int, hidden varchar(9))")
    values = ", ".join(
        f"({n}, {n * 7 % 101 / 101}, {int((n * 7 % 101 < 50) != (n % 4 == 0))}, 'kept')" for n in range(200)
    )
    house.run(f"INSERT INTO initial_data VALUES {values}")
    project = write_project(tmp_path, house.url, more=house.more)
    text = (project / "cauce.toml").read_text().replace("rows.parquet", mariadb.address("initial_data"))
    (project / "cauce.toml").write_text(text.replace('key = "id"', 'key = "id"\ndrop = ["hidden"]'))
    cauce.run(project)
    assert house.run("SELECT COUNT(*), MIN(hidden) FROM initial_data") == [(200, "kept")]
    trained = house.select("COUNT(*)", "train_data")[0][0]
    assert 0 < trained < 200
    house.clear()


def test_numbers_that_a_database_does_not_hold_are_counted(mariadb: Server, tmp_path: Path) -> None:
    """Otherwise NaN becomes another number, or a mirror fails for ever."""
    odd = [float("nan"), float("inf"), 0.5, -0.25] * (ROWS // 4)
    house = empty_warehouse(tmp_path, mariadb)
    frame = FRAME.with_columns(pl.Series("z", odd))
    project = write_project(tmp_path, house.url, frame=frame, more=house.more)
    with pytest.warns(CauceWarning, match=f"W2572 {ROWS // 2} cells of the column z"):
        cauce.run(project)
    assert house.select("COUNT(z), SUM(z)", "initial_data") == [(ROWS // 2, ROWS // 4 * 0.25)]
    house.clear()


def test_every_candidate_has_a_row(tmp_path: Path) -> None:
    """Otherwise only the winner is known, and nobody sees what it was better than."""
    models = '[[models]]\nlearner = "logistic"\n[[models]]\nlearner = "boosting"\nrounds = 5\n'
    project = write_project(tmp_path, "sqlite:///w.db", models=models)
    report = cauce.run(project)
    assert report.leaderboard is not None
    house = Warehouse(tmp_path)
    found = house.select(
        "candidate, value, chosen", "experiments", "WHERE dataset = 'folds' ORDER BY candidate"
    )
    trials = sorted(report.leaderboard.trials, key=lambda one: one.candidate.number)
    wanted = [
        (one.candidate.number, one.mean, int(one.candidate.number == report.leaderboard.chosen))
        for one in trials
    ]
    assert found == wanted


def test_the_target_of_a_formula_stands_beside_the_rows(tmp_path: Path) -> None:
    """Otherwise the tables do not hold what the model learned to predict."""
    project = write_project(tmp_path, "sqlite:///w.db")
    text = (project / "cauce.toml").read_text().replace('column = "y"', 'formula = "id > 100"')
    (project / "cauce.toml").write_text(text)
    cauce.run(project)
    house = Warehouse(tmp_path)
    found = house.select("id, cauce_target", "train_data")
    assert found
    assert all(told == str(number > 100).lower() for number, told in found)


@pytest.mark.slow
def test_two_mirrors_at_once_never_mix(house: Warehouse) -> None:
    """Otherwise the tables hold rows of both."""
    project = write_project(house.folder, house.url, more=house.more)
    cauce.run(project)
    place = Place.of(open_workspace(project))
    with place.alone(), place.claimed(), pytest.raises(CauceError) as caught:
        cauce.warehouse(project)
    assert caught.value.code == ("E0513" if house.server is None else "E2569")
    assert cauce.warehouse(project).rows[house.name("initial_data")] == ROWS


@pytest.mark.slow
def test_a_server_that_restarts_while_tables_are_written_costs_nothing(
    server: Server, tmp_path: Path
) -> None:
    """Otherwise a mirror has rows twice, or not at all, after a restart that nobody noticed."""
    house = Warehouse(tmp_path, server)
    house.clear()
    many = pl.concat([FRAME.with_columns(pl.col("id") + ROWS * part) for part in range(200)])
    project = write_project(tmp_path, "sqlite:///other.db", frame=many)
    cauce.run(project)
    write_project(tmp_path, house.url, more=house.more, frame=many)
    for pause in (0.0, 0.3, 0.6):
        begun = Event()
        with warnings.catch_warnings(), ThreadPoolExecutor(1) as thread:
            warnings.simplefilter("ignore", CauceWarning)
            coming = thread.submit(cauce.warehouse, project, report=lambda *_, begun=begun: begun.set())
            assert begun.wait(60)
            time.sleep(pause)
            # From this thread: a server ends with the thread that began it.
            server.restart(signal.SIGKILL)
            found = coming.result()
        assert found.rows[house.name("initial_data")] == many.height
        assert house.select("COUNT(*), COUNT(DISTINCT id)", "initial_data") == [(many.height, many.height)]
        house.clear()


WORK = """
import sys
import cauce
cauce.run(sys.argv[1])
"""
PASSAGES = ("warehouse.written:1", "warehouse.written:4", "warehouse.staged:1", "warehouse.put:1")


@pytest.mark.slow
@pytest.mark.parametrize("point", PASSAGES)
def test_a_mirror_killed_at_any_passage_shows_one_run_and_then_the_other(
    house: Warehouse, point: str
) -> None:
    """Otherwise a crash leaves the rows of one run beside the batches of another."""
    _killed(house, point)


def test_a_killed_mirror_shows_one_run_and_then_the_other(tmp_path: Path) -> None:
    """Otherwise a crash leaves the rows of one run beside the batches of another."""
    _killed(Warehouse(tmp_path), "warehouse.staged:1")


def _killed(house: Warehouse, point: str) -> None:
    project = write_project(house.folder, house.url, more=house.more)
    cauce.run(project)
    write_project(house.folder, house.url, more=house.more, frame=FRAME.head(200))
    environment = {**os.environ, "CAUCE_FAILPOINT": point, "CAUCE_TEST_PASSWORD": PASSWORD}
    done = subprocess.run([sys.executable, "-c", WORK, str(project)], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    rows = house.select("COUNT(*)", "initial_data")[0][0]
    (known,) = house.select("table_rows", "cauce_tables", "WHERE name = 'initial_data'")[0]
    divided = sum(house.select("COUNT(*)", name)[0][0] for name in ("train_data", "val_data", "test_data"))
    assert rows == known == (200 if point.startswith("warehouse.put") else ROWS)
    assert divided == FRAME.head(rows)["y"].drop_nulls().len()
    assert cauce.run(project).ran == ("warehouse",)
    assert house.select("COUNT(*)", "initial_data") == [(200,)]
