"""Processes that are killed while they answer lose no prediction that a client has seen."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import pytest
import served_models as serving
import small_models as small

from cauce.running.model_reference import FoundModel
from cauce.running.replay import replay_capture
from cauce.running.serving import Service
from cauce.service import capture_segments as files
from cauce.service.capture_reading import capture_files, read_capture
from cauce.service.capture_sealing import seal
from cauce.testing.disks import disk
from cauce.testing.waiting import until

_AT_ONCE = 8


def workers(service: Service) -> list[int]:
    """The processes that answer: children of the supervisor that are workers."""
    pid = service.process.pid
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(one) for one in text.split() if b"cauce.service.worker" in _line(int(one))]


def _line(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


@contextmanager
def clients(url: str, threads: int, mark: str = "0") -> Iterator[list[str]]:
    """Clients that ask without a pause, and connect anew when they are cut; the ids that were answered."""
    answered: list[str] = []
    stopped = threading.Event()

    def ask(number: int) -> None:
        turn = 0
        while not stopped.is_set():
            with suppress(OSError, HTTPException), closing(serving.connect(url)) as connection:
                while not stopped.is_set():
                    turn += 1
                    name = f"client-{mark}{number}-{turn}"
                    body = serving.fine(stops=turn)
                    if serving.call(connection, "/predict", body, {"X-Request-Id": name}).status == 200:
                        answered.append(name)
            stopped.wait(0.02)

    all_of = [threading.Thread(target=ask, args=(number,)) for number in range(threads)]
    for one in all_of:
        one.start()
    try:
        yield answered
    finally:
        stopped.set()
        for one in all_of:
            one.join()


def missing(folder: Path, answered: list[str]) -> set[str]:
    """Answered requests that are nowhere in the folder."""
    found = [read_capture(path) for path in capture_files(folder)]
    assert all(one.state != "damaged" for one in found)
    return set(answered) - {one.request for file in found for one in file.requests}


def kill_workers(folder: Path, rounds: int) -> int:
    """Kill the workers of two services with one folder again and again under load; nothing that was answered
    may be missing. How many predictions were answered."""
    with ExitStack() as stack:
        kept = {"capture": str(folder), "patience": 60.0}
        both = [stack.enter_context(serving.start(**kept)) for _number in range(2)]
        found = [stack.enter_context(clients(one.url, 3, str(k))) for k, one in enumerate(both)]
        for turn in range(rounds):
            counts = [len(one) for one in found]
            assert until(
                lambda counts=counts: all(len(one) > k + 10 for one, k in zip(found, counts, strict=True))
            )
            time.sleep(0.003 * (turn % 7))
            for service in both:
                (pid,) = workers(service)
                os.kill(pid, signal.SIGKILL)
                assert until(lambda service=service, pid=pid: pid not in workers(service))
    answered = [name for one in found for name in one]
    assert len(answered) > 20 * rounds
    assert missing(folder, answered) == set()
    seal(folder)
    assert missing(folder, answered) == set()
    found = replay_capture(
        folder,
        FoundModel(small.bundle(), "small/1"),
        place=folder.parent,
        report=lambda _done, _total: None,
    )
    assert found.holds
    assert found.requests >= len(answered)
    return len(answered)


def test_twenty_killed_workers_lose_no_answered_prediction(tmp_path: Path) -> None:
    """A prediction that somebody acted upon would be nowhere."""
    (tmp_path / "kept").mkdir()
    kill_workers(tmp_path / "kept", 10)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_hundred_killed_workers_lose_no_answered_prediction(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """What happens once in a hundred times would happen every week."""
    (tmp_path / "kept").mkdir()
    answered = kill_workers(tmp_path / "kept", 100)
    record_property("workers killed", 200)
    record_property("predictions answered", answered)
    record_property("answered and missing", 0)


def test_with_a_window_a_kill_loses_what_was_answered_in_it_and_no_more(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Who gave up some certainty for speed would have given up more than was said."""
    window, write = 0.1, 1.0
    marks: list[tuple[float, int]] = []
    with serving.start(capture=str(tmp_path), capture_window=1000 * window, patience=60.0) as service:
        (worker,) = workers(service)
        with clients(service.url, 3) as answered:
            assert until(lambda: len(answered) > 20)
            end = time.monotonic() + 2 * (window + write)
            while time.monotonic() < end:
                marks.append((time.monotonic(), len(answered)))
                time.sleep(0.005)
            os.kill(worker, signal.SIGKILL)
            killed = time.monotonic()
            assert until(lambda: not _line(worker))
            at_most = len(answered)
    surely = max(count for moment, count in marks if moment <= killed - window - write)
    assert surely > 20
    assert missing(tmp_path, answered[:surely]) == set()
    record_property("predictions answered before a kill", at_most)
    record_property("of them lost", len(missing(tmp_path, answered[:at_most])))


