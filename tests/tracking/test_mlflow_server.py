"""Against a real MLflow server: what runs tell arrives, models load, and aliases lead to exact bundles."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest
from tracking_records import BEGAN, ENDED, record, tracked_bundle

from cauce.core.bundle.frames import predict_frame
from cauce.core.bundle.opening import open_bundle
from cauce.core.metrics.keys import tracker_key
from cauce.core.metrics.names import MetricName
from cauce.errors import CauceError
from cauce.testing.tracking import MemoryRegistry, check_registry
from cauce.tracking.destination import Destination
from cauce.tracking.outbox import Outbox
from cauce.tracking.registry import MlflowRegistry
from cauce.tracking.tracker import MlflowTracker, outbox_in

pytestmark = pytest.mark.mlflow
Bundles = tuple[Path, Path, Path]


@pytest.fixture(scope="module")
def told(
    server: str, bundles: Bundles, digests: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The home of a project that told of one run, shipped by a real shipper."""
    home = tmp_path_factory.mktemp("project") / ".cauce"
    picture = home.parent / "roc.png"
    picture.write_bytes(b"picture")
    one = record(
        "told",
        artifacts={"plots/roc.png": str(picture)},
        bundle=tracked_bundle(bundles[0], digests[0], "told"),
    )
    with MlflowTracker(outbox_in(home), Destination(server)) as tracker:
        tracker.put(replace(one, status="running", ended=None, bundle=None))
        tracker.put(one)
        delivery = tracker.wait()
    assert (delivery.state, delivery.backlog, delivery.refused) == ("delivered", 0, 0), delivery
    assert not outbox_in(home).runs()
    return home


@pytest.fixture
def client(server: str, quiet: None) -> Any:
    """MLflow's own client."""
    from mlflow import MlflowClient

    return MlflowClient(server, server)


def _tracked(client: Any, run: str, experiment: str = "flights") -> Any:
    known = client.get_experiment_by_name(experiment).experiment_id
    (found,) = client.search_runs([known], filter_string=f"tags.`cauce.run_id` = '{run}'")
    return found


def test_all_that_a_run_told_arrived(told: Path, client: Any) -> None:
    """A number that does not arrive, or arrives under another key, is a number lost."""
    run = _tracked(client, "told")
    recall = tracker_key(MetricName.parse("recall[positive=<30]"), "test")
    f1 = tracker_key(MetricName.parse("f1[macro]"), "validation")
    assert run.data.metrics == {recall: 0.033, f1: 0.5, "seconds": 1.5}
    assert {key: len(client.get_metric_history(run.info.run_id, key)) for key in run.data.metrics} == {
        recall: 1,
        f1: 1,
        "seconds": 1,
    }
    assert run.data.params["models.0.rounds"] == "100"
    assert sorted(run.data.params.values()) == ["100", "x"]
    assert run.data.tags["cauce.task"] == "binary"
    assert run.info.status == "FINISHED"
    assert (run.info.start_time, run.info.end_time) == (
        int(BEGAN.timestamp() * 1000),
        int(ENDED.timestamp() * 1000),
    )
    (dataset,) = run.inputs.dataset_inputs
    assert dataset.dataset.source.endswith("ab" * 32)
    assert dataset.dataset.name == "flights"


def test_artifacts_arrive_byte_for_byte(told: Path, client: Any, tmp_path: Path, bundles: Bundles) -> None:
    """A picture or a bundle that changes on the way is another one."""
    run = _tracked(client, "told").info.run_id
    got = Path(client.download_artifacts(run, "plots/roc.png", str(tmp_path)))
    assert got.read_bytes() == b"picture"
    model = Path(client.download_artifacts(run, "model", str(tmp_path)))
    for path in (path for path in bundles[0].rglob("*") if path.is_file()):
        assert (model / "bundle" / path.relative_to(bundles[0])).read_bytes() == path.read_bytes()
    names = {path.name for path in model.iterdir()}
    assert {"MLmodel", "requirements.txt", "bundle"} <= names
    assert not {"code", "python_model.pkl", "model.pkl"} & names


def test_the_model_is_the_champion_by_its_digest(told: Path, server: str, digests: tuple[str, ...]) -> None:
    """An alias that leads to another bundle puts an unknown model into production."""
    registry = MlflowRegistry(Destination(server), told)
    found = registry.resolve("models:/told@champion")
    assert (found.version, found.digest) == ("1", digests[0])
    assert open_bundle(found.folder, digest=found.digest)
    shutil.rmtree(found.folder)
    assert registry.resolve("models:/told/1") == found, "what was downloaded can be downloaded again"
    (run,) = [one for one in registry.runs("flights") if one.run == "told"]
    assert (run.status, run.tags["cauce.version"]) == ("finished", "told/1")


def test_the_registry_keeps_its_promises(server: str, bundles: Bundles, tmp_path: Path) -> None:
    """Whoever resolves an alias relies on every one of them."""
    check_registry(MlflowRegistry(Destination(server), tmp_path), bundles, name="promised")


def test_the_registry_in_memory_keeps_the_same_promises(bundles: Bundles) -> None:
    """A fake that promises less lets a test pass that a user's run would not."""
    check_registry(MemoryRegistry(), bundles, name="promised")


@pytest.mark.parametrize("name", ["it's", "ñandú y más"])
def test_a_model_may_be_called_so(server: str, bundles: Bundles, tmp_path: Path, name: str) -> None:
    """A name with an apostrophe would end the search it stands in."""
    registry = MlflowRegistry(Destination(server), tmp_path)
    registry.register(bundles[2], name)
    assert [one.version for one in registry.models(name)] == ["1"]
    assert registry.register(bundles[2], name).version == "1"
    assert registry.resolve(f"models:/{name}@champion").version == "1"


