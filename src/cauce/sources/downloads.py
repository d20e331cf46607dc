"""Files from elsewhere, kept in a folder: each whole, under a name that does not change, with what is known.

<folder>/current.json          which version counts, and what the server said of it
<folder>/<sha256>/<name>       a version: complete and durable before current.json names it
<folder>/draft, draft.json     what came so far of the next one, and of what it is a part
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from cauce.core.canonical import canonical_json
from cauce.core.durable import sync
from cauce.core.faults import translated

_CURRENT, _DRAFT, _BEGUN = "current.json", "draft", "draft.json"
_DAY = 24 * 3600.0
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Version:
    """What is known of a version. etag, modified: the server's words, "" where it said none; fetched: UTC."""

    name: str
    sha256: str
    size: int
    etag: str = ""
    modified: str = ""
    fetched: str = ""


@dataclass(frozen=True)
class Begun:
    """Of what a draft is a part, in the server's words."""

    etag: str = ""
    modified: str = ""

    @property
    def validator(self) -> str | None:
        """What a server can be asked to compare before it sends the rest; None where nothing will do."""
        if self.etag and not self.etag.startswith("W/"):
            return self.etag
        return self.modified or None


@dataclass(frozen=True)
class Download:
    """One address's place among the downloads."""

    folder: Path

    @property
    def draft(self) -> Path:
        """What came so far."""
        return self.folder / _DRAFT

    @property
    def current(self) -> Version | None:
        """The version that counts; None where there is none, or what is there is damaged."""
        found = _read(self.folder / _CURRENT)
        try:
            version = Version(**found)
            whole = self.path(version).stat().st_size == version.size
        except (OSError, TypeError):
            return None
        return version if whole else None

    def path(self, version: Version) -> Path:
        """Where that version lies."""
        return self.folder / version.sha256 / version.name

    def begun(self) -> tuple[int, Begun]:
        """How many bytes of a draft there are, and of what; one that nobody can go on with is nothing."""
        try:
            size = self.draft.stat().st_size
            begun = Begun(**_read(self.folder / _BEGUN))
        except (OSError, TypeError):
            return 0, Begun()
        return (size, begun) if begun.validator else (0, Begun())

    def begin(self, begun: Begun) -> None:
        """Start a draft anew."""
        with translated(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self.draft.unlink(missing_ok=True)
            replace_json(self.folder / _BEGUN, asdict(begun))
            self.draft.touch()

    def drop(self) -> None:
        """Forget the draft."""
        with translated(self.folder):
            self.draft.unlink(missing_ok=True)
            (self.folder / _BEGUN).unlink(missing_ok=True)

    def finish(self, version: Version) -> Path:
        """Make the complete draft the version that counts."""
        target = self.path(version)
        with translated(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            sync(self.draft)
            self.draft.replace(target)
            sync(target.parent)
            replace_json(self.folder / _CURRENT, asdict(version))
            (self.folder / _BEGUN).unlink(missing_ok=True)
            self._forget_others(version)
        return target

    def _forget_others(self, version: Version) -> None:
        """Versions that no command that is still running can have begun with."""
        for one in self.folder.iterdir():
            if one.is_dir() and one.name != version.sha256 and time.time() - one.stat().st_mtime > _DAY:
                shutil.rmtree(one, ignore_errors=True)


def download_of(folder: Path, address: str) -> Download:
    """The place of `address` (without secrets) in the folder of all downloads."""
    return Download(folder / hashlib.sha256(address.encode()).hexdigest()[:32])


def file_name(path: str) -> str:
    """The last part of an address's path, as a name that every file system takes."""
    last = unquote(path.rstrip("/").rpartition("/")[2], errors="replace")
    name = re.sub(r"[^A-Za-z0-9._-]", "_", last).lstrip("._")[-100:]
    return name or "data"


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    digest = hashlib.sha256()
    with translated(file), file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {"": None}
    return found if isinstance(found, dict) else {"": None}


def replace_json(file: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file in place of the one there is: the one or the other, whole and durable."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_bytes(canonical_json(content))
    sync(draft)
    draft.replace(file)
    sync(file.parent)
