"""What a request that cannot be served is answered: problem+json (RFC 9457) with code, field and hint."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from cauce.errors import CauceError
from cauce.language import LANGUAGES, active_language, use_language
from cauce.service.messages import PAGE, Answer
from cauce.service.values import Fault

STATUS: Mapping[str, int] = {
    "E2410": 400,
    "E2411": 422,
    "E2412": 413,
    "E2413": 413,
    "E2414": 415,
    "E2415": 404,
    "E2416": 405,
    "E2417": 401,
    "E2418": 403,
    "E2419": 408,
    "E2420": 503,
    "E2421": 503,
    "E2422": 422,
    "E2423": 400,
    "E2424": 400,
    "E2425": 403,
    "E2426": 500,
    "E2427": 404,
    "E2428": 503,
    "E2451": 503,
}
MOST_SHOWN = 200
_JSON = b"application/problem+json"


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused. faults: of fields; headers: beside the usual ones."""

    error: CauceError
    faults: Sequence[Fault] = ()
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.error.code]

    def answer(self, request: str) -> Answer:
        """The response in the language in use. request: the request's id."""
        body: dict[str, Any] = {
            "type": f"urn:cauce:{self.error.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.error.code,
            "detail": self.error.message,
            "hint": self.error.hint,
            "request_id": request,
        }
        if self.faults:
            body |= _listed(self.faults)
        return Answer(self.status, _encoded(body), _JSON, (*PAGE, *self.headers))


class Refused(Exception):  # noqa: N818 - what happened
    """A request that is refused, and why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__()
        self.refusal = refusal


def _encoded(body: dict[str, Any]) -> bytes:
    """The document; halves of characters, which names of fields may have, become marks."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        text = json.dumps(body, ensure_ascii=False)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def refusal_of_faults(faults: Sequence[Fault]) -> Refusal:
    """The refusal of rows, naming every field once for each thing that is wrong with it."""
    names = {fault.field for fault in faults}
    return Refusal(CauceError("E2411", count=len(names)), faults)


def _listed(faults: Sequence[Fault]) -> dict[str, Any]:
    """Each field and what is wrong with it, with the first row that shows it and how many do."""
    groups: dict[tuple[str, str | None], list[Fault]] = {}
    for fault in faults:
        groups.setdefault((fault.code, fault.field), []).append(fault)
    listed = [_described(group) for group in list(groups.values())[:MOST_SHOWN]]
    beyond = len(groups) - len(listed)
    return {"errors": listed, **({"errors_beyond": beyond} if beyond else {})}


def _described(group: Sequence[Fault]) -> dict[str, Any]:
    first = group[0]
    error = first.error
    steps = [step for step in (first.row, first.field) if step is not None]
    found: dict[str, Any] = {
        "code": error.code,
        "field": first.field,
        "pointer": "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps),
        "detail": error.message,
        "hint": error.hint,
    }
    return found if first.row is None else {**found, "row": first.row, "rows": len(group)}


def speak(accepted: str) -> None:
    """Use the language that a client asks for (Accept-Language) where it is spoken here."""
    best, chosen = 0.0, active_language()
    for item in accepted.split(",")[:20]:
        tag, _mark, quality = item.partition(";")
        code = tag.strip()[:2].lower()
        try:
            weight = float(quality.strip().removeprefix("q=") or 1.0)
        except ValueError:
            continue
        if code in LANGUAGES and weight > best:
            best, chosen = weight, code
    use_language(chosen)
