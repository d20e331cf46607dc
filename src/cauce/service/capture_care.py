"""Has segments sealed, and put into the project's store where it wants them, in a process of its own."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cauce.service import capture_segments as files
from cauce.service.settings import CaptureSettings
from cauce.threads import thread_limits

_TURN = 5.0
_HOUR = 3600.0
_AFTER_FAILURE = 60.0
_LOG = logging.getLogger("cauce.service")


@dataclass(eq=False)
class CaptureCare:
    """Looks into the folder once in a while, in a thread: `turn` never waits, whatever its disk does."""

    settings: CaptureSettings
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _looked: float = field(default=float("-inf"), init=False)
    _sealed: float = field(default=float("-inf"), init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def turn(self) -> None:
        """Have a process seal, where none is running and there is something to do."""
        now, ended = time.monotonic(), 0 if self._process is None else self._process.poll()
        if ended is None or now - self._looked < (_AFTER_FAILURE if ended else _TURN):
            return
        if self._thread is None or not self._thread.is_alive():
            self._looked = now
            self._beside(self._look)

    def end(self, seconds: float) -> None:
        """Have what the last workers wrote sealed and stored, if it is to be: the folder may go with the
        service. Waits so long at most."""
        end = time.monotonic() + seconds
        if self._thread is not None:
            self._thread.join(seconds)
        if self.settings.sealer and (self._thread is None or not self._thread.is_alive()):
            self._beside(self._finish).join(max(0.0, end - time.monotonic()))

    def _beside(self, work: Callable[[], None]) -> threading.Thread:
        self._thread = threading.Thread(target=work, name="cauce-capture-care", daemon=True)
        self._thread.start()
        return self._thread

    def _look(self) -> None:
        due = self.settings.days is not None and time.monotonic() - self._sealed > _HOUR
        if due or self._closed():
            self._sealed = time.monotonic()
            self._process = self._begun()

    def _finish(self) -> None:
        if self._process is not None:
            self._process.wait()
        if self._closed():
            self._process = self._begun()
            self._process.wait()

    def _begun(self) -> subprocess.Popen[bytes]:
        command = self.settings.sealer or (sys.executable, "-m", "cauce.service.capture_sealing")
        days = "" if self.settings.days is None else str(self.settings.days)
        return subprocess.Popen(  # noqa: S603 - this interpreter, and our own settings
            [*command, self.settings.folder, days],
            env={**os.environ, **thread_limits(1)},
            stdin=subprocess.DEVNULL,
        )

    def _closed(self) -> bool:
        try:
            return self._is_any_closed()
        except OSError as error:
            _LOG.error("capture: %s in %s", error.strerror, self.settings.folder)
            return False

    def _is_any_closed(self) -> bool:
        if self.settings.sealer and files.unstored(Path(self.settings.folder)):
            return True
        for path in files.segments(Path(self.settings.folder)):
            descriptor = files.lock(path)
            if descriptor is not None:
                os.close(descriptor)
                return True
        return False
