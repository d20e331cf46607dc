"""Trials of a search stand under their run: with settings, scores on folds, and those that failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tracking_records import record

from cauce.core.run_record import RunRecord
from cauce.tracking.delivery import Deliverer
from cauce.tracking.destination import destination_for
from cauce.tracking.registry import MlflowRegistry
from cauce.tracking.shipping import Shipment, ship_all
from cauce.tracking.tracker import MlflowTracker, outbox_in

pytestmark = pytest.mark.mlflow


def part(number: int, **changed: Any) -> RunRecord:
    told = {
        "params": {"max_depth": str(number)},
        "metrics": {("roc_auc[positive=yes]", "validation"): number / 10},
        "datasets": (),
    }
    return record(f"20261121-aa.trial-{number}", parent="20261121-aa", **{**told, **changed})


def test_trials_stand_under_their_run(home: Path, quiet: None) -> None:
    """In the server's table a search of forty trials would else be forty runs of unknown origin."""
    destination = destination_for(None, home, home=home, environment={})
    with MlflowTracker(outbox_in(home), destination) as tracker:
        tracker.put(record("20261121-aa", status="running", ended=None))
        for number in (1, 2):
            tracker.put(part(number))
        tracker.put(part(3, status="failed", tags={"cauce.error": "E0806"}))
        tracker.put(record("20261121-aa"))
        delivery = tracker.wait()
    assert (delivery.state, delivery.backlog, delivery.refused) == ("delivered", 0, 0), delivery
    assert not outbox_in(home).runs()
    client = Deliverer(destination).client
    experiment = client.get_experiment_by_name("flights").experiment_id
    found = {one.data.tags["cauce.run_id"]: one for one in client.search_runs([experiment])}
    parent = found.pop("20261121-aa")
    assert parent.info.status == "FINISHED"
    assert len(found) == 3
    assert {one.data.tags["mlflow.parentRunId"] for one in found.values()} == {parent.info.run_id}
    assert {one.data.params["max_depth"] for one in found.values()} == {"1", "2", "3"}
    assert sorted(one.info.status for one in found.values()) == ["FAILED", "FINISHED", "FINISHED"]
    best = client.search_runs([experiment], "params.max_depth = '2'")
    assert len(best) == 1
    assert list(best[0].data.metrics.values()).count(0.2) == 1
    registry = MlflowRegistry(destination, home)
    assert [one.run for one in registry.runs("flights")] == ["20261121-aa"], "trials are no runs of their own"


def test_a_trial_whose_run_is_unknown_is_told_all_the_same(home: Path, quiet: None) -> None:
    """The parent may have been deleted on the server; the outbox must not stand still for ever."""
    destination = destination_for(None, home, home=home, environment={})
    with outbox_in(home).run("20261121-aa.trial-1") as mail:
        mail.put_record(part(1))
    assert not ship_all(Shipment(outbox_in(home), Deliverer(destination)))
    client = Deliverer(destination).client
    (found,) = client.search_runs([client.get_experiment_by_name("flights").experiment_id])
    assert found.data.tags["cauce.parent"] == "20261121-aa"
    assert "mlflow.parentRunId" not in found.data.tags


def test_a_long_search_holds_no_lock_for_each_trial(tmp_path: Path) -> None:
    """A process has some thousand file handles, and a search may have as many trials."""
    with MlflowTracker(
        outbox_in(tmp_path), destination_for(None, tmp_path, home=tmp_path, environment={})
    ) as one:
        one.put(record("20261121-aa", status="running", ended=None))
        for number in range(5):
            one.put(part(number))
        assert list(one._mail) == ["20261121-aa"]
