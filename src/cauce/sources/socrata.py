"""A data set of an open-data portal of Socrata (SODA 2.1) as a source: what it holds and its pages."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import quote

from cauce.errors import CauceError, raise_alone, shown, warn
from cauce.sources.http_client import Broken, Request, Response, asked
from cauce.sources.http_client import translated as network
from cauce.sources.http_retry import Patience, check_status

_PAGE_BYTES = 1 << 30
_BLOCK = 1 << 18
_COUNTING = 180.0
_SYSTEM = (":", "@")
ID = ":id"


@dataclass(frozen=True)
class Column:
    """A column of the data set and what the portal says it holds, such as text, number or calendar_date."""

    name: str
    type: str


@dataclass(frozen=True)
class Facts:
    """What the portal says of a data set. updated: when its rows changed, None where it does not say."""

    columns: tuple[Column, ...]
    updated: int | None

    def to_json(self) -> dict[str, Any]:
        """A JSON value that is equal where nothing changed."""
        return {"updated": self.updated, "columns": [[one.name, one.type] for one in self.columns]}


class Drifted(Exception):  # noqa: N818 - not an error for a user: the pages are fetched anew
    """The data set changed while its pages were fetched. reason: how that was seen."""


@dataclass
class Portal:
    """One data set on one portal. root: scheme and host. where: a condition in SoQL, "" for none.

    request: carries the policy and the token. A token that the portal does not know is told once (W2632)
    and left out from then on: without one it gives the same rows, only fewer at a time.
    """

    root: str
    dataset: str
    request: Request
    where: str = ""
    _dropped: bool = field(default=False, init=False)

    def facts(self) -> Facts:
        """The columns and the time of the last change. E2630 where there is no such data set."""
        found = self._asked(f"/api/views/{self.dataset}.json", {})
        try:
            columns = tuple(
                Column(str(one["fieldName"]), str(one["dataTypeName"]))
                for one in found["columns"]
                if not str(one["fieldName"]).startswith(_SYSTEM)
            )
            updated = found.get("rowsUpdatedAt")
        except (KeyError, TypeError, AttributeError):
            raise_alone(CauceError("E2638", url=self.shown))
        if not columns:
            raise CauceError("E2638", url=self.shown)
        return Facts(columns, updated if isinstance(updated, int) else None)

    def count(self) -> int:
        """How many rows the condition leaves. Portals may need minutes for that."""
        more = {"$where": self.where} if self.where else {}
        found = self._asked(self._rows, {"$select": "count(*)", **more}, idle=_COUNTING)
        try:
            (value,) = found[0].values()
            return int(value)
        except (KeyError, TypeError, AttributeError, ValueError, IndexError):
            raise_alone(CauceError("E2638", url=self.shown))

    def page(self, columns: tuple[Column, ...], *, after: str | None, limit: int) -> list[dict[str, Any]]:
        """At most `limit` rows whose :id follows `after` in the order of :id; each has its :id.

        Drifted where the portal no longer knows what it knew before.
        """
        conditions = [f"({self.where})"] if self.where else []
        if after is not None:
            conditions.append(f"{ID} > '{after.replace(chr(39), chr(39) * 2)}'")
        question = {
            "$select": ",".join((ID, *(f"`{one.name}`" for one in columns))),
            "$order": ID,
            "$limit": str(limit),
        }
        if conditions:
            question["$where"] = " AND ".join(conditions)
        try:
            rows = self._asked(self._rows, question)
        except CauceError as error:
            if error.code == "E2631" and after is not None:
                raise Drifted(error.message) from None
            raise
        if not isinstance(rows, list) or not all(isinstance(row, dict) and ID in row for row in rows):
            raise CauceError("E2638", url=self.shown)
        return rows

    @property
    def _rows(self) -> str:
        return f"/resource/{self.dataset}.json"

    @property
    def shown(self) -> str:
        """Where the rows are, for a message."""
        return f"{self.root}/resource/{self.dataset}"

    def _asked(self, path: str, question: Mapping[str, str], *, idle: float = 0.0) -> Any:
        query = "&".join(f"{quote(name, safe='$')}={quote(text, safe='')}" for name, text in question.items())
        policy = replace(self.request.policy, idle=max(idle, self.request.policy.idle))
        request = replace(
            self.request, url=f"{self.root}{path}{'?' if query else ''}{query}", policy=policy
        ).with_headers(Accept="application/json", Accept_Encoding="gzip")
        patience = Patience(policy, self.shown)
        while True:
            try:
                return self._once(request if not self._dropped else replace(request, secret={}))
            except Broken as problem:
                patience.wait(problem)

    def _once(self, request: Request) -> Any:
        with asked(request) as response:
            if response.status in (400, 401, 403, 404, 410):
                self._refused(response, request)
                raise _Anew
            check_status(response, request)
            return _json(response)

    def _refused(self, response: Response, request: Request) -> None:
        """What a refusal means: nothing more where the token was refused, which is not sent again."""
        if response.status in (404, 410):
            raise CauceError("E2630", dataset=self.dataset, root=self.root)
        try:
            said = _json(response)
            text = str(said.get("message") or said.get("code") or "?")
        except (Broken, AttributeError):
            text = f"HTTP {response.status}"
        if response.status == 403 and request.secret and "app_token" in text:
            self._dropped = True
            warn("W2632", root=self.root)
            return
        raise CauceError("E2631", url=self.shown, status=response.status, reason=shown(text))


class _TokenRefused(Broken):
    """Asked again at once, without the token."""


_Anew = _TokenRefused("token")


def _json(response: Response) -> Any:
    """The body as JSON, numbers as texts; Broken where it is not whole."""
    body = _unpacked(response)
    plain = response.header("content-encoding") is None
    if plain and response.length is not None and len(body) != response.length:
        raise Broken("length")
    try:
        return json.loads(body, parse_float=str, parse_int=_integer, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise_alone(Broken("JSON"))


def _integer(text: str) -> int | str:
    # Times of changes are wanted as numbers; nothing else that long is.
    return int(text) if len(text) < 19 else text


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _unpacked(response: Response) -> bytes:
    gzipped = response.header("content-encoding") == "gzip"
    unpack: Callable[[bytes], bytes] = bytes
    packed = zlib.decompressobj(wbits=31)
    if gzipped:
        unpack = partial(packed.decompress, max_length=_PAGE_BYTES)
    parts, size, raw = [], 0, 0
    while True:
        with network():
            block = response.body.read1(_BLOCK)
        if not block:
            break
        raw += len(block)
        try:
            parts.append(unpack(block))
        except zlib.error:
            raise Broken("gzip") from None
        size += len(parts[-1])
        if size >= _PAGE_BYTES:
            raise CauceError("E2609", url=response.url.partition("?")[0], limit=_PAGE_BYTES)
    if gzipped and (not packed.eof or (response.length is not None and raw != response.length)):
        raise Broken("length")
    return b"".join(parts)


_NAME = re.compile(r"[a-z0-9]{4}-[a-z0-9]{4}")


def is_dataset(name: str) -> bool:
    """Whether it could be a data set's name, such as jbjy-vk9h."""
    return _NAME.fullmatch(name) is not None
