"""Files in the making beside their names, and which of them nobody is making any more."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cauce.core.durable import sync
from cauce.errors import CauceError
from cauce.failpoints import passage

_NAME = 100
_RANDOM = r"[0-9a-f]{16}\.part"


@dataclass
class Drafts:
    """Files in the making, named all at once at the end, or gone. Their locks say that somebody lives."""

    overwrite: bool
    drafts: list[tuple[Path, Path]] = field(default_factory=list)
    locks: list[int] = field(default_factory=list)

    def new(self, path: Path) -> Path:
        """A private empty file in the folder of `path`; what killed processes left of it is removed."""
        sweep_drafts(path.parent, path.name)
        while True:
            draft = path.with_name(f"{_prefix(path.name)}{secrets.token_hex(8)}.part")
            descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
            self.locks.append(descriptor)
            locked(descriptor)
            # Before it was locked, another process could take it for one that a dead process left.
            if draft.exists():
                self.drafts.append((draft, path))
                return draft

    def publish(self) -> None:
        """Make each file durable, then give each its name; E1211 where a name was taken meanwhile."""
        for draft, _ in self.drafts:
            sync(draft)
        passage("prediction.written")
        for draft, path in self.drafts:
            if self.overwrite:
                draft.replace(path)
            else:
                _link(draft, path)
            sync(path.parent)
        passage("prediction.named")

    def discard(self) -> None:
        """Remove what has no name yet."""
        for draft, _ in self.drafts:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        while self.locks:
            os.close(self.locks.pop())


def sweep_drafts(folder: Path, name: str | None = None) -> int:
    """Remove files in the making, of the file `name` or of any, whose process is gone; how many.

    Whoever makes a file holds its lock, which the system gives back however a process ends. Where there
    are no locks, and where this user may not write, nothing is removed.
    """
    wanted = re.compile((r"\..+\." if name is None else re.escape(_prefix(name))) + _RANDOM)
    try:
        found = [path for path in folder.iterdir() if wanted.fullmatch(path.name)]
    except OSError:
        return 0
    return sum(map(_removed, sorted(found)))


def _removed(draft: Path) -> bool:
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        if not locked(descriptor):
            return False
        draft.unlink(missing_ok=True)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _prefix(name: str) -> str:
    return f".{name[:_NAME]}."


def locked(descriptor: int) -> bool:
    """Take the file's lock; False where somebody has it or the system has none."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        raise CauceError("E1211", path=path) from None
    except OSError:
        if os.path.lexists(path):
            raise CauceError("E1211", path=path) from None
        draft.rename(path)
    else:
        draft.unlink()
