"""Where bytes are kept: snapshots, bundles, the ledger, captures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol


class Store(Protocol):
    """Immutable objects under keys ("snapshots/ab12.json"): written once, whole or not at all.

    A key is relative, "/"-separated, of letters, digits and "._-" (E0501 otherwise). A store is a
    serialisable value: engines and their workers receive it. An object is durable when put_* returns.
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

    def exists(self, key: str) -> bool: ...

    def list(self, prefix: str) -> Iterator[str]:
        """The keys under `prefix`, in order."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; nothing where there is none. Only garbage collection calls it."""
        ...

    def scratch(self) -> Path:
        """A fresh private folder for files in the making, on the store's own disk where it has one."""
        ...

    def local_path(self, key: str) -> Path | None:
        """The object's path where it is a local file that native readers can open, else None."""
        ...
