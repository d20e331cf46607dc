"""Connections as clients really use them: half closed, in a hurry, in pieces, or never reading."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
import served_models as serving

from cauce.running.serving import Service
from cauce.service.doors import Door
from cauce.service.messages import Answer, Request
from cauce.service.problems import Refused
from cauce.service.settings import Limits

SECONDS = 1.0
HEAD = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving.start(request_seconds=SECONDS, patience=30.0) as started:
        yield started


def connected(service: Service) -> socket.socket:
    """A connection on which nothing was said yet."""
    parts = urlsplit(service.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=15.0)


def all_of(sock: socket.socket) -> bytes:
    """What comes until the server ends its side."""
    found = b""
    while data := sock.recv(65536):
        found += data
    return found


def one_of(sock: socket.socket) -> bytes:
    """The head of the next answer, and its body; the connection stays."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += sock.recv(65536)
    head, _mark, body = found.partition(b"\r\n\r\n")
    size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < size:
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


def asked(row: object, *more: bytes) -> bytes:
    """A request for a prediction."""
    body = json.dumps(row).encode()
    return HEAD + b"".join(one + b"\r\n" for one in more) + b"content-length: %d\r\n\r\n" % len(body) + body


def test_a_client_that_has_said_all_and_closes_its_side_is_answered(service: Service) -> None:
    """Scripts with a pipe into nc would get nothing."""
    with connected(service) as sock:
        sock.sendall(asked(serving.FINE) + asked(serving.fine(stops=4)))
        sock.shutdown(socket.SHUT_WR)
        found = all_of(sock)
    assert found.count(b"HTTP/1.1 200 OK") == 2