def test_a_bundle_that_was_changed_there_is_refused(
    server: str, client: Any, bundles: Bundles, tmp_path: Path
) -> None:
    """Whoever can write to the artifacts' folder would put a model of theirs into production."""
    registry = MlflowRegistry(Destination(server), tmp_path / "one")
    made = registry.register(bundles[0], "changed")
    other = tmp_path / "other"
    shutil.copytree(bundles[1], other)
    client.log_artifacts(made.run, str(other), "model/bundle")
    for home in ("one", "two"):
        with pytest.raises(CauceError, match="E1310"):
            MlflowRegistry(Destination(server), tmp_path / home).resolve("models:/changed/1")
    assert not list((tmp_path / "two").rglob("manifest.json")), "and nothing of it stays here"


def test_a_version_of_others_is_refused(server: str, client: Any, tmp_path: Path, told: Path) -> None:
    """Loading it could run code that came with it."""
    run = client.create_run(client.get_experiment_by_name("flights").experiment_id)
    client.create_registered_model("foreign")
    client.create_model_version("foreign", f"{run.info.artifact_uri}/model", run.info.run_id)
    with pytest.raises(CauceError, match="E1309"):
        MlflowRegistry(Destination(server), tmp_path).resolve("models:/foreign/1")


def test_mlflow_loads_the_model_and_scores_as_the_bundle(
    told: Path,
    server: str,
    bundles: Bundles,
    small_models: ModuleType,
    quiet: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever has MLflow but does not know Cauce gets other numbers."""
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    model = mlflow.pyfunc.load_model("models:/told@champion")
    bundle = open_bundle(bundles[0])
    frame = small_models.rows(50)
    want = predict_frame(bundle, frame)
    got = model.predict(frame.to_pandas())
    assert pl.from_pandas(got).equals(want)
    example = model.input_example
    assert len(model.predict(example)) == len(example), "the example that comes with the model can be scored"
    assert tuple(one.name for one in model.metadata.signature.inputs.inputs) == bundle.manifest.schema.names
    assert [one.name for one in model.metadata.signature.outputs.inputs] == want.columns


@pytest.mark.slow
def test_mlflow_serves_the_model(
    told: Path, server: str, bundles: Bundles, small_models: ModuleType, tmp_path: Path
) -> None:
    """`mlflow models serve` is how others put a model behind an address."""
    import os
    import signal
    import urllib.request

    from cauce.testing.tracking import unused_port
    from cauce.testing.waiting import until
    from cauce.tracking.model_folder import readable

    port = unused_port()
    binaries = Path(sys.executable).parent
    command = [
        "mlflow",
        "models",
        "serve",
        "-m",
        "models:/told@champion",
        "-p",
        str(port),
        "--env-manager",
        "local",
    ]
    process = subprocess.Popen(
        [str(binaries / command[0]), *command[1:]],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            "MLFLOW_TRACKING_URI": server,
        },
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def ask(path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())

    def up() -> bool:
        try:
            return ask("/ping") is not None
        except OSError:
            return False

    try:
        assert until(up, seconds=180)
        frame = small_models.rows(20)
        split = json.loads(readable(frame).to_pandas().to_json(orient="split", index=False))
        got = json.loads(ask("/invocations", json.dumps({"dataframe_split": split}).encode()))["predictions"]
        want = predict_frame(open_bundle(bundles[0]), frame).to_dicts()
        assert [one["prediction"] for one in got] == [one["prediction"] for one in want]
        assert (
            max(abs(a["probability_sí"] - b["probability_sí"]) for a, b in zip(got, want, strict=True))
            < 1e-12
        )
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def test_a_server_that_needs_a_password_is_named_without_it(server: str, tmp_path: Path) -> None:
    """A wrong address is a common error, and its message is copied into chats."""
    wrong = Destination("http://ana:s3cret@127.0.0.1:9/x")
    with pytest.raises(CauceError, match="E1302") as failure:
        MlflowRegistry(wrong, tmp_path).models()
    told = f"{failure.value} {failure.value.hint} {failure.value.values}"
    assert "s3cret" not in told
    assert "ana" not in told
    assert "127.0.0.1:9" in told


@pytest.mark.slow
def test_ten_thousand_numbers_arrive_once_after_the_server_was_away(
    server: str, client: Any, tmp_path: Path
) -> None:
    """What is told while a server is away is told for nothing."""
    from cauce.tracking.messages import numbers
    from cauce.tracking.tracker import ship

    with Outbox(tmp_path).run("many") as mail:
        mail.put_record(record("many", status="running", ended=None))
        for step in range(10):
            for message in numbers(
                {f"m{place}": place + step / 10 for place in range(1000)}, at=BEGAN, step=step
            ):
                mail.put(message)
        mail.put_record(record("many"))
    with pytest.warns(match="W1303"):
        assert ship(Outbox(tmp_path), Destination("http://127.0.0.1:9")).backlog
    assert ship(Outbox(tmp_path), Destination(server)).state == "delivered"
    run = _tracked(client, "many").info.run_id
    for place in range(0, 1000, 97):
        history = client.get_metric_history(run, f"m{place}")
        assert sorted((one.step, one.value) for one in history) == [(s, place + s / 10) for s in range(10)]
    assert len(client.get_run(run).data.metrics) == 1003
