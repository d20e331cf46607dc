"""Requests and answers as values, between the server and the doors."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

JSON, TEXT, HTML = b"application/json", b"text/plain; charset=utf-8", b"text/html; charset=utf-8"
_ID = re.compile(rb"[A-Za-z0-9._:=+/-]{1,128}")
_SHOWN = {
    b"x-content-type-options": b"nosniff",
    b"cache-control": b"no-store",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"content-security-policy": b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}
SECURITY = tuple(_SHOWN.items())
"""Headers of every answer."""


@dataclass(frozen=True)
class Request:
    """A request whose body is there. headers: by lower-case name."""

    method: str
    path: str
    query: bytes
    headers: Mapping[bytes, bytes]
    body: bytes
    id: str

    def header(self, name: bytes) -> str:
        """A header's text, "" where it is not there."""
        return self.headers.get(name, b"").decode("latin-1")


@dataclass(frozen=True)
class Scored:
    """Rows, by column name, and their predictions, of the model `identity`."""

    request: str
    door: str
    identity: str
    version: str
    rows: Sequence[Mapping[str, Any]]
    answers: Sequence[Mapping[str, Any]]


Capture = Callable[[Scored], Awaitable[None]]
"""Keeps what was answered; awaited before the first byte of the answer leaves. What it raises is E2421."""


@dataclass(frozen=True)
class Answer:
    """A response. scored: what it answers with predictions, if anything."""

    status: int
    body: bytes
    type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()
    scored: Scored | None = None


def request_id(said: bytes | None) -> str:
    """The id that a client gave where it is harmless, else a new one."""
    if said is not None and _ID.fullmatch(said):
        return said.decode("ascii")
    return secrets.token_hex(8)


def start_of(answer: Answer, beside: Iterable[tuple[bytes, bytes]]) -> dict[str, Any]:
    """The event that begins a response."""
    headers = [
        (b"content-type", answer.type),
        (b"content-length", b"%d" % len(answer.body)),
        *beside,
        *answer.headers,
    ]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}
