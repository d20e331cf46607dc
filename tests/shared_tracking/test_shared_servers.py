"""On shared servers, databases and buckets behind them, all is as on a server of one's own."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from shared_servers import KEYS, Shared
from small_models import bundle as small_bundle
from tracking_records import BEGAN, record, tracked_bundle

import cauce
from cauce.core.bundle.manifest import MANIFEST
from cauce.core.bundle.opening import open_bundle
from cauce.errors import CauceError
from cauce.testing.tracking import check_registry
from cauce.testing.waiting import until
from cauce.tracking.border import quiet_mlflow
from cauce.tracking.delivery import Deliverer
from cauce.tracking.destination import Destination
from cauce.tracking.messages import numbers
from cauce.tracking.registry import MlflowRegistry
from cauce.tracking.shipping import Shipment, ship_all
from cauce.tracking.tracker import MlflowTracker, outbox_in
from cauce.tracking.trouble import Trouble

pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:moto", "ignore:.*utcnow:DeprecationWarning"),
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
learner = "boosting"
rounds = 5
search = { method = "grid", space = { max_depth = [2, 3] } }
"""
Bundles = tuple[Path, Path, Path]
_LONG = 500.0
"""Seconds in which a server has started again, also on a machine that has much else to do."""


@pytest.fixture(params=["direct", pytest.param("served", marks=pytest.mark.slow)])
def shared(request: pytest.FixtureRequest) -> Shared:
    """Either server; the one on MariaDB, whose tables take long to make, in the long run only."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    """Folders of three different bundles."""
    root = tmp_path_factory.mktemp("bundles")
    for task in ("binary", "multiclass", "regression"):
        made = small_bundle(task)
        for path, data in {**made.contents, MANIFEST: made.manifest.to_bytes()}.items():
            (root / task / path).parent.mkdir(parents=True, exist_ok=True)
            (root / task / path).write_bytes(data)
    return root / "binary", root / "multiclass", root / "regression"


def ship(home: Path, there: Destination) -> Trouble | None:
    with quiet_mlflow(there):
        return ship_all(Shipment(outbox_in(home), Deliverer(there)))


def tracked(shared: Shared, experiment: str) -> dict[str, Any]:
    """What the server has of an experiment, by the names of runs."""
    with quiet_mlflow(shared.destination):
        client = Deliverer(shared.destination).client
        found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    return {one.data.tags["cauce.run_id"]: one for one in found}


def test_a_run_is_tracked_registered_and_scored_from(shared: Shared, tmp_path: Path) -> None:
    """Whoever tracks on a laptop expects the same of the company's server."""
    rows = "".join(f"{n},{int((n * 7 + n // 9) % 10 < 4)},{n % 24},{n * 37 % 101 / 10}\n" for n in range(300))
    (tmp_path / "orders.csv").write_text(f"id,late,hour,amount\n{rows}")
    (tmp_path / "cauce.toml").write_text(f'{PROJECT}[tracking]\nuri = "{shared.mlflow.address}"\n')
    done = cauce.run(tmp_path)
    assert done.delivery is not None
    assert (done.delivery.state, done.delivery.refused) == ("delivered", 0), done.delivery
    runs = tracked(shared, "orders")
    parent = runs.pop(done.run)
    assert parent.info.status == "FINISHED"
    assert parent.data.metrics["test/roc_auc.positive.1"] == pytest.approx(done.values["test"], rel=1e-12)
    assert [one.data.tags["mlflow.parentRunId"] for one in runs.values()] == [parent.info.run_id] * 2
    (version,) = cauce.models(tmp_path)
    assert (version.digest, version.aliases) == (done.bundle, ("champion",))
    (tmp_path / "here").mkdir()
    shutil.rmtree(tmp_path / ".cauce" / "downloaded", ignore_errors=True)
    for name, model in {"there": "models:/orders@champion", "own": done.folder}.items():
        cauce.predict(tmp_path / "orders.csv", out=tmp_path / f"{name}.csv", model=model, project=tmp_path)
    scored = pl.read_csv(tmp_path / "there.csv")
    assert scored.height == 300
    own = pl.read_csv(tmp_path / "own.csv")
    # The one is called by its name and version, the other by its digest, and each was scored at its time.
    assert scored.drop("model_version", "scored_at").equals(own.drop("model_version", "scored_at"))
    card = cauce.models(tmp_path, card="1")
    assert isinstance(card, str)
    assert "orders" in card


@pytest.mark.slow
def test_the_registry_keeps_its_promises_there(shared: Shared, bundles: Bundles, tmp_path: Path) -> None:
    """Whoever resolves an alias relies on every one of them."""
    check_registry(MlflowRegistry(shared.destination, tmp_path), bundles, name="promised")


