"""What a run tells is on the disk, in order, without secrets, and asks nothing of the network."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tracking_records import BEGAN, record

from cauce.core.metrics.keys import tracker_key
from cauce.core.metrics.names import MetricName
from cauce.core.run_record import RunRecord, TrackedBundle
from cauce.errors import CauceError
from cauce.testing.tracking import refusing_server, silent_server, unused_port
from cauce.tracking.border import is_permanent
from cauce.tracking.destination import Destination, destination_for, redacted
from cauce.tracking.messages import Message, numbers, safe_key
from cauce.tracking.outbox import Outbox, messages, read_message
from cauce.tracking.pulse import pulse

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def test_messages_keep_their_order_and_are_whole(tmp_path: Path) -> None:
    """Out of order, a run would end before its numbers arrived."""
    artifact = tmp_path / "roc.png"
    artifact.write_bytes(b"picture")
    with Outbox(tmp_path / "outbox").run("r1") as mail:
        mail.put_record(record("r1", artifacts={"plots/roc.png": str(artifact)}))
        artifact.write_bytes(b"changed later")
    folder = tmp_path / "outbox" / "r1"
    found = [path.name for path in messages(folder)]
    kinds = ("begin", "params", "metrics", "tags", "datasets", "artifact", "end")
    assert found == [f"{place:06d}-{kind}.json" for place, kind in enumerate(kinds, 1)]
    kept = read_message(folder / found[5]).body
    assert (folder / "files" / kept["sha256"]).read_bytes() == b"picture", "as it was when it was put"
    assert Outbox(tmp_path / "outbox").backlog() == 7


def test_telling_the_same_again_adds_nothing(tmp_path: Path) -> None:
    """A run that tells what it knows at its beginning and at its end would tell it twice."""
    with Outbox(tmp_path).run("r1") as mail:
        mail.put_record(record("r1", status="running", ended=None))
        before = len(messages(tmp_path / "r1"))
        mail.put_record(record("r1"))
        assert len(messages(tmp_path / "r1")) == before + 1


def test_a_run_goes_on_behind_what_it_told_before(tmp_path: Path) -> None:
    """A second writer of one run would write over the first one's messages."""
    for step in range(3):
        with Outbox(tmp_path).run("r1") as mail:
            for message in numbers({"loss": 1.0}, at=BEGAN, step=step):
                mail.put(message)
    assert [read_message(path).body["metrics"][0][2] for path in messages(tmp_path / "r1")] == [0, 1, 2]


def test_metrics_have_the_keys_that_the_whole_of_cauce_uses() -> None:
    """Another key here, and a report and the tracker would speak of different numbers."""
    name = MetricName.parse("recall[positive=<30]")
    assert record("r").tracked[tracker_key(name, "test")] == 0.033
    with pytest.raises(CauceError, match="E0902"):
        record("r", metrics={("recall", "test"): 0.9}).tracked  # noqa: B018


def test_ten_thousand_metrics_are_requests_a_server_takes(tmp_path: Path) -> None:
    """MLflow refuses a request with more than 1,000 metrics."""
    told = list(numbers({f"m{place}": 0.5 for place in range(10_000)}, at=BEGAN))
    assert [len(message.body["metrics"]) for message in told] == [1000] * 10


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), -0.0, 5e-324])
def test_every_float_arrives_as_it_is(value: float) -> None:
    """A loss that became infinite is what one wants to see."""
    (message,) = numbers({"loss": value}, at=BEGAN)
    read = Message.from_bytes(message.to_bytes("r", 1), "x").body["metrics"][0][1]
    assert float(read).hex() == value.hex()


@given(
    st.builds(
        RunRecord,
        run=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}[a-z]", fullmatch=True),
        project=TEXTS,
        experiment=TEXTS,
        params=st.dictionaries(TEXTS, TEXTS, max_size=3),
        values=st.dictionaries(TEXTS, st.floats(allow_nan=False, allow_infinity=False), max_size=3),
        tags=st.dictionaries(TEXTS, TEXTS, max_size=3),
        bundle=st.none()
        | st.builds(TrackedBundle, folder=TEXTS, digest=TEXTS, name=TEXTS, alias=st.just("none")),
        status=st.sampled_from(["running", "finished", "failed", "interrupted"]),
        started=st.just(BEGAN),
    )
)
def test_a_record_reads_back_equal(one: RunRecord) -> None:
    """A record that changes on the way would track another run."""
    assert RunRecord.from_bytes(one.to_bytes()) == one


