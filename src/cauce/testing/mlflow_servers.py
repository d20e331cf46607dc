"""Real MLflow servers for tests: on loopback, over any backend, that can be killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cauce.testing.tracking import unused_port
from cauce.testing.waiting import until

_STARTING = 400.0
_STOPPING = 1.0
_QUIET = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


@dataclass
class MlflowServer:
    """An `mlflow server` of one worker, on one port for all its life.

    folder: for its log and what it keeps. options: of its command line. environment: added to this process's.
    """

    folder: Path
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    port: int = field(default_factory=unused_port)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it answers. AssertionError with the end of its log where it does not."""
        # It starts its worker by name: the Python of the tests has to be found first.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        command = [sys.executable, "-m", "mlflow", "server", "--port", str(self.port), "--workers", "1"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - the command is ours
                [*command, *self.options],
                cwd=self.folder,
                env={**os.environ, "PATH": path, **_QUIET, **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if wait:
            assert until(self._healthy, seconds=_STARTING), self.log()[-3000:]

    def stop(self, how: int = signal.SIGTERM) -> None:
        """Stop it and its worker, at once with SIGKILL."""
        if self.process is None:
            return
        for signal_ in (how, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal_)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_STOPPING)
                break
        # Its worker may outlive it, and would keep the port.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.process = None

    def log(self) -> str:
        """What it has printed so far."""
        return (self.folder / "log").read_text(errors="replace")

    def _healthy(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(self.log()[-3000:])
        try:
            with urllib.request.urlopen(f"{self.address}/health", timeout=2):  # noqa: S310 - its own
                return True
        except OSError:
            return False


@contextmanager
def mlflow_server(
    folder: Path,
    *,
    backend: str | None = None,
    options: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[MlflowServer]:
    """A running server, stopped at the end. backend: SQLAlchemy's address of its database, a file in `folder`
    where it is None. Without options about artifacts the server keeps and serves them in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    stored = ("--backend-store-uri", backend or f"sqlite:///{folder}/mlflow.db")
    told = {"--artifacts-destination", "--default-artifact-root"} & set(options)
    kept = () if told else ("--artifacts-destination", f"{folder}/kept")
    server = MlflowServer(folder, (*stored, *kept, *options), environment or {})
    try:
        server.start()
        yield server
    finally:
        server.stop()
