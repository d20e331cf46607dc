"""A registry that somebody else wrote sends nobody to another server."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from tracking_records import record, tracked_bundle

from cauce.errors import CauceError
from cauce.tracking.border import connect
from cauce.tracking.delivery import Deliverer
from cauce.tracking.destination import Destination, destination_for
from cauce.tracking.inspection import inspect
from cauce.tracking.outbox import Outbox
from cauce.tracking.places import refuse_elsewhere, refuse_to_send
from cauce.tracking.registry import MlflowRegistry
from cauce.tracking.shipping import Shipment, ship_all
from cauce.tracking.versions import DIGEST

_SERVER = Destination("https://mlflow.example.org")
_HERE = "https://mlflow.example.org/api/2.0/mlflow-artifacts/artifacts/1/model"


def _refused(source: str, destination: Destination) -> bool:
    try:
        refuse_elsewhere(source, destination, name="flights", version="3")
    except CauceError as error:
        return error.code == "E1319"
    return False


@pytest.mark.parametrize(
    "source",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00:ec2::254]/latest",
        "http://2852039166/latest",
        "http://0xa9fea9fe/latest",
        "https://other.example.org/x",
        "http://mlflow.example.org/x",
        "https://mlflow.example.org:5000/x",
        "https://mlflow.example.org.evil.example/x",
        "https://mlflow.example.org@evil.example/x",
        "https://evil.example\\@mlflow.example.org/x",
        "https://evil.example#@mlflow.example.org/x",
        " https://evil.example/x",
        "HTTPS://evil.example/x",
        "https://mlflow.example.org:x/",
        "https://[/x",
        "https:/evil.example/x",
        "mlflow-artifacts://evil.example/1/model",
        "mlflow-artifacts://mlflow.example.org:8080/1/model",
        "ftp://mlflow.example.org/x",
        "sftp://evil.example/x",
        "models:/m-1234",
        "runs:/1234/model",
    ],
)
def test_addresses_that_are_not_the_servers_are_refused(source: str) -> None:
    """A machine's credentials, or the login of its user, would go to whoever wrote the version."""
    assert _refused(source, _SERVER)


@pytest.mark.parametrize(
    "source",
    [
        _HERE,
        _HERE.replace(".org/", ".org:443/"),
        _HERE.replace("mlflow.example", "MLflow.Example"),
        "mlflow-artifacts:/1/2/artifacts/model",
        "mlflow-artifacts://mlflow.example.org/1/model",
        "s3://bucket/1/model",
        "/shared/mlruns/1/model",
        "file:///shared/mlruns/1/model",
    ],
)
def test_places_of_shared_servers_are_taken(source: str) -> None:
    """Models of servers that are set up as MLflow says could not be used any more."""
    assert not _refused(source, _SERVER)


@pytest.mark.mlflow
@pytest.mark.usefixtures("quiet")
def test_a_version_that_lies_elsewhere_is_not_asked_for(tmp_path: Path) -> None:
    """Whoever can write to the registry could have any machine that serves from it call any address."""
    home = tmp_path / ".cauce"
    destination = destination_for(None, tmp_path, home=home, environment={})
    home.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.2)
        _register(destination, f"http://127.0.0.1:{door.getsockname()[1]}/1/model")
        registry = MlflowRegistry(destination, home)
        for ask in (
            lambda: registry.resolve("models:/flights/1"),
            lambda: registry.card("flights", version="1"),
        ):
            with pytest.raises(CauceError) as refused:
                ask()
            assert refused.value.code == "E1319"
        with pytest.raises(TimeoutError):
            door.accept()


def _register(destination: Destination, source: str) -> Any:
    client = connect(destination)
    client.create_registered_model("flights")
    return client.create_model_version("flights", source=source, tags={DIGEST: "a" * 64})


@pytest.mark.parametrize(
    "place", ["https://evil.example/x", "http://169.254.169.254/x", "ftp://evil.example/x"]
)
def test_files_are_not_sent_to_another_server(place: str) -> None:
    """Models and the login would go to whoever made the experiment."""
    with pytest.raises(CauceError, match="E1320"):
        refuse_to_send(place, _SERVER.uri)
    for fine in ("mlflow-artifacts:/1/2/artifacts", "s3://bucket/1", "/shared/mlruns/1", _HERE):
        refuse_to_send(fine, _SERVER.uri)


@pytest.mark.mlflow
@pytest.mark.usefixtures("quiet")
def test_a_run_of_an_experiment_that_lies_elsewhere_keeps_its_files(
    tmp_path: Path, home: Path, bundles: tuple[Path, ...], digests: tuple[str, ...]
) -> None:
    """Whoever may make experiments could have every model, report and token of a team sent anywhere."""
    picture = tmp_path / "roc.png"
    picture.write_bytes(b"picture")
    destination, outbox = destination_for(None, tmp_path, home=home, environment={}), Outbox(home / "outbox")
    told = tracked_bundle(bundles[0], digests[0], "model")
    with outbox.run("r1") as mail:
        mail.put_record(record("r1", artifacts={"plots/roc.png": str(picture)}, bundle=told))
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.2)
        place = f"http://127.0.0.1:{door.getsockname()[1]}/1"
        client = connect(destination)
        client.create_experiment("flights", artifact_location=place)
        assert ship_all(Shipment(outbox, Deliverer(destination))) is None
        with pytest.raises(CauceError, match="E1320"):
            inspect(destination, experiment="flights")
        with pytest.raises(TimeoutError):
            door.accept()
    (run,) = client.search_runs([client.get_experiment_by_name("flights").experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.metrics
    assert (outbox.refused(), outbox.backlog()) == (2, 0)
    assert not client.search_registered_models()
