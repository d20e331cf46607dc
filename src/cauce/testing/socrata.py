"""A stand-in for a Socrata portal (SODA 2.1) on this machine, with the faults that real ones have.

It does what such portals were seen to do: values are texts, null keys are left out, there is no order unless
one is asked for, 1,000 rows unless more are asked for, and a wrong token is refused where none is needed.
"""

from __future__ import annotations

import gzip
import json
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cauce.testing.loopback import served
from cauce.testing.soql import Malformed, condition, names_of

_PARAMETERS = frozenset(("$select", "$where", "$order", "$limit", "$offset", "$$app_token"))
_DEFAULT_LIMIT = 1000
_SLOW = 0.02


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Which share of requests is answered how. refused: 429, 500 or 503; cut: broken off in the middle of the
    body; slow: late. seed: another row of luck. after: of how many requests the first ones are spared."""

    refused: float = 0.0
    cut: float = 0.0
    slow: float = 0.0
    seed: int = 0
    after: int = 0


@dataclass
class Dataset:
    """Rows of texts, by column; None for null. types: the portal's word for each column, in its order."""

    name: str
    types: Mapping[str, str]
    rows: list[dict[str, Any]]
    updated: int = 1_770_000_000

    def id_of(self, number: int) -> str:
        """The system's name of a row; its characters are in another order than the rows."""
        mixed = (number * 2_654_435_761 + 97) % 2**32
        return f"row-{mixed & 0xFFFF:04x}.{mixed >> 16:04x}.{number:06x}"

    def changed(self) -> None:
        """Say that the rows changed now."""
        self.updated += 1


def number_of(row_id: str) -> int:
    """The place of a row by the system's name of it."""
    return int(row_id.rpartition(".")[2], 16)


@dataclass
class Portal:
    """A portal that is running. address: for `[data] source`; requests: what was asked, in order."""

    dataset: Dataset
    root: str = ""
    tokens: frozenset[str] = frozenset()
    faults: Faults = field(default_factory=Faults)
    requests: list[str] = field(default_factory=list)
    _random: random.Random = field(default_factory=random.Random)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        """What `[data] source` is to be."""
        host = self.root.removeprefix("http://")
        return f"socrata://{host}/{self.dataset.name}?private=allow&scheme=http"

    def fault(self) -> str:
        """What goes wrong with the next request, "" for nothing."""
        with self._lock:
            luck = self._random.random()
            if len(self.requests) <= self.faults.after:
                return ""
        for name in ("refused", "cut", "slow"):
            share: float = getattr(self.faults, name)
            if luck < share:
                return name
            luck -= share
        return ""


class Refusal(Exception):  # noqa: N818 - an answer
    """An answer that is no data: its status and body."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status, self.body = status, body


@contextmanager
def socrata_portal(
    dataset: Dataset, *, tokens: Sequence[str] = (), faults: Faults | None = None
) -> Iterator[Portal]:
    """A portal with one data set, on a free port of this machine, until the context ends."""
    portal = Portal(dataset, tokens=frozenset(tokens), faults=faults or Faults())
    portal._random.seed(portal.faults.seed)
    handler = type("Handler", (_Handler,), {"portal": portal})
    with served(handler) as portal.root:
        yield portal


class _Handler(BaseHTTPRequestHandler):
    portal: Portal
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer, or fail as real portals do."""
        self.close_connection = True
        self.portal.requests.append(unquote(self.path))
        fault = self.portal.fault()
        if fault == "slow":
            time.sleep(_SLOW)
        if fault == "refused":
            status = (429, 500, 503)[len(self.portal.requests) % 3]
            return self._send(status, {"message": "busy"}, cut=False)
        try:
            status, body = 200, self._answer()
        except Refusal as refusal:
            status, body = refusal.status, refusal.body
        return self._send(status, body, cut=fault == "cut")

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def _send(self, status: int, body: Any, *, cut: bool) -> None:
        data = json.dumps(body, ensure_ascii=False).encode()
        packed = "gzip" in self.headers.get("Accept-Encoding", "")
        if packed:
            data = gzip.compress(data, 1)
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("ETag", f'W/"{self.portal.dataset.updated}"')
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)

    def _answer(self) -> Any:
        parts = urlsplit(self.path)
        question = dict(parse_qsl(parts.query, keep_blank_values=True))
        token = self.headers.get("X-App-Token") or question.get("$$app_token")
        if token is not None and token not in self.portal.tokens:
            body = {"code": "permission_denied", "error": True, "message": "Invalid app_token specified"}
            raise Refusal(403, body)
        name = self.portal.dataset.name
        if parts.path == f"/api/views/{name}.json":
            return view_of(self.portal.dataset)
        if parts.path == f"/resource/{name}.json":
            return rows_of(self.portal.dataset, question)
        raise Refusal(404, {"code": "dataset.missing", "error": True, "message": "Not found"})


