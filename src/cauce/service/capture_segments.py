"""Segments: the files that workers append to, who owns them, and how much the folder holds.

A worker holds the lock of its own segment for as long as it writes; the lock goes with the process, so a
segment that can be locked is nobody's any more.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SEGMENT, SEALED, DAMAGED = ".segment", ".parquet", ".damaged"
STORED = ".stored"
"""What is added to a sealed file's name for an empty file that says that the project's store has it."""
_NEW = ".new"
_FORGOTTEN = 60.0
"""Seconds after which a file that never became a segment is nobody's."""


def create(folder: Path) -> tuple[Path, int]:
    """A new file, ours, not yet a segment: its path, and a descriptor whose writes come back once they are
    durable. OSError."""
    stem = f"{time.time_ns():020d}-{os.getpid()}"
    path = folder / f"{stem}{_NEW}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_DSYNC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return path, descriptor


def name(path: Path) -> Path:
    """Make a new file whose content is durable a segment."""
    named = path.with_suffix(SEGMENT)
    path.rename(named)
    return named


def segments(folder: Path) -> list[Path]:
    """Segments that are not sealed, by time."""
    return sorted(folder.glob(f"*{SEGMENT}"))


def sealed(folder: Path) -> list[Path]:
    """Sealed files, by time; each is called `stem.digest.parquet`."""
    return sorted(folder.glob(f"*{SEALED}"))


def stored_mark(path: Path) -> Path:
    """The file whose being there says that the store has the sealed file."""
    return path.with_name(f"{path.name}{STORED}")


def unstored(folder: Path) -> list[Path]:
    """Sealed files of which nothing says that the store has them, by time."""
    marks = set(folder.glob(f"*{SEALED}{STORED}"))
    return [path for path in sealed(folder) if stored_mark(path) not in marks]


def stem(path: Path) -> str:
    """What a segment and the file it is sealed into have in common."""
    return path.name.partition(".")[0]


def lock(path: Path) -> int | None:
    """The descriptor of a segment that nobody writes, now ours; None where it is written, or gone."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.exists():
            return descriptor
    os.close(descriptor)
    return None


def tidy(folder: Path) -> None:
    """Remove files that never became segments, of workers that are gone."""
    for path in folder.glob(f"*{_NEW}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _FORGOTTEN:
                descriptor = lock(path)
                if descriptor is not None:
                    path.unlink()
                    os.close(descriptor)


def size(folder: Path) -> int:
    """Bytes of all files in the folder."""
    return sum(_sizes(folder))


def _sizes(folder: Path) -> Iterator[int]:
    with os.scandir(folder) as found:
        for one in found:
            with suppress(OSError):
                yield one.stat().st_size
