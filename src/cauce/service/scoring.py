"""The doors that predict: bodies to rows, rows to predictions, predictions to bodies."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cauce.errors import CauceError
from cauce.service.messages import JSON, Answer, Request, Scored
from cauce.service.rows import Row
from cauce.service.served import Served
from cauce.service.shapes import rows_of_document, rows_of_lines
from cauce.service.values import RowsRefused

CSV, LINES = b"text/csv; charset=utf-8", b"application/jsonlines"
JSON_NAMES = ("application/json", "application/x-www-form-urlencoded", "")
"""What curl says by itself, and a client that says nothing, is taken for JSON, and must then be it."""
_LINES_NAMES = (
    "application/jsonlines",
    "application/x-ndjson",
    "application/jsonl",
    "application/x-jsonlines",
)
_encode = msgspec.json.encode


def predict(served: Served, request: Request) -> Answer:
    """One row or many, by column name."""
    demand(request, JSON_NAMES, known="application/json")
    body, interval = request.body, _interval(request.query)
    if not body.startswith(b"[") and not body.lstrip().startswith(b"["):
        row = served.reader.one(body)
        return _of_one(served, request, row, answer=served.answers((row,), interval=interval)[0])
    rows = served.reader.many(body)
    answers = served.answers(rows, interval=interval)
    content = {"predictions": answers, **served.about}
    return _answer(served, request, rows=rows, answers=answers, content=content)


def predict_together(served: Served, requests: Sequence[Request]) -> list[Answer | None]:
    """What `predict` answers requests of one row each, all scored by one call; None for any other request,
    and for what is refused."""
    rows = [_lone(served, one) for one in requests]
    made = iter(served.answers([row for row in rows if row is not None]))
    return [
        None if row is None else _of_one(served, request, row, answer=next(made))
        for request, row in zip(requests, rows, strict=True)
    ]


def _lone(served: Served, request: Request) -> Row | None:
    if request.query or not request.body.startswith(b"{"):
        return None
    try:
        demand(request, JSON_NAMES, known="")
        return served.reader.one(request.body)
    except (RowsRefused, CauceError):
        return None


def _of_one(served: Served, request: Request, row: Row, *, answer: dict[str, Any]) -> Answer:
    content = {**answer, **served.about}
    return _answer(served, request, rows=(row,), answers=[answer], content=content)


def invocations(served: Served, request: Request) -> Answer:
    """What MLflow and SageMaker send: JSON documents, CSV, JSON lines. The answer as Accept says."""
    rows = _rows(served, request)
    answers = served.answers(rows, interval=_interval(request.query))
    accepted = request.header(b"accept").lower()
    if "text/csv" in accepted:
        return _answer(served, request, rows=rows, answers=answers, body=_as_csv(answers), kind=CSV)
    if "jsonlines" in accepted:
        lines = b"".join(_encode(one) + b"\n" for one in answers)
        return _answer(served, request, rows=rows, answers=answers, body=lines, kind=LINES)
    content = {"predictions": answers, **served.about}
    return _answer(served, request, rows=rows, answers=answers, content=content)


def _rows(served: Served, request: Request) -> list[Row]:
    names = (*JSON_NAMES, "text/csv", *_LINES_NAMES)
    name, details = demand(request, names, known="application/json, text/csv, application/jsonlines")
    if name == "text/csv":
        header = {"present": True, "absent": False}.get(details.get("header", ""))
        return served.csv.rows(request.body, header=header)
    if name in _LINES_NAMES:
        return rows_of_lines(request.body, served.reader)
    return rows_of_document(request.body, served.reader)


def _answer(
    served: Served,
    request: Request,
    *,
    rows: Sequence[Row],
    answers: list[dict[str, Any]],
    **written: Any,
) -> Answer:
    """written: `content`, to be written as JSON, which says itself which model it is of; or `body` and its
    `kind`, which leave that to headers."""
    about = (request.id, request.path, served.identity, served.version)
    scored = Scored(*about, rows=rows, answers=answers, manifest=served.manifest)
    if "content" in written:
        return Answer(200, _encode(written["content"]), JSON, (), scored)
    return Answer(200, written["body"], written["kind"], served.headers, scored)


def demand(request: Request, names: Sequence[str], *, known: str) -> tuple[str, Mapping[str, str]]:
    """The content type and its details; E2414 for one that is none of `names`."""
    said = request.headers.get(b"content-type", b"")
    if said == JSON and b"content-encoding" not in request.headers:
        return "application/json", {}
    name, *more = said.decode("latin-1").lower().split(";")
    pairs = (one.partition("=") for one in more)
    details = {key.strip(): value.strip().strip('"') for key, _mark, value in pairs}
    packed = request.header(b"content-encoding") not in ("", "identity")
    unnamed = bool(said) and not name.strip()
    if (
        unnamed
        or name.strip() not in names
        or packed
        or details.get("charset", "utf-8") not in ("utf-8", "utf8")
    ):
        given = said.decode("latin-1") if not packed else request.header(b"content-encoding")
        raise CauceError("E2414", path=request.path, given=given, known=known)
    return name.strip(), details


def _interval(query: bytes) -> bool:
    """Whether the address asks for intervals; E2424 for anything else that it asks."""
    if not query:
        return False
    if query in (b"interval=true", b"interval=false"):
        return query == b"interval=true"
    raise CauceError("E2424", name=query.partition(b"=")[0].decode("latin-1"))


def _as_csv(answers: Sequence[Mapping[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if answers:
        writer.writerow(answers[0])
    for one in answers:
        writer.writerow([_cell(value) for value in one.values()])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
