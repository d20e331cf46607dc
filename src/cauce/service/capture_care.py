"""Has segments sealed, in a process of its own, where there are some to seal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from cauce.service import capture_segments as files
from cauce.service.settings import CaptureSettings
from cauce.threads import thread_limits

_TURN = 5.0
_HOUR = 3600.0


@dataclass(eq=False)
class CaptureCare:
    """Looks into the folder once in a while; `turn` never waits."""

    settings: CaptureSettings
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _looked: float = field(default=float("-inf"), init=False)
    _sealed: float = field(default=float("-inf"), init=False)

    def turn(self) -> None:
        """Start a process that seals, where none is running and there is something to do."""
        now = time.monotonic()
        if now - self._looked < _TURN or (self._process is not None and self._process.poll() is None):
            return
        self._looked = now
        if self._closed() or (self.settings.days is not None and now - self._sealed > _HOUR):
            self._sealed = now
            days = "" if self.settings.days is None else str(self.settings.days)
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and our own settings
                [sys.executable, "-m", "cauce.service.capture_sealing", self.settings.folder, days],
                env={**os.environ, **thread_limits(1)},
                stdin=subprocess.DEVNULL,
            )

    def _closed(self) -> bool:
        for path in files.segments(Path(self.settings.folder)):
            descriptor = files.lock(path)
            if descriptor is not None:
                os.close(descriptor)
                return True
        return False
