"""A file system of its own in a file, which can be made to hang, and to lose what was not durable.

It takes root, Linux and a free loop device.
"""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SHUTDOWN = 0x8004587D
_WITHOUT_ITS_LOG = struct.pack("I", 2)


@dataclass(frozen=True)
class Disk:
    """An ext4 file system in the file `image`, mounted at `folder`."""

    folder: Path
    image: Path

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Every write to it waits."""
        _run("fsfreeze", "--freeze", str(self.folder))
        try:
            yield
        finally:
            _run("fsfreeze", "--unfreeze", str(self.folder))

    def cut(self) -> None:
        """What a power cut does: from now on nothing reaches it, its journal neither; every write fails."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, _WITHOUT_ITS_LOG)
        finally:
            os.close(descriptor)

    def come_back(self) -> None:
        """Mount it anew, as after a restart: what was not durable is gone. None of its files may be open."""
        _run("umount", str(self.folder))
        self._mount()

    def _mount(self) -> None:
        _run("mount", "-o", "loop", str(self.image), str(self.folder))


@contextmanager
def disk(folder: Path, *, megabytes: int = 32) -> Iterator[Disk]:
    """A new one at `folder`, gone afterwards. OSError where it cannot be made."""
    folder.mkdir(parents=True)
    found = Disk(folder, folder.with_suffix(".image"))
    with found.image.open("wb") as file:
        file.truncate(megabytes << 20)
    _run("mkfs.ext4", "-q", str(found.image))
    found._mount()
    try:
        yield found
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)  # noqa: S603, S607 - a test's own
        found.image.unlink()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a test's own
    if done.returncode != 0:
        raise OSError(done.returncode, f"{command[0]}: {done.stderr.strip()}")
