"""Objects of a bucket as a source: listed, and brought here where they are not yet."""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from cauce.core.canonical import canonical_json
from cauce.core.durable import sync
from cauce.core.faults import translated
from cauce.errors import CauceError
from cauce.language import translate_plural
from cauce.sources.brought import Brought, Report, Wanted
from cauce.spec.addresses import Address, text_of
from cauce.stores.bucket import Bucket, asked, bucket_of, check_bucket, fetch

_DAY = 24 * 3600.0
_SIGNS = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_PART = re.compile(r"[^/\x00-\x1f\\]{1,200}")


@dataclass(frozen=True)
class Found:
    """An object. name: what its file is called, relative to where the pattern begins."""

    key: str
    name: str
    etag: str
    size: int


@dataclass(frozen=True)
class RemoteObjects:
    """One object, those under a prefix, or those that a pattern (`*`, `**`, `?`) matches."""

    address: Address

    def check(self) -> tuple[str, ...]:
        """That they are there, how many and how large."""
        found = self._found()
        said = translate_plural(
            "{store}: {count} object, {size} bytes", "{store}: {count} objects, {size} bytes", len(found)
        )
        size = sum(one.size for one in found)
        return (said.format(store=self._shown, count=len(found), size=size),)

    def bring(self, folder: Path, report: Report) -> Brought:
        """Fetch every object; nothing where none changed. E2606, E2650 to E2666."""
        found = self._found()
        listed = [[one.name, one.etag, one.size] for one in found]
        mark = hashlib.sha256(canonical_json(listed)).hexdigest()[:32]
        target, draft = folder / mark, folder / f"draft-{mark}"
        if not target.is_dir():
            total, done = sum(one.size for one in found), 0
            for one in found:
                self._fetch(one, draft / one.name, partial(_ahead, report, done, total))
                done += one.size
            with translated(target):
                draft.replace(target)
                sync(folder)
        with translated(target):
            target.touch()
            _forget(folder, mark)
        alone = len(found) == 1 and found[0].key == self.address.path
        return Brought((f"{mark}/{found[0].name}" if alone else mark,))

    @property
    def _shown(self) -> str:
        return f"s3://{self.address.host}/{self.address.path}"

    def _bucket(self) -> Bucket:
        return bucket_of(text_of(replace(self.address, path="")))

    def _found(self) -> tuple[Found, ...]:
        """The objects, in the order of their names; E2658 for none, and for a name that no file can have."""
        path = self.address.path
        fixed = _fixed(path)
        bucket = self._bucket()
        listed = asked(lambda: bucket.list(fixed), self._shown)
        if not listed and path == fixed != "":
            listed = self._alone(bucket)
        known = {str(one["path"]): one for one in listed}
        keys = [path] if path in known else sorted(key for key in known if _matches(path, key))
        base = path.rpartition("/")[0] if path in known else fixed
        found = tuple(_found(known[key], key.removeprefix(base).lstrip("/")) for key in keys)
        shown = tuple(one for one in found if path in known or not _hidden(one.name))
        if not shown or not all(_sound(one.name) for one in shown):
            raise CauceError("E2658", store=self._shown, count=len(shown))
        return shown

    def _alone(self, bucket: Bucket) -> list[Any]:
        """The object of that very name, whatever else lies beside it."""
        try:
            return [asked(lambda: bucket.head(self.address.path), self._shown)]
        except FileNotFoundError:
            return []

    def _fetch(self, one: Found, target: Path, heard: Report) -> None:
        bucket = self._bucket()
        with translated(target):
            if target.is_file() and target.stat().st_size == one.size:
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f".{target.name}.part")
            with draft.open("wb") as file:
                about = {"path": one.key, "size": one.size, "e_tag": one.etag}
                fetch(bucket, about, file=file, store=self._shown, heard=lambda done: heard(done, None))
            if draft.stat().st_size != one.size:
                raise CauceError("E2652", store=self._shown, reason="length")
            sync(draft)
            draft.replace(target)


def open_bucket_files(address: Address, wanted: Wanted) -> RemoteObjects:
    """The objects that `address` names. E2650 where it names no bucket."""
    _ = wanted
    check_bucket(address)
    return RemoteObjects(address)


def _ahead(report: Report, before: int, total: int, done: float, _: float | None) -> None:
    report(before + done, total)


def _found(about: Mapping[str, object], name: str) -> Found:
    return Found(str(about["path"]), name, str(about["e_tag"]), int(str(about["size"])))


def _fixed(path: str) -> str:
    """The folder that a pattern's matches all lie in."""
    parts = path.strip("/").split("/")
    fixed = [
        part for place, part in enumerate(parts) if not any("*" in p or "?" in p for p in parts[: place + 1])
    ]
    return "/".join(fixed)


def _matches(pattern: str, key: str) -> bool:
    if "*" not in pattern and "?" not in pattern:
        return key.startswith(f"{pattern.strip('/')}/") or not pattern.strip("/")
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    made = "".join(signs.get(part, re.escape(part)) for part in _SIGNS.findall(pattern))
    return re.fullmatch(made, key, re.DOTALL) is not None


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "_")) for part in name.split("/"))


def _sound(name: str) -> bool:
    return all(_PART.fullmatch(part) and part not in (".", "..") for part in name.split("/"))


def _forget(folder: Path, mark: str) -> None:
    """Versions that no command that is still running can have begun with."""
    for one in folder.iterdir():
        if one.is_dir() and mark not in one.name and time.time() - one.stat().st_mtime > _DAY:
            shutil.rmtree(one, ignore_errors=True)
