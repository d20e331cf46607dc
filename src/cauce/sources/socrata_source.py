"""Public data of a Socrata portal, brought page by page: after a break it goes on with the page it was at.

<folder>/begun.json               of what the pages are a part: another change or question begins anew
<folder>/pages/000001.parquet …   pages as texts, each whole and durable before the next is asked for
<folder>/<sha256>/rows.parquet    all rows, typed; `cauce.sources.downloads` says which version counts
"""

from __future__ import annotations

import difflib
import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from cauce.core.canonical import canonical_json
from cauce.core.durable import sync
from cauce.core.faults import translated
from cauce.core.reading.notices import Notice
from cauce.core.secrets import resolve_secret
from cauce.errors import CauceError, warn
from cauce.language import translate_plural
from cauce.sources.brought import Brought, Report, Wanted
from cauce.sources.downloads import Download, Version, replace_json, sha256_of
from cauce.sources.http_address import POLICY_OPTIONS, check_options, natural, policy_of, written_host
from cauce.sources.http_client import Request
from cauce.sources.http_files import UNREACHED
from cauce.sources.socrata import ID, Column, Drifted, Facts, Portal, is_dataset
from cauce.sources.socrata_rows import decided, doubled, page_frame, said_otherwise, write_typed
from cauce.spec.addresses import Address

_KNOWN = frozenset(("token", "$select", "$where", "page", "scheme"))
_PAGE = 10_000
_MOST_PAGE = 50_000
_ROUNDS = 3


@dataclass(frozen=True)
class RemoteDataset:
    """A data set of a portal, or those of its columns and rows that the address names."""

    address: Address
    request: Request
    drop: tuple[str, ...] = ()

    def check(self) -> tuple[str, ...]:
        """That the data set is there, and how many rows it has."""
        portal = self._portal()
        self._columns(portal.facts())
        rows = portal.count()
        said = translate_plural("{dataset} is there, {count} row", "{dataset} is there, {count} rows", rows)
        return (said.format(dataset=self.address.path, count=rows),)

    def bring(self, folder: Path, report: Report) -> Brought:
        """All rows, once each, as one Parquet file; nothing is fetched where the portal says that nothing
        changed. E2601 to E2641."""
        place, portal = Download(folder), self._portal()
        known = place.current
        try:
            for _ in range(_ROUNDS):
                facts = portal.facts()
                columns, begun = self._columns(facts), self._begun(facts)
                mark = hashlib.sha256(begun).hexdigest()
                if known is not None and facts.updated is not None and known.etag == mark:
                    return _brought(place.path(known), folder, columns)
                try:
                    _Pages(portal, folder, columns, self._page).fetch(facts, begun, report=report)
                except Drifted:
                    shutil.rmtree(folder / "pages", ignore_errors=True)
                else:
                    return _finished(place, columns, mark)
        except CauceError as error:
            if known is None or error.code not in UNREACHED:
                raise
            warn("W2614", url=portal.shown, when=known.fetched, reason=error.message)
            return _brought(place.path(known), folder, ())
        raise CauceError("E2633", url=portal.shown, rounds=_ROUNDS)

    @property
    def _page(self) -> int:
        return natural("page", self.address.options.get("page", str(_PAGE)), most=_MOST_PAGE)

    def _portal(self) -> Portal:
        options = self.address.options
        token = options.get("token")
        secret = {} if token is None else {"X-App-Token": resolve_secret(token).reveal()}
        request = replace(self.request, secret=secret)
        return Portal(request.url, self.address.path, request, options.get("$where", ""))

    def _columns(self, facts: Facts) -> tuple[Column, ...]:
        """The columns to bring, in the portal's order. E0418 and E2636 for one that it does not have."""
        known = {one.name: one for one in facts.columns}
        chosen = [one.strip() for one in self.address.options.get("$select", "").split(",") if one.strip()]
        for name in (*chosen, *self.drop):
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                shown = near[0] if near else ", ".join(known)
                if name in self.drop:
                    raise CauceError("E0418", option="drop", column=name, near=shown)
                raise CauceError("E2636", column=name, near=shown)
        wanted = set(chosen or known) - set(self.drop)
        return tuple(one for one in facts.columns if one.name in wanted)

    def _begun(self, facts: Facts) -> bytes:
        options = {name: text for name, text in self.address.options.items() if name.startswith("$")}
        asked = {"options": options, "drop": sorted(self.drop), "page": self._page}
        return canonical_json({"format": 1, "facts": facts.to_json(), **asked})


