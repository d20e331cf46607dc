"""The project's advisory lock: it saves double work; nothing is wrong without it."""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cauce.core.faults import translated
from cauce.core.giving_back import give_back
from cauce.errors import CauceError, shown, warn

_PAUSE = 0.1
_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK}


@contextmanager
def locked(path: str, *, patience: float = 0.0, shared: bool = False) -> Iterator[bool]:
    """Hold the lock file `path`; True inside where it is held, False where the system has no locks.

    patience: seconds to wait for another holder, `inf` without end. shared: many may hold it so, none
    beside one who does not share. E0513 names the holder when the patience is over. The system gives a
    lock back when its process ends, however it ends: a file left behind stops nobody.
    """
    with translated(path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        file = Path(path).open("a+b")  # noqa: SIM115 - closed below, after the caller's work
    with file:
        held = _taken(file, path, patience=patience, shared=shared)
        if held and not shared:
            _sign(file)
        try:
            yield held
        finally:
            if held:
                give_back(file.fileno())


def _taken(file: IO[bytes], path: str, *, patience: float, shared: bool) -> bool:
    try:
        import fcntl  # noqa: PLC0415 - does not exist on every system
    except ImportError:
        return False
    mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, mode)
        except OSError as error:
            if error.errno not in _TAKEN:
                warn("W0514", path=path, reason=error.strerror)
                return False
            if time.monotonic() >= end:
                raise CauceError("E0513", path=path, owner=owner(path)) from error
            time.sleep(_PAUSE)
        else:
            return True


def _sign(file: IO[bytes]) -> None:
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}\n".encode())
    file.flush()


def owner(path: str) -> str:
    """What the last unshared holder wrote into the lock file, as one safe line."""
    try:
        text = Path(path).read_bytes()[:200].decode("utf-8", "replace").strip()
    except OSError:
        text = ""
    return shown(text or "another process")
