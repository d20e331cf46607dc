"""Rounds told to the driver while trees grow. Where no connection is possible they are told at the end."""

from __future__ import annotations

import hmac
import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass, field

from cauce.core.boosting import Round

Observer = Callable[[Round], None]
_CONNECTING = 2.0
_LOOKING = 0.5


@dataclass(frozen=True)
class Address:
    """Where the driver listens. token: what a teller has to know."""

    host: str
    port: int
    token: str


@dataclass
class Listener:
    """Hears every round once, in order, however often a stage is started again."""

    observe: Observer
    heard: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, one: Round) -> None:
        """Tell the observer of a round, unless it knows."""
        with self.lock:
            if one.number == self.heard:
                self.heard += 1
                self.observe(one)


@contextmanager
def listening(listener: Listener, *, host: str, bind: str) -> Iterator[Address | None]:
    """The address where rounds are heard, inside, by another thread; None where none can be opened.

    host: of the driver, for executors. bind: the address to listen on.
    """
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        server.bind((bind, 0))
        server.listen()
        server.settimeout(_LOOKING)
    except OSError:
        server.close()
        yield None
        return
    address = Address(host, int(server.getsockname()[1]), secrets.token_hex(16))
    over = threading.Event()
    ear = threading.Thread(
        target=copy_context().run,  # what is told is said in the language of this thread
        args=(_listen, server, address.token, listener, over),
        name="cauce-rounds",
        daemon=True,
    )
    ear.start()
    try:
        yield address
    finally:
        over.set()
        ear.join()
        server.close()


def _listen(server: socket.socket, token: str, listener: Listener, over: threading.Event) -> None:
    while not over.is_set():
        with suppress(OSError, ValueError, TypeError):
            connection, _ = server.accept()
            with connection:
                connection.settimeout(_LOOKING)
                for at, line in enumerate(_lines(connection, over)):
                    if at == 0 and not hmac.compare_digest(line, token.encode()):
                        break
                    if at:
                        listener.hear(Round(*json.loads(line)))


def _lines(connection: socket.socket, over: threading.Event) -> Iterator[bytes]:
    rest = b""
    while not over.is_set() and len(rest) < 1 << 12:
        try:
            data = connection.recv(1 << 12)
        except TimeoutError:
            continue
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        yield from lines


@contextmanager
def telling(address: Address | None) -> Iterator[Observer | None]:
    """What tells the driver of rounds; None where nobody listens or it cannot be reached."""
    if address is None:
        yield None
        return
    try:
        connection = socket.create_connection((address.host, address.port), _CONNECTING)
    except OSError:
        yield None
        return
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def tell(one: Round | None) -> None:
            said = address.token if one is None else json.dumps([one.number, one.train, one.validation])
            # Progress is no reason to fail.
            with suppress(OSError):
                connection.sendall(said.encode() + b"\n")

        tell(None)
        yield tell
