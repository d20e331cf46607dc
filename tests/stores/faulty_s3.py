"""An S3 server in this process, and a proxy before it that fails as networks and servers do."""

from __future__ import annotations

import http.client
import random
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from cauce.errors import CauceError
from cauce.stores.objects import ObjectStore
from cauce.testing.loopback import served

_BUCKET = "cauce-test"


@contextmanager
def s3_server() -> Iterator[str]:
    """The endpoint of a server with one empty bucket, `cauce-test`."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    make_bucket(endpoint, _BUCKET)
    try:
        yield endpoint
    finally:
        server.stop()


def make_bucket(endpoint: str, name: str) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{name}", method="PUT")).close()


def code_of(action: Callable[[], object]) -> str:
    """The code with which an action fails."""
    with pytest.raises(CauceError) as caught:
        action()
    return caught.value.code


def check_one_of_sixteen_wins(store: ObjectStore) -> None:
    """Sixteen threads put one name at once: one is told that it won, and all read its bytes."""
    won: list[int] = []
    store.put_if_absent("warm", b"")

    def write(number: int) -> None:
        if store.put_if_absent("name", b"%d" % number):
            won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.get("name") == b"%d" % won[0]


@dataclass
class Proxy:
    """share: of requests that fail. ways: how; lost: the request is done and its answer never comes; slow: it
    comes after `pause` seconds."""

    endpoint: str
    share: float
    ways: tuple[str, ...] = ("error", "drop", "lost", "cut")
    luck: random.Random = field(default_factory=lambda: random.Random(7))
    counted: dict[str, int] = field(default_factory=dict)
    drop_condition: bool = False
    pause: float = 0.0
    url: str = ""

    def way(self) -> str:
        failing = self.luck.random() < self.share
        way = self.luck.choice(self.ways) if failing else "through"
        self.counted[way] = self.counted.get(way, 0) + 1
        return way


@contextmanager
def proxied(endpoint: str, share: float, **more: Any) -> Iterator[Proxy]:
    """A proxy before `endpoint`; its url is the endpoint to use."""
    proxy = Proxy(endpoint, share, **more)
    with served(type("Handler", (_Handler,), {"proxy": proxy})) as proxy.url:
        yield proxy


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def _any(self) -> None:
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        way = self.proxy.way()
        if way == "drop":
            return
        if way == "error":
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if way == "slow":
            time.sleep(self.proxy.pause)
        status, headers, answer = self._forwarded(body)
        if way == "lost":
            return
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                self.send_header(name, value)
        length = next((v for k, v in headers if k.lower() == "content-length"), str(len(answer)))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer[: len(answer) // 2] if way == "cut" else answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _any  # noqa: N815

    def _forwarded(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        host = self.proxy.endpoint.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=30)
        headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
        if self.proxy.drop_condition:
            headers = {k: v for k, v in headers.items() if k.lower() != "if-none-match"}
        try:
            connection.request(self.command, self.path, body=body or None, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def log_message(self, *_: Any) -> None:
        pass
