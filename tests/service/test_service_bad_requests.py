"""Whatever a client sends is answered with a reason, and never with an error of the server's."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import bad_requests
import pytest
import served_models as serving

from cauce.errors import CATALOGUE
from cauce.running.serving import Service

CASES = list(bad_requests.cases())
LEAST = 300
POST = b"POST /predict HTTP/1.1\r\nhost: localhost\r\n"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving.start(
        body_bytes=2 << 20, rows=100, request_seconds=1.0, docs=True, patience=30.0
    ) as started:
        yield started


def test_there_are_enough_of_them() -> None:
    """What was promised is a number."""
    assert len(CASES) >= LEAST
    assert len({case[0] for case in CASES}) == len(CASES)


def test_every_bad_request_is_refused_with_a_code_and_a_hint(service: Service) -> None:
    """A 5xx for what a client sent wakes somebody at night; a 200 is a prediction about something else."""
    wrong = []
    with closing(serving.connect(service.url)) as connection:
        for name, path, body, headers, statuses in CASES:
            reply = serving.call(connection, path, body, headers)
            if reply.status not in statuses:
                wrong.append((name, reply.status, reply.body[:200]))
                continue
            problem = reply.json
            assert reply.headers["content-type"] == "application/problem+json"
            assert problem["status"] == reply.status
            assert problem["request_id"] == reply.headers["x-request-id"]
            assert problem["hint"], name
            assert problem["code"] in CATALOGUE, name
            assert len(reply.body) <= 8192, name
        good = serving.call(connection, "/predict", serving.FINE)
    assert wrong == []
    assert good.status == 200


def test_a_refusal_shows_no_value_that_was_sent(service: Service) -> None:
    """Errors end up in logs and tickets, and rows are about people."""
    row = serving.fine(
        distance="CANARY-1", stops="CANARY-2", hostile=["CANARY-3"], day="CANARY-4", at="CANARY-5"
    )
    with closing(serving.connect(service.url)) as connection:
        reply = serving.call(connection, "/predict", row)
    assert reply.status == 422
    assert {one["field"] for one in reply.json["errors"]} >= {"distance", "stops", "day", "at"}
    assert b"CANARY" not in reply.body


def test_rows_that_are_wrong_are_counted_and_the_first_is_pointed_to(service: Service) -> None:
    """A thousand rows wrong in one column are one message, not a thousand."""
    rows = [serving.FINE, *[serving.fine(stops="x")] * 50, serving.fine(day=1)]
    with closing(serving.connect(service.url)) as connection:
        reply = serving.call(connection, "/predict", rows)
    found = [(one["pointer"], one["field"], one["rows"]) for one in reply.json["errors"]]
    assert found == [("/1/stops", "stops", 50), ("/51/day", "day", 1)]


def test_too_many_rows_and_too_many_bytes_are_refused_by_number(service: Service) -> None:
    """One request must not keep all others waiting."""
    with closing(serving.connect(service.url)) as connection:
        many = serving.call(connection, "/predict", [serving.FINE] * 101)
        csv = serving.call(connection, "/invocations", b"1\n" * 101, {"content-type": "text/csv"})
        lines = serving.call(connection, "/invocations", b"{}\n" * 101, {"content-type": "application/jsonl"})
    with closing(serving.connect(service.url)) as connection:
        large = serving.call(connection, "/predict", b" " * ((2 << 20) + 1))
    found = [(one.status, one.json["code"]) for one in (many, lines, large)]
    assert found == [(413, "E2413"), (413, "E2413"), (413, "E2412")]
    assert csv.status in (400, 413)


def raw(service: Service, sent: bytes, *, seconds: float = 6.0) -> bytes:
    """All that comes back for bytes sent over a connection of its own, until the server ends it."""
    parts = urlsplit(service.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=seconds) as sock:
        sock.sendall(sent)
        found = b""
        while True:
            try:
                data = sock.recv(65536)
            except ConnectionResetError:
                return found
            if not data:
                return found
            found += data


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/9.9\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01", b"400"),
        (POST + b"content-length: x\r\n\r\n", b"400"),
        (POST + b"content-length: -1\r\n\r\n", b"400"),
        (POST + b"content-length: 99999999999\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\nhost: localhost\r\na: " + b"b" * 100_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nhost: localhost\r\n" + b"a: b\r\n" * 300 + b"\r\n", b"431"),
        (b"GET /\xc3\xa9 HTTP/1.1\r\nhost: localhost\r\n\r\n", b"400"),
        (POST + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}", b"400"),
        (POST + b"transfer-encoding: chunked\r\n\r\nZZ\r\n", b"400"),
    ],
)
def test_broken_http_is_refused_and_the_connection_ended(
    service: Service, sent: bytes, status: bytes
) -> None:
    """What a parser takes differently from a proxy before it lets one request hide in another."""
    found = raw(service, sent)
    assert found.split(b" ")[1] == status, found[:200]


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /predict HTTP/1.1\r\nhost: loc",
        POST + b"content-length: 100\r\n\r\n{",
        POST + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
    ],
)
def test_slow_clients_are_cut(service: Service, sent: bytes) -> None:
    """Two hundred clients that send a byte a minute would keep everybody else out."""
    found = raw(service, sent)
    assert found == b"" or found.split(b" ")[1] == b"408"


def test_chunked_bodies_and_pipelined_requests_are_answered(service: Service) -> None:
    """Some clients do not know the length beforehand, others do not wait."""
    body = json.dumps(serving.FINE).encode()
    head = POST + b"content-type: application/json\r\n"
    parts = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in (body[:7], body[7:]))
    chunked = head + b"transfer-encoding: chunked\r\n\r\n" + parts + b"0\r\n\r\n"
    last = head + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body
    found = raw(service, chunked + last)
    assert found.count(b"HTTP/1.1 200 OK") == 2
