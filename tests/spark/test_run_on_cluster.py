"""A whole run on a standalone master with two workers, killed in the middle of a fit, and taken up again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from both_engines import check_same, project, table

from cauce.running.project_run import Results, run_project, states_of
from cauce.running.workspace import open_workspace
from cauce.testing.spark import Cluster

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(1500)]

BEFORE_FIT = ("ingest", "profile", "validate", "split", "leaks")
MODEL = """
[[models]]
rounds = 400
eta = 0.05
early_stopping = 0
[evaluate]
slices = ["town"]
"""


def started(folder: Path, master: str) -> subprocess.Popen[str]:
    """`cauce run` on the cluster, as its own process, noting each step that begins."""
    settings = ["--engine", "spark", "--master", master, "--json"]
    command = [sys.executable, "-m", "cauce", "run", "--project", str(folder), *settings]
    environment = {**os.environ, "CAUCE_FAILPOINT_LOG": str(folder / "passages")}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_fit(run: subprocess.Popen[str], log: Path) -> None:
    """Return while the step after `BEFORE_FIT` is under way."""
    until = time.monotonic() + 500
    while time.monotonic() < until and run.poll() is None:
        if log.exists() and log.read_text().count("step.started\n") == len(BEFORE_FIT) + 1:
            time.sleep(1.0)
            return
        time.sleep(0.05)
    raise AssertionError(run.communicate()[1][-4000:])


def test_a_run_on_a_cluster_goes_on_after_its_driver_was_killed(
    tmp_path: Path, spark_cluster: Cluster
) -> None:
    """Hours on a cluster would begin anew, or a half-made model be taken for a whole one."""
    source = table(tmp_path / "table.parquet")
    more = 'key = "id"\nweight = "weight"\ndrop = ["price"]'
    folders = tmp_path / "local", tmp_path / "cluster"
    for folder in folders:
        folder.mkdir()
        text = project(source, 'column = "bought"\npositive = "yes"', MODEL, more)
        (folder / "cauce.toml").write_text(text, encoding="utf-8")
    first = started(folders[1], spark_cluster.master)
    wait_for_fit(first, folders[1] / "passages")
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    moved = open_workspace(folders[1])
    assert tuple(one.step.name for one in states_of(moved) if one.finished) == BEFORE_FIT
    again = started(folders[1], spark_cluster.master)
    said, told = again.communicate(timeout=500)
    assert again.returncode == 0, told[-4000:]
    answer: dict[str, Any] = json.loads(said)
    assert answer["ran"] == ["fit", "evaluate", "bundle"]
    assert run_project(moved).ran == ()
    local = open_workspace(folders[0])
    pair = [Results(work, run_project(work).records) for work in (local, moved)]
    check_same(pair[0], pair[1], rows=source)
