"""A proxy that lets through who shows the right header, as those before shared tracking servers do."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from cauce.testing.loopback import served

_OWN = frozenset(("connection", "transfer-encoding", "content-length", "date", "server"))
_SECONDS = 60.0


@dataclass
class CheckingProxy:
    """What a running proxy accepts; may be changed while it runs.

    address: where it listens. behind: the server it asks. accepted: values of Authorization that go through;
    others get status 401 and a page that quotes what they sent. refused: how many did.
    """

    behind: str
    accepted: set[str] = field(default_factory=set)
    address: str = ""
    refused: int = 0


@contextmanager
def checking_proxy(behind: str, *accepted: str) -> Iterator[CheckingProxy]:
    """A proxy on loopback before the server at `behind`, stopped at the end."""
    proxy = CheckingProxy(behind, set(accepted))
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    with served(handler) as proxy.address:
        yield proxy


class _Handler(BaseHTTPRequestHandler):
    proxy: CheckingProxy
    protocol_version = "HTTP/1.1"

    def _any(self) -> None:
        self.close_connection = True
        body = self._body()
        shown = self.headers.get("Authorization", "")
        if shown not in self.proxy.accepted:
            self.proxy.refused += 1
            self._answer(401, [("WWW-Authenticate", "Bearer")], f"<p>not let in: {shown}</p>".encode())
            return
        self._answer(*self._asked(body))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _any  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _asked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.proxy.behind).netloc, timeout=_SECONDS)
        dropped = {"connection", "host", "authorization", "transfer-encoding", "content-length"}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        try:
            connection.request(self.command, self.path, body=body or None, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _OWN:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: tests read what the program under test says."""
