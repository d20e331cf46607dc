"""Who asks a tracking server: by reference in the project, never shown, nothing lost where it is wrong."""

from __future__ import annotations

import os
import warnings
from base64 import b64encode
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tracking_records import record, tracked_bundle

from cauce.core.bundle.opening import open_bundle
from cauce.errors import CauceError, CauceErrors
from cauce.spec import project_from_text
from cauce.testing.checking_proxy import CheckingProxy, checking_proxy
from cauce.testing.mlflow_servers import mlflow_server
from cauce.tracking.border import quiet_mlflow
from cauce.tracking.delivery import Deliverer
from cauce.tracking.destination import Destination, destination_for
from cauce.tracking.inspection import inspect
from cauce.tracking.registry import MlflowRegistry
from cauce.tracking.shipping import Shipment, ship_all
from cauce.tracking.tracker import MlflowTracker, outbox_in
from cauce.tracking.trouble import Trouble

PASSWORD, TOKEN = "p/w@d:ñ-7Qz", "eyJhbGciOi.7Qz"
BASIC = f"Basic {b64encode(f'ana:{PASSWORD}'.encode()).decode()}"
BEARER = f"Bearer {TOKEN}"


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS_PASSWORD", PASSWORD)
    monkeypatch.setenv("OURS_TOKEN", TOKEN)


@pytest.fixture
def proxy(server: str) -> Iterator[CheckingProxy]:
    """A server that lets in ana with her password, and the bearer of the token."""
    with checking_proxy(server, BASIC, BEARER) as found:
        yield found


def _to(address: str, folder: Path) -> Destination:
    return destination_for(address, folder, home=folder / ".cauce", environment={})


def _by_token(proxy: CheckingProxy, variable: str = "OURS_TOKEN") -> str:
    return f"{proxy.address}#token=env:{variable}"


def _shipped(home: Path, there: Destination) -> Trouble | None:
    with quiet_mlflow(there):
        return ship_all(Shipment(outbox_in(home), Deliverer(there)))


def _history(there: Destination, run: str, key: str) -> list[Any]:
    with quiet_mlflow(there):
        client = Deliverer(there).client
        known = client.get_experiment_by_name("flights").experiment_id
        (found,) = client.search_runs([known], filter_string=f"tags.`cauce.run_id` = '{run}'")
        return list(client.get_metric_history(found.info.run_id, key))


@pytest.mark.mlflow
@pytest.mark.parametrize("how", ["password", "token"])
def test_a_server_lets_in_whom_the_project_refers_to(proxy: CheckingProxy, tmp_path: Path, how: str) -> None:
    """Whoever shares a server would otherwise have to set variables for every command."""
    by_password = f"{proxy.address.replace('//', '//ana@')}#password=env:OURS_PASSWORD"
    there = _to(by_password if how == "password" else _by_token(proxy), tmp_path)
    outbox_in(tmp_path).run(f"let-in-{how}").put_record(record(f"let-in-{how}"))
    before = dict(os.environ)
    assert _shipped(tmp_path, there) is None
    assert dict(os.environ) == before, "and nobody else is told"
    assert len(_history(there, f"let-in-{how}", "seconds")) == 1
    assert any(one.run == f"let-in-{how}" for one in MlflowRegistry(there, tmp_path).runs("flights"))
    assert proxy.refused == 0
    assert _hidden(repr(there), there.where, there.identity, repr(there.login))


def _hidden(*texts: str) -> bool:
    shown = "\n".join(texts)
    return not any(secret in shown for secret in (PASSWORD, TOKEN, BASIC[6:], "7Qz"))


