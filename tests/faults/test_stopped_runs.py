"""A run that is told to end, once or impatiently, ends with its children, and the next goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
import whole_run

from cauce.cli.terminal import TERMINATED
from cauce.errors import Exit

Note = Callable[[str, object], None]
MARK = "CAUCE_TEST_MARK"
ENDS = {0, int(Exit.INTERRUPTED), TERMINATED, -signal.SIGINT}


def alive(mark: str) -> list[str]:
    """The processes that carry the mark in their environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def stopped(project: Path, signals: tuple[int, ...], steps: int) -> int:
    """How a run ends that gets the signals once that many steps are finished."""
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-m", "cauce", "run", "--quiet"],
        cwd=project, env={**os.environ, MARK: mark}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while process.poll() is None:
        began = any(project.glob(".cauce/runs/*/begin.json"))
        if began and len(list(project.glob(".cauce/ledger/*.json"))) >= steps:
            break
        time.sleep(0.002)
    for one in signals:
        process.send_signal(one)
        time.sleep(0.02)
    _, said = process.communicate(timeout=60)
    assert "Traceback" not in said, said
    assert alive(mark) == []
    return process.returncode


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are looked for in /proc")
@pytest.mark.parametrize("count", [2, pytest.param(15, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
@pytest.mark.parametrize(
    "signals", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)], ids=["told to end", "Ctrl-C twice"]
)
def test_a_stopped_run_leaves_no_process_and_the_next_goes_on(
    tmp_path: Path, signals: tuple[int, ...], count: int, record_property: Note
) -> None:
    """A scheduler that ends a job would leave its children working on, or a project that cannot go on."""
    expected = whole_run.run(whole_run.make_project(tmp_path / "whole"))
    objects = whole_run.visible(tmp_path / "whole")
    ended = []
    for number in range(count):
        project = whole_run.make_project(tmp_path / str(number))
        ended.append(stopped(project, signals, 7 * number // count))
        whole_run.check_before(project, objects)
        whole_run.check_after(project, expected, objects)
    assert set(ended) <= ENDS, ended
    assert any(ended)
    record_property("runs stopped by signals, all recovered", sum(one != 0 for one in ended))
