"""The end of an advisory lock on a file."""

from __future__ import annotations

from contextlib import suppress


def give_back(descriptor: int) -> None:
    """Give back the lock of an open file, where the system has locks.

    Closing the file alone does not: a process that another thread begins has the lock too until it runs its
    program.
    """
    with suppress(ImportError):
        import fcntl  # noqa: PLC0415 - does not exist on every system

        fcntl.flock(descriptor, fcntl.LOCK_UN)