def view_of(dataset: Dataset) -> Any:
    """What a portal says of a data set."""
    columns = [{"fieldName": name, "dataTypeName": kind} for name, kind in dataset.types.items()]
    columns.append({"fieldName": ":@computed_region_abcd_efgh", "dataTypeName": "number"})
    return {"id": dataset.name, "columns": columns, "rowsUpdatedAt": dataset.updated}


def rows_of(dataset: Dataset, question: Mapping[str, str]) -> Any:
    """The answer to a question; Refusal where a portal refuses it."""
    columns = frozenset((":id", *dataset.types))
    filters = {name: text for name, text in question.items() if not name.startswith("$")}
    if unknown := [name for name in question if name.startswith("$") and name not in _PARAMETERS]:
        raise Refusal(
            400, {"code": "query.malformed", "error": True, "message": f"Unrecognized {unknown[0]}"}
        )
    try:
        keep = condition(question["$where"], columns, key=_key_of(dataset)) if "$where" in question else None
        select = question.get("$select", "*")
        counting = select.replace(" ", "").lower() == "count(*)"
        names = [] if counting else names_of(select, columns)
        names_of(",".join(filters) or ":id", columns)
    except Malformed as problem:
        raise Refusal(400, _malformed(problem, question)) from None
    found = [
        row
        for number, one in enumerate(dataset.rows)
        if (row := {":id": dataset.id_of(number), **one})
        and (keep is None or keep(row))
        and all(row.get(name) == text for name, text in filters.items())
    ]
    if counting:
        return [{"count": str(len(found))}]
    start, limit = int(question.get("$offset", 0)), int(question.get("$limit", _DEFAULT_LIMIT))
    if question.get("$order") != ":id":
        random.Random(start).shuffle(found)  # noqa: S311 - no order was asked for, and each page has another
    return [_shown(row, names, dataset) for row in found[start : start + limit]]


def _shown(row: Mapping[str, Any], names: Sequence[str], dataset: Dataset) -> dict[str, Any]:
    kept = {name: row[name] for name in names if row.get(name) is not None}
    return {
        name: {"url": value} if dataset.types.get(name) == "url" else value for name, value in kept.items()
    }


def _key_of(dataset: Dataset) -> Any:
    def key(name: str, value: Any) -> Any:
        if name == ":id":
            return number_of(str(value))
        return float(value) if dataset.types[name] == "number" else str(value)

    return key


def _malformed(problem: Malformed, question: Mapping[str, str]) -> Any:
    if problem.column:
        code = "query.soql.no-such-column"
        said = f"Query coordinator error: {code}; No such column: {problem.column}; position: Map(row -> 1)"
        return {"message": said, "errorCode": code, "data": {"column": problem.column}}
    said = f'Could not parse SoQL query "{question.get("$where", "")}"'
    return {"code": "query.compiler.malformed", "error": True, "message": said, "data": {}}
