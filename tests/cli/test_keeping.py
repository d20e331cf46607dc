"""What nothing refers to can be deleted, and what is kept can be proved."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from command_runs import cauce

import cauce as library

OLD = time.time() - 3 * 24 * 3600
PROJECT = """schema = 1
name = "orders"
[data]
source = "orders.csv"
key = "id"
[target]
column = "late"
[[models]]
rounds = 3
early_stopping = 0
[tracking]
enabled = false
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was run once."""
    folder = tmp_path_factory.mktemp("orders")
    rows = "".join(f"{n},{int((n * 7 + n // 9) % 10 < 4)},{n % 24}\n" for n in range(300))
    (folder / "orders.csv").write_text(f"id,late,hour\n{rows}", encoding="utf-8")
    (folder / "cauce.toml").write_text(PROJECT, encoding="utf-8")
    library.run(folder)
    return folder


def document(folder: Path, *arguments: str, status: int = 0) -> dict[str, Any]:
    done = cauce(*arguments, "--json", folder=folder)
    assert done.returncode == status, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def every_file(store: Path) -> set[str]:
    return {path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file()}


def test_what_a_run_made_stays_however_old_it_is(ran: Path) -> None:
    """A collection that takes a model away is worse than a full disk."""
    store = ran / ".cauce"
    before = every_file(store)
    for path in store.rglob("*"):
        os.utime(path, (OLD, OLD))
    assert document(ran, "gc") == {
        "schema": "cauce.gc/1",
        "keys": [],
        "bytes": 0,
        "young": 0,
        "swept": 0,
        "served": 0,
        "dry_run": False,
        "warnings": [],
    }
    assert every_file(store) == before
    assert library.plan(ran).steps[-1].state == "finished"


def test_old_leftovers_are_counted_first_and_deleted_on_request(ran: Path) -> None:
    """The store of a project that was killed now and then grows for ever."""
    store = ran / ".cauce"
    before = every_file(store)
    lost = [
        store / "parts" / "lost.parquet",
        store / "rejected" / "lost.jsonl",
        store / "objects" / "new.json",
    ]
    for path in lost:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 1_500_000)
    for path in lost[:2]:
        os.utime(path, (OLD, OLD))
    (ran / ".scored.csv.0123456789abcdef.part").touch()
    said = cauce("gc", "--dry-run", folder=ran)
    assert said.stdout.splitlines() == [
        "2 objects would be deleted, 3.0 MB",
        "  rejected/: 1",
        "  parts/: 1",
        "1 object that nothing refers to yet stays: it is less than a day old",
    ]
    assert said.stderr.splitlines()[-1] == "Next: cauce gc"
    assert all(path.exists() for path in lost)
    found = document(ran, "gc")
    assert (found["keys"], found["bytes"]) == (["rejected/lost.jsonl", "parts/lost.parquet"], 3_000_000)
    assert (found["young"], found["swept"]) == (1, 1)
    assert every_file(store) == before | {"objects/new.json"}
    lost[2].unlink()
    assert cauce("gc", folder=ran).stdout == "Nothing to delete.\n"


def test_a_project_that_never_ran_has_nothing_to_delete_or_to_prove(tmp_path: Path) -> None:
    (tmp_path / "cauce.toml").write_text(PROJECT, encoding="utf-8")
    assert cauce("gc", folder=tmp_path).stdout == "Nothing to delete.\n"
    assert cauce("verify", "--snapshots", folder=tmp_path).stdout == "No snapshot is stored yet.\n"
    assert not (tmp_path / ".cauce").exists()


def test_stored_datasets_are_proved_and_a_flipped_bit_is_named(ran: Path) -> None:
    """Numbers from a dataset that a disk has changed look like any others."""
    whole = document(ran, "verify", "--snapshots")
    assert (whole["schema"], whole["holds"]) == ("cauce.snapshots/1", True)
    (found,) = whole["snapshots"]
    assert (found["rows"], found["parts"], found["holds"]) == (300, 1, True)
    (part,) = (ran / ".cauce" / "parts").iterdir()
    content = part.read_bytes()
    part.chmod(0o600)
    try:
        part.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
        done = cauce("verify", "--snapshots", folder=ran)
        assert done.returncode == 1
        assert "damaged" in done.stdout
        assert "E0509" in done.stderr
        assert document(ran, "verify", "--snapshots", status=1)["holds"] is False
    finally:
        part.write_bytes(content)
    assert cauce("verify", "--snapshots", "models:/a@b", folder=ran).returncode == 2
