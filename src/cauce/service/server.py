"""Answers at a socket until it is told to stop: the turns of all connections, the clock, and the end."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Sequence
from email.utils import formatdate
from functools import partial
from importlib.util import find_spec

from cauce.service.application import Application
from cauce.service.connection import Connection, Turn
from cauce.service.messages import Answer
from cauce.service.settings import SECONDS_TO_DRAIN

_TICK = 1.0
_NOTICE = 0.3
_LOOK = 0.05
_TOGETHER = 64
"""Requests that are answered before the first of their answers leaves."""
_GATHER = 0.02
"""Seconds that requests wait at most for others while the disk keeps earlier ones."""


class Server:
    """Answers with `app`. connections: that are open. date: the header of every answer."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.connections: set[Connection] = set()
        self.date = b""
        self._turns: list[Turn] = []
        self._later: set[asyncio.Future[Answer]] = set()
        self._keeping = 0
        self._gathering: asyncio.TimerHandle | None = None
        self._stopping = asyncio.Event()

    def answer(self, turn: Turn) -> None:
        """Answer it soon: once what has arrived meanwhile is read, so that what waits is seen to wait; while
        the disk keeps others, once it has, so that all that came meanwhile is scored and kept together. Where
        there is one connection only, at once: nobody else can wait."""
        if self._is_lone(turn):
            self._answer((turn,))
            return
        if not self._turns:
            loop = asyncio.get_running_loop()
            if self._keeping:
                self._gathering = loop.call_later(_GATHER, self._work)
            else:
                loop.call_soon(self._work)
        self._turns.append(turn)
        if len(self._turns) >= _TOGETHER:
            self._gather_no_more()

    def _is_lone(self, turn: Turn) -> bool:
        nobody = len(self.connections) == 1 and not self._turns and not self._keeping
        return nobody and not turn.connection.transport.is_closing()

    def stop(self) -> None:
        """Answer what has begun, and end."""
        self._stopping.set()

    async def run(self, sock: socket.socket, started: Callable[[], None]) -> None:
        """Until `stop`, SIGTERM or SIGINT. started: is called once connections are taken."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        ticking = loop.create_task(self._tick())
        listening = await loop.create_server(lambda: Connection(self), sock=sock, backlog=2048)
        started()
        await self._stopping.wait()
        self.app.draining = True
        await asyncio.sleep(_NOTICE)
        listening.close()
        await self._drain()
        ticking.cancel()

    def _work(self) -> None:
        turns, self._turns, self._gathering = self._turns, [], None
        for place in range(0, len(turns), _TOGETHER):
            some = turns[place : place + _TOGETHER]
            self._answer([one for one in some if not one.connection.transport.is_closing()])

    def _answer(self, turns: Sequence[Turn]) -> None:
        for turn, answer in zip(turns, self.app.answers(turns, self._send_kept), strict=True):
            if answer is None:
                self._keeping += 1
            elif isinstance(answer, Answer):
                turn.connection.send(turn, answer)
            else:
                later = asyncio.ensure_future(answer)
                self._later.add(later)
                later.add_done_callback(partial(self._send, turn))

    def _send(self, turn: Turn, later: asyncio.Future[Answer]) -> None:
        self._later.discard(later)
        turn.connection.send(turn, later.result())

    def _send_kept(self, told: Sequence[tuple[Turn, Answer]]) -> None:
        self._keeping -= len(told)
        self._gather_no_more()
        for turn, answer in told:
            turn.connection.send(turn, answer)

    def _gather_no_more(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
            asyncio.get_running_loop().call_soon(self._work)

    async def _tick(self) -> None:
        while True:
            self.date = formatdate(usegmt=True).encode("ascii")
            now = time.monotonic()
            for one in list(self.connections):
                one.cut(now)
            await asyncio.sleep(_TICK)

    async def _drain(self) -> None:
        """Wait until all connections are gone, and end those that stay for too long."""
        end = time.monotonic() + SECONDS_TO_DRAIN
        for one in list(self.connections):
            one.shut()
        while (self.connections or self._later or self._keeping) and time.monotonic() < end:
            await asyncio.sleep(_LOOK)
        for one in list(self.connections):
            one.transport.abort()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where it is installed, which takes half the time."""
    if find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop
