"""Keeps the process that explains alive, and the socket at which workers ask it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cauce.errors import CauceError
from cauce.service.settings import ServiceSettings
from cauce.threads import thread_limits

_QUESTIONS = 16
"""That wait; more are refused at once."""
_PAUSE = 0.5
_LONGEST = 60.0
_LONG = 30.0
_LOG = logging.getLogger("cauce.service")


@dataclass(eq=False)
class ExplainCare:
    """The process; questions wait at `sock` while there is none. command: starts it; before its arguments."""

    command: tuple[str, ...]
    sock: socket.socket
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _began: float = field(default=0.0, init=False)
    _again: float = field(default=0.0, init=False)
    _pause: float = field(default=_PAUSE, init=False)

    def turn(self, settings: ServiceSettings, alive: int) -> None:
        """Start it where it is not there. settings: of the model it opens first; alive: can be read once this
        process is gone."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            self._ended(now)
        if self.process is None and now >= self._again:
            model = (settings.folder, settings.digest, settings.language)
            numbers = (str(self.sock.fileno()), str(alive))
            self._began = now
            self.process = subprocess.Popen(  # noqa: S603 - our own settings
                [*self.command, *model, *numbers],
                stdin=subprocess.DEVNULL,
                pass_fds=(self.sock.fileno(), alive),
                env={**os.environ, **thread_limits(1)},
            )

    def _ended(self, now: float) -> None:
        code = None if self.process is None else self.process.returncode
        late = " (it took too long)" if code == -signal.SIGALRM else ""
        self._pause = _PAUSE if now - self._began > _LONG else min(2 * self._pause, _LONGEST)
        _LOG.error("the process that explains ended (%s)%s; again in %.0f s", code, late, self._pause)
        self.process, self._again = None, now + self._pause

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def explain_care(settings: ServiceSettings) -> Iterator[tuple[ExplainCare | None, str]]:
    """What keeps the process, and the path where it is asked; neither where nothing is explained. E2404."""
    if not settings.explainer:
        yield None, ""
        return
    with (
        tempfile.TemporaryDirectory(prefix="cauce-") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock,
    ):
        path = str(Path(folder) / "explain")
        try:
            sock.bind(path)
            sock.listen(_QUESTIONS)
        except OSError as error:
            raise CauceError("E2404", reason=f"{path}: {error.strerror or error}") from None
        care = ExplainCare(settings.explainer, sock)
        try:
            yield care, path
        finally:
            care.stop()
