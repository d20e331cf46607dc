"""Every door of the service, with who may go through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from cauce.errors import CauceError
from cauce.service import pages, scoring
from cauce.service.explaining import explained
from cauce.service.exposition import TYPE, exposed
from cauce.service.layout import (
    AVAILABLE,
    CARD,
    DOCS,
    EXPLAIN,
    INVOCATIONS,
    LIVE,
    METRICS,
    OPENAPI,
    PING,
    PREDICT,
)
from cauce.service.messages import FRESH, HTML, PAGE, Answer, Request
from cauce.service.openapi import document
from cauce.service.tokens import Scope

if TYPE_CHECKING:
    from cauce.service.application import Application

Handler = Callable[["Application", Request], Answer]


@dataclass(frozen=True, kw_only=True)
class Door:
    """An address. methods: it answers; scope: what a token must allow, None for all, and then `why` says why.

    waits: whether a request may be refused for having waited too long. asks: whether another process is asked
    meanwhile, for which the others do not wait.
    """

    path: str
    methods: tuple[str, ...]
    scope: Scope | None
    answer: Handler
    why: str = ""
    waits: bool = False
    asks: bool = False


def _predict(app: Application, request: Request) -> Answer:
    return scoring.predict(app.served, request)


def _invocations(app: Application, request: Request) -> Answer:
    return scoring.invocations(app.served, request)


def _explain(app: Application, request: Request) -> Answer:
    if app.explain is None:
        raise CauceError("E2427")
    return explained(app.served, request, explain=app.explain)


def _live(_app: Application, _request: Request) -> Answer:
    return Answer(200, b'{"status":"live"}', headers=FRESH)


def _ready(app: Application, _request: Request) -> Answer:
    app.check_ready()
    return Answer(200, b'{"status":"ready"}', headers=FRESH)


def _metrics(app: Application, _request: Request) -> Answer:
    return Answer(200, exposed(app.counters, app.served, watched=app.watched), TYPE, FRESH)


def _card(app: Application, _request: Request) -> Answer:
    return Answer(200, pages.card(app.served), HTML, (*PAGE, *app.served.headers))


def _openapi(app: Application, _request: Request) -> Answer:
    made = document(app.served, tokens=bool(app.tokens), explains=app.explain is not None)
    return Answer(200, msgspec.json.encode(made), headers=(*FRESH, *app.served.headers))


def _docs(app: Application, _request: Request) -> Answer:
    listed = ((one.path, ", ".join(one.methods), one.scope or "–") for one in app.answering)
    return Answer(200, pages.doors(app.served, listed), HTML, (*PAGE, *app.served.headers))


_READ = ("GET", "HEAD")
_HEALTH = "what balances load has no token, and learns only whether the service is up"
DOORS = (
    Door(path=PREDICT, methods=("POST",), scope="predict", answer=_predict, waits=True),
    Door(path=INVOCATIONS, methods=("POST",), scope="predict", answer=_invocations, waits=True),
    Door(path=EXPLAIN, methods=("POST",), scope="explain", answer=_explain, waits=True, asks=True),
    Door(path=PING, methods=_READ, scope=None, answer=_ready, why=_HEALTH),
    Door(path=LIVE, methods=_READ, scope=None, answer=_live, why=_HEALTH),
    Door(path=AVAILABLE, methods=_READ, scope=None, answer=_ready, why=_HEALTH),
    Door(path=METRICS, methods=_READ, scope="operate", answer=_metrics),
    Door(path=CARD, methods=_READ, scope="predict", answer=_card),
    Door(path=OPENAPI, methods=_READ, scope="predict", answer=_openapi),
    Door(path=DOCS, methods=_READ, scope="predict", answer=_docs),
)
