"""`doctor` finds what would go wrong, says what to do, and never waits for a network."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cauce.api.doctor import Diagnosis, doctor
from cauce.api.machine import Check, check_threads
from cauce.api.reaching import reachable

SOUND = """
schema = 1
name = "flights"
[data]
source = "flights.csv"
[target]
column = "late"
[tracking]
enabled = false
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "flights.csv").write_text("x,late\n1,a\n2,b\n", encoding="utf-8")
    (tmp_path / "cauce.toml").write_text(SOUND, encoding="utf-8")
    return tmp_path


def by_name(found: Diagnosis) -> dict[str, Check]:
    return {check.name: check for check in found.checks}


def test_a_sound_project_on_a_sound_machine(project: Path) -> None:
    """A doctor that finds faults where there are none is not asked again."""
    checks = by_name(doctor(project))
    for name in ("python", "polars", "xgboost", "project", "store", "data", "tracking", "clock"):
        assert checks[name].state == "ok", checks[name]
    assert [path.name for path in project.iterdir() if path.name.startswith(".")] == []


def test_every_fault_of_a_project_is_a_line(project: Path) -> None:
    """One fault a time would take as many visits."""
    (project / "cauce.toml").write_text(SOUND.replace('"late"', "3") + "colour = 1\n", encoding="utf-8")
    found = doctor(project)
    assert found.worst == "fail"
    faults = [check for check in found.checks if check.name == "project"]
    assert len(faults) == 2
    assert all(check.state == "fail" and check.fix for check in faults)


def test_missing_data_are_found(project: Path) -> None:
    """The run would fail in the night."""
    (project / "flights.csv").unlink()
    assert by_name(doctor(project))["data"].state == "fail"


def test_a_store_in_place_of_a_file_is_found(project: Path) -> None:
    """The first step would fail after reading all the data."""
    (project / "cauce.toml").write_text(SOUND + '[store]\npath = "/proc/nowhere"\n', encoding="utf-8")
    store = by_name(doctor(project))["store"]
    assert store.state == "fail"
    assert "/proc" in store.says


def test_no_project_is_no_failure(tmp_path: Path) -> None:
    """Doctor is what one types first on a new machine."""
    found = doctor(tmp_path)
    assert by_name(found)["project"].state == "warn"
    assert found.worst == "warn"


def test_more_threads_than_cores_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads on a busy core took twenty times as long as one."""
    monkeypatch.setenv("OMP_NUM_THREADS", "4096")
    found = check_threads()
    assert found.state == "warn"
    assert "OMP_NUM_THREADS" in found.fix


@contextmanager
def listening(*, full: bool) -> Iterator[int]:
    """A port that takes connections, or one whose queue is full, so that they hang."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        waiting = [socket.socket() for _ in range(8 if full else 0)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        yield port
        for one in waiting:
            one.close()


def test_a_tracking_server_is_reached_or_given_up_soon() -> None:
    """A dead server would hold the command for minutes, as its own client does."""
    before = threading.active_count()
    with listening(full=False) as port:
        assert reachable(f"http://user:secret@127.0.0.1:{port}/").state == "ok"
    gone = reachable(f"http://user:secret@127.0.0.1:{port}/")
    assert gone.state == "warn"
    assert "secret" not in gone.says + gone.fix
    with listening(full=True) as port:
        start = time.monotonic()
        assert reachable(f"http://127.0.0.1:{port}", patience=0.5).state == "warn"
        assert time.monotonic() - start < 1.5
    assert threading.active_count() <= before + 1, "and what hangs is left behind at most once"


@pytest.mark.parametrize("uri", [None, "sqlite:///a.db", "file:///tmp/x", "http://[bad", "http://a:99999"])
def test_what_is_no_server_is_not_waited_for(uri: str | None) -> None:
    """A database in the project is no network."""
    assert reachable(uri, patience=0.2).name == "tracking"
