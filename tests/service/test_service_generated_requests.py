"""Requests that machines make: from the service's own OpenAPI document, from rows, and from bytes of HTTP."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
import served_models as serving
import test_service_explain as explaining
import test_service_processes as processes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import small_models as small  # isort: skip - found through the ones before

from cauce.errors import CATALOGUE
from cauce.running.serving import Service
from cauce.service.settings import Limits

DOORS = ("/predict", "/invocations", "/explain")
KINDS = ("", "application/json", "text/csv", "text/csv; header=present", "application/jsonlines")
FINE = {200, 400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 422, 431}
MOST_BYTES = 8192
FEW = {"openapi": 25, "bodies": 300, "http": 150}
MANY = {"openapi": 20_000, "bodies": 70_000, "http": 10_000}


def check(reply: serving.Reply, sent: Any) -> None:
    """It is an answer, or a refusal with a code and a hint, and nothing of ours is broken."""
    assert reply.status in FINE, (reply.status, sent)
    found = reply.headers["content-type"]
    if reply.status == 200:
        if found == "application/json":
            assert "model_version" in reply.json
        return
    assert found == "application/problem+json"
    assert reply.json["code"] in CATALOGUE
    assert reply.json["hint"]
    assert len(reply.body) <= MOST_BYTES


class Sent:
    """A value whose text is short: hypothesis writes it where something fails."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return repr(self.value)[:2000]


def tried(strategy: st.SearchStrategy[Any], count: int, action: Callable[[Any], None]) -> int:
    """Do it for so many values; how many there were."""
    seen = [0]

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(value=strategy.map(Sent))
    def run(value: Sent) -> None:
        seen[0] += 1
        action(value.value)

    run()
    return seen[0]


def application() -> Any:
    limits = Limits(patience=3600.0, body_bytes=1 << 16, rows=100)
    return serving.application(limits=limits, explain=explaining.here())


def from_document(count: int) -> int:
    """Requests as the document has them, and as it has them not."""
    import schemathesis
    from schemathesis import GenerationMode

    app = application()
    schema = schemathesis.openapi.from_dict(serving.ask(app, "/openapi.json").json)
    total = 0

    def ask(case: Any) -> None:
        body = case.body if isinstance(case.body, bytes) else json.dumps(case.body, default=str).encode()
        if case.media_type != "application/json" and isinstance(case.body, str):
            body = case.body.encode("utf-8", "surrogatepass")
        query = "&".join(f"{name}={value}" for name, value in (case.query or {}).items())
        path = f"{case.path}?{query}" if query else case.path
        kind = {"content-type": case.media_type or ""}
        check(serving.ask(app, path, body or b"{", headers=kind), (path, kind, body))

    for door in DOORS:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            strategy = schema[door]["POST"].as_strategy(generation_mode=mode)
            total += tried(strategy, count // 6, ask)
    return total


NAMES = st.sampled_from((*small.SCHEMA.names, "id", "other", "", "\ud800"))
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(repr),
    st.sampled_from(("NaN", "Infinity", "-Infinity", "1e999", "-0", "0.10", "9" * 400, "1E+5", "01", "1_0")),
)
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ("2024-02-29", "2024-02-29T10:00:00", "0001-01-01", "12.50", "AA", "sí", "\ud800", "1e5")
    ),
).map(lambda text: json.dumps(text, ensure_ascii=len(text) % 2 == 0))
CELLS = st.one_of(
    NUMBERS, TEXTS, st.sampled_from(("null", "true", "false", "[]", "{}", "[null]", '{"a": 1}'))
)


@st.composite
def rows(draw: st.DrawFn) -> str:
    """A JSON object that is nearly a row."""
    members = {name: json.dumps(value) for name, value in serving.FINE.items()}
    for name in draw(st.lists(NAMES, max_size=3)):
        members[name] = draw(CELLS)
    listed = [(name, cell) for name, cell in members.items() if draw(st.integers(0, 12))]
    if draw(st.integers(0, 8)) == 0:
        listed = [*listed, *listed[:1]]
    return "{" + ",".join(f"{json.dumps(name)}:{cell}" for name, cell in listed) + "}"


def _documents(found: list[str]) -> st.SearchStrategy[str]:
    text = ",".join(found)
    cells = ",".join(found[:1])
    shapes = ("dataframe_records", "instances", "inputs", "dataframe_split", "params", "other")
    return st.one_of(
        st.sampled_from((f"[{text}]", cells or "{}", "\n".join(found))),
        st.sampled_from(shapes).map(lambda shape: f'{{"{shape}":[{text}]}}'),
        st.lists(NAMES, max_size=8).map(
            lambda names: json.dumps({"dataframe_split": {"columns": names, "data": [[1] * len(names)]}})
        ),
    )


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """A door, a content type, and a body: rows, CSV, bytes of either that were changed, or any bytes."""
    kind = draw(st.sampled_from(KINDS))
    if "csv" in kind and draw(st.booleans()):
        names = ",".join(draw(st.permutations(small.SCHEMA.names)))
        cells = draw(st.lists(st.lists(st.text(max_size=6), max_size=9).map(",".join), max_size=4))
        text = "\n".join([names, *cells])
    else:
        text = draw(st.lists(rows(), max_size=3).flatmap(_documents))
    data = text.encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 2)) == 0:
        data = draw(changed(data))
    return draw(st.sampled_from(DOORS)), kind, data or b" "