@pytest.mark.slow
def test_mlflow_alone_loads_the_model(shared: Shared, bundles: Bundles, tmp_path: Path) -> None:
    """A bucket says of *.gz that it is packed for sending, and MLflow's client unpacks it on the way."""
    MlflowRegistry(shared.destination, tmp_path).register(bundles[0], "alone")
    with quiet_mlflow(shared.destination):
        import mlflow

        os.environ.pop("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD")
        mlflow.set_tracking_uri(shared.mlflow.address)
        model = mlflow.pyfunc.load_model("models:/alone@champion")
        assert len(model.predict(model.input_example)) == len(model.input_example)


def test_keys_that_differ_in_case_alone_all_arrive(shared: Shared, tmp_path: Path) -> None:
    """MariaDB takes "a" for "A": the class "No" would show the recall of the class "no", or none at all."""
    values = {"x.Y": 1.0, "x.y": 2.0, "x.y ": 3.0, "z": 4.0}
    texts = {key: str(value) for key, value in values.items()}
    told = record("case", experiment="case", values=values, params=texts, tags=texts, metrics={})
    outbox_in(tmp_path).run("case").put_record(told)
    assert ship(tmp_path, shared.destination) is None
    assert not list((tmp_path / "outbox").rglob("*.reason"))
    found = tracked(shared, "case")["case"]
    assert sorted(found.data.metrics.values()) == [1.0, 2.0, 3.0, 4.0]
    assert sorted(found.data.params.values()) == ["1.0", "2.0", "3.0", "4.0"]
    assert found.data.metrics["z"] == 4.0, "and what is like no other keeps its key"
    (first,) = [key for key, value in found.data.metrics.items() if value == 1.0]
    assert first.startswith("x.Y-h")


@pytest.mark.slow
def test_a_name_in_another_case_breaks_no_registry(served: Shared, bundles: Bundles, tmp_path: Path) -> None:
    """On MariaDB it is the same model: one version under it made the server's list of models fail for all."""
    registry = MlflowRegistry(served.destination, tmp_path)
    registry.register(bundles[0], "Flights")
    with pytest.raises(CauceError, match="E1318"):
        registry.register(bundles[1], "flights")
    assert ("Flights", "1") in [(one.name, one.version) for one in registry.models()]
    outbox_in(tmp_path).run("named").put_record(
        record("named", bundle=tracked_bundle(bundles[1], open_bundle(bundles[1]).identity, "flights"))
    )
    assert ship(tmp_path, served.destination) is None
    (reason,) = (tmp_path / "outbox").rglob("*-bundle.json.reason")
    assert "E1318" in reason.read_text()
    assert tracked(served, "flights")["named"].info.status == "FINISHED"


