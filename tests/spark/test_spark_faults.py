"""What goes wrong on Spark with the rows themselves, with a driver that ends, and with uneven partitions."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cauce.cli.main import run_line
from cauce.core.snapshot_reading import SnapshotSource, verify_snapshot
from cauce.core.snapshot_writing import write_snapshot
from cauce.engines.spark.faults import as_failure
from cauce.expr.schema import Field, Schema
from cauce.stats import Identity, Moments, Quantiles
from cauce.stores.local import LocalStore
from cauce.testing.engines import FrameSource, Rows
from cauce.testing.spark import Cluster, run_with, wait_for
from cauce.testing.summaries import same

pytestmark = pytest.mark.spark

CANARY = "739142850"
SCHEMA = Schema((Field("row", "integer"), Field("x", "float")))
ROWS = 2000


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (f"CAST({CANARY} + id AS TINYINT)", "CAST_OVERFLOW (SQLSTATE 22003)"),
        (f"CAST(concat('no {CANARY}', id) AS INT)", "CAST_INVALID_INPUT (SQLSTATE 22018)"),
        (
            f"CAST(raise_error(concat('{CANARY} [A_B] ', id)) AS INT)",
            "USER_RAISED_EXCEPTION (SQLSTATE P0001)",
        ),
    ],
)
def test_what_is_in_a_row_is_in_no_message(
    cells: str, reason: str, tmp_path: Path, spark_session: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """Spark repeats the cell that it stumbles on, and messages end up in logs, trackers and tickets."""
    frame = spark_session.range(0, 8, 1, 2).selectExpr("id", "id % 2 AS y", f"{cells} AS cell")
    frame.createOrReplaceTempView("cells")
    data = '[data]\nsource = "table:cells"\n[target]\ncolumn = "y"'
    text = f'name = "cells"\n{data}\n[tracking]\nenabled = false\n'
    (tmp_path / "cauce.toml").write_text(text, encoding="utf-8")
    assert run_line(["run", "--project", str(tmp_path), "--engine", "spark", "--json"]) != 0
    said = capfd.readouterr()
    assert reason in json.loads(said.out)["errors"][0]["message"]
    assert reason in said.err
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert CANARY not in said.out + said.err
    assert CANARY.encode() not in kept


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('Caused by: java.lang.NumberFormatException: For input string: "Jane"', "NumberFormatException"),
        ("Caused by: java.time.DateTimeException: Invalid date 'Jane'", "DateTimeException"),
        ("Caused by: java.io.IOException: Stream closed", "Stream closed"),
        ("[TABLE_OR_VIEW_NOT_FOUND] The table cannot be found. SQLSTATE: 42P01", "TABLE_OR_VIEW_NOT_FOUND"),
    ],
)
def test_java_too_repeats_cells(text: str, reason: str) -> None:
    """Readers and functions that are not Spark's own have no conditions; what is no cell has to stay."""
    message = as_failure(text).message
    assert reason in message
    assert "Jane" not in message


@pytest.mark.slow
def test_one_partition_with_nearly_all_rows_gives_the_same(spark_session: Any, tmp_path: Path) -> None:
    """Keys are uneven: what is summed up per partition must not count partitions alike."""
    from pyspark.sql.functions import expr

    from cauce.engines.spark.engine import SparkEngine
    from cauce.engines.spark.table import FrameRows, SparkTable, positional

    engine = SparkEngine(spark_session)
    row = pl.Series("row", range(ROWS), dtype=pl.Int64)
    # Polars divides by a number by multiplying: another last digit.
    frame = pl.DataFrame({"row": row, "x": (row * 7919 % 1009).to_numpy() / 1009})
    rows = spark_session.range(0, ROWS, 1, 1).selectExpr("id", "(id * 7919 % 1009) / 1009.0D AS x")
    place = f"CASE WHEN id < {ROWS * 99 // 100} THEN 0 ELSE 1 END"
    keyed = positional(rows.repartitionById(3, expr(place)))
    sizes = sorted(len(part) for part in keyed.rdd.glom().collect())
    assert sizes[-1] == ROWS * 99 // 100
    assert sizes[0] == 0
    skewed = SparkTable(FrameRows(keyed, SCHEMA))
    asked = (Identity(SCHEMA), Moments(("x",)), Quantiles(("row",)), Rows(SCHEMA))
    found = engine.summarise(skewed, *asked)
    expected = [one.result(one.update(one.start(), frame)) for one in asked]
    assert found[0] == expected[0]
    assert found[1]["x"].mean == pytest.approx(expected[1]["x"].mean, rel=1e-12)
    assert same(found[2], expected[2])
    assert found[3].equals(expected[3])
    store = LocalStore(str(tmp_path / "store"))
    manifest = engine.write(skewed, store)
    verify_snapshot(manifest, store, rows=True)
    assert manifest.identity == found[0].identity


@pytest.mark.slow
def test_a_driver_that_is_killed_while_rows_are_written_leaves_nothing(
    spark_session: Any, tmp_path: Path
) -> None:
    """A reboot in the middle of a write must not leave half a snapshot that looks whole."""
    from cauce.engines.spark.engine import SparkEngine

    program = str(Path(__file__).with_name("write_killed.py"))
    log = tmp_path / "log"
    with log.open("wb") as file:
        run = subprocess.Popen([sys.executable, program, str(tmp_path)], stdout=file, stderr=file)
    try:
        drafts = tmp_path / "store" / ".scratch"
        # Some parts are drafted, others are not.
        wait_for(
            lambda: "yes" if list(drafts.glob("*/*/*")) or run.poll() is not None else None,
            seconds=240,
            what="nothing is drafted",
        )
    finally:
        run.send_signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL, log.read_text()
    store = LocalStore(str(tmp_path / "store"))
    assert list(store.list("")) == []
    engine = SparkEngine(spark_session)
    source = FrameSource(pl.DataFrame({"row": range(ROWS), "x": [k / 7 for k in range(ROWS)]}), SCHEMA)
    manifest = engine.write(engine.scan(source), store)
    verify_snapshot(manifest, store, rows=True)
    assert set(store.list("parts/")) == {part.key for part in manifest.parts}
    other = write_snapshot(source.batches(), SCHEMA, store=LocalStore(str(tmp_path / "other")))
    assert manifest.identity == other.identity
    assert SnapshotSource(manifest, store).schema == SCHEMA


@pytest.mark.slow
def test_a_full_disk_of_the_workers_is_told_of(mounted: Callable[[str, str], Path]) -> None:
    """Pages of Java that end in "No space left" do not say which disk, nor that what is finished is kept."""
    disk = mounted("disk", "4m")
    (disk / "filling").write_bytes(b"\0" * (3 << 20))
    done = run_with("local[1]", [str(Path(__file__).with_name("full_local_disk.py")), str(disk)])
    assert done.returncode == 0, done.stdout[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["code"] == "E0718", told
    assert told["rounds"] == 2


@pytest.mark.slow
def test_a_cluster_that_gives_nothing_is_told_of(spark_cluster: Cluster) -> None:
    """A job that waits for ever without a word looks like one that works."""
    program = str(Path(__file__).with_name("waiting_for_executors.py"))
    done = run_with(spark_cluster.master, [program, spark_cluster.master])
    assert done.returncode == 0, done.stdout[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["code"] == "W0704"
    assert spark_cluster.master in told["message"]
    assert 15 <= told["seconds"] < 40
