"""Has segments sealed, and put into the project's store where it wants them, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cauce.service import capture_segments as files
from cauce.service.settings import CaptureSettings
from cauce.threads import thread_limits

_TURN = 5.0
_HOUR = 3600.0
_AFTER_FAILURE = 60.0


@dataclass(eq=False)
class CaptureCare:
    """Looks into the folder once in a while; `turn` never waits."""

    settings: CaptureSettings
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _looked: float = field(default=float("-inf"), init=False)
    _sealed: float = field(default=float("-inf"), init=False)

    def turn(self) -> None:
        """Start a process that seals, where none is running and there is something to do."""
        now, ended = time.monotonic(), 0 if self._process is None else self._process.poll()
        if ended is None or now - self._looked < (_AFTER_FAILURE if ended else _TURN):
            return
        self._looked = now
        if self._closed() or (self.settings.days is not None and now - self._sealed > _HOUR):
            self._sealed = now
            self._process = self._begun()

    def end(self, seconds: float) -> None:
        """Have what the last workers wrote sealed and stored, if it is to be: the folder may go with the
        service. Waits so long at most."""
        end = time.monotonic() + seconds
        with suppress(subprocess.TimeoutExpired):
            if self.settings.sealer and self._process is not None:
                self._process.wait(seconds)
            if self.settings.sealer and self._closed():
                self._process = self._begun()
                self._process.wait(max(0.0, end - time.monotonic()))

    def _begun(self) -> subprocess.Popen[bytes]:
        command = self.settings.sealer or (sys.executable, "-m", "cauce.service.capture_sealing")
        days = "" if self.settings.days is None else str(self.settings.days)
        return subprocess.Popen(  # noqa: S603 - this interpreter, and our own settings
            [*command, self.settings.folder, days],
            env={**os.environ, **thread_limits(1)},
            stdin=subprocess.DEVNULL,
        )

    def _closed(self) -> bool:
        if self.settings.sealer and files.unstored(Path(self.settings.folder)):
            return True
        for path in files.segments(Path(self.settings.folder)):
            descriptor = files.lock(path)
            if descriptor is not None:
                os.close(descriptor)
                return True
        return False
