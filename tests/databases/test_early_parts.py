"""Parts of a snapshot made while rows come from a database: the same as from the file of these rows."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauce.core.snapshot import Manifest, snapshot_key
from cauce.errors import CauceWarning
from cauce.expr.schema import Field, Schema
from cauce.running.early_parts import early_parts
from cauce.running.execution import RunResult
from cauce.running.project_run import run_project
from cauce.running.workspace import Workspace, open_workspace
from cauce.sources import ReadOptions, open_source
from cauce.sources.arriving import ArrivingRows, Undecided, arriving_rows
from cauce.sources.sql.reader import Column, Lost
from cauce.sources.sql.rows import SqlRows
from cauce.sources.sql.wording import Asked
from cauce.spec.addresses import parse_address
from cauce.testing.databases import Server

PROJECT = """
name = "shop"
[data]
source = {source!r}
rejected = 10
{more}
[target]
column = "kind"
[[models]]
learner = "logistic"
[tracking]
enabled = false
"""
ROWS = 300_000
OLDEST = pl.CompatLevel.oldest()


def project(folder: Path, source: str, more: str = "") -> Workspace:
    folder.mkdir(exist_ok=True)
    (folder / "cauce.toml").write_text(PROJECT.format(source=source, more=more))
    return open_workspace(folder)


def ingested(work: Workspace) -> tuple[RunResult, Manifest]:
    done = run_project(work, until="ingest")
    key = snapshot_key(str(done.records["ingest"].outputs["snapshot"].value))
    return done, Manifest.from_bytes(work.store.get(key), key)


def brought(work: Workspace) -> Path:
    (found,) = (work.store_folder / "brought").glob("*/rows.*.parquet")
    return found


def left_over(work: Workspace) -> list[str]:
    return [path.name for path in (work.store_folder / ".scratch").glob("*")]


def scanned(work: Workspace) -> int:
    found: Any = work.engine
    return int(found.rows_scanned)


def fill(file: Path, rows: int) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, amount REAL, kind TEXT, day TEXT)")
        made = (
            (n, None if n % 9 == 1 else n / 7, "abc"[n % 3] * (n % 20), "2024-02-29") for n in range(rows)
        )
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", made)


def test_a_snapshot_made_early_is_the_snapshot_of_the_file(tmp_path: Path) -> None:
    """Otherwise rows of a database get another identity, or are stored again under other parts."""
    fill(tmp_path / "shop.db", ROWS)
    early = project(tmp_path / "early", f"sqlite:///{tmp_path}/shop.db#orders", 'missing = ["aaa"]')
    _, found = ingested(early)
    assert (scanned(early), left_over(early)) == (0, [])
    shutil.copy(brought(early), tmp_path / "rows.parquet")
    plain = project(tmp_path / "plain", str(tmp_path / "rows.parquet"), 'missing = ["aaa"]')
    assert ingested(plain)[1] == found
    assert scanned(plain) == ROWS


def test_rows_that_did_not_change_are_only_read(tmp_path: Path) -> None:
    """Otherwise every run over the same rows makes parts of a snapshot that is there already."""
    fill(tmp_path / "shop.db", 100)
    source = f"sqlite:///{tmp_path}/shop.db#orders"
    first = ingested(project(tmp_path / "p", source))[1]
    again = project(tmp_path / "p", source)
    assert (ingested(again)[0].ran, left_over(again)) == ((), [])
    # What is to be stored after all is stored from the file.
    typed = project(tmp_path / "p", source, 'types = { id = "float" }')
    found = ingested(typed)[1]
    assert (scanned(typed), found.rows, found.identity != first.identity) == (100, 100, True)
    other = project(tmp_path / "p", source, 'drop = ["amount"]')
    assert (ingested(other)[1].schema.names, scanned(other)) == (("id", "kind", "day"), 0)


def test_a_kill_while_parts_are_made_early_leaves_nothing(tmp_path: Path) -> None:
    """Otherwise half of a snapshot stays in the store, or is taken for one."""
    fill(tmp_path / "shop.db", 300)
    work = project(tmp_path / "p", f"sqlite:///{tmp_path}/shop.db#orders")
    killed = subprocess.run(
        [sys.executable, "-m", "cauce", "run", "--project", str(work.folder)],
        env={**os.environ, "CAUCE_FAILPOINT": "snapshot.part:1"},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(left_over(work)) == 1
    assert list(work.store.list("parts/")) == list(work.store.list("snapshots/")) == []
    _, found = ingested(work)
    assert (found.rows, scanned(work), left_over(work)) == (300, 0, [])
    assert brought(work).exists()


@pytest.mark.parametrize("types", ['{ day = "date" }', '{ amount = "integer" }'])
def test_what_only_the_whole_file_tells_is_left_to_it(tmp_path: Path, types: str) -> None:
    """Otherwise rejected rows are stored, or lost without being counted."""
    fill(tmp_path / "shop.db", 100)
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute("UPDATE orders SET day = 'soon', amount = 1e300 WHERE id = 3")
    work = project(tmp_path / "early", f"sqlite:///{tmp_path}/shop.db#orders", f"types = {types}")
    done, found = ingested(work)
    assert (found.rows, done.records["ingest"].facts["rejected"], scanned(work)) == (99, 1, 99)
    assert left_over(work) == []


def test_numbers_too_big_for_an_integer_after_the_first_rows(mariadb: Server, tmp_path: Path) -> None:
    """Otherwise the kind that fits the first of them is kept for all."""
    mariadb.run(
        "DROP TABLE IF EXISTS big",
        "CREATE TABLE big (n bigint unsigned PRIMARY KEY, kind varchar(9), day timestamp, t time, "
        "d decimal(9,2))",
        "INSERT INTO big SELECT seq, concat('k', seq % 3), from_unixtime(seq), sec_to_time(seq % 999), "
        "seq / 4 FROM seq_1_to_150000",
    )
    small = project(tmp_path / "small", mariadb.address("big"))
    found = ingested(small)[1]
    assert (scanned(small), found.schema["n"].kind, found.schema["t"].kind) == (0, "integer", "integer")
    shutil.copy(brought(small), tmp_path / "rows.parquet")
    assert ingested(project(tmp_path / "plain", str(tmp_path / "rows.parquet")))[1] == found
    mariadb.run("INSERT INTO big VALUES (18446744073709551615, 'k', NULL, NULL, NULL)")
    work = project(tmp_path / "large", mariadb.address("big"))
    _, found = ingested(work)
    assert (found.rows, found.schema["n"].kind, scanned(work)) == (150_001, "decimal", 150_001)
    assert left_over(work) == []


@dataclass
class Frames:
    """A database that loses its connection some times. given: rows that each attempt has shown."""

    lost: int
    given: list[int] = field(default_factory=list)
    ended: list[bool] = field(default_factory=list)

    columns = (Column("n", pl.Int64()),)
    server, undated = "frames", {}

    @contextmanager
    def opening(self, asked: Asked) -> Iterator[Frames]:
        yield self

    def seconds(self) -> None:
        return None

    def expected(self) -> None:
        return None

    def batches(self) -> Iterator[pl.DataFrame]:
        yield pl.DataFrame({"n": range(200_000)})
        if self.lost:
            self.lost -= 1
            raise Lost
        yield pl.DataFrame({"n": range(100_000)})

    @contextmanager
    def looking(self, schema: Any) -> Iterator[Callable[[pl.DataFrame], None]]:
        self.given.append(0)
        self.ended.append(False)

        def take(frame: pl.DataFrame) -> None:
            self.given[-1] += frame.height

        yield take
        self.ended[-1] = True


def test_a_lost_connection_begins_anew_for_whoever_looks_on(tmp_path: Path) -> None:
    """Otherwise rows of two moments of the database are in one snapshot, or are there twice."""
    frames = Frames(1)
    rows = SqlRows(parse_address("sqlite:///a.db#n"), Asked(("n",)), frames.opening, frames)
    with pytest.warns(CauceWarning, match="W2521"):
        first = rows.bring(tmp_path, lambda done, total: None)
    assert (frames.given[-1], frames.ended) == (300_000, [False, True])
    again = rows.bring(tmp_path, lambda done, total: None)
    assert (again.identity, len(frames.given)) == (first.identity, 2)


def test_parts_of_a_lost_attempt_are_in_no_snapshot(tmp_path: Path) -> None:
    """Otherwise rows that came before the connection was lost are there twice."""
    work = project(tmp_path / "p", "sqlite:///a.db#n")
    early = early_parts(work)
    assert early is not None
    rows = SqlRows(parse_address("sqlite:///a.db#n"), Asked(("n",)), Frames(1).opening, early)
    with pytest.warns(CauceWarning, match="W2521"):
        rows.bring(tmp_path, lambda done, total: None)
    assert len(left_over(work)) == 1
    assert early.published(Schema((Field("m", "integer"),))) is None
    found = early.published(Schema((Field("n", "integer"),)))
    assert found is not None
    assert (found.rows, left_over(work)) == (300_000, [])
    assert early.published(found.schema) is None


@pytest.mark.timeout(60)
@pytest.mark.parametrize("ended", [KeyboardInterrupt, Lost])
def test_parts_that_cannot_be_made_hide_no_other_end(
    tmp_path: Path, ended: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C would hang, or a lost connection would be told as another fault and not be tried again."""

    def failing(*_given: Any, **_more: Any) -> None:
        raise ArithmeticError

    monkeypatch.setattr("cauce.running.early_parts.draft_parts", failing)
    work = project(tmp_path / "p", "sqlite:///a.db#n")
    early = early_parts(work)
    assert early is not None
    frame = pl.DataFrame({"n": range(10)})
    schema = frame.to_arrow(compat_level=OLDEST).schema

    def shown() -> None:
        with early.looking(schema) as take:
            for _turn in range(5):
                take(frame)
            raise ended

    with pytest.raises(ended):
        shown()
    assert left_over(work) == []
    with early.looking(schema) as take:
        take(frame)
    assert early.published(Schema((Field("n", "integer"),))) is None
    assert left_over(work) == []


