"""Trees are grown by executors that share nothing but a network, and by more of them than a test has."""

from __future__ import annotations

import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cauce.testing.spark import Cluster, run_with, standalone_cluster, wait_for

pytestmark = pytest.mark.spark

TESTS = "tests/learning/test_trees_on_spark.py"
SOME = "one_machine and (missing or shares or drawn) or cannot_train"
KILLED = Path(__file__).with_name("trees_while_killed.py")


def run_tests(master: str, *options: str, seconds: float = 240.0) -> None:
    command = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *options, TESTS]
    done = run_with(master, command, seconds=seconds)
    assert done.returncode == 0, done.stdout[-6000:]
    assert re.search(r"\d+ passed", done.stdout)


def test_executors_grow_the_trees_of_one_machine(spark_cluster: Cluster) -> None:
    """What works between tasks of one process would fail between machines, or give other trees."""
    run_tests(spark_cluster.master, "-k", SOME)


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("workers", [3, 4])
def test_more_workers_grow_them_too(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trees would depend on the size of the cluster."""
    monkeypatch.setenv("CAUCE_TEST_WORKERS", str(workers))
    run_tests("local[4]", seconds=1200.0)


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("workers", [3, 4])
def test_more_executors_grow_them_too(workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two machines a mistake in who speaks to whom may not show."""
    monkeypatch.setenv("CAUCE_TEST_WORKERS", str(workers))
    with standalone_cluster(tmp_path / "cluster", workers) as cluster:
        run_tests(cluster.master, "-k", SOME, seconds=1200.0)


@pytest.mark.slow
def test_an_executor_that_dies_while_trees_grow_costs_time_and_nothing_else(
    spark_cluster: Cluster, tmp_path: Path
) -> None:
    """The others would wait for it for ever, or go on without its rows."""
    marker = tmp_path / "growing"
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(run_with, spark_cluster.master, [str(KILLED), str(marker)])
        wait_for(lambda: "yes" if marker.exists() or coming.done() else None, seconds=200, what="no trees")
        victim = spark_cluster.executors()[0]
        os.kill(victim, signal.SIGKILL)
        done = coming.result()
    assert done.returncode == 0, done.stdout[-6000:]
    assert "the same trees" in done.stdout
    assert victim not in spark_cluster.executors()
