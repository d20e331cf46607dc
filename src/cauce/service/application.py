"""The service as an ASGI application: one path for every request, from its headers to its last byte."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cauce.errors import CauceError
from cauce.language import use_language
from cauce.service.counters import Counters
from cauce.service.doors import DOORS, Door
from cauce.service.explaining import Explain
from cauce.service.lane import Full, Lane
from cauce.service.layout import DOCS, NAMES
from cauce.service.messages import SECURITY, Answer, Capture, Request, request_id, start_of
from cauce.service.problems import STATUS, Refusal, refusal_of_faults, speak
from cauce.service.served import Served
from cauce.service.settings import ServiceSettings
from cauce.service.tokens import Token, scopes_of
from cauce.service.values import RowsRefused
from cauce.service.watched import Watched

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
COMPLETE = "cauce.complete"
"""Where the server notes in a request's scope when its last byte came, in seconds of the monotonic clock."""
_LARGE = 1 << 16
_MOST_LARGE = 4
_ASKING = 4
_MOST_ASKING = 16
_SWALLOWED = 8
_DIGITS = 18
_MOST_HOSTS = 100
_CLOSE = ((b"connection", b"close"),)
_AGAIN = ((b"retry-after", b"1"),)
_ASK = ((b"www-authenticate", b"Bearer"),)
_LOG = logging.getLogger("cauce.service")


class _Refused(Exception):  # noqa: N818 - what happened
    def __init__(self, refusal: Refusal) -> None:
        super().__init__()
        self.refusal = refusal