def test_columns_that_cannot_be_read_so_are_left_to_whoever_says_it() -> None:
    """A run would end before it began, and nobody's tracker would hear of it."""
    days = pl.DataFrame({"d": [date(2024, 5, 6)]})
    assert arriving(days, ReadOptions(paths=("x",), types={"d": "boolean"})) is None


VALUES: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "integer": (pl.Int64(), st.integers(-(2**63), 2**63 - 1)),
    "unsigned": (pl.UInt64(), st.integers(0, 2**63 - 1)),
    "float": (pl.Float64(), st.floats()),
    "decimal": (pl.Decimal(38, 4), st.integers(-(10**30), 10**30).map(lambda n: Decimal(n).scaleb(-4))),
    "text": (pl.String(), st.text(st.characters(exclude_categories=("Cs",)), max_size=20)),
    "date": (pl.Date(), st.dates(date(1000, 1, 1))),
    "moment": (pl.Datetime("us"), st.datetimes(datetime(1000, 1, 1))),
    "instant": (pl.Datetime("us", "UTC"), st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC))),
    "span": (pl.Duration("us"), st.timedeltas(timedelta(days=-90), timedelta(days=90))),
    "truth": (pl.Boolean(), st.booleans()),
}


def arriving(frame: pl.DataFrame, options: ReadOptions) -> ArrivingRows | None:
    return arriving_rows(frame.to_arrow(compat_level=OLDEST).schema, options)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_values_are_read_as_from_their_file(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Otherwise a value that a file would hold is another in a snapshot made early."""
    some = data.draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, unique=True))
    height = data.draw(st.integers(1, 9))
    frame = pl.DataFrame(
        [
            pl.Series(
                name,
                data.draw(st.lists(st.none() | VALUES[name][1], min_size=height, max_size=height)),
                dtype=VALUES[name][0],
            )
            for name in some
        ]
    )
    path = tmp_path_factory.mktemp("file") / "rows.parquet"
    pq.write_table(frame.to_arrow(compat_level=OLDEST), path)
    declared = {"integer": "float"} if "integer" in some else {}
    options = ReadOptions(paths=(str(path),), missing=("x",), types=declared)  # type: ignore[arg-type]
    source = open_source(options)
    rows = arriving(frame, options)
    assert rows is not None
    assert rows.schema == source.schema
    assert rows.read(frame).equals(pl.concat(source.batches()), null_equal=True)


def test_values_that_decide_for_all_stop_the_early_reading() -> None:
    """Otherwise a number beyond 64 signed bits wraps, or a cell that fails becomes a null."""
    frame = pl.DataFrame({"n": pl.Series([1, 2**64 - 1], dtype=pl.UInt64)})
    rows = arriving(frame, ReadOptions(paths=()))
    assert rows is not None
    with pytest.raises(Undecided):
        rows.read(frame)
    assert arriving(pl.DataFrame({"t": ["1"]}), ReadOptions(paths=(), types={"t": "date"})) is None
    assert arriving(pl.DataFrame({"l": [[1]]}), ReadOptions(paths=())) is None