@st.composite
def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with some of them replaced, taken out, doubled, or cut off."""
    found = bytearray(data)
    for _turn in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(found)))
        piece = draw(st.binary(max_size=4))
        length = draw(st.sampled_from((0, 1, 1, 2, 40)))
        found[at : at + length] = piece * draw(st.sampled_from((1, 1, 1, 200)))
    return bytes(found)


def from_bodies(count: int) -> int:
    """Rows that are nearly right, and bytes that are nearly JSON or CSV."""
    app = application()

    def ask(given: tuple[str, str, bytes]) -> None:
        path, kind, body = given
        check(serving.ask(app, path, body, headers={"content-type": kind} if kind else {}), given)

    return tried(bodies(), count, ask)


def request_of(body: bytes, *lines: bytes) -> bytes:
    head = (b"POST /predict HTTP/1.1", b"host: localhost", b"content-type: application/json", *lines)
    return b"\r\n".join(head) + b"\r\n\r\n" + body


GOOD = json.dumps(serving.FINE).encode()
SIZED = request_of(GOOD, b"content-length: %d" % len(GOOD))
CHUNKED = request_of(b"%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD), b"transfer-encoding: chunked")
WORDS = (
    b"content-length: 5\r\n",
    b"content-length: +5\r\n",
    b"transfer-encoding: chunked\r\n",
    b"\r\n",
    b"\n",
    b"\0",
    b"transfer-encoding: identity\r\n",
    b"expect: 100-continue\r\n",
    b"upgrade: h2c\r\nconnection: upgrade\r\n",
    b"host: x\r\n",
    b" HTTP/1.0",
    b"GET / HTTP/1.1\r\n",
    b"GET http://a/ HTTP/1.1\r\n",
    b"HEAD",
    b"TRACE",
    b"PRI *",
    b"x-request-id: a\r\n",
    b": a\r\n",
    b" folded\r\n",
    b"\xff",
    b"a" * 70_000,
    b"FFFFFFFFFFFFFFFFF\r\n",
    b"-1\r\n",
    b"connection: close\r\n",
    b"content-type: text/csv\r\n",
    b"trailer: a\r\n",
    b"accept-language: \xff\r\n",
    b"%00",
    b"?",
)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Bytes of a connection: good requests, into which something was put, or of which something was taken."""
    found = b"".join(draw(st.lists(st.sampled_from((SIZED, CHUNKED)), min_size=1, max_size=2)))
    for word in draw(st.lists(st.sampled_from(WORDS), max_size=3)):
        at = draw(st.one_of(st.integers(0, 120), st.integers(0, len(found))))
        found = found[:at] + word + found[at + draw(st.sampled_from((0, 0, 1, 17))) :]
    return draw(changed(found)) if draw(st.booleans()) else found


def conversation(service: Service, sent: bytes) -> bytes:
    """All that comes back for the bytes, until either side has ended."""
    parts = urlsplit(service.url)
    found = b""
    with (
        socket.create_connection((parts.hostname, parts.port), timeout=20.0) as sock,
        suppress(ConnectionError),
    ):
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)
        while data := sock.recv(65536):
            found += data
    return found


def from_streams(service: Service, count: int) -> int:
    """Requests that are nearly HTTP."""
    before = processes.children(service)

    def ask(sent: bytes) -> None:
        found = conversation(service, sent)
        assert b"HTTP/1.1 5" not in found, (sent[:300], found[:300])

    made = tried(streams(), count, ask)
    assert processes.children(service) == before, "a worker died"
    with closing(serving.connect(service.url)) as connection:
        text = serving.call(connection, "/metrics").body.decode()
        assert serving.call(connection, "/predict", serving.FINE).status == 200
    assert 'status="500"' not in text
    return made


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving.start(patience=60.0, request_seconds=1.0, body_bytes=1 << 16) as started:
        yield started


def test_requests_made_from_our_own_document_end_in_no_error_of_ours() -> None:
    """Whoever generates a client from it would find out for us."""
    assert from_document(FEW["openapi"]) >= FEW["openapi"] // 2


def test_bodies_that_are_nearly_right_end_in_no_error_of_ours() -> None:
    """A 500 for what somebody sent, at night."""
    assert from_bodies(FEW["bodies"]) >= FEW["bodies"]


def test_bytes_that_are_nearly_http_end_in_no_error_of_ours(service: Service) -> None:
    """One scanner in the network would take the workers down."""
    assert from_streams(service, FEW["http"]) >= FEW["http"]


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_a_hundred_thousand_generated_requests_end_in_no_error_of_ours(
    service: Service, record_property: Callable[[str, object], None]
) -> None:
    """What happens to one request in ten thousand happens every day."""
    made = {
        "http": from_streams(service, MANY["http"]),
        "bodies": from_bodies(MANY["bodies"]),
        "openapi": from_document(MANY["openapi"]),
    }
    for name, count in made.items():
        record_property(f"requests from {name}", count)
    record_property("requests generated", sum(made.values()))
    record_property("answers of 5xx", 0)
    assert sum(made.values()) >= 90_000
