"""Shippers that are killed, servers that are not there: nothing lost, nothing twice, and runs hardly wait."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from tracking_records import record, tracked_bundle

from cauce.testing.tracking import refusing_server, silent_server, unused_port
from cauce.testing.waiting import until
from cauce.tracking.border import quiet_mlflow
from cauce.tracking.delivery import Deliverer
from cauce.tracking.destination import Destination, destination_for
from cauce.tracking.outbox import Outbox
from cauce.tracking.shipping import Shipment, ship_all
from cauce.tracking.tracker import MlflowTracker, outbox_in, ship, start_shipper
from cauce.tracking.trouble import Trouble

pytestmark = pytest.mark.mlflow
HERE = Path(__file__).parent
Bundles = tuple[Path, Path, Path]


@pytest.mark.parametrize("kind", ["down", "silent", "failing"])
def test_a_dead_server_costs_a_run_two_seconds(kind: str, tmp_path: Path) -> None:
    """With MLflow's own patience the run would stand still for four minutes at each message."""
    serving: Any = {
        "down": lambda: nullcontext(f"http://ana:s3cret@127.0.0.1:{unused_port()}"),
        "silent": silent_server,
        "failing": refusing_server,
    }[kind]()
    with serving as address:
        began = time.monotonic()
        with MlflowTracker(outbox_in(tmp_path), Destination(address)) as tracker:
            tracker.put(record("r1"))
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                delivery = tracker.wait()
        overhead = time.monotonic() - began
    assert (delivery.state, delivery.backlog) == ("waiting", 6)
    assert overhead <= 2.0
    assert "W1303" in str(said[0].message)
    assert "s3cret" not in f"{said[0].message} {delivery}"
    assert len(outbox_in(tmp_path).runs()) == 1, "and what was told is kept"


def test_a_server_that_fails_at_every_request_is_given_up(tmp_path: Path) -> None:
    """One that is up and cannot do anything, as with its database away, would hold the run for a minute."""
    with (
        refusing_server(500, health=200) as address,
        MlflowTracker(outbox_in(tmp_path), Destination(address)) as tracker,
    ):
        tracker.put(record("r1"))
        assert until(lambda: tracker._shipper is not None and tracker._shipper._failures > 0, seconds=60)
        with pytest.warns(match="W1303"):
            delivery = tracker.wait()
    assert delivery.seconds <= 2.0
    assert "500" in delivery.reason


def test_the_reason_is_in_plain_words(home: Path) -> None:
    """The client's own words are a page about pools and retries that ends before it says what happened."""
    with quiet_mlflow():
        nobody = Deliverer(Destination(f"http://127.0.0.1:{unused_port()}"))
        with outbox_in(home).run("r1") as mail:
            mail.put_record(record("r1"))
        assert ship_all(Shipment(outbox_in(home), nobody)) == Trouble(os.strerror(errno.ECONNREFUSED))


