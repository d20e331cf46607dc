"""Small models being served, in this process or behind a real server, and a client that hides nothing."""

from __future__ import annotations

import asyncio
import atexit
import http.client
import json
import math
import mmap
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1] / "bundles"))

import small_models as small

from cauce.core.answering.answering import Answering
from cauce.core.answering.interval import IntervalRule
from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.exporting import export_bundle
from cauce.core.bundle.writing import make_bundle
from cauce.running.serving import Service, prepare
from cauce.service.application import Application
from cauce.service.counters import Counters
from cauce.service.layout import NAMES
from cauce.service.messages import Capture, Request, Scored, request_id, written
from cauce.service.served import Served, open_served
from cauce.service.settings import ServiceSettings

TASKS = ("binary", "multiclass", "regression")
FINE = {
    "distance": 16.5,
    "stops": 3,
    small.HOSTILE: "AA",
    "*": True,
    "day": "2020-12-31",
    "price": "12.50",
    "at": "2020-12-31T10:00:00",
}
"""A row of the small models, as JSON has it."""


def fine(**changes: Any) -> dict[str, Any]:
    """The row with other values; `...` leaves a column out. hostile, star: of the columns so called."""
    names = {"hostile": small.HOSTILE, "star": "*"}
    row = {**FINE, **{names.get(name, name): value for name, value in changes.items()}}
    return {name: value for name, value in row.items() if value is not ...}


@cache
def folder_of(bundle: Bundle) -> Path:
    """The bundle in a folder, which the process keeps."""
    kept = Path(tempfile.mkdtemp(prefix="cauce-served-"))
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    return export_bundle(bundle, kept / "bundle")


@cache
def served(task: str = "binary", extra: str = "ignore") -> Served:
    """The small model, ready to answer."""
    bundle = small.bundle(task)
    return open_served(folder_of(bundle), digest=bundle.identity, version="small/1", extra=extra)  # type: ignore[arg-type]


@cache
def with_interval() -> Served:
    """A model of numbers with an interval around each prediction."""
    draft = small.draft("regression")
    rule = IntervalRule(level=0.9, kind="constant", radius=25.0)
    bundle = make_bundle(replace(draft, manifest=replace(draft.manifest, answering=Answering(interval=rule))))
    return open_served(folder_of(bundle), digest=bundle.identity)


def settings(**changes: Any) -> ServiceSettings:
    """Settings of an application in this process."""
    return replace(ServiceSettings(folder="", digest="", version="small/1"), **changes)


def application(model: Served | None = None, **changes: Any) -> Application:
    """The application in this process. changes: of its settings, limits, tokens or capture."""
    own = {name: changes.pop(name) for name in ("tokens", "capture", "explain") if name in changes}
    memory = mmap.mmap(-1, Counters.size(NAMES, 1))
    return Application(
        served=model or served(),
        settings=settings(**changes),
        counters=Counters(memory, NAMES),
        **own,
    )


@dataclass(frozen=True)
class Reply:
    """What came back. headers: by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which must be strict JSON."""

        def refuse(text: str) -> None:
            raise AssertionError(f"{text} in an answer")

        return json.loads(self.body, parse_constant=refuse)


def ask(app: Application, path: str = "/predict", body: Any = b"", **more: Any) -> Reply:
    """Ask the application in this process. more: method, headers, and since when the request has waited."""
    method = more.pop("method", "GET" if body == b"" else "POST")
    headers = {name.lower().encode(): str(value).encode() for name, value in more.pop("headers", {}).items()}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    route, _mark, query = path.partition("?")
    named = request_id(headers.get(b"x-request-id"))
    request = Request(method, route, query.encode(), headers, data, named)
    answer = asyncio.run(app.respond(request, **more))
    head, _mark, sent = written(answer, request, date=b"", last=app.draining).partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    found = dict(line.split(": ", 1) for line in lines)
    assert len(found) == len(lines)
    return Reply(int(status.split()[1]), found, sent)


async def keep(log: Capture, one: Scored) -> None:
    """Keep it and wait until that is settled; the error that would be answered."""
    settled: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
    log([one], lambda _places, error: settled.set_result(error))
    error = await settled
    if error is not None:
        raise error


def start(task: str = "binary", **choices: Any) -> Service:
    """The small model behind a real server, on a free port."""
    return start_of(small.bundle(task), **choices)


def start_of(bundle: Bundle, **choices: Any) -> Service:
    """A bundle behind a real server, on a free port."""
    folder = folder_of(bundle)
    return prepare(folder, digest=bundle.identity, choices={"port": 0, **choices}).start()


def connect(url: str, *, timeout: float = 10.0) -> http.client.HTTPConnection:
    """A connection that is kept."""
    parts = urlsplit(url)
    return http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=timeout)


def call(
    connection: http.client.HTTPConnection,
    path: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """One request over a connection that is kept."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection.request("GET" if data is None else "POST", path, data, dict(headers or {}))
    response = connection.getresponse()
    found = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, found, response.read())


def as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON carries it: no NaN, no infinity, dates and decimals as texts."""
    return {name: _carried(value) for name, value in row.items()}


def _carried(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
