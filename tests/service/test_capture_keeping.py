"""Captured predictions in the project's store: each sealed file once, none lost before the store has it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import cauce
from cauce.errors import CauceError
from cauce.ports.store import Store
from cauce.running.capture_keeping import captures_here, keep, sealer_of
from cauce.running.workspace import Workspace, open_workspace
from cauce.service import capture_segments as files
from cauce.service.capture_care import CaptureCare
from cauce.service.settings import CaptureSettings
from cauce.stores.local import LocalStore
from cauce.testing.stores import MemoryStore
from cauce.testing.waiting import until

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
import whole_run


def sealed(folder: Path, number: int, data: bytes | None = None) -> Path:
    """A sealed file: its name proves its bytes."""
    content = b"rows %d" % number
    path = folder / f"{number:020d}-1.{hashlib.sha256(content).hexdigest()}{files.SEALED}"
    path.write_bytes(content if data is None else data)
    return path


def silent(done: float, total: float | None) -> None:
    """Nobody hears."""


def keys(store: Store) -> list[str]:
    return list(store.list("captures/"))


def test_every_sealed_file_is_stored_once_and_stays_here(tmp_path: Path) -> None:
    store, made = MemoryStore(), [sealed(tmp_path, number) for number in range(3)]
    assert keep(tmp_path, store, project="p") == 3
    assert keys(store) == [f"captures/p/{path.name}" for path in made]
    assert all(path.exists() for path in made)
    assert keep(tmp_path, store, project="p") == 0
    files.stored_mark(made[1]).unlink()  # as after a kill before it was noted
    assert keep(tmp_path, store, project="p") == 1
    assert len(keys(store)) == 3


def test_a_file_that_rotted_is_not_stored_and_the_others_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = sealed(tmp_path, 1, b"rot"), sealed(tmp_path, 2)
    store = MemoryStore()
    with caplog.at_level("ERROR", "cauce.service"):
        assert keep(tmp_path, store, project="p") == 1
    assert keys(store) == [f"captures/p/{good.name}"]
    assert bad.name in caplog.text
    assert bad.with_suffix(files.DAMAGED).read_bytes() == b"rot"
    assert files.unstored(tmp_path) == [], "it would be tried again every five seconds"


def test_while_the_store_refuses_nothing_is_forgotten_however_old(tmp_path: Path) -> None:
    """capture_days would delete what is nowhere else."""
    folder, blocked = tmp_path / "caps", tmp_path / "store"
    folder.mkdir()
    blocked.write_bytes(b"a file where the store's folder should be")
    path = sealed(folder, 1)
    os.utime(path, (0, 0))
    said = {"folder": str(blocked), "url": None, "project": "p"}
    arguments = [json.dumps(said), str(folder), "1"]
    command = [sys.executable, "-m", "cauce.running.capture_keeping", *arguments]
    assert subprocess.run(command, check=False).returncode == 1
    assert path.exists()
    blocked.unlink()
    assert subprocess.run(command, check=False).returncode == 0
    assert list(folder.iterdir()) == [], "stored, and a day old"
    assert keys(LocalStore(str(blocked))) == [f"captures/p/{path.name}"]


def workspace(folder: Path) -> Workspace:
    return open_workspace(whole_run.make_project(folder))


def test_another_machine_finds_what_was_stored_and_refuses_what_was_changed(tmp_path: Path) -> None:
    work = workspace(tmp_path / "p")
    with pytest.raises(CauceError) as caught:
        captures_here(work, report=silent)
    assert caught.value.code == "E2452"
    folder = tmp_path / "caps"
    folder.mkdir()
    path, store = sealed(folder, 1), MemoryStore()
    keep(folder, store, project=work.project.name)
    work.__dict__["store"] = store
    here = captures_here(work, report=silent)
    assert [one.read_bytes() for one in here.iterdir()] == [path.read_bytes()]
    key = keys(store)[0]
    store.delete(key)
    store.put_if_absent(key, b"other")
    (here / path.name).unlink()
    with pytest.raises(CauceError) as caught:
        captures_here(work, report=silent)
    assert caught.value.code == "E2454"
    assert list(here.iterdir()) == []


def test_what_could_not_be_stored_is_tried_again(tmp_path: Path) -> None:
    """The store was away when a file was sealed: nothing else would ever ask again."""
    work, folder = workspace(tmp_path / "p"), tmp_path / "caps"
    folder.mkdir()
    path = sealed(folder, 1)
    care = CaptureCare(CaptureSettings(folder=str(folder), sealer=sealer_of(work)))
    care.turn()
    assert until(lambda: files.stored_mark(path).exists())
    assert keys(work.store) == [f"captures/small/{path.name}"]
    later = sealed(folder, 2)
    care.end(30.0)
    assert files.stored_mark(later).exists()


def test_what_a_service_answered_is_in_the_store_when_it_ends_and_is_replayed_from_there(
    tmp_path: Path,
) -> None:
    project = whole_run.make_project(tmp_path / "p")
    cauce.run(project)
    row = {"hour": 3, "wind": 12.5, "from": "south"}
    with cauce.serve(project=project, port=0, capture=tmp_path / "caps", capture_store=True) as service:
        request = urllib.request.Request(
            f"{service.url}/predict", json.dumps(row).encode(), {"content-type": "application/json"}
        )
        answered = json.loads(urllib.request.urlopen(request, timeout=30).read())
    assert answered["prediction"] in ("yes", "no")
    work = open_workspace(project)
    assert until(lambda: len(keys(work.store)) == 1)
    replayed = cauce.replay(project=project)
    assert (replayed.rows, replayed.equal) == (1, 1)
    out = f"sqlite:///{tmp_path}/a.db#answers"
    loaded = [cauce.captures(out=out, project=project).rows for _ in range(2)]
    assert loaded == [1, 0], "whichever machine answered"
    assert cauce.gc(project, dry_run=True).keys == (), "captures are no garbage"