@dataclass(eq=False, kw_only=True)
class Application:
    """Answers requests with `served`, which may be assigned anew at any time.

    tokens: empty where nobody is asked for one; then only requests to this machine by name are answered.
    capture: awaited with what was scored before an answer leaves. draining: whether the service is about to
    stop: it is not ready then, and closes connections after each answer. watched: what became of swaps,
    where models are watched. explain: who says what each column adds to a prediction, if anybody does.
    """

    served: Served
    settings: ServiceSettings
    counters: Counters
    tokens: Sequence[Token] = ()
    capture: Capture | None = None
    draining: bool = False
    watched: Watched | None = None
    explain: Explain | None = None
    _large: Lane = field(default_factory=lambda: Lane("cauce-large", 1, _MOST_LARGE), init=False)
    _asking: Lane = field(default_factory=lambda: Lane("cauce-asking", _ASKING, _MOST_ASKING), init=False)
    _own_hosts: set[bytes] = field(default_factory=set, init=False)

    async def __call__(
        self, scope: Event, receive: Receive, send: Callable[[Event], Awaitable[None]]
    ) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        use_language(self.settings.language)
        if b"accept-language" in headers:
            speak(headers[b"accept-language"].decode("latin-1"))
        named = request_id(headers.get(b"x-request-id"))
        place, door = self._doors.get(scope["path"], (len(NAMES) - 1, None))
        began = time.monotonic()
        try:
            door = self._allowed(door, scope, headers)
            body = await self._body(receive, headers)
            began = scope.get(COMPLETE, began)
            request = Request(scope["method"], scope["path"], scope["query_string"], headers, body, named)
            self._check_patience(door, began)
            small = len(body) < _LARGE and not door.asks
            answer = door.answer(self, request) if small else await self._beside(door, request)
            if self.capture is not None and answer.scored is not None:
                await self.capture(answer.scored)
        except _Disconnected:
            return
        except Exception as error:
            answer = _refusal(error, named).answer(named)
        self._count(place, answer, time.monotonic() - began)
        beside = ((b"x-request-id", named.encode("ascii")), *SECURITY, *(_CLOSE if self.draining else ()))
        await send(start_of(answer, beside))
        await send({"type": "http.response.body", "body": answer.body})

    def check_ready(self) -> None:
        """E2421 where the service is about to stop."""
        if self.draining:
            raise _Refused(Refusal(CauceError("E2421"), headers=_AGAIN))

    @cached_property
    def _doors(self) -> dict[str, tuple[int, Door]]:
        shown = (one for one in DOORS if one.path != DOCS or self.settings.docs)
        return {one.path: (NAMES.index(one.path), one) for one in shown}

    def _allowed(self, door: Door | None, scope: Event, headers: Mapping[bytes, bytes]) -> Door:
        """The door, where there is one and the request may go through it."""
        if door is not None and door.scope is None:
            return self._answering(door, scope)
        if not self.tokens:
            self._check_host(headers.get(b"host"))
        else:
            held = scopes_of(headers.get(b"authorization", b""), self.tokens)
            if held is None:
                raise _Refused(Refusal(CauceError("E2417"), headers=(*_ASK, *_CLOSE)))
            if door is not None and door.scope not in held:
                raise _Refused(Refusal(CauceError("E2418", scope=door.scope), headers=_CLOSE))
        if door is None:
            known = ", ".join(self._doors)
            raise _Refused(Refusal(CauceError("E2415", path=scope["path"], known=known), headers=_CLOSE))
        return self._answering(door, scope)

    def _answering(self, door: Door, scope: Event) -> Door:
        if scope["method"] not in door.methods:
            known = ", ".join(door.methods)
            error = CauceError("E2416", path=door.path, method=scope["method"], known=known)
            raise _Refused(Refusal(error, headers=((b"allow", known.encode()), *_CLOSE)))
        return door

    def _check_host(self, host: bytes | None) -> None:
        """E2425 for a name that is not this machine's own, as a page in a browser may give itself one."""
        if host is None or host in self._own_hosts:
            return
        name = host.decode("latin-1").lower()
        name = name.partition("]")[0].lstrip("[") if name.startswith("[") else name.partition(":")[0]
        own = name in ("localhost", "::1", self.settings.host.lower()) or name.startswith("127.")
        if not own:
            raise _Refused(Refusal(CauceError("E2425"), headers=_CLOSE))
        if len(self._own_hosts) < _MOST_HOSTS:
            self._own_hosts.add(host)

    def _check_patience(self, door: Door, since: float) -> None:
        """E2420 for a request that has waited for too long."""
        if door.waits and time.monotonic() - since > self.settings.limits.patience:
            raise _Refused(Refusal(CauceError("E2420"), headers=_AGAIN))

    async def _body(self, receive: Receive, headers: Mapping[bytes, bytes]) -> bytes:
        declared = headers.get(b"content-length", b"0")
        if len(declared) > _DIGITS or int(declared) > self.settings.limits.body_bytes:
            await self._too_long(receive, headers)
        event = await receive()
        if event.get("more_body", True):
            return await self._parts(receive, event)
        body: bytes = event["body"]
        return body

    async def _too_long(self, receive: Receive, headers: Mapping[bytes, bytes]) -> None:
        """E2412, once most of what was sent has gone by: most clients listen only when they have sent all."""
        limit = self.settings.limits.body_bytes
        declared = headers[b"content-length"]
        if len(declared) <= _DIGITS and int(declared) <= _SWALLOWED * limit and b"expect" not in headers:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.settings.limits.request_seconds):
                    while (await receive()).get("more_body"):
                        pass
        raise _Refused(Refusal(CauceError("E2412", limit=limit), headers=_CLOSE))

    async def _parts(self, receive: Receive, event: Event) -> bytes:
        """A body that comes in parts, from its first on."""
        limits, body = self.settings.limits, bytearray()
        try:
            async with asyncio.timeout(limits.request_seconds):
                while event["type"] != "http.disconnect":
                    body += event.get("body", b"")
                    if len(body) > limits.body_bytes:
                        error = CauceError("E2412", limit=limits.body_bytes)
                        raise _Refused(Refusal(error, headers=_CLOSE))
                    if not event.get("more_body"):
                        return bytes(body)
                    event = await receive()
        except TimeoutError:
            error = CauceError("E2419", seconds=limits.request_seconds)
            raise _Refused(Refusal(error, headers=_CLOSE)) from None
        raise _Disconnected

    async def _beside(self, door: Door, request: Request) -> Answer:
        """The door's answer to a large body, or one that asks elsewhere, in a thread: others go on."""
        lane = self._asking if door.asks else self._large
        try:
            return await lane.run(door.answer, self, request)
        except Full:
            raise _Refused(Refusal(CauceError("E2420"), headers=_AGAIN)) from None

    def _count(self, place: int, answer: Answer, seconds: float) -> None:
        rows = 0 if answer.scored is None else len(answer.scored.rows)
        self.counters.count(place, answer.status, seconds=seconds, rows=rows)


class _Disconnected(Exception):  # noqa: N818 - what happened
    """The client has gone away before its request was there."""


def _refusal(error: Exception, request: str) -> Refusal:
    match error:
        case _Refused():
            return error.refusal
        case RowsRefused():
            return refusal_of_faults(error.faults)
        case CauceError() if error.code in STATUS:
            return Refusal(error, headers=_AGAIN if STATUS[error.code] == 503 else ())
    # Where, and never what: the text of an exception may hold a row.
    where = " < ".join(
        f"{one.filename}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)[::-1]
    )
    _LOG.error("request %s: %s at %s", request, type(error).__name__, where)
    return Refusal(CauceError("E2426", request=request))