@pytest.mark.parametrize("run", ["", ".", "..", "a/b", "a'b", "a b", "-a", "a" * 151, "á", "a."])
def test_a_name_that_could_lead_elsewhere_is_no_run(run: str) -> None:
    """A run's name is a folder's, and stands in searches."""
    with pytest.raises(CauceError, match="E1305"):
        record(run)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../x", "a//b", "a\\b", "a\nb", "."])
def test_an_artifact_cannot_lead_out_of_its_run(tmp_path: Path, name: str) -> None:
    """A name such as ../x would write outside of the run's folder on the server."""
    with Outbox(tmp_path).run("r1") as mail, pytest.raises(CauceError, match="E1304"):
        mail.put_artifact(name, Path(__file__))


@given(st.lists(TEXTS, min_size=2, max_size=2, unique=True))
def test_keys_stay_apart_and_are_plain(keys: list[str]) -> None:
    """Two settings under one key: MLflow refuses the second value, and both are lost."""
    first, second = map(safe_key, keys)
    assert first != second
    for key in (first, second):
        assert re.fullmatch(r"[A-Za-z0-9_./ :-]{1,250}", key)
        assert os.path.normpath(key) == key
        assert not key.startswith(("/", ".."))


SECRETS = {
    "http://ana:s3cret@host:5000/x": "s3cret",
    "postgresql+psycopg2://ana:s3/cr%40et@db/x": "s3/cr%40et",
    "https://token-canary@host/": "token-canary",
    "mysql+pymysql://u@h:p@ss@db:3306/x?ssl_key=canary": "canary",
}


@pytest.mark.parametrize(("uri", "secret"), SECRETS.items())
def test_a_uri_is_shown_without_its_secrets(uri: str, secret: str) -> None:
    """Logs and reports are passed on; a password in them is lost."""
    destination = Destination(uri)
    said = [repr(destination), destination.where, destination.redact(f"cannot reach {uri} (timeout)")]
    assert not any(secret in text for text in said), said
    assert "ana" not in destination.where


def test_secrets_in_what_is_told_stay_here(tmp_path: Path) -> None:
    """A parameter may hold a database's address with its password."""
    uri = "postgresql://ana:s3cret@db/x"
    with Outbox(tmp_path).run("r1") as mail:
        mail.put_record(record("r1", params={"source": uri}, tags={"where": f"from {uri}"}))
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]
    assert redacted("models:/flights@champion s3://bucket/a@b") == "models:/flights@champion s3://bucket/a@b"


def test_the_default_is_a_file_in_the_project(tmp_path: Path) -> None:
    """Without a setting, MLflow would make a database in whatever folder one happens to be in."""
    found = destination_for(None, tmp_path, home=tmp_path / ".cauce", environment={})
    assert found.uri == f"sqlite:///{tmp_path.resolve()}/.cauce/mlflow.db"
    assert found.artifacts == f"{tmp_path.resolve()}/.cauce/mlartifacts"
    assert (
        destination_for("sqlite:///x/y.db", tmp_path, home=tmp_path).uri
        == f"sqlite:///{tmp_path.resolve()}/x/y.db"
    )
    env = {"MLFLOW_TRACKING_URI": "http://h:1"}
    assert destination_for(None, tmp_path, home=tmp_path, environment=env).uri == "http://h:1"
    assert destination_for("http://own", tmp_path, home=tmp_path, environment=env).uri == "http://own"


def test_what_answers_is_told_from_what_is_dead() -> None:
    """Taken for alive, a dead server would be waited for; taken for dead, a busy one would get nothing."""
    assert pulse(Destination(f"http://127.0.0.1:{unused_port()}")) == "refuses"
    assert pulse(Destination(f"postgresql://127.0.0.1:{unused_port()}/x")) == "refuses"
    with silent_server() as silent, refusing_server(503) as broken, refusing_server(401) as locked:
        assert pulse(Destination(silent), seconds=0.2) == "silent"
        assert pulse(Destination(broken)) == "refuses"
        assert pulse(Destination(locked)) == "answers"
        assert pulse(Destination(f"mysql://{locked.removeprefix('http://')}/x")) == "answers"
    assert pulse(Destination("databricks")) == "answers", "MLflow knows how to ask"


