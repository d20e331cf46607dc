"""Local copies of objects that never change."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cauce.core.faults import translated

_WEEK = 7 * 24 * 3600.0


@dataclass(frozen=True)
class Cache:
    """Copies in a folder, each whole or not there; one that nobody used for a week goes at the next sweep."""

    folder: Path

    def path(self, name: str, fetch: Callable[[BinaryIO], None]) -> Path:
        """The copy under `name`, which says all that the content depends on; fetched where it is not here."""
        target = self.folder / hashlib.sha256(name.encode()).hexdigest()[:40]
        with translated(target):
            if target.is_file():
                with suppress(OSError):
                    os.utime(target)
                return target
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}"
            try:
                with draft.open("xb") as file:
                    fetch(file)
                draft.chmod(0o444)
                draft.replace(target)
            finally:
                draft.unlink(missing_ok=True)
        return target

    def sweep(self) -> int:
        """Remove copies that were not used for a week, and what killed processes began; how many."""
        removed = 0
        for file in self.folder.iterdir() if self.folder.is_dir() else ():
            with suppress(FileNotFoundError):
                if time.time() - file.stat().st_mtime > _WEEK:
                    file.unlink()
                    removed += 1
        return removed
