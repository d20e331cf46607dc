"""What the Spark engine does beyond the contract: many partitions, errors, a caller's session, its limits."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from cauce.core.snapshot_reading import SnapshotSource, verify_snapshot
from cauce.core.snapshot_writing import write_snapshot
from cauce.errors import CauceError, CauceErrors, Place
from cauce.expr.schema import Field, Schema
from cauce.stats import Identity, Moments, Quantiles
from cauce.stores.local import LocalStore
from cauce.testing.engines import FrameSource, Rows
from cauce.testing.summaries import same

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("sent_as_code")]

SCHEMA = Schema((Field("row", "integer"), Field("x", "float"), Field("name", "text")))
ROWS = 3000


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    rows = pl.Series("row", range(ROWS), dtype=pl.Int64)
    return pl.DataFrame(
        {"row": rows, "x": (rows * 7919 % 1009) / 1009, "name": "name " + (rows % 17).cast(pl.String)}
    )


def spread(engine: Any, frame: pl.DataFrame, partitions: int) -> Any:
    """The table in so many partitions, some of them without rows."""
    from cauce.engines.spark.table import FrameRows, SparkTable

    table = engine.scan(FrameSource(frame, SCHEMA))
    assert isinstance(table.rows, FrameRows)
    rows = table.rows.frame.repartition(partitions, table.rows.frame.c2)
    return SparkTable(FrameRows(rows.localCheckpoint(), SCHEMA))


@dataclass(frozen=True)
class Does:
    """Work that hands its batches on after doing `what` where the batch has the row `at`."""

    what: Any
    at: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        return SCHEMA.names

    @property
    def schema(self) -> Schema:
        return SCHEMA

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        if self.at in batch["row"]:
            self.what()
        return batch


def fails(error: Exception) -> Any:
    def fail() -> None:
        raise error

    return fail


def test_many_partitions_are_merged_on_the_executors(engine: Any, frame: pl.DataFrame) -> None:
    """A table of ten thousand partitions must not send ten thousand states to the driver."""
    from cauce.engines.spark import jobs

    asked = (Identity(SCHEMA), Moments(("x",)), Quantiles(("row",)), Rows(SCHEMA))
    came: list[int] = []
    collect = jobs.collected

    def counting(*given: Any, **named: Any) -> list[Any]:
        rows = collect(*given, **named)
        came.append(len(rows))
        return rows

    from cauce.engines.spark import gathering

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathering, "collected", counting)
        patch.setattr(gathering, "_DIRECT", 4)
        found = engine.summarise(spread(engine, frame, 16), *asked)
    assert 1 <= came[0] <= 4
    expected = [one.result(one.update(one.start(), frame)) for one in asked]
    assert found[0] == expected[0]
    assert found[3].equals(expected[3])
    assert found[1]["x"].mean == pytest.approx(expected[1]["x"].mean, rel=1e-12)
    assert same(found[2], expected[2])


def test_rows_of_a_table_cannot_come_to_the_driver(engine: Any, frame: pl.DataFrame) -> None:
    """A collect of a large table would end the driver, and with it the run."""
    from cauce.engines.spark.jobs import DRIVER_ROWS, collected

    rows = engine.scan(FrameSource(frame, SCHEMA)).rows.frame
    for partitions in (4, DRIVER_ROWS + 1):
        with pytest.raises(CauceError) as caught:
            collected(rows, partitions=partitions)
        assert caught.value.code == "E0713"


def test_nothing_else_of_the_engine_collects() -> None:
    """The limit holds because there is one place where rows come to the driver."""
    import cauce.engines.spark as package

    folder = Path(package.__file__).parent
    marks = (
        ".collect()",
        "frame.collect",
        ".toPandas(",
        ".toArrow(",
        ".toLocalIterator(",
        ".first()",
        "frame.take(",
    )
    found = {
        file.name
        for file in folder.glob("*.py")
        for line in file.read_text("utf-8").splitlines()
        if any(mark in line for mark in marks)
    }
    # workers.py asks each executor for its version, before there is a table.
    assert found <= {"jobs.py", "workers.py"}


def test_an_error_on_an_executor_arrives_as_itself(engine: Any, frame: pl.DataFrame) -> None:
    """The user would read Java's words for it, and not learn which file, column or value it is about."""
    one = CauceError("E0101", place=Place("a file.csv", 7, 2), column='x "quoted"\n', columns="ä, b")
    two = CauceError("E0105", text="1/0", reason="division")
    table = engine.scan(FrameSource(frame, SCHEMA))
    with pytest.raises(CauceError) as caught:
        engine.summarise(engine.map(table, Does(fails(one), 5)), Identity(SCHEMA))
    assert (caught.value.code, caught.value.values, caught.value.place) == (one.code, one.values, one.place)
    with pytest.raises(CauceErrors) as several:
        engine.summarise(
            engine.map(table, Does(fails(CauceErrors([one, two], lines=["a = 1"])))), Identity(SCHEMA)
        )
    assert [error.code for error in several.value.errors] == ["E0101", "E0105"]
    assert several.value.lines == ("a = 1",)