def test_without_mlflow_all_can_be_imported_and_says_what_to_install(tmp_path: Path) -> None:
    """A user without the extra would get a traceback in place of a bundle."""
    script = """
import importlib, importlib.abc, pkgutil, sys, warnings
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] == 'mlflow':
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import importlib.util
found = importlib.util.find_spec
def without(name, package=None):
    return None if name.partition('.')[0] == 'mlflow' else found(name, package)
importlib.util.find_spec = without
import cauce.tracking
for one in pkgutil.iter_modules(cauce.tracking.__path__):
    if one.name != 'shipper':
        importlib.import_module('cauce.tracking.' + one.name)
from pathlib import Path
from cauce.errors import CauceError
from cauce.tracking.destination import destination_for
from cauce.tracking.registry import MlflowRegistry
from cauce.tracking.tracker import MlflowTracker, outbox_in, ship
home = Path(sys.argv[1])
there = destination_for(None, home, home=home)
codes = []
for action in (lambda: MlflowRegistry(there, home).models(), lambda: ship(outbox_in(home), there)):
    try:
        action()
    except CauceError as error:
        codes.append(error.code)
        assert "pip install 'cauce[mlflow]'" in error.hint
with warnings.catch_warnings(record=True) as said, MlflowTracker(outbox_in(home), there) as tracker:
    warnings.simplefilter('always')
    state = tracker.wait().state
print(*codes, state, 'mlflow' in sys.modules, list(home.iterdir()))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["E1301", "E1301", "unavailable", "False", "[]"], done.stderr


def test_putting_loads_no_mlflow(tmp_path: Path) -> None:
    """Loading MLflow takes seconds that a run should not wait."""
    script = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from cauce.tracking.outbox import Outbox; from cauce.core.run_record import RunRecord\n"
        "from cauce.tracking.tracker import MlflowTracker\n"
        "with Outbox(Path(sys.argv[1])).run('r') as mail:\n"
        "    mail.put_record(RunRecord(run='r', project='p', experiment='e', started=datetime.now(UTC)))\n"
        "heavy = {'mlflow', 'pandas', 'sqlalchemy', 'requests', 'xgboost'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.replace("'", '"')) == []


def test_keys_that_a_server_may_take_for_one_another_are_told_apart(tmp_path: Path) -> None:
    """To MariaDB "a" is "A": of two classes called so one would show the other's recall."""
    keys = [f"{stem}{end}" for stem in ("ab", "Ab", "AB", "c", "d/e", "D/e") for end in ("", " ")]
    told = list(numbers({key: float(place) for place, key in enumerate(keys)}, at=BEGAN))
    found = {key: value for message in told for key, value, _ in message.body["metrics"]}
    assert sorted(found.values()) == list(range(12)), "none is lost"
    assert len({key.lower().rstrip() for key in found}) == 12, "none is another's"
    (alone,) = numbers({"Ab": 1.0, "c": 2.0}, at=BEGAN)
    assert [key for key, _, _ in alone.body["metrics"]] == ["Ab", "c"], "and most keep their keys"


@pytest.mark.parametrize(
    ("said", "permanent"),
    [
        ('(pymysql.err.DataError) (1406, "Data too long for column")', True),
        ('(pymysql.err.IntegrityError) (1062, "Duplicate entry")', True),
        ("(psycopg.InterfaceError) the connection is closed", False),
        ("(pymysql.err.InterfaceError) (0, '')", False),
        ("(pymysql.err.InternalError) Packet sequence number wrong", False),
        (
            "sqlalchemy.exc.PendingRollbackError: Can't reconnect until invalid transaction is rolled back",
            False,
        ),
    ],
)
def test_a_lost_connection_of_the_servers_is_no_refusal(said: str, permanent: bool) -> None:
    """MLflow calls both a bad request; what is put aside never arrives."""
    error = ValueError(said)
    error.error_code = "BAD_REQUEST"  # type: ignore[attr-defined]
    assert is_permanent(error) is permanent
