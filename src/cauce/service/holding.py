"""Says to others that a model's folder is in use: a lock on it, which goes with the process."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass
class Held:
    """One folder at a time, held for as long as this lives."""

    _descriptor: int = field(default=-1, init=False)

    def hold(self, folder: str) -> None:
        """Hold this one in place of the one before; nothing where the system has no such locks."""
        descriptor = -1
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        self.release()
        self._descriptor = descriptor

    def release(self) -> None:
        """Hold nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
