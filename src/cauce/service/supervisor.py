"""The process that listens and keeps the workers alive: each that ends is started again."""

from __future__ import annotations

import logging
import mmap
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from cauce.errors import CauceError
from cauce.service.capture_care import CaptureCare
from cauce.service.counters import Counters
from cauce.service.explain_care import explain_care
from cauce.service.holding import Held
from cauce.service.layout import FAILED, NAMES, READY
from cauce.service.listening import address
from cauce.service.news import Lines, Opened
from cauce.service.settings import SECONDS_TO_DRAIN, ServiceSettings
from cauce.service.swap import Swap, Watcher
from cauce.service.watched import Watched
from cauce.threads import thread_limits

_TRIES = 3
_PAUSE = 0.2
_PATIENCE = SECONDS_TO_DRAIN + 4
_SEALING = 5.0
_GONE = 5.0
_LOG = logging.getLogger("cauce.service")


@dataclass
class _Worker:
    """number: its part of the counters. ready: where it says that it answers, until it has. failures: how
    often it ended before that, in a row. control: where it takes orders; asked: the digest of the model that
    it was told to open; opened: what it said of it."""

    number: int
    process: subprocess.Popen[bytes] | None = None
    ready: int | None = None
    failures: int = 0
    again: float = 0.0
    control: socket.socket | None = None
    opened: Opened | None = None
    asked: str = ""
    said: Lines[Opened] = field(default_factory=lambda: Lines(Opened))

    @property
    def answering(self) -> bool:
        """Whether it lives and has got ready."""
        return self.process is not None and self.ready is None and self.process.poll() is None

    def hear(self) -> None:
        """Note what it says, where its control can be read."""
        if self.control is None:
            return
        data = self.control.recv(1 << 16)
        if not data:
            self.control.close()
            self.control = None
        for one in self.said.of(data):
            self.opened = one


