"""What a request is answered: who may come in, which door answers, what is kept and counted."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol, TypeVar

from cauce.errors import CauceError
from cauce.language import use_language
from cauce.service.counters import Counters
from cauce.service.doors import DOORS, Door
from cauce.service.explaining import Explain
from cauce.service.lane import Full, Lane
from cauce.service.layout import DOCS, EXPLAIN, NAMES, PREDICT
from cauce.service.messages import CLOSE, Answer, Capture, Request
from cauce.service.problems import STATUS, Refusal, Refused, refusal_of_faults, speak
from cauce.service.scoring import predict_together
from cauce.service.served import Served
from cauce.service.settings import ServiceSettings
from cauce.service.tokens import Token, scopes_of
from cauce.service.values import RowsRefused
from cauce.service.watched import Watched

_LARGE = 1 << 16
_MOST_LARGE = 4
_ASKING = 4
_MOST_ASKING = 8
_DIGITS = 18
_FEW = 2
_MOST_HOSTS = 100
_CLOSE = (CLOSE,)
_AGAIN = ((b"retry-after", b"1"),)
_ASK = ((b"www-authenticate", b"Bearer"),)
_PLACES = {name: place for place, name in enumerate(NAMES)}
_OTHER = len(NAMES) - 1
_LOG = logging.getLogger("cauce.service")


class Asked(Protocol):
    """A request, the door it was let in by or why it was not, and since when it is there."""

    @property
    def request(self) -> Request: ...
    @property
    def admitted(self) -> Door | Refused: ...
    @property
    def since(self) -> float: ...


class _Alone(NamedTuple):
    """`Asked` without a connection."""

    request: Request
    admitted: Door | Refused
    since: float


Who = TypeVar("Who", bound=Asked)
Tell = Callable[[Sequence[tuple[Who, Answer]]], None]
"""Gets the answers of requests that were asked together, once they may leave."""


@dataclass(eq=False, kw_only=True)
class Application:
    """Answers requests with `served`, which may be assigned anew at any time.

    tokens: empty where nobody is asked for one; then only requests to this machine by name are answered.
    capture: keeps what was scored before an answer leaves. draining: whether the service is about to
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

    def admit(self, method: str, path: str, *, headers: Mapping[bytes, bytes]) -> Door:
        """The door for a request of which only the head is there; Refused where it may not come in."""
        door = self._doors.get(path)
        if door is None or door.scope is not None:
            self._check_client(door, headers)
        if door is None:
            error = CauceError("E2415", path=path, known=", ".join(one.path for one in self.answering))
            raise Refused(Refusal(error, headers=_CLOSE))
        if method not in door.methods:
            known = ", ".join(door.methods)
            error = CauceError("E2416", path=path, method=method, known=known)
            raise Refused(Refusal(error, headers=((b"allow", known.encode()), *_CLOSE)))
        declared, limit = headers.get(b"content-length", b"0"), self.settings.limits.body_bytes
        if len(declared) > _DIGITS or int(declared) > limit:
            raise Refused(Refusal(CauceError("E2412", limit=limit), headers=_CLOSE))
        return door

    def answers(self, asked: Sequence[Who], tell: Tell[Who]) -> list[Answer | Awaitable[Answer] | None]:
        """The answer of each, or the wait for it where that takes long; None where it is kept first, and told
        then. Rows that were asked for one by one are scored, and kept, together."""
        together = self._together(asked) if len(asked) > 1 else {}
        found: list[Answer | Awaitable[Answer] | None] = []
        kept: list[tuple[Who, Answer]] = []
        for place, one in enumerate(asked):
            answer = together[place] if place in together else self._made(one)
            if isinstance(answer, Answer):
                if self._is_kept(answer):
                    kept.append((one, answer))
                    found.append(None)
                    continue
                self._count(one.request, answer, one.since)
            found.append(answer)
        if kept:
            self._keep(kept, tell)
        return found

    def _together(self, asked: Sequence[Asked]) -> dict[int, Answer]:
        """Answers by place; who is not among them has to be answered alone."""
        places = [place for place, one in enumerate(asked) if self._is_together(one)]
        if len(places) < _FEW:
            return {}
        try:
            made = predict_together(self.served, [asked[place].request for place in places])
        except Exception:
            _LOG.debug("what fails together is answered alone")
            return {}
        return {place: one for place, one in zip(places, made, strict=True) if one is not None}

    def _is_together(self, asked: Asked) -> bool:
        door = asked.admitted
        return (
            isinstance(door, Door)
            and door.path == PREDICT
            and len(asked.request.body) < _LARGE
            and self.served.together
            and time.monotonic() - asked.since <= self.settings.limits.patience
        )

    def _made(self, asked: Asked) -> Answer | Awaitable[Answer]:
        """The answer, neither counted nor kept yet, or the wait for one that is both."""
        request, admitted = asked.request, asked.admitted
        self._speak(request)
        if isinstance(admitted, Refused):
            return admitted.refusal.answer(request.id)
        try:
            self._check_patience(admitted, asked.since)
            if admitted.asks or len(request.body) >= _LARGE:
                return self._slowly(asked, self._beside(admitted, request))
            return admitted.answer(self, request)
        except Exception as error:
            return _refusal(error, request.id).answer(request.id)

    def _is_kept(self, answer: Answer) -> bool:
        return self.capture is not None and answer.scored is not None

    def _keep(self, made: Sequence[tuple[Who, Answer]], tell: Tell[Who]) -> None:
        """Tell each answer, counted, once it is kept, or why it is not. A future for each would take a fifth
        of the time that scoring does."""
        left = dict(enumerate(made))

        def settle(places: Sequence[int], error: Exception | None) -> None:
            found = [left.pop(place) for place in places if place in left]
            if error is not None:
                found = [(one, self._refused(one.request, error)) for one, _answer in found]
            for one, answer in found:
                self._count(one.request, answer, one.since)
            if found:
                tell(found)

        scored = [answer.scored for _one, answer in made if answer.scored is not None]
        try:
            if self.capture is not None:
                self.capture(scored, settle)
        except Exception as error:
            settle(list(left), error)

    def _refused(self, request: Request, error: Exception) -> Answer:
        self._speak(request)
        return _refusal(error, request.id).answer(request.id)

    def _speak(self, request: Request) -> None:
        use_language(self.settings.language)
        accepted = request.headers.get(b"accept-language")
        if accepted is not None:
            speak(accepted.decode("latin-1"))

    async def respond(self, request: Request, *, since: float | None = None) -> Answer:
        """What a request that is there as a whole is answered, without a connection."""
        admitted: Door | Refused
        try:
            admitted = self.admit(request.method, request.path, headers=request.headers)
        except Refused as refused:
            admitted = refused
        asked = _Alone(request, admitted, time.monotonic() if since is None else since)
        made = self._made(asked)
        return await self._done(asked, made) if isinstance(made, Answer) else await made

    async def _slowly(self, asked: Asked, found: Awaitable[Answer]) -> Answer:
        try:
            answer = await found
        except Exception as error:
            answer = _refusal(error, asked.request.id).answer(asked.request.id)
        return await self._done(asked, answer)

    async def _done(self, asked: Asked, answer: Answer) -> Answer:
        """The answer of one that is alone, counted, once it is kept where it has to be."""
        if not self._is_kept(answer):
            self._count(asked.request, answer, asked.since)
            return answer
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._keep([(asked, answer)], lambda told: future.set_result(told[0][1]))
        return await future

    def check_ready(self) -> None:
        """E2421 where the service is about to stop."""
        if self.draining:
            raise Refused(Refusal(CauceError("E2421"), headers=_AGAIN))

    @cached_property
    def answering(self) -> tuple[Door, ...]:
        """The doors that do what they are for; /explain without anybody who explains only says how to."""
        explains = self.explain is not None
        return tuple(one for one in self._doors.values() if one.path != EXPLAIN or explains)

    @cached_property
    def _doors(self) -> dict[str, Door]:
        shown = (one for one in DOORS if one.path != DOCS or self.settings.docs)
        return {one.path: one for one in shown}

    def _check_client(self, door: Door | None, headers: Mapping[bytes, bytes]) -> None:
        """Refused for who may not use the door; where there is none, for who may use none."""
        if not self.tokens:
            self._check_host(headers.get(b"host"))
            return
        held = scopes_of(headers.get(b"authorization", b""), self.tokens)
        if held is None:
            raise Refused(Refusal(CauceError("E2417"), headers=(*_ASK, *_CLOSE)))
        if door is not None and door.scope not in held:
            raise Refused(Refusal(CauceError("E2418", scope=door.scope), headers=_CLOSE))

    def _check_host(self, host: bytes | None) -> None:
        """E2425 for a name that is not this machine's own, as a page in a browser may give itself one."""
        if host is None or host in self._own_hosts:
            return
        name = host.decode("latin-1").lower()
        name = name.partition("]")[0].lstrip("[") if name.startswith("[") else name.partition(":")[0]
        own = name in ("localhost", "::1", self.settings.host.lower()) or name.startswith("127.")
        if not own:
            raise Refused(Refusal(CauceError("E2425"), headers=_CLOSE))
        if len(self._own_hosts) < _MOST_HOSTS:
            self._own_hosts.add(host)

    def _check_patience(self, door: Door, since: float) -> None:
        """E2420 for a request that has waited for too long."""
        if door.waits and time.monotonic() - since > self.settings.limits.patience:
            raise Refused(Refusal(CauceError("E2420"), headers=_AGAIN))

    async def _beside(self, door: Door, request: Request) -> Answer:
        """The door's answer to a large body, or one that asks elsewhere, in a thread: others go on."""
        lane = self._asking if door.asks else self._large
        try:
            return await lane.run(door.answer, self, request)
        except Full:
            raise Refused(Refusal(CauceError("E2420"), headers=_AGAIN)) from None

    def _count(self, request: Request, answer: Answer, since: float) -> None:
        place = _PLACES.get(request.path, _OTHER)
        rows = 0 if answer.scored is None else len(answer.scored.rows)
        self.counters.count(place, answer.status, seconds=time.monotonic() - since, rows=rows)


def _refusal(error: Exception, request: str) -> Refusal:
    match error:
        case Refused():
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
