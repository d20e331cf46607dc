"""The shipper's process, which may be started before it is known what it will ship, and where to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cauce.tracking.border import mlflow_installed

_expecting: list[subprocess.Popen[bytes]] = []


@contextmanager
def expected_shipper(*, wanted: bool = True) -> Iterator[None]:
    """Inside, a process loads MLflow for the first run that is tracked.

    It ends here where nobody took it. Nothing where it is not wanted, or MLflow is not installed.
    """
    if wanted and mlflow_installed():
        # Where it cannot be started, the run that wants it says so.
        with suppress(OSError):
            _expecting.append(_started())
    try:
        yield
    finally:
        while _expecting:
            end(_expecting.pop())


def shipper_process() -> subprocess.Popen[bytes]:
    """A process that waits for its orders: the one expected, else a new one."""
    while _expecting:
        process = _expecting.pop()
        if process.poll() is None:
            return process
        end(process)
    return _started()


def end(process: subprocess.Popen[bytes]) -> None:
    """End the process now."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError, ValueError):
                pipe.close()


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "cauce.tracking.shipper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # It works in the outbox, once it is told where that is.
        cwd=Path(sys.executable).anchor,
        # Ctrl-C is for the run, which then says what becomes of this process.
        start_new_session=True,
    )
