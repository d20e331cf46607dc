"""A run that is killed, interrupted, doubled or out of space goes on as if nothing had happened."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import toy_run

from cauce.errors import CauceError, Exit
from cauce.stores.ledger import StoreLedger
from cauce.stores.local import LocalStore
from cauce.testing.failpoints import traced_calls

Note = Callable[[str, object], None]
TOY = [sys.executable, str(Path(toy_run.__file__))]
CALLS = (
    "fsync,link,linkat,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,"
    "fchmod,ftruncate,write,pwrite64"
)


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is one: a process's death does not ask whether a disk is real."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="cauce-", dir=shared if shared.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("stride", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_any_passage_the_next_run_ends_the_same(
    quick_folder: Path, stride: int, record_property: Note
) -> None:
    done = subprocess.run(
        [*TOY, "kills", str(quick_folder), str(stride)],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    survived = json.loads(done.stdout)
    assert survived["passages"] >= 80
    assert survived["kills"] * stride >= survived["passages"]
    assert {"store.named", "snapshot.manifest", "ledger.recorded", "step.made"} <= set(survived["names"])
    record_property("toy runs killed at durable actions, all recovered", survived["kills"])


def test_the_check_after_a_kill_notices_a_cut_and_a_missing_part(quick_folder: Path) -> None:
    here = quick_folder / "x"
    here.mkdir()
    toy_run.run(here)
    part = next(here.glob("store/parts/*"))
    part.chmod(0o600)
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(CauceError, match="E0509"):
        toy_run.visible(here)
    part.unlink()
    with pytest.raises(CauceError, match="E0502"):
        toy_run.visible(here)


def _strace(folder: Path, *inject: str) -> subprocess.CompletedProcess[str]:
    command = ["strace", "-f", "-o", str(folder / "strace"), "-e", f"trace={CALLS}", *inject, *TOY, "run"]
    with subprocess.Popen(
        [*command, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _inject(folder: Path, samples: int, effect: str) -> tuple[int, int]:
    """Runs with `effect` at sampled system calls that were harmed, and runs tried.

    Errors are not injected into `write`: Polars also wakes its threads by it, and waits for ever where
    that fails, which no disk can bring about. The small file system covers real writes.
    """
    first = folder / "first"
    first.mkdir()
    assert _strace(first).returncode == 0
    records, objects = toy_run.run(first), toy_run.visible(first)
    traced = traced_calls((first / "strace").read_text())
    calls = [call for call in traced if call[0] != "write" or effect == "signal=KILL"]
    sampled = calls[:: max(1, len(calls) // samples)]
    harmed = 0
    for number, (name, when) in enumerate(sampled):
        here = folder / str(number)
        here.mkdir()
        done = _strace(here, "-e", f"inject={name}:{effect}:when={when}")
        assert "Traceback" not in done.stderr, (name, when, done.stderr)
        harmed += done.returncode != 0
        if "code" in done.stdout:
            assert done.returncode == int(Exit.IO)
            assert json.loads(done.stdout)["code"] in ("E0503", "E0506")
        toy_run.survived(here, records, objects)
        shutil.rmtree(here)
    return harmed, len(sampled)


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@needs_strace
def test_killed_at_sampled_system_calls_the_next_run_ends_the_same(quick_folder: Path) -> None:
    harmed, tried = _inject(quick_folder, 6, "signal=KILL")
    assert harmed == tried


@needs_strace
@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("effect", ["signal=KILL", "error=ENOSPC", "error=EIO"])
def test_harmed_at_many_system_calls_the_next_run_ends_the_same(
    quick_folder: Path, effect: str, record_property: Note
) -> None:
    harmed, tried = _inject(quick_folder, 100, effect)
    record_property(f"toy runs harmed by {effect}, all recovered", f"{harmed} of {tried}")
    assert harmed >= tried // 2


@needs_strace
def test_content_is_on_disk_before_its_name_and_the_name_before_the_next_object(quick_folder: Path) -> None:
    assert _strace(quick_folder).returncode == 0
    calls = re.findall(r"\d+ +(fsync|linkat|link)\(", (quick_folder / "strace").read_text())
    kinds = ["link" if call.startswith("link") else "fsync" for call in calls]
    links = [index for index, kind in enumerate(kinds) if kind == "link"]
    assert len(links) == 16
    for index in links:
        assert kinds[index - 1] == "fsync"
        assert kinds[index + 1 : index + 3] == ["fsync", "fsync"]


@pytest.fixture
def small_disk(mounted: Callable[[str, str], Path]) -> Path:
    """A file system of 16 KiB; `mount -o remount,size=…` makes it larger."""
    return mounted("disk", "16k")


def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_space(
    small_disk: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    records, objects = toy_run.run(whole), toy_run.visible(whole)
    refused = 0
    for size in range(16, 512, 16):
        subprocess.run(["mount", "-o", f"remount,size={size}k", str(small_disk)], check=True)
        journal = small_disk / "journal"
        journal.unlink(missing_ok=True)
        journal.symlink_to(tmp_path / "journal")
        failure = _failure(small_disk)
        if failure is None:
            break
        assert (failure.code, failure.exit_code) == ("E0503", Exit.IO)
        assert str(small_disk)[:40] in failure.message
        refused += 1
        toy_run.check_before(small_disk, objects)
    assert refused >= 5
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    assert toy_run.run(small_disk) == records
    assert toy_run.visible(small_disk) == objects


def _failure(folder: Path) -> CauceError | None:
    try:
        toy_run.run(folder)
    except CauceError as error:
        return error
    return None


def test_two_runs_at_once_in_one_store_end_alike_with_one_copy(tmp_path: Path) -> None:
    command = [*TOY, "run", str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    ends = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert ends[0] == ends[1] == ends[2]
    assert [process.returncode for process in both] == [0, 0, 0]
    store = LocalStore(str(tmp_path / "store"))
    assert len(list(store.list("parts/"))) == 3
    assert len(list(store.list("snapshots/"))) == 1
    assert len(list(store.list("ledger/"))) == 3
    assert len(StoreLedger(store).runs()) == 3
