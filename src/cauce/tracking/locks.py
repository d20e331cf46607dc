"""Advisory locks that the system gives back when their process ends, however it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cauce.core.giving_back import give_back

_PAUSE = 0.02


@contextmanager
def held(path: Path, *, patience: float = 0.0) -> Iterator[bool]:
    """Hold the lock file `path`: True inside where it is held, False where another process has it.

    patience: seconds to wait for it. True as well where the system has no locks.
    """
    with path.open("ab") as file:
        taken = _taken(file.fileno(), patience)
        try:
            yield taken
        finally:
            if taken:
                with suppress(OSError):
                    give_back(file.fileno())


def _taken(descriptor: int, patience: float) -> bool:
    try:
        import fcntl
    except ImportError:
        return True
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(_PAUSE)
        except OSError:
            return True
        else:
            return True
