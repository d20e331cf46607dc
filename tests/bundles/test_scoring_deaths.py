"""Machines that end while a folder of predictions is made, on a real cluster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
import small_models as small

from cauce.core.bundle.exporting import export_bundle
from cauce.testing.spark import Cluster, run_with

pytestmark = pytest.mark.spark
ROWS = 20_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Rows in many row groups, and a model."""
    small.rows(ROWS, seed=8).write_parquet(tmp_path / "rows.parquet", row_group_size=500)
    export_bundle(small.bundle(), tmp_path / "model")
    return tmp_path


def arguments(cluster: Cluster, folder: Path, *more: str) -> list[str]:
    program = str(Path(__file__).with_name("scoring_deaths.py"))
    groups = ",".join(str(group) for group in cluster.groups)
    return [program, cluster.master, groups, str(folder), *more]


def whole(folder: Path) -> None:
    """The folder holds every row once, in order, as one machine scores it, and nothing beside it is left."""
    told = json.loads((folder / "scored" / "_manifest.json").read_text())
    made = pl.concat([pl.read_parquet(folder / "scored" / one["file"]) for one in told["parts"]])
    assert made["row"].to_list() == list(range(1, ROWS + 1))
    expected = small.bundle().scorer(threads=1)(small.rows(ROWS, seed=8))
    assert made.select(expected.columns).equals(expected)
    left = {path.name for path in (folder / "scored").iterdir()} - {one["file"] for one in told["parts"]}
    assert left == {"_manifest.json", "_SUCCESS"}
    assert {path.name for path in folder.iterdir()} == {"rows.parquet", "model", "scored"}


def test_a_killed_executor_costs_time_and_no_row(spark_cluster: Cluster, folder: Path) -> None:
    """A part that is written twice, or half, is a customer who is called twice, or never."""
    done = run_with(spark_cluster.master, arguments(spark_cluster, folder), seconds=500.0)
    assert done.returncode == 0, done.stdout[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"rows": ROWS, "killed": 1}
    whole(folder)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_killed_driver_leaves_nothing_that_reads_as_done(spark_cluster: Cluster, folder: Path) -> None:
    """The next program in the chain must not score half of the customers and call it a night."""
    command = [sys.executable, *arguments(spark_cluster, folder, "unharmed")]
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    driver = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 600
    while time.monotonic() < until and driver.poll() is None:
        if len(list(folder.glob(".scored.*.part/part-*"))) >= 3:
            break
        time.sleep(0.02)
    driver.kill()
    assert driver.wait() == -signal.SIGKILL, "it ended before it was killed"
    assert not (folder / "scored").exists()
    assert list(folder.glob(".scored.*.part"))
    done = run_with(spark_cluster.master, arguments(spark_cluster, folder, "unharmed"), seconds=500.0)
    assert done.returncode == 0, done.stdout[-4000:]
    whole(folder)