def test_a_foreign_error_is_told_without_the_data_in_it(engine: Any, frame: pl.DataFrame) -> None:
    """Libraries put cells into their messages; ours go to logs and trackers."""
    table = engine.scan(FrameSource(frame, SCHEMA))
    broken = Does(fails(ValueError("cannot read 'Jane Doe, 41'")))
    with pytest.raises(CauceError) as caught:
        engine.summarise(engine.map(table, broken), Identity(SCHEMA))
    assert caught.value.code == "E0701"
    assert "ValueError" in caught.value.message
    assert "Jane" not in caught.value.message
    assert "\n" not in caught.value.message


def test_a_worker_that_ends_without_a_word_is_told_as_such(engine: Any, frame: pl.DataFrame) -> None:
    """The operating system ends what takes too much memory; a page of Java does not say so."""

    def end() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    table = engine.map(engine.scan(FrameSource(frame, SCHEMA)), Does(end))
    with pytest.raises(CauceError) as caught:
        engine.summarise(table, Identity(SCHEMA))
    assert caught.value.code == "E0704"
    assert len(caught.value.message) < 300


def test_work_that_is_cancelled_says_so(engine: Any, frame: pl.DataFrame) -> None:
    """Somebody pressed kill in Spark's pages: the user must know that it was no defect."""
    table = engine.map(engine.scan(FrameSource(frame, SCHEMA)), Does(lambda: time.sleep(30)))
    context = engine.session.sparkContext

    def cancel() -> None:
        while not context._jsc.sc().statusTracker().getActiveJobIds():
            time.sleep(0.05)
        context.cancelAllJobs()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(CauceError) as caught:
        engine.summarise(table, Identity(SCHEMA))
    thread.join()
    assert caught.value.code == "E0705"


def test_a_long_scan_tells_how_far_it_is(engine: Any, frame: pl.DataFrame) -> None:
    """A scan of an hour without a word looks like one that hangs."""
    told: list[tuple[float, float | None]] = []
    engine.tell = lambda done, total: told.append((done, total))
    table = engine.map(spread(engine, frame, 5), Does(lambda: time.sleep(1.5)))
    engine.summarise(table, Identity(SCHEMA))
    assert told
    assert all(total == 5 and 0 <= done <= 5 for done, total in told)
    count = len(told)
    time.sleep(0.6)
    assert len(told) == count


HOSTILE = {
    "spark.sql.session.timeZone": "Asia/Kathmandu",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.caseSensitive": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "-1",
    "spark.sql.execution.arrow.useLargeVarTypes": "true",
    "spark.sql.parquet.datetimeRebaseModeInRead": "EXCEPTION",
    "spark.sql.files.ignoreCorruptFiles": "true",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
}


@pytest.fixture
def hostile(spark_session: Any) -> Iterator[Any]:
    before = {key: spark_session.conf.get(key) for key in HOSTILE}
    for key, value in HOSTILE.items():
        spark_session.conf.set(key, value)
    yield spark_session
    for key, value in before.items():
        spark_session.conf.set(key, value)


def test_the_callers_session_changes_nothing_and_is_not_changed(hostile: Any, tmp_path: Path) -> None:
    """A notebook's time zone would move dates, and a run would leave the notebook with other settings."""
    from pyspark.sql import SparkSession

    from cauce.engines.spark.engine import SparkEngine

    schema = Schema(
        (
            Field("a", "datetime", zone="UTC"),
            Field("A", "datetime"),
            Field("d", "date"),
            Field("m", "decimal", scale=4),
        )
    )
    rows = [["1582-10-04T23:59:59.999999", None], ["0001-01-01T00:00:00", "2024-03-31T02:30:00"]]
    made = [
        [pl.Series([cell]).str.to_datetime(time_unit="us")[0] if cell else None for cell in row]
        for row in rows
    ]
    frame = pl.DataFrame(
        [
            [made[0][0], made[0][1], made[0][0].date(), "1234567890123456789012345678901234.5678"],
            [made[1][0], made[1][1], made[1][0].date(), "-0.0001"],
        ],
        schema={"a": pl.Datetime("us"), "A": pl.Datetime("us"), "d": pl.Date, "m": pl.String},
        orient="row",
    ).with_columns(pl.col("m").cast(pl.Decimal(38, 4)))
    environment = dict(hostile.sparkContext.environment)
    engine, store = SparkEngine(hostile), LocalStore(str(tmp_path / "store"))
    manifest = engine.write(engine.scan(FrameSource(frame, schema)), store)
    whole = Identity(schema)
    assert manifest.identity == whole.result(whole.update(whole.start(), frame)).identity
    verify_snapshot(manifest, store, rows=True)
    (seen,) = engine.summarise(engine.scan(SnapshotSource(manifest, store)), Rows(schema))
    assert seen.sort("A").equals(frame.sort("A"))
    assert {key: hostile.conf.get(key) for key in HOSTILE} == HOSTILE
    assert SparkSession.getActiveSession() is hostile
    assert hostile.sparkContext.environment == environment