def test_answers_come_in_the_order_of_requests_where_some_take_longer(service: Service) -> None:
    """A client that does not wait would take one customer's prediction for another's."""
    large = [serving.FINE] * 2000
    requests = [asked(large, b"x-request-id: first"), asked(serving.FINE, b"x-request-id: second")]
    requests += [b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nx-request-id: third\r\n\r\n"]
    with connected(service) as sock:
        sock.sendall(b"".join(requests))
        sock.shutdown(socket.SHUT_WR)
        found = all_of(sock)
    places = [found.index(b"x-request-id: " + name) for name in (b"first", b"second", b"third")]
    assert places == sorted(places)
    assert found.count(b"HTTP/1.1 200 OK") == 3


def test_a_refused_client_that_goes_on_sending_still_reads_why(service: Service) -> None:
    """With a reset connection in place of the answer nobody learns that the body is too large."""
    with connected(service) as sock:
        sock.sendall(HEAD + b"content-length: 90000000\r\n\r\n")
        time.sleep(0.2)
        for _turn in range(20):
            sock.sendall(bytes(50_000))
            time.sleep(0.01)
        found = all_of(sock)
    assert found.startswith(b"HTTP/1.1 413 ")
    assert b"E2412" in found


def test_a_client_that_asks_first_is_told_to_go_on_or_refused(service: Service) -> None:
    """curl waits a second before every large body where it hears nothing."""
    body = json.dumps(serving.FINE).encode()
    ask = HEAD + b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n"
    with connected(service) as sock:
        sock.sendall(ask % len(body))
        assert sock.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(body)
        assert one_of(sock).startswith(b"HTTP/1.1 200 OK")
    with connected(service) as sock:
        sock.sendall(ask % 90_000_000)
        assert all_of(sock).startswith(b"HTTP/1.1 413 ")


def test_a_header_without_an_end_is_not_kept(service: Service) -> None:
    """One client could fill the memory with a header that it never ends."""
    with connected(service) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\na: ")
        try:
            for _turn in range(8):
                sock.sendall(b"b" * 20_000)
                time.sleep(0.05)
        except OSError:
            return
        assert all_of(sock).startswith(b"HTTP/1.1 431 ")


def test_a_client_that_takes_no_answer_is_cut(service: Service) -> None:
    """Answers that nobody reads would fill the memory."""
    began = time.monotonic()
    with connected(service) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with pytest.raises(ConnectionError):
            pour(sock, asked([serving.FINE] * 100), seconds=12)
    assert time.monotonic() - began < 12


def pour(sock: socket.socket, data: bytes, *, seconds: float) -> None:
    """Send the same for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sock.sendall(data)


@pytest.mark.parametrize(
    ("head", "stays"),
    [
        (b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n", True),
        (b"HEAD /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n", True),
        (b"GET /health/live HTTP/1.0\r\n\r\n", False),
        (b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", False),
        (
            b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
            False,
        ),
        (b"GET http://localhost/health/live?a=b HTTP/1.1\r\nhost: localhost\r\n\r\n", True),
    ],
)
def test_connections_stay_or_end_as_the_client_asks(service: Service, head: bytes, stays: bool) -> None:
    """A client that waits for the end of a connection that stays waits for a minute."""
    with connected(service) as sock:
        sock.sendall(head)
        if stays:
            time.sleep(0.1)
            sock.sendall(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        found = all_of(sock)
    assert found.count(b"HTTP/1.1 200 OK") == 1 + stays
    assert (b"connection: close" in found.split(b"\r\n\r\n")[0]) is not stays
    assert found.count(b'{"status":"live"}') == 1 + stays - head.startswith(b"HEAD")


def test_rows_asked_for_at_the_same_time_score_as_alone_to_the_last_bit(service: Service) -> None:
    """Who was scored beside whom would be in the numbers, and no replay could show it."""
    rows = [serving.fine(distance=k * 1.5, stops=k % 7) for k in range(60)]
    with closing(serving.connect(service.url)) as connection:
        alone = [serving.call(connection, "/predict", row).json for row in rows]
    found: dict[int, list[object]] = {}

    def client(number: int) -> None:
        with connected(service) as sock:
            sock.sendall(b"".join(asked(row) for row in rows))
            found[number] = [json.loads(one_answer(sock)) for _row in rows]

    threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [found[number] for number in range(8)] == [alone] * 8


def one_answer(sock: socket.socket) -> bytes:
    """The body of the next answer, and not a byte more."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += sock.recv(1)
    size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    body = b""
    while len(body) < size:
        body += sock.recv(size - len(body))
    return body


class Turn(NamedTuple):
    """What is asked at once."""

    request: Request
    admitted: Door | Refused
    since: float


def nobody(_told: object) -> None:
    """Nothing is kept before it is answered."""
    raise AssertionError


@pytest.mark.parametrize("task", serving.TASKS)
def test_requests_answered_at_once_are_answered_as_alone_refusals_included(task: str) -> None:
    """One client's mistake would be every client's refusal, or its row another's prediction."""
    app = serving.application(serving.served(task), limits=Limits(patience=60.0))
    rows = [serving.fine(distance=k * 1.5, stops=k % 7) for k in range(40)]
    bodies = [*(json.dumps(row).encode() for row in rows), b"{", b"[]", b'{"stops":"x"}', b""]
    requests = [Request("POST", "/predict", b"", {}, body, f"{at}") for at, body in enumerate(bodies)]
    requests += [Request("GET", "/health/live", b"", {}, b"", "live")]
    now = time.monotonic()
    turns = [Turn(one, app.admit(one.method, one.path, headers={}), now) for one in requests]
    alone = [asyncio.run(app.respond(one)) for one in requests]
    assert app.answers(turns, nobody) == alone
    assert [one.status for one in alone[-5:]] == [400, 200, 422, 400, 200]
    late = app.answers([one._replace(since=now - 100.0) for one in turns], nobody)
    assert {one.status for one in late[:-1] if isinstance(one, Answer)} == {503}


def test_a_bad_row_among_others_is_refused_alone(service: Service) -> None:
    """One client's mistake would be every client's refusal."""
    with connected(service) as sock:
        sock.sendall(
            b"".join(asked(row) for row in (serving.FINE, {"stops": "x"}, b"".decode(), serving.FINE))
        )
        sock.shutdown(socket.SHUT_WR)
        found = all_of(sock)
    statuses = [part.split(b" ")[0] for part in found.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"422", b"422", b"200"]
