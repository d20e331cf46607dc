"""Five times more requests than can be answered: what is taken is answered soon, the rest refused at once."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httptools
import pytest
import served_models as serving
import test_service_processes as processes
from test_service_swaps import resident

from cauce.running.serving import Service

ROWS = 40
"""Of a request, so that one client of one thread can offer five times what is answered."""
CONNECTIONS, SLOW = 192, 50
TIMES = 5
TICK = 0.002


@dataclass
class Seen:
    """What came back. seconds: from a request to its answer, by status; hintless: without Retry-After;
    lost: requests whose connection ended; unsent: those that found no free connection."""

    seconds: dict[int, list[float]] = field(default_factory=dict)
    hintless: int = 0
    lost: int = 0
    unsent: int = 0

    @property
    def statuses(self) -> Counter[int]:
        """Answers by status."""
        return Counter({status: len(found) for status, found in self.seconds.items()})

    def quantile(self, status: int, share: float) -> float:
        """Of the seconds of answers with this status."""
        found = sorted(self.seconds.get(status, [0.0]))
        return found[min(len(found) - 1, int(share * len(found)))]


class Client(asyncio.Protocol):
    """A connection with one request at a time."""

    def __init__(self, seen: Seen, idle: deque[Client]) -> None:
        self.seen, self.idle = seen, idle
        self.since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._begin()

    def _begin(self) -> None:
        self.parser, self.again = httptools.HttpResponseParser(self), False
        self.idle.append(self)

    def ask(self, request: bytes) -> None:
        self.since = time.monotonic()
        self.transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.again |= name.lower() == b"retry-after" and int(value) >= 1

    def on_message_complete(self) -> None:
        status = self.parser.get_status_code()
        self.seen.seconds.setdefault(status, []).append(time.monotonic() - self.since)
        self.seen.hintless += status in (429, 503) and not self.again
        self.since = 0.0
        asyncio.get_running_loop().call_soon(self._begin)

    def connection_lost(self, exc: Exception | None) -> None:
        self.seen.lost += self.since > 0.0


async def offered(url: str, rate: float | None, seconds: float, connections: int) -> Seen:
    """So many requests a second; where `rate` is None, the next one as soon as one is answered."""
    parts, seen, idle = urlsplit(url), Seen(), deque[Client]()
    body = json.dumps([serving.FINE] * ROWS).encode()
    head = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    request = head + b"content-length: %d\r\n\r\n" % len(body) + body
    loop = asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda: Client(seen, idle), parts.hostname, parts.port))[1]
        for _number in range(connections)
    ]
    began, due = time.monotonic(), 0
    while (now := time.monotonic()) < began + seconds:
        wanted = len(idle) if rate is None else int((now - began) * rate) - due
        due += wanted
        for _turn in range(min(wanted, len(idle))):
            idle.popleft().ask(request)
            wanted -= 1
        seen.unsent += wanted
        await asyncio.sleep(TICK)
    end = time.monotonic() + 10.0
    while any(one.since for one in clients) and time.monotonic() < end:
        await asyncio.sleep(TICK)
    for one in clients:
        one.transport.abort()  # type: ignore[attr-defined]
    await asyncio.sleep(0)
    return seen


def held(service: Service, count: int, stack: ExitStack) -> None:
    """Connections that send half a head and no more."""
    parts = urlsplit(service.url)
    for _number in range(count):
        sock = stack.enter_context(socket.create_connection((parts.hostname, parts.port)))
        sock.sendall(b"POST /predict HTTP/1.1\r\nhost: local")


def overloaded(
    seconds: float, *, slowest: float, record: Callable[[str, object], None], recovery: float
) -> None:
    """Overload a service for so long. slowest: seconds that 99 of 100 admitted requests may take; recovery:
    in which it has to answer as before."""
    with serving.start(request_seconds=60.0) as service, ExitStack() as stack:
        alone = asyncio.run(offered(service.url, None, min(2.0, seconds), 2))
        capacity = alone.statuses[200] / min(2.0, seconds)
        before = resident(service)
        held(service, SLOW, stack)
        seen = asyncio.run(offered(service.url, TIMES * capacity, seconds, CONNECTIONS))
        began = time.monotonic()
        assert processes.until(lambda: processes.answers(service), recovery)
        recovered = time.monotonic() - began
        with closing(serving.connect(service.url)) as connection:
            assert serving.call(connection, "/health/ready").status == 200
        grown = resident(service) - before
    record("requests a second that can be answered", round(capacity))
    record("requests a second that were offered", round(sum(seen.statuses.values()) / seconds))
    record("answered, refused", f"{seen.statuses[200]}, {seen.statuses[503]}")
    record("p99 of those answered, milliseconds", round(1000 * seen.quantile(200, 0.99)))
    record("p99 of those refused, milliseconds", round(1000 * seen.quantile(503, 0.99)))
    record("memory grown, MB", round(grown / 1e6, 1))
    record("seconds until it answers as before", round(recovered, 2))
    assert set(seen.statuses) <= {200, 503}
    assert seen.statuses[200] > 0.2 * capacity * seconds, "who refuses everybody is soon done"
    assert seen.statuses[503] > 0
    assert (seen.hintless, seen.lost) == (0, 0)
    assert seen.quantile(200, 0.99) <= slowest
    assert grown <= 50e6


def test_five_times_too_many_requests_are_refused_with_a_hint_when_to_come_again(
    record_property: Callable[[str, object], None],
) -> None:
    """One client that sends too much would keep all others waiting, for ever longer."""
    overloaded(3.0, slowest=1.5, record=record_property, recovery=20.0)


@pytest.mark.slow
def test_a_minute_of_five_times_too_many_requests_is_borne(
    record_property: Callable[[str, object], None],
) -> None:
    """The queue would grow with every second, and the memory."""
    overloaded(60.0, slowest=0.25, record=record_property, recovery=2.0)
