"""Requests and answers as values, between the server and the doors."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from cauce.core.bundle.manifest import Manifest

JSON, TEXT, HTML = b"application/json", b"text/plain; charset=utf-8", b"text/html; charset=utf-8"
_ID = re.compile(rb"[A-Za-z0-9._:=+/-]{1,128}")
_PREFIX = secrets.token_hex(8)
"""Of this process: numbers alone would be given twice."""
_NUMBERS = count()
CLOSE = (b"connection", b"close")
"""The header of an answer after which the connection ends."""
FRESH = ((b"cache-control", b"no-store"),)
"""Headers of what can be asked for with GET."""
PAGE = (
    *FRESH,
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Headers of pages."""


class Request(NamedTuple):
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


class Scored(NamedTuple):
    """Rows, by column name, and their predictions, of the model `identity`, which is what `manifest` says."""

    request: str
    door: str
    identity: str
    version: str
    rows: Sequence[Mapping[str, Any]]
    answers: Sequence[Mapping[str, Any]]
    manifest: Manifest


Settle = Callable[[Sequence[int], Exception | None], None]
Capture = Callable[[Sequence[Scored], Settle], None]
"""Keeps what was answered together, by one model, and tells once of each, by its place, in the loop and
perhaps at once, that the answer may leave, or the error that is answered instead: E2451 where it cannot be
kept."""


class Answer(NamedTuple):
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
    return f"{_PREFIX}{next(_NUMBERS):08x}"


def written(answer: Answer, request: Request, *, date: bytes, last: bool) -> bytes:
    """The response as it goes over the wire. date: the moment as HTTP has it; last: the connection ends.

    `x-content-type-options` is in every answer; more than that is not, since each costs every prediction some
    time.
    """
    size, body = len(answer.body), b"" if request.method == "HEAD" else answer.body
    head = b"%s%d\r\ndate: %s\r\nx-request-id: %s\r\n" % (
        _beginning(answer.status, answer.type),
        size,
        date,
        request.id.encode("ascii"),
    )
    if answer.headers:
        head += b"".join([b"%s: %s\r\n" % pair for pair in answer.headers])
    if last and CLOSE not in answer.headers:
        head += b"connection: close\r\n"
    return head + b"\r\n" + body


@cache
def _beginning(status: int, kind: bytes) -> bytes:
    words = (status, HTTPStatus(status).phrase.encode(), kind)
    return (
        b"HTTP/1.1 %d %s\r\nx-content-type-options: nosniff\r\ncontent-type: %s\r\ncontent-length: " % words
    )
