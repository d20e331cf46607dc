"""Keeps what was answered: requests that wait share one durable write, done by a thread."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from cauce.errors import CauceError
from cauce.service.capture_writing import Captured, SegmentWriter, captured
from cauce.service.counters import Counters
from cauce.service.messages import Scored, Settle
from cauce.service.settings import CaptureSettings

MOST_ROWS = 100_000
"""Rows that wait to be written, beyond which no more are taken."""
_SHARES = 1 << 32
_QUIET = 10.0
_TURN = 1.0
_LAST = 15.0
"""Seconds that the end waits for the disk, less than those in which a worker has to end."""
_MOMENT = 0.001
"""Seconds for which the loop itself waits for a disk that takes less."""
_LOG = logging.getLogger("cauce.service")


Told = Callable[[Exception | None], None]
"""Is told that all of it is on the disk, or why not."""


class _Waiting(NamedTuple):
    """What waits for the disk, and who is told."""

    captured: Captured
    settle: Told


@dataclass(frozen=True)
class _Group:
    """What is written at once. settle: is told by the thread."""

    rows: int
    captured: Sequence[Captured]
    settle: Told


class _Handed:
    """What a thread has been given by the running loop: told to it once, while it waits or later."""

    def __init__(self, told: Told) -> None:
        self._told, self._loop = told, asyncio.get_running_loop()
        self._error: Exception | None = None
        self._is_left = False
        self._gate = threading.Lock()
        self._gate.acquire()

    def settle(self, error: Exception | None) -> None:
        """Of the thread: it is done."""
        self._error = error
        self._gate.release()
        if self._is_left:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._tell)

    def wait(self, seconds: float) -> None:
        """Of the loop: hear it within so many seconds, or be told as soon as it is done."""
        if self._gate.acquire(timeout=seconds):
            self._told(self._error)
            return
        self._is_left = True
        self._tell()

    def _tell(self) -> None:
        if self._gate.acquire(blocking=False):
            self._told(self._error)


@dataclass(eq=False)
class CaptureLog:
    """`Capture` in the folder that `settings` name; `close` writes what waits and ends the thread.

    Without a window, it is settled once what was scored is on the disk. The loop stands still for that where
    the disk is quick: what arrives meanwhile is scored and kept together, and no other thread takes the
    interpreter's lock in turns with it. Where it cannot be kept, or not in time, it is E2451, or counted as
    dropped, as the settings say. A disk that does not answer is not waited for again until it has.
    """

    settings: CaptureSettings
    counters: Counters
    _waiting: list[_Waiting] = field(default_factory=list, init=False)
    _queue: SimpleQueue[_Group | None] = field(default_factory=SimpleQueue, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _rows: int = field(default=0, init=False)
    _busy: bool = field(default=False, init=False)
    _hanging: bool = field(default=False, init=False)
    _failed: float = field(default=float("-inf"), init=False)
    _said: float = field(default=float("-inf"), init=False)
    _took: float = field(default=0.0, init=False)

    def __call__(self, scored: Sequence[Scored], settle: Settle) -> None:
        """Keep them."""
        chosen = [place for place, one in enumerate(scored) if one.rows and self._chosen(one.request)]
        if len(chosen) < len(scored):
            settle(sorted({*range(len(scored))}.difference(chosen)), None)
        if chosen:
            self._keep([scored[place] for place in chosen], partial(settle, chosen))

    def _keep(self, scored: Sequence[Scored], settle: Told) -> None:
        rows = sum(len(one.rows) for one in scored)
        if self.settings.window:
            settle(self._keep_later(scored, rows))
        elif self._hanging:
            settle(self._refused(rows, _no_answer()))
        elif not self._room(rows):
            settle(self._refused(rows, None))
        else:
            if not self._waiting and not self._busy:
                asyncio.get_running_loop().call_soon(self._hand_over)
            self._waiting.append(_Waiting(captured(scored, self.settings.left_out), settle))

    def close(self) -> None:
        """Write what waits."""
        if "_thread" in self.__dict__:
            self._queue.put(None)
            self._thread.join(_LAST)

    def _chosen(self, request: str) -> bool:
        share = self.settings.share
        return share >= 1.0 or zlib.crc32(request.encode()) < share * _SHARES

    def _keep_later(self, scored: Sequence[Scored], rows: int) -> CauceError | None:
        refused = self.settings.full == "refuse" and time.monotonic() - self._failed < _TURN
        if refused or not self._room(rows):
            return self._refused(rows, None)

        def settle(error: Exception | None) -> None:
            if error is None:
                self._count(kept=rows)
            else:
                self._failed = time.monotonic()
                self._drop(rows, error)

        self._put(_Group(rows, (captured(scored, self.settings.left_out),), settle))
        return None

    def _hand_over(self, *, wait: bool = True) -> None:
        """Give all that waits to the thread, and the next ones once it is done. wait: for a quick disk."""
        if self._busy or not self._waiting:
            return
        group, self._waiting, self._busy = self._waiting, [], True
        loop = asyncio.get_running_loop()
        late = loop.call_later(self.settings.seconds, self._late, group)

        def done(error: Exception | None) -> None:
            late.cancel()
            self._busy = self._hanging = False
            # The disk goes on while answers leave.
            self._hand_over(wait=False)
            self._settle(group, error)

        handed = _Handed(done)
        self._put(_Group(_rows_of(group), [one.captured for one in group], handed.settle))
        handed.wait(_MOMENT if wait and self._took < _MOMENT else 0)

    def _settle(self, group: list[_Waiting], error: Exception | None) -> None:
        """Tell those that have not been told yet."""
        told = group.copy()
        group.clear()
        if error is None:
            self._count(kept=_rows_of(told))
        for one in told:
            one.settle(None if error is None else self._refused(one.captured.rows, error))

    def _late(self, group: list[_Waiting]) -> None:
        """Let go of those that wait for a disk that does not answer; what was handed over may be kept yet."""
        self._hanging = True
        waiting, self._waiting = self._waiting, []
        self._make_room(_rows_of(waiting))
        self._settle(group, _no_answer())
        self._settle(waiting, _no_answer())

    def _put(self, group: _Group) -> None:
        self._thread  # noqa: B018 - starts it
        self._queue.put(group)

    def _room(self, rows: int) -> bool:
        with self._lock:
            if self._rows and self._rows + rows > MOST_ROWS:
                return False
            self._rows += rows
            return True

    def _make_room(self, rows: int) -> None:
        with self._lock:
            self._rows -= rows

    def _refused(self, rows: int, error: Exception | None) -> CauceError | None:
        """E2451, or a count of what was dropped, as the settings say."""
        if self.settings.full == "refuse":
            self._say(error)
            return CauceError("E2451")
        self._drop(rows, error)
        return None

    def _drop(self, rows: int, error: Exception | None) -> None:
        self._count(dropped=rows)
        self._say(error)

    def _count(self, *, kept: int = 0, dropped: int = 0) -> None:
        with self._lock:
            self.counters.count_captured(kept=kept, dropped=dropped)

    def _say(self, error: Exception | None) -> None:
        """What is wrong, in the log, once in a while."""
        if time.monotonic() - self._said > _QUIET:
            self._said = time.monotonic()
            reason = getattr(error, "strerror", None) or (
                "too many rows wait" if error is None else str(error)
            )
            kept = "refused" if self.settings.full == "refuse" else "answered and not kept"
            _LOG.error("capture: %s in %s; requests are %s", reason, self.settings.folder, kept)

    @cached_property
    def _writer(self) -> SegmentWriter:
        return SegmentWriter(Path(self.settings.folder), self.settings)

    @cached_property
    def _thread(self) -> threading.Thread:
        thread = threading.Thread(target=self._work, name="cauce-capture", daemon=True)
        thread.start()
        return thread

    def _work(self) -> None:
        open_ = True
        while open_:
            try:
                first = self._queue.get(timeout=_TURN)
            except Empty:
                self._writer.close_if_old()
                continue
            if first is not None and self.settings.window:
                time.sleep(self.settings.window)
            groups = [first, *self._queued()]
            open_ = None not in groups
            self._write([one for one in groups if one is not None])
        self._writer.close()

    def _queued(self) -> list[_Group | None]:
        found: list[_Group | None] = []
        with suppress(Empty):
            while True:
                found.append(self._queue.get_nowait())
        return found

    def _write(self, groups: Sequence[_Group]) -> None:
        error: Exception | None = None
        began = time.monotonic()
        try:
            self._writer.keep([one for group in groups for one in group.captured])
        except OSError as reason:
            error = reason
        except Exception as reason:  # who waits must be told, whatever it is
            error = OSError(0, type(reason).__name__)
        self._took = time.monotonic() - began
        self._make_room(sum(group.rows for group in groups))
        for group in groups:
            group.settle(error)


def _no_answer() -> OSError:
    return OSError(0, "the disk does not answer")


def _rows_of(group: Sequence[_Waiting]) -> int:
    return sum(one.captured.rows for one in group)
