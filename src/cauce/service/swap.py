"""The supervisor's part of a swap: all workers open the new model, then all change over, or none does."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.service.news import Lines, News, Offer, Opened, Order
from cauce.service.watched import Watched

SECONDS = 120.0
"""Within which all workers have to have opened a new model."""
_PAUSE = 5.0
_LONGEST = 300.0
_LOG = logging.getLogger("cauce.service")


class Worker(Protocol):
    """What a swap needs of a worker: a socket to it while it lives, and what it said last."""

    number: int
    control: socket.socket | None
    opened: Opened | None
    asked: str

    @property
    def answering(self) -> bool:
        """Whether it lives and has got ready."""
        ...


@dataclass
class Watcher:
    """The process that asks the registry. command: starts it; it writes lines of `News`, and ends once the
    file descriptor whose number follows the command can be read. Where it ends, it is started again."""

    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _again: float = field(default=0.0, init=False)
    _pause: float = field(default=_PAUSE, init=False)
    _news: Lines[News] = field(default_factory=lambda: Lines(News), init=False)

    def start_missing(self, alive: int) -> None:
        """Start it where it is not there. alive: can be read once this process is gone."""
        if self.process is not None or time.monotonic() < self._again or not self.command:
            return
        self._news = Lines(News)
        self.process = subprocess.Popen(  # noqa: S603 - our own settings
            [*self.command, str(alive)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            pass_fds=(alive,),
        )

    def descriptor(self) -> int | None:
        """Where news come from."""
        return None if self.process is None or self.process.stdout is None else self.process.stdout.fileno()

    def news(self) -> list[News]:
        """What it told, where the descriptor can be read."""
        data = os.read(self.descriptor() or 0, 1 << 16)
        try:
            found = self._news.of(data)
        except msgspec.MsgspecError:
            found, data = [], b""
        if found:
            self._pause = _PAUSE
        if not data:
            self.stop()
            _LOG.error("the watcher ended; it is started again in %.0f seconds", self._pause)
            self._again = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, _LONGEST)
        return found

    def stop(self) -> None:
        """End it."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None


@dataclass
class Swap:
    """Brings one model after the other to all workers. watched: where it is counted."""

    watched: Watched
    pending: Offer | None = field(default=None, init=False)
    _waiting: Offer | None = field(default=None, init=False)
    _until: float = field(default=0.0, init=False)
    _told: str = field(default="", init=False)

    def hear(self, news: News) -> None:
        """Note what the watcher found; a failure is logged when it is another one than the last."""
        if news.kind == "away":
            self.watched.add("away")
            self._say("the registry does not answer, the model stays: %s", news.reason)
            return
        self.watched.answered(time.time())
        if news.kind == "model" and news.offer is not None:
            self._waiting = news.offer
        elif news.kind == "refused":
            self.watched.add("refused")
            self._say("%s is refused, the model stays: %s", news.version, news.reason)
        elif self._told.startswith("the registry"):
            self._told = ""
            _LOG.info("the registry answers again")

    def advance(self, workers: Sequence[Worker], *, current: str) -> Offer | None:
        """Go on as far as the workers are. The model that all of them answer with from now on, if it is
        another one. current: the digest that they answer with."""
        if self.pending is None:
            self.pending, self._waiting = self._waiting, None
            self._until = time.monotonic() + SECONDS
        if self.pending is None or self.pending.digest == current:
            self.pending = None
            return None
        offer, ready = self.pending, [one for one in workers if one.answering]
        for one in ready:
            if one.asked != offer.digest:
                one.asked, one.opened = offer.digest, None
                order(one, Order(kind="prepare", offer=offer))
        reason = self._reason(workers, offer)
        if reason:
            self._refuse(workers, offer, reason)
        elif len(ready) == len(workers) and all(_has(one, offer) for one in workers):
            return self._commit(workers, offer)
        return None

    def _reason(self, workers: Sequence[Worker], offer: Offer) -> str:
        """Why the model cannot be served; "" where it still may be."""
        for one in workers:
            if one.asked == offer.digest and not one.answering:
                return translate(_("a worker ended while it opened it"))
            if one.opened is not None and one.opened.digest == offer.digest and one.opened.reason:
                return one.opened.reason
        if time.monotonic() > self._until:
            return translate(_("it took more than {seconds} seconds")).format(seconds=SECONDS)
        return ""

    def _refuse(self, workers: Sequence[Worker], offer: Offer, reason: str) -> None:
        self._finish(workers, Order(kind="abandon", offer=offer))
        self.watched.add("refused")
        self._say("%s is refused, the model stays: %s", offer.version, reason)

    def _commit(self, workers: Sequence[Worker], offer: Offer) -> Offer:
        self._finish(workers, Order(kind="commit", offer=offer))
        self.watched.add("swaps")
        _LOG.info("%s is served now (digest %s)", offer.version, offer.digest[:12])
        return offer

    def _finish(self, workers: Sequence[Worker], last: Order) -> None:
        self.pending, self._told = None, ""
        for one in workers:
            order(one, last)
            one.asked, one.opened = "", None

    def _say(self, text: str, *values: str) -> None:
        """Log it, unless it was the last thing said."""
        said = text % values
        if said != self._told:
            self._told = said
            _LOG.error("%s", said)


def order(worker: Worker, what: Order) -> None:
    """Tell a worker; one that is gone is started again with what holds then."""
    if worker.control is not None:
        with suppress(OSError):
            worker.control.sendall(what.line())


def _has(worker: Worker, offer: Offer) -> bool:
    return worker.opened is not None and worker.opened.digest == offer.digest
