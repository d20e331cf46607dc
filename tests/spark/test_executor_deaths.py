"""Executors that end while they work, on a real cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cauce.testing.spark import Cluster, run_with

pytestmark = [pytest.mark.spark, pytest.mark.slow]


def test_a_killed_executor_changes_no_number_and_leaves_no_half_snapshot(
    spark_cluster: Cluster, tmp_path: Path
) -> None:
    """Machines of a cluster come and go: a result must be right, or a code, and the next try must do."""
    program = str(Path(__file__).with_name("executor_deaths.py"))
    groups = ",".join(str(group) for group in spark_cluster.groups)
    done = run_with(spark_cluster.master, [program, spark_cluster.master, groups, str(tmp_path)])
    assert done.returncode == 0, done.stdout[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["killed"] == 1
    assert told["summary"] == [told["expected"], 1200]
    assert told["write"] == told["expected"]
    assert told["parts"], "parts that no manifest names"
    assert told["all"] == told["expected"] or told["all"]["code"] in ("E0703", "E0716"), told["all"]
    assert told["all"] == told["expected"] or told["left"] == []
    assert told["again"] == told["expected"] or told["again"]["code"] == "E0716"
