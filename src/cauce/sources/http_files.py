"""A file behind an http address, brought to this machine: whole, gone on with after a break, asked for anew
only where it changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cauce.core.faults import translated
from cauce.errors import CauceError, warn
from cauce.sources.downloads import Begun, Download, Version, file_name, sha256_of
from cauce.sources.http_client import Broken, Request, Response, asked
from cauce.sources.http_client import translated as network
from cauce.sources.http_retry import Patience, check_status

Report = Callable[[float, float | None], None]

_BLOCK = 1 << 18
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
UNREACHED = frozenset(("E2602", "E2608", "E2610", "E2612"))
_TRIES_TO_ASK = 2


@dataclass(frozen=True)
class WebFile:
    """A file to fetch. sha256: what its bytes must have, in hex, where that is declared; such a file is never
    asked for again once it is here."""

    request: Request
    sha256: str | None = None


def fetched_file(wanted: WebFile, place: Download, *, report: Report) -> Path:
    """The file on this machine, as the server has it now.

    The server is asked whether it changed since; where it cannot be reached, what was fetched before is used,
    with W2614. report: hears how many bytes there are, and of how many. E2601 to E2612.
    """
    known = place.current
    if known is not None and wanted.sha256 is not None:
        if known.sha256 == wanted.sha256:
            return place.path(known)
        known = None
    try:
        return _fetched(wanted, place, known, report=report)
    except CauceError as error:
        if known is None or error.code not in UNREACHED:
            raise
        warn("W2614", url=wanted.request.shown, when=known.fetched, reason=error.message)
        return place.path(known)


def _fetched(wanted: WebFile, place: Download, known: Version | None, *, report: Report) -> Path:
    policy = wanted.request.policy
    if known is not None:
        policy = replace(policy, tries=min(policy.tries, _TRIES_TO_ASK))
    patience = Patience(policy, wanted.request.shown)
    while True:
        try:
            found = _tried(wanted, place, known, patience=patience, report=report)
        except Broken as problem:
            patience.wait(problem)
        else:
            return found


def _tried(
    wanted: WebFile, place: Download, known: Version | None, *, patience: Patience, report: Report
) -> Path:
    have, begun = place.begun()
    with asked(_question(wanted.request, known, have=have, begun=begun)) as response:
        if response.status == 304 and known is not None:
            return place.path(known)
        if response.status == 416:
            place.drop()
            raise Broken("HTTP 416")
        check_status(response, wanted.request, good=(200, 206))
        if _is_page(response, wanted):
            raise CauceError("E2617", url=wanted.request.shown)
        total = _begun_anew(response, place) if response.status == 200 else _rest(response, place, have)
        if total is None and not response.chunked:
            warn("W2615", url=wanted.request.shown)
        _copied(response, place.draft, total, patience=patience, report=report)
        said = Begun(response.header("etag") or "", response.header("last-modified") or "")
    return _checked(wanted, place, said)


def _is_page(response: Response, wanted: WebFile) -> bool:
    """Whether the server sends a web page, such as one that asks for a login, where no page was asked for."""
    kind = (response.header("content-type") or "").partition(";")[0].strip().lower()
    return kind == "text/html" and not urlsplit(wanted.request.url).path.lower().endswith((".html", ".htm"))


def _question(request: Request, known: Version | None, *, have: int, begun: Begun) -> Request:
    """For the rest of a draft, else for whatever is not what is known."""
    if have and begun.validator:
        return request.with_headers(Range=f"bytes={have}-", If_Range=begun.validator)
    if known is None:
        return request
    if known.etag:
        return request.with_headers(If_None_Match=known.etag)
    return request.with_headers(If_Modified_Since=known.modified) if known.modified else request


def _begun_anew(response: Response, place: Download) -> int | None:
    place.begin(Begun(response.header("etag") or "", response.header("last-modified") or ""))
    return response.length


def _rest(response: Response, place: Download, have: int) -> int | None:
    """The size of the whole, of which the rest follows; Broken where another part follows."""
    found = _RANGE.fullmatch(response.header("content-range") or "")
    if found is None or int(found[1]) != have:
        place.drop()
        raise Broken("Content-Range")
    return None if found[2] == "*" else int(found[2])


def _copied(
    response: Response, draft: Path, total: int | None, *, patience: Patience, report: Report
) -> None:
    """The body at the draft's end; Broken where it is shorter than was said."""
    with translated(draft), draft.open("ab") as file:
        done = file.tell()
        _check_size(patience, max(done, total or 0))
        while block := _block(response):
            file.write(block)
            done += len(block)
            patience.progressed()
            patience.check_time()
            _check_size(patience, done)
            report(done, total)
    if total is not None and done != total:
        if done > total:
            draft.unlink()
        raise Broken("length")


def _block(response: Response) -> bytes:
    with network():
        return response.body.read1(_BLOCK)


def _check_size(patience: Patience, size: int) -> None:
    if size > patience.policy.most_bytes:
        raise CauceError("E2609", url=patience.shown, limit=patience.policy.most_bytes)


def _checked(wanted: WebFile, place: Download, said: Begun) -> Path:
    sha256, size = sha256_of(place.draft), place.draft.stat().st_size
    if wanted.sha256 is not None and sha256 != wanted.sha256:
        place.drop()
        raise CauceError("E2607", url=wanted.request.shown, found=sha256, declared=wanted.sha256)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    name = file_name(urlsplit(wanted.request.url).path)
    return place.finish(Version(name, sha256, size, said.etag, said.modified, now))