def test_files_without_credentials_wait_and_doctor_says_so(
    direct: Shared, bundles: Bundles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is well, and the run looks tracked; its model would be missing where it is looked for."""
    for name in KEYS:
        monkeypatch.delenv(name)
    picture = tmp_path / "roc.png"
    picture.write_bytes(b"picture")
    home = tmp_path / ".cauce"
    told = record("bare", experiment="bare", artifacts={"plots/roc.png": str(picture)})
    outbox_in(home).run("bare").put_record(told)
    _forget_credentials()
    found = ship(home, direct.destination)
    assert found is not None
    assert (found.kind, found.files.partition("/direct/")[0]) == ("files", "s3://cauce-test")
    assert "credentials" in found.reason
    (tmp_path / "a.csv").write_text("late,x\n1,2\n")
    (tmp_path / "cauce.toml").write_text(
        f'name = "bare"\n[data]\nsource = "a.csv"\n[target]\ncolumn = "late"\n'
        f'[tracking]\nuri = "{direct.mlflow.address}"\n'
    )
    assert _said_of_tracking(tmp_path).startswith("fail E1317")
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    assert _said_of_tracking(tmp_path).startswith("ok ")
    assert ship(home, direct.destination) is None
    assert tracked(direct, "bare")["bare"].info.status == "FINISHED"
    assert not outbox_in(home).runs()


def _forget_credentials() -> None:
    """A process keeps the credentials it found first, and a client with them for five minutes."""
    import boto3
    from mlflow.store.artifact.s3_artifact_repo import _cached_get_s3_client

    _cached_get_s3_client.cache_clear()
    boto3.DEFAULT_SESSION = None


def _said_of_tracking(folder: Path) -> str:
    _forget_credentials()
    (found,) = [one for one in cauce.doctor(folder).checks if one.name == "tracking"]
    return f"{found.state} {found.says}"


@pytest.mark.parametrize("times", [1, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize("shared", ["direct", pytest.param("served", marks=pytest.mark.slow)], indirect=True)
def test_what_is_told_through_restarts_arrives_once(
    shared: Shared, bundles: Bundles, tmp_path: Path, times: int
) -> None:
    """Servers are updated and databases fail over while runs are under way."""
    experiment = f"restarts-{times}"
    with MlflowTracker(outbox_in(tmp_path), shared.destination) as tracker:
        for turn in range(times):
            for part in (0, 1):
                tracker.put(_part(f"r{turn}.{part}", experiment, bundles[part]))
            with _away(shared, turn):
                for part in (2, 3):
                    tracker.put(_part(f"r{turn}.{part}", experiment, bundles[part % 3]))
        assert until(lambda: not tracker.outbox.backlog(), seconds=_LONG), tracker.outbox.runs()
        delivery = tracker.wait()
    assert (delivery.state, delivery.refused) == ("delivered", 0), delivery
    _check_once(shared, tmp_path, experiment, times)


def _part(run: str, experiment: str, folder: Path) -> Any:
    told = tracked_bundle(folder, open_bundle(folder).identity, experiment)
    values = {f"m{place}": float(place) for place in range(20)}
    return record(run, experiment=experiment, values=values, bundle=told)


@contextmanager
def _away(shared: Shared, turn: int) -> Iterator[None]:
    """The server, the database or both are killed, and start again. Not in a thread of its own: a database
    ends with the thread that started it."""
    time.sleep(0.2 * (turn % 3))
    server, database = turn % 3 != 1, turn % 3 != 2
    if server:
        shared.mlflow.stop(signal.SIGKILL)
    if database:
        shared.database.stop(signal.SIGKILL)
    yield
    if database:
        shared.database.start()
    if server:
        shared.mlflow.start()


def _check_once(shared: Shared, home: Path, experiment: str, times: int) -> None:
    with quiet_mlflow(shared.destination):
        client = Deliverer(shared.destination).client
        found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
        names = [one.data.tags["cauce.run_id"] for one in found]
        assert sorted(names) == sorted(f"r{turn}.{part}" for turn in range(times) for part in range(4))
        assert {one.info.status for one in found} == {"FINISHED"}
        for one in found:
            assert len(one.data.metrics) == 22
            assert [len(client.get_metric_history(one.info.run_id, key)) for key in ("m0", "m19")] == [1, 1]
    versions = MlflowRegistry(shared.destination, home).models(experiment)
    assert [one.version for one in versions] == ["3", "2", "1"], "a bundle is one version"
    assert [one.aliases for one in versions] == [("challenger",), (), ("champion",)]


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_broken_connection_does_is_no_refusal(shared: Shared, tmp_path: Path, how: int) -> None:
    """Taken for refused, a message would be put aside for good because a database was restarted."""
    experiment = f"steps-{how}"
    with outbox_in(tmp_path).run("steps") as mail:
        mail.put_record(record("steps", experiment=experiment, status="running", ended=None))
        for step in range(200):
            for message in numbers({"loss": float(step)}, at=BEGAN, step=step):
                mail.put(message)
        mail.put_record(record("steps", experiment=experiment))
    arrived, there = threading.Event(), shared.destination

    def send() -> None:
        # A run whose lock another process has is left to it, and that is no trouble.
        if until(lambda: ship(tmp_path, there) is None and not outbox_in(tmp_path).runs(), seconds=_LONG):
            arrived.set()

    worker = threading.Thread(target=send)
    worker.start()
    for _ in range(20):
        if not arrived.wait(0.5):
            shared.database.restart(how)
    worker.join()
    assert arrived.is_set()
    assert not outbox_in(tmp_path).runs()
    assert not list((tmp_path / "outbox").rglob("*.reason"))
    with quiet_mlflow(shared.destination):
        client = Deliverer(shared.destination).client
        (run,) = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
        history = client.get_metric_history(run.info.run_id, "loss")
    assert run.info.status == "FINISHED"
    assert sorted(one.step for one in history) == list(range(200))


@pytest.mark.slow
def test_the_service_serves_what_the_server_calls_champion(
    direct: Shared, bundles: Bundles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service starts from the registry's alias, not from somebody's folder."""
    MlflowRegistry(direct.destination, tmp_path).register(bundles[0], "online")
    (tmp_path / "a.csv").write_text("late,x\n1,2\n")
    (tmp_path / "cauce.toml").write_text(
        f'name = "online"\n[data]\nsource = "a.csv"\n[target]\ncolumn = "late"\n'
        f'[tracking]\nuri = "{direct.mlflow.address}"\n'
    )
    monkeypatch.chdir(tmp_path)
    service = cauce.serve("models:/online@champion", project=tmp_path, port=0)
    try:
        with urllib.request.urlopen(f"{service.url}/metrics", timeout=30) as answer:
            assert open_bundle(bundles[0]).identity in answer.read().decode()
    finally:
        service.stop()
