"""A run that is killed after it told of its model and before it told of its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cauce
from cauce.core.promotion.history import Decision
from cauce.threads import usable_cores
from cauce.tracking.border import quiet_mlflow
from cauce.tracking.delivery import CONTINUED, RUN, VERSION, Deliverer
from cauce.tracking.destination import destination_for
from cauce.tracking.tracker import outbox_in
from cauce.tracking.versions import DECISION, DIGEST

pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.skipif(usable_cores() < 2, reason="with one processor all is told at once"),
]
PROJECT = """name = "orders"
[data]
source = "orders.csv"
key = "id"
[target]
column = "late"
[features]
acknowledged = ["hour"]
[[models]]
learner = "logistic"
"""
# What a run of 200,000 rows does, done by one of 300.
LARGE = """
import sys
import cauce
from cauce.running import artifacts
artifacts._MANY_ROWS = 100
cauce.run(sys.argv[1])
"""


@pytest.mark.parametrize(
    "point", ["register.told:1", pytest.param("artifact.named:2", marks=pytest.mark.slow)]
)
def test_the_model_of_a_killed_run_is_one_version_that_leads_to_the_run_that_went_on(
    tmp_path: Path, point: str
) -> None:
    """Otherwise the champion's page shows a killed run without plots, and nothing says where they are."""
    rows = "".join(f"{n},{int((n * 7 + n // 9) % 10 < 4)},{n % 24},{n * 37 % 101 / 10}\n" for n in range(300))
    (tmp_path / "orders.csv").write_text(f"id,late,hour,amount\n{rows}")
    (tmp_path / "cauce.toml").write_text(PROJECT)
    environment = {**os.environ, "CAUCE_FAILPOINT": point}
    child = subprocess.run([sys.executable, "-c", LARGE, str(tmp_path)], env=environment, check=False)
    assert child.returncode == -signal.SIGKILL
    done = cauce.run(tmp_path)
    assert done.ran == ("register",)
    assert done.delivery is not None
    assert done.delivery.state == "delivered"
    assert not outbox_in(tmp_path / ".cauce").runs()
    killed, ended, version, model, plots = _told(tmp_path, done.run)
    assert (killed.info.status, ended.info.status) == ("KILLED", "FINISHED")
    assert (version.tags[DIGEST], version.run_id) == (done.bundle, killed.info.run_id)
    assert model.aliases == {"champion": version.version}
    assert Decision.parse(model.tags[DECISION]) is not None
    assert killed.data.tags[VERSION] == ended.data.tags[VERSION] == "orders/1"
    assert killed.data.tags[CONTINUED] == done.run
    assert CONTINUED not in ended.data.tags
    assert ended.data.metrics == killed.data.metrics
    assert plots


def _told(folder: Path, last: str) -> tuple[Any, Any, Any, Any, list[Any]]:
    """What MLflow has: the killed run, the other, the only version, its model, and the other run's plots."""
    home = folder / ".cauce"
    there = destination_for(None, folder, home=home, environment={})
    with quiet_mlflow(there):
        client = Deliverer(there).client
        found = client.search_runs([client.get_experiment_by_name("orders").experiment_id])
        runs = {one.data.tags[RUN]: one for one in found}
        ended = runs.pop(last)
        (killed,) = runs.values()
        (version,) = client.search_model_versions("name = 'orders'")
        model = client.get_registered_model("orders")
        return killed, ended, version, model, client.list_artifacts(ended.info.run_id, "plots")