def test_few_rows_alone_go_through_the_driver(
    engine: Any, frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large table that only this process has would be held whole in its memory."""
    from cauce.engines.spark import sending

    monkeypatch.setattr(sending, "MOST_BYTES", 1 << 15)
    with pytest.raises(CauceError) as caught:
        engine.scan(FrameSource(frame, SCHEMA))
    assert caught.value.code == "E0714"


def test_kept_rows_are_let_go_though_an_error_passes(engine: Any, frame: pl.DataFrame) -> None:
    """Rows kept after a failure would fill the cluster's memory for whoever comes next."""
    held = engine.session.sparkContext._jsc.getPersistentRDDs
    before = set(held())
    table = engine.map(engine.scan(FrameSource(frame, SCHEMA)), Does(lambda: None))

    def scan_and_fail() -> None:
        with engine.kept(table) as kept:
            engine.summarise(kept, Identity(SCHEMA))
            assert set(held()) > before
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan_and_fail()
    assert set(held()) <= before


def test_parts_have_a_sensible_size_whatever_the_partitions(
    engine: Any, frame: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand files of three rows are slow to read; one of a billion cannot be divided."""
    from cauce.engines.spark import writing

    store = LocalStore(str(tmp_path / "store"))
    tiny = engine.write(spread(engine, frame, 12), store)
    assert len(tiny.parts) == 1
    monkeypatch.setattr(writing, "rows_in_part", lambda columns: 400)
    cut = engine.write(spread(engine, frame, 2), LocalStore(str(tmp_path / "other")))
    assert max(part.rows for part in cut.parts) == 400
    assert len(cut.parts) <= ROWS / 400 + 2
    assert cut.identity == tiny.identity


def test_a_write_that_fails_leaves_nothing(engine: Any, frame: pl.DataFrame, tmp_path: Path) -> None:
    """Half a snapshot that looks whole would be trained on."""
    store = LocalStore(str(tmp_path / "store"))
    table = engine.map(
        spread(engine, frame, 6), Does(fails(CauceError("E0101", column="x", columns="y")), 2900)
    )
    with pytest.raises(CauceError):
        engine.write(table, store)
    assert list(store.list("")) == []
    assert not list((tmp_path / "store" / ".scratch").iterdir())


def test_executors_that_do_not_see_the_store_are_told_of(
    engine: Any, frame: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts on the disks of other machines would be a snapshot that nobody can read."""
    from cauce.engines.spark import writing

    @dataclass(frozen=True)
    class Elsewhere(LocalStore):
        def __reduce__(self) -> Any:
            return LocalStore, (str(tmp_path / "another machine"),)

    monkeypatch.setattr(writing, "_MARK", "no such file")
    monkeypatch.setattr(Path, "touch", lambda self: None)
    store = Elsewhere(str(tmp_path / "store"))
    with pytest.raises(CauceError) as caught:
        engine.write(engine.scan(FrameSource(frame, SCHEMA)), store)
    assert caught.value.code == "E0715"
    assert list(store.list("")) == []


def test_a_piece_reads_its_rows_alone(frame: pl.DataFrame, tmp_path: Path) -> None:
    """Pieces that overlap, or leave rows out, would train on other rows than the local engine."""
    store = LocalStore(str(tmp_path / "store"))
    manifest = write_snapshot(frame.iter_slices(100), SCHEMA, store=store, rows_per_part=1700)
    source = SnapshotSource(manifest, store, batch_rows=1 << 16)
    pieces = SnapshotSource(manifest, store, batch_rows=1 << 17).pieces
    assert [piece.rows for piece in pieces] == [1700, 1300]
    from cauce.core import snapshot_reading

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot_reading, "_PIECE_ROWS", 300)
        small = SnapshotSource(manifest, store, batch_rows=150).pieces
    assert max(piece.rows for piece in small) == 300
    read = [batch for piece in small for batch in piece.batches(["name", "row"])]
    assert pl.concat(read).equals(frame.select("name", "row"))
    assert pl.concat(source.batches()).equals(frame)


def test_batches_cross_with_every_name(tmp_path: Path) -> None:
    """A column without a name, or called as a pattern is, would come out under another name."""
    from cauce.engines.spark.batches import to_arrow, to_polars

    schema = Schema((Field("", "integer"), Field("*", "text"), Field("^a$", "float")))
    frame = pl.DataFrame([[1], ["b"], [None]], schema=schema.dtypes)
    (batch,) = to_arrow(frame, schema).to_batches()
    renamed = pa.RecordBatch.from_arrays(batch.columns, names=["c0", "c1", "c2"])
    assert to_polars(renamed, schema).equals(frame)
