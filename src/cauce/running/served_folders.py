"""Copies of models that services read from, `served/` in a store, and which of them nobody reads any more."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.exporting import export_bundle
from cauce.running.drafts import locked

SERVED = "served"
_DAY = 24 * 3600.0


def keep_served(store: Path, bundle: Bundle) -> Path:
    """A copy of the bundle for services, young again. What exporting raises."""
    folder = export_bundle(bundle, store / SERVED / bundle.identity)
    with suppress(OSError):
        os.utime(folder)
    return folder


def unserved(store: Path, *, older_than: float = _DAY) -> list[Path]:
    """Copies older than so many seconds that no service holds (`service.holding`), and halves of copies."""
    try:
        found = sorted((store / SERVED).iterdir())
    except OSError:
        return []
    return [one for one in found if _is_old(one, older_than) and _free(one)]


def sweep_served(store: Path) -> tuple[int, int]:
    """Delete them: how many, and their bytes."""
    deleted, size = 0, 0
    for folder in unserved(store):
        gone = folder.with_name(f".{secrets.token_hex(8)}.part")
        with suppress(OSError):
            bytes_of = size_of(folder)
            folder.rename(gone)
            shutil.rmtree(gone)
            deleted, size = deleted + 1, size + bytes_of
    return deleted, size


def size_of(folder: Path) -> int:
    """The bytes of its files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _is_old(folder: Path, seconds: float) -> bool:
    try:
        return folder.is_dir() and time.time() - folder.stat().st_mtime > seconds
    except OSError:
        return False


def _free(folder: Path) -> bool:
    """Whether no service holds it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        return locked(descriptor)
    finally:
        os.close(descriptor)
