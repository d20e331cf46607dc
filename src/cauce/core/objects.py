"""What snapshots need of a store."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Protocol


class Objects(Protocol):
    """Immutable objects under keys ("snapshots/ab12.json"): written once, whole or not at all.

    A key is relative, "/"-separated, of letters, digits and "._-" (E0501 otherwise). An object is
    durable when put_* returns. `cauce.ports.store.Store` is this and what garbage collection needs.
    """

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write `data` under `key`; False, and nothing changed, where the key exists."""
        ...

    def put_file_if_absent(self, key: str, file: Path) -> bool:
        """Like `put_if_absent` for a finished local file, which is consumed (moved or uploaded)."""
        ...

    def get(self, key: str) -> bytes:
        """The object under `key`; E0502 where there is none."""
        ...

    def open(self, key: str) -> BinaryIO:
        """A seekable reader of the object; E0502 where there is none."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is an object under `key`."""
        ...

    def scratch(self) -> Path:
        """A fresh private folder for files in the making, on the store's own disk where it has one."""
        ...

    def local_path(self, key: str) -> Path | None:
        """The object's path where it is a local file that native readers can open, else None."""
        ...
