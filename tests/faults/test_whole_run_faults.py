"""A whole run that is killed, interrupted, doubled or refused by the disk goes on as if nothing had been."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import whole_run

from cauce.errors import Exit
from cauce.testing.failpoints import traced_calls
from cauce.testing.tracking import refusing_server, silent_server, unused_port

Note = Callable[[str, object], None]
Whole = tuple[dict[str, Any], dict[str, str]]
SCRIPT = [sys.executable, str(Path(whole_run.__file__))]
CALLS = (
    "fsync,link,linkat,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,fchmod,ftruncate,write"
)
COMMAND = [sys.executable, "-m", "cauce", "run", "--quiet", "--json"]

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is one: a process's death does not ask whether a disk is real."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="cauce-", dir=shared if shared.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


def _script(*arguments: str, seconds: int) -> Any:
    done = subprocess.run([*SCRIPT, *arguments], capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def _whole(folder: Path) -> Whole:
    """What a run that nobody harms answers, and the digests of what it leaves."""
    expected, objects = _script("whole", str(folder), seconds=120)
    return expected, objects


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The same, of a run in a folder of its own: it is the same in every folder."""
    return _whole(tmp_path_factory.mktemp("unharmed") / "project")


@pytest.mark.parametrize(
    "count",
    [12, pytest.param(0, marks=[pytest.mark.slow, pytest.mark.timeout(3000)], id="every passage")],
)
def test_killed_at_any_passage_the_next_run_makes_the_same_model(
    quick_folder: Path, count: int, record_property: Note
) -> None:
    survived = _script("kills", str(quick_folder), str(count), seconds=2900 if count == 0 else 280)
    assert survived["passages"] >= 200
    assert survived["kills"] == (count or survived["passages"])
    assert {"store.named", "bundle.manifest", "artifact.named", "step.made"} <= set(survived["names"])
    record_property("runs killed at durable actions, all recovered", survived["kills"])
    record_property("durable actions of a run", survived["passages"])


