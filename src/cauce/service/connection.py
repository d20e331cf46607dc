"""A connection: bytes to requests, answers to bytes, an end for clients that are slow, large or broken."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import httptools

from cauce.errors import CauceError
from cauce.service.doors import Door
from cauce.service.layout import PATHS
from cauce.service.messages import CLOSE, Answer, Request, request_id, written
from cauce.service.problems import Refusal, Refused

if TYPE_CHECKING:
    from cauce.service.server import Server

_HEADER_BYTES = 1 << 16
_HEADERS = 200
_GRACE = 1.0
_LINGER = 2.0
_IDLE = 65.0
_PLAIN = {path.encode("ascii"): path for path in PATHS}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_AGAIN = b"retry-after: 1\r\n"
_NEVER = math.inf
_LOG = logging.getLogger("cauce.service")


class Turn(NamedTuple):
    """A request to be answered, as `application.Asked`. keep: whether its connection may stay."""

    connection: Connection
    request: Request
    admitted: Door | Refused
    since: float
    keep: bool


class Connection(asyncio.Protocol):
    """A client's connection. Its requests are answered one after the other, in their order.

    until: the moment of the monotonic clock at which `late` ends it, while its client owes us something;
    taken: when what it was answered last must have been taken.
    """

    def __init__(self, server: Server) -> None:
        self.server, self.limits = server, server.app.settings.limits
        self.parser = httptools.HttpRequestParser(self)
        # What follows a last request is ours to ignore, and no reason to refuse that one.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.transport: Any = None
        self.until, self.late = _NEVER, self._too_slow
        self.patience = self.limits.request_seconds + _GRACE
        self.taken = _NEVER
        self.active: Turn | None = None
        self.waiting: deque[Turn] = deque()
        self.full = self.last = self.deaf = self.begun = self.in_head = False
        self._forget()

    def _forget(self) -> None:
        self.url = self.query = b""
        self.method = self.path = ""
        self.headers: dict[bytes, bytes] = {}
        self.head = self.count = 0
        self.body: bytes | bytearray = b""
        self.door: Any = None

    # What the transport tells.

    def connection_made(self, transport: Any) -> None:
        """Begin, or end at once where there are too many."""
        self.transport = transport
        self.server.connections.add(self)
        self._owed(self.patience, self._too_slow)
        if len(self.server.connections) > self.limits.connections:
            self._end(503, b"E2420", _AGAIN)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the caller's signature
        """Forget what waits: nobody does."""
        self.server.connections.discard(self)
        self.deaf, self.until = True, _NEVER
        self.waiting.clear()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self.deaf:
            return
        inside = self.in_head
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Another protocol would follow: what was asked is answered, and no more.
            self._hear_no_more()
        except httptools.HttpParserCallbackError as error:
            _LOG.error("a connection failed: %s", type(error.__context__).__name__)
            self._end(500, b"E2426")
        except httptools.HttpParserError:
            self._end(400, b"E2410")
        if inside and self.in_head:
            # Of a header that has not ended the parser tells nothing.
            self.head += len(data)
        if self.in_head:
            self._check_head()

    def eof_received(self) -> bool:
        """Whether to stay, although nothing more will come: until all is answered."""
        self.deaf = self.last = True
        return self.active is not None or bool(self.waiting)

    def pause_writing(self) -> None:
        """Answer no more than is taken."""
        self.full = True
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self.full = False
        self._go_on()

    # What the parser tells.

    def on_message_begin(self) -> None:
        """A request begins."""
        if self.deaf:
            return
        self._forget()
        self.begun = self.in_head = True
        self._owed(self.patience, self._too_slow)

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or what follows a body in its place."""
        self.count += 1
        self.head += len(name) + len(value)
        if self.in_head:
            self.headers[name.lower()] = value
        else:
            self._check_head()

    def on_headers_complete(self) -> None:
        """The head is there: whether the request may come in is known before its body."""
        self.in_head = False
        self._check_head()
        if self.deaf:
            return
        try:
            self.method = self.parser.get_method().decode("ascii")
            self.path, self.query = _address(self.url)
            self.door = self.server.app.admit(self.method, self.path, headers=self.headers)
        except Refused as refused:
            self._take(refused)
        except (httptools.HttpParserInvalidURLError, UnicodeDecodeError):
            self._end(400, b"E2410")
        else:
            if self.headers.get(b"expect", b"").lower() == b"100-continue" and self.active is None:
                self.transport.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if self.deaf:
            return
        if not self.body:
            self.body = body
        else:
            if type(self.body) is bytes:
                self.body = bytearray(self.body)
            self.body += body
        if len(self.body) > self.limits.body_bytes:
            error = CauceError("E2412", limit=self.limits.body_bytes)
            self._take(Refused(Refusal(error, headers=(CLOSE,))))

    def on_message_complete(self) -> None:
        """The request is there."""
        self.begun = False
        if not self.deaf:
            self._take(self.door)

    # Requests, one after the other.

    def _take(self, admitted: Door | Refused) -> None:
        """Have the request answered; where it is refused, or the last one, no more is heard."""
        served = isinstance(admitted, Door)
        keep = served and self.parser.should_keep_alive() and not self.parser.should_upgrade()
        keep = keep and self.parser.get_http_version() != "1.0"
        named = request_id(self.headers.get(b"x-request-id"))
        body = bytes(self.body) if served else b""
        request = Request(self.method, self.path, self.query, self.headers, body, named)
        turn = Turn(self, request, admitted, time.monotonic(), keep)
        self.until = _NEVER
        if not keep:
            self._hear_no_more()
        if self.active is None and not self.full:
            self.active = turn
            self.server.answer(turn)
        else:
            self.waiting.append(turn)
            self.transport.pause_reading()

    def send(self, turn: Turn, answer: Answer) -> None:
        """Send the answer whose turn it is, and go on with the next."""
        self.active = None
        if self.transport.is_closing():
            return
        server = self.server
        last = not turn.keep or server.app.draining or (self.last and not self.waiting)
        last = last or CLOSE in answer.headers
        now = time.monotonic()
        self.taken = now + self.patience
        self.transport.write(written(answer, turn.request, date=server.date, last=last))
        if last:
            self._leave(unread=isinstance(turn.admitted, Refused))
        elif self.waiting:
            self._go_on()
        elif not self.begun:
            self.until, self.late = now + _IDLE, self.transport.close

    def _go_on(self) -> None:
        """Answer the next one, or hear it, where its client takes what it is answered."""
        if self.active is not None or self.full or self.transport.is_closing():
            return
        if self.waiting:
            self.active = self.waiting.popleft()
            self.server.answer(self.active)
        if not self.waiting and not self.deaf:
            self.transport.resume_reading()
            if self.begun:
                self._owed(self.patience, self._too_slow)

    # Ends.

    def shut(self) -> None:
        """End it as soon as what was asked is answered."""
        self.last = True
        if self.active is None and not self.waiting and not self.begun:
            self.transport.close()

    def cut(self, now: float) -> None:
        """End it where its client has been owing for too long, or does not take what it was answered."""
        if now > self.until and not self.waiting:
            self.late()
        elif now > self.taken and self.transport.get_write_buffer_size():
            self.transport.abort()

    def _owed(self, seconds: float, late: Callable[[], None]) -> None:
        self.until, self.late = time.monotonic() + seconds, late

    def _too_slow(self) -> None:
        if self.active is None:
            self._end(408, b"E2419")
        else:
            self.transport.abort()

    def _check_head(self) -> None:
        if self.head + len(self.url) > _HEADER_BYTES or self.count > _HEADERS:
            self._end(431, b"E2412")

    def _hear_no_more(self) -> None:
        self.deaf = self.last = True
        self.begun = self.in_head = False

    def _leave(self, *, unread: bool) -> None:
        """Close it; unread: once the client has had a moment to read why what it still sends is in vain."""
        self.waiting.clear()
        if not unread or not self.transport.can_write_eof():
            self.transport.close()
            return
        self._hear_no_more()
        self.transport.write_eof()
        self._owed(_LINGER, self.transport.abort)

    def _end(self, status: int, code: bytes, beside: bytes = b"") -> None:
        """Refuse what is not worth more words."""
        if self.deaf or self.transport.is_closing():
            return
        self._hear_no_more()
        body = b'{"status":%d,"code":"%s"}' % (status, code)
        head = b"HTTP/1.1 %d \r\ncontent-type: application/problem+json\r\n" % status
        size = b"content-length: %d\r\nconnection: close\r\n" % len(body)
        if self.active is None:
            self.transport.write(head + size + beside + b"\r\n" + body)
            self._leave(unread=True)


def _address(url: bytes) -> tuple[str, bytes]:
    """Path and query."""
    plain = _PLAIN.get(url)
    if plain is not None:
        return plain, b""
    parsed = httptools.parse_url(url)
    return unquote((parsed.path or b"").decode("ascii")), parsed.query or b""