@dataclass
class Supervisor:
    """Keeps `settings.workers` processes answering at one socket. listening: that socket, closed at the end.
    announce: where to write the address once all are ready."""

    settings: ServiceSettings
    listening: socket.socket
    announce: int | None = None
    workers: list[_Worker] = field(default_factory=list)
    watcher: Watcher = field(default_factory=lambda: Watcher(()))
    stopping: bool = False
    held: Held = field(default_factory=Held)

    def run(self) -> int:
        """Until SIGTERM or SIGINT; the exit code. E2404 where no worker gets ready."""
        sock = self.listening
        self.held.hold(self.settings.folder)
        self.workers = [_Worker(number) for number in range(self.settings.workers)]
        self.watcher = Watcher(self.settings.watcher)
        size = Counters.size(NAMES, self.settings.workers)
        where = address(sock, self.settings.host)
        care = None if self.settings.capture is None else CaptureCare(self.settings.capture)
        with (
            _shared(size + Watched.SIZE) as memory,
            _pipe() as alive,
            self._signals(),
            explain_care(self.settings) as (explain, asked_at),
        ):
            self.settings = replace(self.settings, explain_at=asked_at)
            swap = Swap(Watched(mmap.mmap(memory, 0), size))
            try:
                while not self.stopping:
                    if care is not None:
                        care.turn()
                    if explain is not None:
                        explain.turn(self.settings, alive)
                    self._start_missing(sock.fileno(), memory, alive)
                    self._listen_to_workers(where, swap)
                    if self.announce is None:
                        self._swap(swap, alive)
            finally:
                sock.close()
                self._stop()
                if care is not None:
                    care.end(_SEALING)
        return 0

    def _start_missing(self, sock: int, memory: int, alive: int) -> None:
        for one in self.workers:
            if one.process is not None and one.process.poll() is not None:
                self._ended(one)
            if one.process is None and time.monotonic() >= one.again:
                self._start(one, (sock, memory, alive))

    def _start(self, one: _Worker, descriptors: tuple[int, int, int]) -> None:
        sock, memory, alive = descriptors
        reading, writing = os.pipe()
        one.control, theirs = socket.socketpair()
        one.said = Lines(Opened)
        command = [sys.executable, "-m", "cauce.service.worker", self.settings.to_text()]
        command += [str(number) for number in (one.number, sock, memory, writing, alive, theirs.fileno())]
        environment = {**os.environ, **thread_limits(1)}
        one.process = subprocess.Popen(  # noqa: S603 - this interpreter, and our own settings
            command,
            pass_fds=(sock, memory, writing, alive, theirs.fileno()),
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        os.close(writing)
        theirs.close()
        one.ready = reading

    def _swap(self, swap: Swap, alive: int) -> None:
        """Go on with what the watcher told; workers that start later start with the model that holds."""
        self.watcher.start_missing(alive)
        offer = swap.advance(self.workers, current=self.settings.digest)
        if offer is not None:
            self.settings = replace(self.settings, **vars(offer))
            self.held.hold(offer.folder)

    def _ended(self, one: _Worker) -> None:
        """Note that a worker is gone; E2404 where it never gets ready."""
        reason = ""
        if one.ready is not None:
            said = os.read(one.ready, 4096)
            reason = said.removeprefix(FAILED).decode("utf-8", "replace") if said != READY else ""
            os.close(one.ready)
            one.ready, one.failures = None, one.failures + 1
        if one.control is not None:
            one.control.close()
            one.control = None
        code = None if one.process is None else one.process.returncode
        _LOG.error("worker %d ended (%s) %s", one.number, code, reason)
        one.process, one.again = None, time.monotonic() + _PAUSE * one.failures
        if one.failures >= _TRIES or reason:
            raise CauceError("E2404", reason=reason or str(code))

    def _listen_to_workers(self, where: str, swap: Swap) -> None:
        waiting = {one.ready: one for one in self.workers if one.ready is not None}
        ordered = {one.control.fileno(): one for one in self.workers if one.control is not None}
        watcher = self.watcher.descriptor()
        try:
            awaited = [*waiting, *ordered, *(() if watcher is None else (watcher,))]
            heard = select.select(awaited, [], [], _PAUSE)[0]
        except InterruptedError:
            return
        for descriptor in heard:
            if descriptor in ordered:
                ordered[descriptor].hear()
                continue
            if descriptor == watcher:
                for news in self.watcher.news():
                    swap.hear(news)
                continue
            one = waiting[descriptor]
            if one.process is not None and one.process.poll() is None and os.read(descriptor, 1) == READY:
                os.close(descriptor)
                one.ready, one.failures = None, 0
                _LOG.info("worker %d is ready", one.number)
                self._announce(where)
            else:
                time.sleep(0.05)

    def _announce(self, where: str) -> None:
        if any(one.ready is not None or one.process is None for one in self.workers):
            return
        _LOG.info("%s is served at %s", self.settings.version, where)
        if self.announce is not None:
            os.write(self.announce, where.encode() + b"\n")
            os.close(self.announce)
            self.announce = None

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(_number: int, _frame: Any) -> None:
            self.stopping = True

        before = {one: signal.signal(one, stop) for one in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def _stop(self) -> None:
        """End the workers: they answer what they have begun; who takes too long is killed."""
        self.watcher.stop()
        running = [one.process for one in self.workers if one.process is not None]
        for process in running:
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + _PATIENCE
        for process in running:
            try:
                process.wait(timeout=max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
        for process in running:
            try:
                process.wait(timeout=_GONE)
            except subprocess.TimeoutExpired:
                # Not even a killed process ends while it waits for a disk.
                _LOG.error("process %d was killed and does not end", process.pid)


@contextmanager
def _shared(size: int) -> Iterator[int]:
    """A file without a name, of `size` zeros, that workers map."""
    with tempfile.TemporaryFile() as file:
        file.truncate(size)
        yield file.fileno()


@contextmanager
def _pipe() -> Iterator[int]:
    """The end that workers hold of a pipe: it can be read once this process is gone."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)