@needs_strace
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_at_many_system_calls_the_next_run_makes_the_same_model(
    quick_folder: Path, whole: Whole, record_property: Note
) -> None:
    expected, objects = whole
    assert _strace(whole_run.make_project(quick_folder / "traced")).returncode == 0
    calls = traced_calls((quick_folder / "traced" / "strace").read_text())
    sampled = calls[:: max(1, len(calls) // 60)]
    killed = 0
    for number, (name, when) in enumerate(sampled):
        here = whole_run.make_project(quick_folder / str(number))
        killed += _strace(here, "-e", f"inject={name}:signal=KILL:when={when}").returncode != 0
        whole_run.check_before(here, objects)
        whole_run.check_after(here, expected, objects)
        shutil.rmtree(here)
    record_property("runs killed at system calls, all recovered", f"{killed} of {len(sampled)}")
    assert killed >= 30


@needs_strace
def test_plots_and_models_are_on_disk_before_their_name_and_the_name_before_the_run_ends(
    quick_folder: Path,
) -> None:
    """After a power cut a folder of plots or a model would stand there with empty files, for ever."""
    folder = whole_run.make_project(quick_folder / "traced")
    assert _strace(folder, "-y").returncode == 0
    calls = (folder / "strace").read_text().splitlines()
    kinds = []
    for number, call in enumerate(calls):
        named = re.search(r'rename(?:at2?)?\(.*?"([^"]+)".*?"([^"]+/\.cauce/(plots|models)/[^"/]+)"', call)
        if not named:
            continue
        draft, target, kind = named.groups()
        kinds.append(kind)
        before = {found[1] for line in calls[:number] if (found := re.search(r"fsync\(\d+<(.*)>\)", line))}
        files = [path.relative_to(target) for path in Path(target).rglob("*")]
        assert len(files) >= 3
        assert {f"{draft}/{path}" for path in files} <= before
        assert draft in before
        assert any(f"<{Path(target).parent}>" in line and "fsync" in line for line in calls[number:])
    assert sorted(kinds) == ["models", "plots"]


def _strace(folder: Path, *inject: str) -> subprocess.CompletedProcess[str]:
    command = ["strace", "-f", "-o", str(folder / "strace"), "-e", f"trace={CALLS}", *inject]
    command += [*SCRIPT, "run", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def _command(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(COMMAND, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _ended(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any], str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, json.loads(out) if out else {}, err


def test_two_runs_at_once_in_one_project_end_alike_with_one_copy_of_all(tmp_path: Path, whole: Whole) -> None:
    expected, objects = whole
    project = whole_run.make_project(tmp_path / "project")
    ends = [_ended(process) for process in (_command(project), _command(project))]
    for status, answer, said in ends:
        assert status == 0, said
        assert answer["bundle"] == expected["bundle"]
    assert whole_run.visible(project) == objects
    whole_run.check_after(project, expected, objects)


@pytest.mark.parametrize("count", [3, pytest.param(15, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_after_ctrl_c_at_any_time_the_next_run_makes_the_same_model(
    tmp_path: Path, whole: Whole, count: int, record_property: Note
) -> None:
    expected, objects = whole
    interrupted = 0
    for number in range(count):
        project = whole_run.make_project(tmp_path / str(number))
        process = _command(project)
        _wait_for_records(project, process, 6 * number // count)
        process.send_signal(signal.SIGINT)
        status, _, said = _ended(process)
        assert status in (0, Exit.INTERRUPTED), said
        assert "Traceback" not in said
        interrupted += status != 0
        whole_run.check_before(project, objects)
        whole_run.check_after(project, expected, objects)
    assert interrupted >= count - 1
    record_property("runs interrupted by Ctrl-C, all recovered", f"{interrupted} of {count}")


def _wait_for_records(project: Path, process: subprocess.Popen[str], count: int) -> None:
    """Until `count` steps are finished, and the next is under way."""
    while process.poll() is None:
        began = any(project.glob(".cauce/runs/*/begin.json"))
        if began and len(list(project.glob(".cauce/ledger/*.json"))) >= count:
            return
        time.sleep(0.002)


@pytest.fixture
def small_disk(mounted: Callable[[str, str], Path]) -> Path:
    """A file system of 64 KiB in tmp_path/small; `mount -o remount,…` changes it."""
    return mounted("small", "64k")


def test_a_full_disk_is_said_with_its_path_and_the_run_goes_on_when_there_is_space(
    small_disk: Path, record_property: Note
) -> None:
    sizes = ("64", "128", "224", "256", "320", "512")
    failures = _script("disk", str(small_disk.parent), *sizes, seconds=200)["failures"]
    assert sum(failure is not None for failure in failures) >= 5
    for failure in filter(None, failures):
        assert (failure["code"], failure["exit"]) == ("E0503", Exit.IO)
        assert str(small_disk)[:40] in failure["message"]
    record_property("sizes of the disk that were too small, all said", sum(map(bool, failures)))


def test_a_store_that_cannot_be_written_is_named_and_stays_as_it_is(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    expected, objects = _whole(small_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    status, answer, said = _ended(_command(small_disk))
    assert status == Exit.CANNOT_CREATE, (answer, said)
    assert answer["errors"][0]["code"] == "E0504"
    assert str(small_disk)[:40] in said.replace("\n", "")
    assert whole_run.visible(small_disk) == objects
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    whole_run.check_after(small_disk, expected, objects)


@pytest.mark.parametrize("kind", ["down", "silent", "failing"])
def test_a_tracking_server_in_trouble_costs_two_seconds_and_no_model(
    tmp_path: Path, whole: Whole, kind: str, record_property: Note
) -> None:
    pytest.importorskip("mlflow", reason="MLflow is not installed")
    expected, _ = whole
    with _server(kind) as address:
        text = whole_run.PROJECT.replace("enabled = false", f'uri = "{address}"')
        project = whole_run.make_project(tmp_path / "project", text)
        status, answer, said = _ended(_command(project))
    assert status == 0, said
    assert answer["bundle"] == expected["bundle"]
    assert answer["delivery"]["state"] == "waiting"
    assert answer["delivery"]["backlog"] > 0
    assert answer["delivery"]["seconds"] <= 2.0
    record_property("seconds waited", answer["delivery"]["seconds"])


def _server(kind: str) -> AbstractContextManager[str]:
    if kind == "down":
        return nullcontext(f"http://127.0.0.1:{unused_port()}")
    return silent_server() if kind == "silent" else refusing_server()
