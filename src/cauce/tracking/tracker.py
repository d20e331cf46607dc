"""What a run holds: an outbox to put messages into, and the process beside it that ships them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

from cauce.core.run_record import RunRecord
from cauce.errors import warn
from cauce.ports.tracker import Delivery
from cauce.tracking.border import mlflow_installed, require_mlflow
from cauce.tracking.destination import Destination
from cauce.tracking.outbox import Outbox, RunMail
from cauce.tracking.pulse import is_alive

DEAD_SECONDS = 1.7
ALIVE_SECONDS = 10.0
LOCAL_SECONDS = 60.0
LOCAL_FAILED_SECONDS = 5.0
LONGEST_SECONDS = 120.0
_TICK = 0.02


@dataclass
class Shipper:
    """A shipper process: started, waited for within limits, ended. It ends with this process in any case."""

    outbox: Outbox
    destination: Destination
    _process: subprocess.Popen[bytes] = field(init=False)
    _heard: float = field(default=0.0, init=False)
    _problem: str = field(default="", init=False)
    _alive: bool | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.outbox.folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cauce.tracking.shipper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.outbox.folder,
            # Ctrl-C is for the run, which then says what becomes of this process.
            start_new_session=True,
        )
        told = {"outbox": str(self.outbox.folder.resolve()), "destination": self.destination.to_json()}
        self._tell(told)
        assert self._process.stdout is not None
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()

    def wait(self) -> Delivery:
        """Wait until the outbox is empty.

        At most two seconds for a server that is dead or only fails; ten without an answer for one that is
        there; a minute for a database file; two minutes in all. What is left stays in the outbox.
        """
        start = time.monotonic()
        self._heard = max(self._heard, start)
        self._tell({"finish": True})
        probing = threading.Thread(target=self._probe, daemon=True)
        probing.start()
        while self._process.poll() is None:
            now = time.monotonic()
            if now - self._heard > self._patience() or now - start > LONGEST_SECONDS:
                break
            time.sleep(_TICK)
        self.close()
        return self._delivery(time.monotonic() - start)

    def close(self) -> None:
        """End the process now. What has not arrived stays in the outbox."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):
                    pipe.close()

    def _patience(self) -> float:
        if self.destination.local:
            return LOCAL_FAILED_SECONDS if self._problem else LOCAL_SECONDS
        return ALIVE_SECONDS if self._alive and not self._problem else DEAD_SECONDS

    def _delivery(self, seconds: float) -> Delivery:
        backlog, refused = self.outbox.backlog(), self.outbox.refused()
        where = self.destination.where
        state = "waiting" if backlog else "delivered"
        reason = (self._problem or "no answer") if backlog else ""
        if backlog:
            warn("W1303", count=backlog, where=where, reason=reason)
        if refused:
            warn("W1311", count=refused, where=where, folder=self.outbox.folder)
        return Delivery(
            state=state,  # type: ignore[arg-type]
            where=where,
            backlog=backlog,
            refused=refused,
            reason=reason,
            seconds=seconds,
        )

    def _probe(self) -> None:
        while self._process.poll() is None and not self.destination.local:
            self._alive = is_alive(self.destination)
            time.sleep(0.3)

    def _tell(self, order: object) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()

    def _listen(self, source: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in source:
                event = json.loads(line)
                if "failed" in event:
                    self._problem = event["failed"]
                else:
                    self._problem = ""
                    self._heard = time.monotonic()


def start_shipper(outbox: Outbox, destination: Destination) -> Shipper:
    """Start the process that ships `outbox` beside this one. E1301 without MLflow."""
    require_mlflow()
    return Shipper(outbox, destination)


def ship(outbox: Outbox, destination: Destination) -> Delivery:
    """Ship what waits, within the limits of `Shipper.wait`. E1301 without MLflow."""
    shipper = start_shipper(outbox, destination)
    try:
        return shipper.wait()
    finally:
        shipper.close()


@dataclass
class MlflowTracker:
    """A run's tracker: `put` keeps in the outbox, a shipper takes it from there. Use as a context.

    Without MLflow nothing is kept, and W1312 says so once.
    """

    outbox: Outbox
    destination: Destination
    _shipper: Shipper | None = field(default=None, init=False)
    _mail: dict[str, RunMail] = field(default_factory=dict, init=False)
    _last: dict[str, RunRecord] = field(default_factory=dict, init=False)

    def __enter__(self) -> MlflowTracker:
        if mlflow_installed():
            self._shipper = start_shipper(self.outbox, self.destination)
        else:
            warn("W1312")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def put(self, record: RunRecord) -> None:
        """Keep what is known of a run by now."""
        if self._shipper is None:
            return
        if record.run not in self._mail:
            self._mail[record.run] = self.outbox.run(record.run)
        self._mail[record.run].put_record(record)

    def wait(self) -> Delivery:
        """Wait, within the limits of `Shipper.wait`, until all is where it belongs."""
        if self._shipper is None:
            return Delivery(state="unavailable", where=self.destination.where)
        return self._shipper.wait()

    def close(self) -> None:
        """End the shipper."""
        for mail in self._mail.values():
            mail.close()
        if self._shipper is not None:
            self._shipper.close()


def outbox_in(home: Path) -> Outbox:
    """The outbox of a project whose own folder (`.cauce`) is `home`."""
    return Outbox(home / "outbox")