@pytest.mark.mlflow
def test_a_wrong_password_is_told_once_and_nothing_is_lost(
    proxy: CheckingProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of a proxy may quote what it was sent; a log that holds it is read by many."""
    proxy.accepted.clear()
    there = _to(f"{proxy.address.replace('//', '//ana@')}#password=env:OURS_PASSWORD", tmp_path)
    with MlflowTracker(outbox_in(tmp_path), there) as tracker:
        tracker.put(record("locked"))
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            delivery = tracker.wait()
    assert (delivery.state, delivery.backlog, delivery.refused) == ("waiting", 6, 0)
    assert [str(one.message).partition(" ")[0].strip(":") for one in said] == ["W1314"]
    assert _hidden(str(said[0].message), repr(delivery))
    with pytest.raises(CauceError, match="E1316") as failure:
        MlflowRegistry(there, tmp_path).models()
    assert _hidden(str(failure.value), failure.value.hint, repr(failure.value.values))
    proxy.accepted.add(BASIC)
    assert _shipped(tmp_path, there) is None
    assert len(_history(there, "locked", "seconds")) == 1
    assert not outbox_in(tmp_path).runs()


@pytest.mark.mlflow
def test_a_token_that_expires_keeps_the_rest_in_order(
    proxy: CheckingProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens of an hour end in the middle of runs of two."""
    there = _to(_by_token(proxy), tmp_path)
    with outbox_in(tmp_path).run("expired") as mail:
        mail.put_record(record("expired", status="running", ended=None))
        assert _shipped(tmp_path, there) is None
        proxy.accepted.clear()
        mail.put_record(record("expired", values={"seconds": 1.5, "late": 2.0}))
        found = _shipped(tmp_path, there)
    assert found is not None
    assert found.kind == "login"
    assert _hidden(found.reason)
    proxy.accepted.add("Bearer renewed-7Qz")
    monkeypatch.setenv("OURS_TOKEN", "renewed-7Qz")
    renewed = _to(_by_token(proxy), tmp_path)
    assert _shipped(tmp_path, renewed) is None
    assert [one.value for one in _history(renewed, "expired", "late")] == [2.0]
    assert len(_history(renewed, "expired", "seconds")) == 1
    (run,) = [one for one in MlflowRegistry(renewed, tmp_path).runs("flights") if one.run == "expired"]
    assert run.status == "finished"


def test_a_token_of_the_project_goes_before_the_environments_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow's client prefers a user it finds there, and the server would refuse whom the project names."""
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "other")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "other")
    there = _to("https://h#token=env:OURS_TOKEN", Path())
    with quiet_mlflow(there):
        names = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
        assert [os.environ.get(name) for name in names] == [None, None, TOKEN]
    assert os.environ["MLFLOW_TRACKING_USERNAME"] == "other"


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("postgresql+psycopg://ana@db:1/m?password=env:OURS_PASSWORD", "postgresql+psycopg://ana:{}@db:1/m"),
        ("mysql://ana@db/m?a=b&password=env:OURS_PASSWORD&c=d", "mysql://ana:{}@db/m?a=b&c=d"),
        ("mysql://ana@db/m?password=env:OURS_PASSWORD&c=d", "mysql://ana:{}@db/m?c=d"),
    ],
)
def test_a_database_is_asked_with_the_password_that_is_referred_to(address: str, uri: str) -> None:
    """SQLAlchemy would take the reference for the password."""
    there = _to(address, Path())
    assert there.uri == uri.format("p%2Fw%40d%3A%C3%B1-7Qz")
    assert _hidden(there.where, repr(there), there.redact(f"no {PASSWORD} in p%2Fw%40d%3A%C3%B1-7Qz"))


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("https://h#token=env:NOT_THERE", "E2503"),
        ("https://h#tokn=env:OURS_TOKEN", "E1313"),
        ("https://ana:7Qz@h#x=1", "E2501"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told_before_anything_runs(address: str, code: str) -> None:
    """A run of hours would end with mail that nobody takes."""
    with pytest.raises(CauceError, match=code) as failure:
        _to(address, Path())
    assert "7Qz" not in str(failure.value)


PROJECT = 'schema = 1\nname = "a"\n[data]\nsource = "a.csv"\n[target]\ncolumn = "y"\n[tracking]\nuri = "{}"\n'


@pytest.mark.parametrize(
    ("uri", "codes"),
    [
        ("https://ana@h:1/x#password=env:OURS_PASSWORD", []),
        ("https://h#token=file:/run/secrets/token", []),
        ("postgresql://ana@h/m?password=keyring:mlflow", []),
        *((f"sqlite:///{name}", []) for name in ("a.db", "/a.db")),
        ("databricks", []),
        ("https://h#token=7Qz", ["E0312"]),
        ("https://ana:7Qz@h", ["E0312"]),
        ("postgresql://ana@h/m?password=7Qz", ["E0312"]),
        ("https://h/?api_key=7Qz", ["E0312"]),
        ("https://h#token=env:", ["E2502"]),
    ],
)
def test_a_project_file_refers_to_secrets_and_never_holds_one(uri: str, codes: list[str]) -> None:
    """Project files are committed and mailed."""
    told = ""
    try:
        project_from_text(PROJECT.format(uri))
    except CauceErrors as errors:
        found, told = [error.code for error in errors.errors], str(errors)
    else:
        found = []
    assert found == codes
    assert "7Qz" not in told


@pytest.mark.slow
@pytest.mark.mlflow
@pytest.mark.timeout(900)
@pytest.mark.skipif(
    find_spec("flask_wtf") is None, reason="mlflow's own login needs Flask-WTF (mlflow[auth])"
)
def test_mlflows_own_login_lets_in_whom_the_project_refers_to(
    tmp_path: Path, bundles: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The login that MLflow brings is the one that small teams use."""
    monkeypatch.setenv("ADMIN_PASSWORD", "long-enough-7Qz")
    environment = {
        "MLFLOW_AUTH_ADMIN_PASSWORD": "long-enough-7Qz",
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "x" * 32,
    }
    options = ("--app-name", "basic-auth")
    with mlflow_server(tmp_path / "server", options=options, environment=environment) as found:
        admin = found.address.replace("//", "//admin@")
        there = _to(f"{admin}#password=env:ADMIN_PASSWORD", tmp_path)
        told = record("own", bundle=tracked_bundle(bundles[0], open_bundle(bundles[0]).identity, "own"))
        outbox_in(tmp_path).run("own").put_record(told)
        wrong = _to(f"{admin}#password=env:OURS_PASSWORD", tmp_path)
        trouble = _shipped(tmp_path, wrong)
        assert trouble is not None
        assert trouble.kind == "login"
        with pytest.raises(CauceError, match="E1316"):
            MlflowRegistry(wrong, tmp_path).models()
        assert _shipped(tmp_path, there) is None
        assert len(_history(there, "own", "seconds")) == 1
        registry = MlflowRegistry(there, tmp_path)
        assert registry.resolve("models:/own@champion").version == "1"
        assert inspect(there, experiment="flights").place.startswith("mlflow-artifacts:")
        with pytest.raises(CauceError, match="E1316"):
            inspect(wrong, experiment="flights")