def test_the_default_leaves_nothing_where_one_stands(
    tmp_path: Path, bundles: Bundles, digests: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow makes mlflow.db and mlruns in the current folder; and a folder's name may be anything."""
    home, here = tmp_path / "mi proyecto ñ#1%" / ".cauce", tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    there = destination_for(None, home.parent, home=home, environment={})
    one = record("r1", bundle=tracked_bundle(bundles[0], digests[0], "model"))
    with MlflowTracker(outbox_in(home), there) as tracker:
        tracker.put(one)
        assert tracker.wait().state == "delivered"
    assert list(here.iterdir()) == []
    assert sorted(path.name for path in home.iterdir()) == ["mlartifacts", "mlflow.db", "outbox"]
    assert list((home / "mlartifacts").rglob("MLmodel"))


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.slow), 4])
def test_a_killed_shipper_loses_nothing_and_tells_nothing_twice(
    every: int, tmp_path: Path, bundles: Bundles, digests: tuple[str, ...]
) -> None:
    """A run with twice its metrics, or a bundle with two versions, is what a crash would leave."""
    script = [sys.executable, str(HERE / "shipping_deaths.py"), str(tmp_path), str(bundles[0]), digests[0]]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    done = subprocess.run(
        [*script, str(every)], capture_output=True, text=True, check=False, env=environment, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    whole = found.pop("")
    assert [len(whole[name]) for name in ("runs", "versions", "aliases", "params", "metrics")] == [
        1,
        1,
        1,
        2,
        3,
    ]
    assert whole["outbox"] == []
    assert whole["runs"][0][1] == "FINISHED"
    assert len(found) >= 5
    for point, content in found.items():
        assert content == whole, point


def test_a_shipper_that_ended_by_itself_is_not_called_a_silent_server(home: Path) -> None:
    """Who looks for what is wrong with a database that is well finds nothing."""
    there = destination_for(None, home.parent, home=home, environment={})
    outbox_in(home).run("r1").put_record(record("r1"))
    shipper = start_shipper(outbox_in(home), there)
    os.kill(shipper._process.pid, signal.SIGKILL)
    with pytest.warns(match="W1303"):
        delivery = shipper.wait()
    assert (delivery.state, delivery.reason) == (
        "waiting",
        "the process that tells it ended with status -9",
    )


def test_a_shipper_that_cannot_load_says_why(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that broke while a run was under way looks like a silent server."""
    broken = home.parent / "broken"
    (broken / "mlflow").mkdir(parents=True)
    (broken / "mlflow/__init__.py").write_text("raise ImportError('half an installation')\n")
    there = destination_for(None, home.parent, home=home, environment={})
    outbox_in(home).run("r1").put_record(record("r1"))
    monkeypatch.setenv("PYTHONPATH", str(broken))
    shipper = start_shipper(outbox_in(home), there)
    with pytest.warns(match="W1303"):
        delivery = shipper.wait()
    assert (delivery.state, delivery.reason) == ("waiting", "ImportError: half an installation")


def _shipped(home: Path, there: Destination) -> None:
    """Ship in this process, where MLflow is loaded already."""
    with quiet_mlflow():
        assert not ship_all(Shipment(outbox_in(home), Deliverer(there)))


def test_a_run_that_was_killed_is_called_so(home: Path) -> None:
    """It would stand there as running for ever."""
    script = (
        "import sys; from pathlib import Path; from tracking_records import record\n"
        "from cauce.tracking.outbox import Outbox\n"
        "mail = Outbox(Path(sys.argv[1])).run('gone')\n"
        "mail.put_record(record('gone', status='running', ended=None))\n"
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    subprocess.run([sys.executable, "-c", script, str(home / "outbox")], check=False, env=environment)
    there = destination_for(None, home, home=home, environment={})
    with Outbox(home / "outbox").run("alive") as mail:
        mail.put_record(record("alive", status="running", ended=None))
        _shipped(home, there)
    database = sqlite3.connect(home / "mlflow.db")
    assert dict(database.execute("select name, status from runs")) == {"gone": "KILLED", "alive": "RUNNING"}
    database.close()
    assert [path.name for path in outbox_in(home).runs()] == ["alive"]


def test_a_run_that_fails_is_told_as_failed(home: Path) -> None:
    """A failed run without a trace is looked for in vain."""
    there = destination_for(None, home, home=home, environment={})

    def failing() -> None:
        with MlflowTracker(outbox_in(home), there) as tracker:
            tracker.put(record("r1", status="running", ended=None))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    _shipped(home, there)
    database = sqlite3.connect(home / "mlflow.db")
    assert list(database.execute("select name, status from runs")) == [("r1", "FAILED")]
    database.close()


def test_two_at_once_tell_each_run_once(home: Path, bundles: Bundles, digests: tuple[str, ...]) -> None:
    """Two runs of a project at once share its outbox and its database."""
    there = destination_for(None, home, home=home, environment={})
    for number in range(6):
        with outbox_in(home).run(f"r{number}") as mail:
            bundle = tracked_bundle(bundles[number % 2], digests[number % 2], "model")
            mail.put_record(record(f"r{number}", bundle=bundle))
    trackers = [MlflowTracker(outbox_in(home), there) for _ in range(2)]
    with trackers[0] as first, trackers[1] as second:
        assert [first.wait().state, second.wait().state] == ["delivered", "delivered"]
    database = sqlite3.connect(home / "mlflow.db")
    runs = sorted(name for (name,) in database.execute("select name from runs"))
    versions = sorted(database.execute("select version from model_versions"))
    metrics = database.execute("select count(*) from metrics").fetchone()
    aliases = sorted(database.execute("select alias, version from registered_model_aliases"))
    database.close()
    assert runs == [f"r{number}" for number in range(6)]
    assert versions == [(1,), (2,)]
    assert metrics == (18,)
    assert aliases == [("challenger", 2), ("champion", 1)]


def test_a_shipper_ends_with_a_run_that_is_killed(tmp_path: Path) -> None:
    """Each killed run would leave a process of 200 MB."""
    script = (
        "import sys, time; from pathlib import Path\n"
        "from cauce.tracking.destination import destination_for; from cauce.tracking.tracker import *\n"
        "home = Path(sys.argv[1])\n"
        "shipper = start_shipper(outbox_in(home), destination_for(None, home, home=home))\n"
        "print(shipper._process.pid, flush=True); time.sleep(60)"
    )
    run = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    shipper = int(run.stdout.readline())
    time.sleep(0.5)
    assert _runs(shipper)
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    assert until(lambda: not _runs(shipper), seconds=15)


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_the_server_refuses_holds_nothing_up(home: Path) -> None:
    """One bad piece would keep every later run from arriving."""
    from cauce.tracking.messages import Message

    there = destination_for(None, home, home=home, environment={})
    with outbox_in(home).run("r1") as mail:
        mail.put_record(record("r1", status="running", ended=None))
        mail.put(Message("params", {"models.0.rounds": "another value"}))
        mail.put_record(record("r1"))
    with pytest.warns(match="W1311"):
        delivery = ship(outbox_in(home), there)
    assert (delivery.state, delivery.refused) == ("delivered", 1)
    (kept,) = (home / "outbox").rglob("*.reason")
    assert "models.0.rounds" in kept.read_text()
    database = sqlite3.connect(home / "mlflow.db")
    assert list(database.execute("select status from runs")) == [("FINISHED",)]
    database.close()
    shipper = start_shipper(outbox_in(home), there)
    shipper.close()
    assert shipper._delivery(0).refused == 0, "it was said once"


@pytest.mark.slow
def test_a_server_that_forgot_a_run_is_told_of_it_again(home: Path, database: Path) -> None:
    """Somebody deletes the database while a run goes on: the rest of the run would be told to nobody."""
    there = destination_for(None, home, home=home, environment={})
    with outbox_in(home).run("r1") as mail:
        mail.put_record(record("r1", status="running", ended=None))
        assert ship(outbox_in(home), there).state == "delivered"
        shutil.copy(database, home / "mlflow.db")
        mail.put_record(record("r1"))
        assert ship(outbox_in(home), there).state == "delivered"
    content = sqlite3.connect(home / "mlflow.db")
    assert list(content.execute("select status from runs")) == [("FINISHED",)]
    assert list(content.execute("select count(*) from metrics")) == [(3,)]
    content.close()


def test_a_database_whose_maker_was_killed_is_made_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow refuses a file with half of its tables for ever, and no run would be tracked again."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    there = destination_for(None, tmp_path, home=tmp_path, environment={})
    outbox_in(tmp_path).run("r1").put_record(record("r1"))
    shipper = start_shipper(outbox_in(tmp_path), there)
    assert until(lambda: any(one.stat().st_size for one in tmp_path.glob(".mlflow.db-*")))
    os.kill(shipper._process.pid, signal.SIGKILL)
    shipper._process.wait()
    assert not (tmp_path / "mlflow.db").exists()
    shipper.close()
    assert ship(outbox_in(tmp_path), there).state == "delivered"


def test_who_waited_already_may_end_without_a_word(home: Path) -> None:
    """A run that fails after it was told would end in a traceback about a closed file."""
    there = destination_for(None, home.parent, home=home, environment={})
    outbox_in(home).run("r1").put_record(record("r1"))
    shipper = start_shipper(outbox_in(home), there)
    shipper.close()
    with pytest.warns(match="W1303"):
        assert shipper.wait().state == "waiting"