@dataclass(frozen=True)
class _Pages:
    """The pages of one question, as far as they are here."""

    portal: Portal
    folder: Path
    columns: tuple[Column, ...]
    limit: int

    def fetch(self, facts: Facts, begun: bytes, *, report: Report) -> None:
        """Fetch what is missing, and prove that it is all of it. Drifted where the data set changed."""
        self._begin(begun)
        expected = self.portal.count()
        pages = page_files(self.folder)
        done, after, last = sum(_rows(one) for one in pages), None, False
        if pages:
            ids = pl.read_parquet(pages[-1], columns=[ID]).get_column(ID)
            after, last = str(ids[-1]), len(ids) < self.limit
        while not last:
            rows = self.portal.page(self.columns, after=after, limit=self.limit)
            last = len(rows) < self.limit
            if rows:
                pages.append(self._keep(page_frame(rows, self.columns), len(pages) + 1))
                after, done = str(rows[-1][ID]), done + len(rows)
                report(done, max(expected, done))
        self._prove(facts, pages, done=done, expected=expected)

    def _begin(self, begun: bytes) -> None:
        file = self.folder / "begun.json"
        with translated(self.folder):
            if not (file.is_file() and file.read_bytes() == begun and json.loads(begun)["facts"]["updated"]):
                shutil.rmtree(self.folder / "pages", ignore_errors=True)
            (self.folder / "pages").mkdir(parents=True, exist_ok=True)
            replace_json(file, json.loads(begun))

    def _keep(self, frame: pl.DataFrame, number: int) -> Path:
        target = self.folder / "pages" / f"{number:06d}.parquet"
        draft = target.with_suffix(".draft")
        with translated(target):
            with draft.open("wb") as file:
                frame.write_parquet(file)
            sync(draft)
            draft.replace(target)
            sync(target.parent)
        return target

    def _prove(self, facts: Facts, pages: list[Path], *, done: int, expected: int) -> None:
        """All rows, once each, of one state of the data set."""
        if not done:
            raise CauceError("E2640", url=self.portal.shown)
        if doubled(pages):
            raise Drifted("double")
        if self.portal.facts() != facts:
            raise Drifted("facts")
        if done != expected and done != self.portal.count():
            raise CauceError("E2634", url=self.portal.shown, rows=done, expected=expected)


def page_files(folder: Path) -> list[Path]:
    """The pages that are here, in order."""
    return sorted((folder / "pages").glob("*.parquet"))


def _rows(page: Path) -> int:
    from pyarrow import parquet

    return int(parquet.read_metadata(page).num_rows)


def _finished(place: Download, columns: tuple[Column, ...], mark: str) -> Brought:
    pages = page_files(place.folder)
    kinds = decided(pages, columns)
    with translated(place.folder):
        write_typed(pages, kinds, target=place.draft)
    size, now = place.draft.stat().st_size, datetime.now(UTC).isoformat(timespec="seconds")
    path = place.finish(Version("rows.parquet", sha256_of(place.draft), size, etag=mark, fetched=now))
    shutil.rmtree(place.folder / "pages", ignore_errors=True)
    return _brought(path, place.folder, columns)


def _brought(path: Path, folder: Path, columns: tuple[Column, ...]) -> Brought:
    held = pl.read_parquet_schema(path)
    drifted = [one for one in columns if said_otherwise(one, held[one.name])]
    notices = tuple(Notice.of("W2639", column=one.name, type=one.type) for one in drifted)
    return Brought((path.relative_to(folder).as_posix(),), "parquet", notices=notices)


def open_dataset(address: Address, wanted: Wanted) -> RemoteDataset:
    """The data set that `address` names. E2611 for an option that cannot be so, E2637 for no data set."""
    check_options(address, POLICY_OPTIONS | _KNOWN)
    if not is_dataset(address.path):
        raise CauceError("E2637", name=address.path)
    scheme, private = address.options.get("scheme", "https"), "private" in address.options
    if scheme not in ("https", "http") or (scheme == "http" and not private):
        raise CauceError("E2611", option="scheme", value=scheme, known="https; http + private=allow")
    root = f"{scheme}://{written_host(address)}{'' if address.port is None else f':{address.port}'}"
    dataset = RemoteDataset(address, Request(root, policy=policy_of(address.options)), wanted.drop)
    _ = dataset._page
    return dataset
