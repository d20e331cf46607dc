"""Connections that cannot be held by slow clients: the server's protocol with limits of time and size."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from cauce.service.application import COMPLETE
from cauce.service.settings import Limits

_HEADER_BYTES = 1 << 16
_HEADERS = 200
_GRACE = 1.0


def limited_protocol(limits: Limits) -> type[Any]:
    """uvicorn's protocol for HTTP, with `limits`; `cut_slow` ends what takes too long."""
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class LimitedProtocol(HttpToolsProtocol):
        """waiting: since when the client has owed us something, by the monotonic clock; None for nothing."""

        waiting: float | None
        head: int

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.waiting, self.head = time.monotonic(), 0
            if len(self.connections) > limits.connections:
                self._end(503, b"E2420", b"retry-after: 1\r\n")

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self.waiting, self.head = time.monotonic(), 0

        def on_url(self, url: bytes) -> None:
            super().on_url(url)
            self._measure(len(url))

        def on_header(self, name: bytes, value: bytes) -> None:
            super().on_header(name, value)
            self._measure(len(name) + len(value))

        def on_message_complete(self) -> None:
            self.scope[COMPLETE] = time.monotonic()  # type: ignore[literal-required]
            super().on_message_complete()

        def on_response_complete(self) -> None:
            if not self.pipeline:
                self.waiting = None
            super().on_response_complete()

        def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the caller's signature
            self._end(400, b"E2410")

        def _measure(self, size: int) -> None:
            self.head += size
            if self.head > _HEADER_BYTES or len(self.headers) > _HEADERS:
                self._end(431, b"E2412")

        def cut(self, now: float) -> None:
            """End the connection where its client has been owing for too long."""
            if self.waiting is None or now - self.waiting < limits.request_seconds + _GRACE:
                return
            if self.cycle is None or self.cycle.response_complete:
                self._end(408, b"E2419")
            elif self.cycle.more_body or now - self.waiting > 2 * limits.request_seconds + _GRACE:
                self.transport.abort()

        def _end(self, status: int, code: bytes, beside: bytes = b"") -> None:
            if self.transport.is_closing():
                return
            body = b'{"status":%d,"code":"%s"}' % (status, code)
            head = b"HTTP/1.1 %d \r\ncontent-type: application/problem+json\r\n" % status
            size = b"content-length: %d\r\nconnection: close\r\n" % len(body)
            self.transport.write(head + size + beside + b"\r\n" + body)
            self.transport.close()

    return LimitedProtocol


def cut_slow(connections: Iterable[Any]) -> None:
    """End the connections whose clients take too long."""
    now = time.monotonic()
    for one in list(connections):
        one.cut(now)
