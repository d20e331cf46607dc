"""What a run holds: an outbox to put messages into, and the process beside it that ships them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
import warnings
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO

from cauce.core.faults import translated
from cauce.core.run_record import RunRecord, Status
from cauce.errors import CauceError, warn
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.ports.tracker import Delivery
from cauce.tracking.border import mlflow_installed, require_mlflow
from cauce.tracking.destination import Destination
from cauce.tracking.outbox import Outbox, RunMail
from cauce.tracking.process import end, shipper_process
from cauce.tracking.pulse import Pulse, pulse
from cauce.tracking.trouble import Trouble

DEAD_SECONDS = 1.4
BUSY_SECONDS = 20.0
ALIVE_SECONDS = 30.0
LOCAL_SECONDS = 60.0
FAILED_SECONDS = 5.0
LONGEST_SECONDS = 120.0
_TICK, _PROBE = 0.02, 0.3
_CODES = {"other": "W1303", "login": "W1314", "files": "W1315"}


@dataclass
class Shipper:
    """A shipper process: started, waited for within limits, ended. It ends with this process in any case."""

    outbox: Outbox
    destination: Destination
    _process: subprocess.Popen[bytes] = field(init=False)
    _heard: float = field(default=0.0, init=False)
    _arrived: float = field(default=0.0, init=False)
    _allowed: float = field(default=0.0, init=False)
    _more: float = field(default=0.0, init=False)
    _refused: int = field(default=0, init=False)
    _problem: Trouble = field(default=Trouble(""), init=False)
    _failures: int = field(default=0, init=False)
    _pulse: Pulse = field(default="silent", init=False)
    _answered: bool = field(default=False, init=False)
    _gone: bool = field(default=False, init=False)
    _waiting: threading.Event = field(default_factory=threading.Event, init=False)

    def __post_init__(self) -> None:
        with translated(str(self.outbox.folder)):
            self.outbox.folder.mkdir(parents=True, exist_ok=True)
        self._refused = self.outbox.refused()
        self._process = shipper_process()
        told = {"outbox": str(self.outbox.folder.resolve()), "destination": self.destination.to_json()}
        self._tell(told)
        assert self._process.stdout is not None
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()
        if not self.destination.local:
            threading.Thread(target=self._probe, daemon=True).start()

    def wait(self, *, longest: float = LONGEST_SECONDS) -> Delivery:
        """Wait until the outbox is empty.

        At most two seconds for a server that refuses, only fails, or never answered; 20 for one that fell
        silent; 30 without progress for one that is there; a minute for a database file; `longest` in all.
        For heavy files a second more for each 200 kB. What is left stays in the outbox.
        """
        start = time.monotonic()
        if not self.outbox.backlog():
            # A run that had nothing to tell does not wait for MLflow to load.
            self.close()
            return self._delivery(0.0)
        self._arrived = max(self._arrived, start)
        self._tell({"finish": True})
        self._waiting.set()
        while self._process.poll() is None:
            now = time.monotonic()
            if now > self._limit() or now - start > longest + self._allowed:
                break
            time.sleep(_TICK)
        self.close()
        return self._delivery(time.monotonic() - start)

    def close(self) -> None:
        """End the process now. What has not arrived stays in the outbox."""
        self._gone = self._process.poll() is not None
        end(self._process)

    def _limit(self) -> float:
        """Until when to wait for the next sign of life. Of a dead server only what arrived counts as one."""
        working = max(self._arrived, self._heard)
        if self.destination.local:
            return self._arrived + FAILED_SECONDS if self._failures > 1 else working + LOCAL_SECONDS
        if self._failures > 1 or self._pulse == "refuses":
            return self._arrived + DEAD_SECONDS
        if self._pulse == "silent":
            return working + BUSY_SECONDS if self._answered else self._arrived + DEAD_SECONDS
        return working + ALIVE_SECONDS + self._more

    def _delivery(self, seconds: float) -> Delivery:
        backlog, refused = self.outbox.backlog(), self.outbox.refused() - self._refused
        where = self.destination.where
        state = "waiting" if backlog else "delivered"
        reason = (self._problem.reason or self._silence) if backlog else ""
        if backlog:
            found = self._problem
            warn(_CODES[found.kind], count=backlog, where=where, files=found.files, reason=reason)
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

    @property
    def _silence(self) -> str:
        """Why nothing was heard: the process ended by itself, or nothing answered it."""
        status = self._process.returncode
        if self._gone:
            return translate(_("the process that tells it ended with status {status}")).format(status=status)
        return translate(_("no answer"))

    def _probe(self) -> None:
        """Ask until there is an answer, and again all the time that the run waits."""
        while self._process.poll() is None:
            self._pulse = pulse(self.destination)
            self._answered = self._answered or self._pulse == "answers"
            if self._answered:
                self._waiting.wait()
            time.sleep(_PROBE)

    def _tell(self, order: object) -> None:
        assert self._process.stdin is not None
        # ValueError: the pipe was closed, because somebody has waited already.
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()

    def _listen(self, source: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in source:
                event = json.loads(line)
                if "failed" in event:
                    self._problem = Trouble(**event["failed"])
                    self._failures += 1
                elif "arrived" in event:
                    self._problem, self._failures = Trouble(""), 0
                    self._arrived = time.monotonic()
                else:
                    self._more = event["sending"]
                    self._allowed += self._more
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
        if kind is not None:
            self._failed("interrupted" if issubclass(kind, KeyboardInterrupt) else "failed")
        self.close()

    def put(self, record: RunRecord) -> None:
        """Keep what is known of a run by now."""
        if self._shipper is None:
            return
        if record.run not in self._mail:
            self._mail[record.run] = self.outbox.run(record.run)
        self._mail[record.run].put_record(record)
        self._last[record.run] = record
        if record.parent and record.status != "running":
            # A search has thousands of parts; each open one holds a lock.
            self._mail.pop(record.run).close()
            del self._last[record.run]

    def wait(self) -> Delivery:
        """Wait, within the limits of `Shipper.wait`, until all is where it belongs."""
        if self._shipper is None:
            return Delivery(state="unavailable", where=self.destination.where)
        return self._shipper.wait()

    def _failed(self, status: Status) -> None:
        """Tell of the runs that began and did not end well, and wait a moment for it to arrive.

        No failure of this hides the one on its way.
        """
        begun = [one for one in self._last.values() if one.status == "running"]
        with contextlib.suppress(CauceError):
            for record in begun:
                self.put(replace(record, status=status, ended=datetime.now(UTC)))
        if self._mail and self._shipper is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._shipper.wait(longest=DEAD_SECONDS)

    def close(self) -> None:
        """End the shipper."""
        for mail in self._mail.values():
            mail.close()
        if self._shipper is not None:
            self._shipper.close()


def outbox_in(home: Path) -> Outbox:
    """The outbox of a project whose own folder (`.cauce`) is `home`."""
    return Outbox(home / "outbox")