def test_a_killed_supervisor_loses_no_answered_prediction(tmp_path: Path) -> None:
    """The processes that are left behind end, and what they answered must be there."""
    service = serving.start(capture=str(tmp_path))
    (worker,) = workers(service)
    with clients(service.url, 4) as answered:
        assert until(lambda: len(answered) > 50)
        service.process.kill()
        service.process.wait()
        assert until(lambda: not _line(worker))
    assert missing(tmp_path, answered) == set()
    assert seal(tmp_path)
    assert missing(tmp_path, answered) == set()


def answered_and_missing(folder: Path, **choices: object) -> tuple[int, int]:
    """Predictions answered until the power is cut, and how many of them are not there afterwards.

    The one write under way at that moment may come back well and be lost: so it is with system calls alone,
    in one try of twelve. Without power its answers, one a client, would leave no more.
    """
    with ExitStack() as stack:
        try:
            made = stack.enter_context(disk(folder))
        except OSError as error:
            pytest.skip(f"no disk can be made here: {error}")
        service = stack.enter_context(serving.start(capture=str(made.folder), patience=60.0, **choices))
        with service, clients(service.url, _AT_ONCE) as answered:
            assert until(lambda: len(answered) > 300 and files.size(made.folder) > 1 << 16)
            before = answered.copy()
            made.cut()
            assert until(lambda: _is_refused(service.url))
        made.come_back()
        if "capture_window" not in choices:
            assert len(missing(made.folder, answered)) <= _AT_ONCE
        return len(before), len(missing(made.folder, before))


def _is_refused(url: str) -> bool:
    with closing(serving.connect(url)) as connection:
        return serving.call(connection, "/predict", serving.fine()).status == 503


def test_a_power_cut_loses_no_answered_prediction(tmp_path: Path) -> None:
    """ "Durable" would mean: in the memory of a machine that is switched off."""
    for turn in range(2):
        answered, lost = answered_and_missing(tmp_path / str(turn))
        assert answered > 300
        assert lost == 0


@pytest.mark.slow
def test_many_power_cuts_lose_no_answered_prediction(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """What is lost once in twenty times is lost."""
    found = [answered_and_missing(tmp_path / str(turn)) for turn in range(20)]
    record_property("power cuts", len(found))
    record_property("predictions answered", sum(answered for answered, _lost in found))
    record_property("answered and missing", sum(lost for _answered, lost in found))
    assert sum(lost for _answered, lost in found) == 0


def test_a_power_cut_loses_what_may_be_lost(tmp_path: Path) -> None:
    """Otherwise the test before would find everything there whatever was durable."""
    answered, lost = answered_and_missing(tmp_path / "disk", capture_window=2000.0)
    assert 0 < lost <= answered


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_byte_of_an_answer_leaves_before_its_write_has_come_back(tmp_path: Path) -> None:
    """ "Durable" would be a word: after a power cut the client knows a prediction that is nowhere."""
    kept, trace = tmp_path / "kept", tmp_path / "trace"
    with serving.start(capture=str(kept)) as service:
        with clients(service.url, 1, "warm") as answered:
            assert until(lambda: len(answered) > 5)
        (worker,) = workers(service)
        (segment,) = _open_segments(worker)
        assert segment & os.O_DSYNC, "a write may come back before it is durable"
        calls = "trace=pwrite64,write,writev,sendto,sendmsg"
        command = ["strace", "-f", "-y", "-s", "4000", "-e", calls, "-o", str(trace), "-p", str(worker)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
            said = tracer.stderr.readline() if tracer.stderr else ""
            if "attached" not in said:
                tracer.kill()
                pytest.skip("strace may not attach here")
            with clients(service.url, 3) as answered:
                assert until(lambda: len(answered) > 60)
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
    found = Trace()
    for line in trace.read_text(encoding="utf-8", errors="replace").splitlines():
        found.read(line)
    assert found.answers > 60


def _open_segments(worker: int) -> list[int]:
    """The flags with which a process has segments open."""
    found = [one for one in Path(f"/proc/{worker}/fd").iterdir() if one.readlink().suffix == ".segment"]
    texts = [Path(f"/proc/{worker}/fdinfo/{one.name}").read_text(encoding="ascii") for one in found]
    return [int(re.search(r"flags:\s+(\d+)", text)[1], 8) for text in texts]  # type: ignore[index]


@dataclass
class Trace:
    """Lines of strace, one after the other: an answer may only leave once its request is durable."""

    answers: int = 0
    being_written: dict[str, set[str]] = field(default_factory=dict)
    durable: set[str] = field(default_factory=set)

    def read(self, line: str) -> None:
        """Read on."""
        process, names = line.split(None, 1)[0], set(re.findall(r"client-\d+-\d+", line))
        if "HTTP/1.1 200" in line:
            assert names
            assert names <= self.durable
            self.answers += len(names)
        elif ".segment>" in line and "pwrite64(" in line:
            self.being_written[process] = names
        if "pwrite64" in line and re.search(r"= [1-9]\d*$", line):
            self.durable |= self.being_written.pop(process, set())
