"""An empty database of MLflow's, kept for the user's next project: migrations take a second to make one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from cauce.core.durable import sync

_GIVEN = frozenset({"alembic_version", "workspaces"})
"""Tables in which migrations themselves leave rows."""


def copy_empty(to: Path) -> bool:
    """Copy the one kept for the MLflow at hand to `to`; False where there is none that is the user's own."""
    kept = _kept()
    try:
        if kept is None or not _is_own(kept) or not _is_own(kept.parent):
            return False
        shutil.copyfile(kept, to)
    except OSError:
        return False
    return True


def keep_empty(database: Path) -> None:
    """Keep a new database that holds no run, without its experiments; nothing where it cannot be kept.

    MLflow makes its first experiment again for whoever opens the copy: it names a folder.
    """
    kept = _kept()
    if kept is None:
        return
    with suppress(OSError, sqlite3.Error):
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".draft-", dir=kept.parent) as scratch:
            draft = Path(scratch, kept.name)
            if _emptied(database, draft):
                sync(draft)
                draft.replace(kept)


def forget_empty() -> None:
    """Remove the one kept for the MLflow at hand, which was of no use."""
    kept = _kept()
    if kept is not None:
        with suppress(OSError):
            kept.unlink()


def _emptied(database: Path, draft: Path) -> bool:
    """Copy the database without experiments; whether no row of anybody's is left in it."""
    with closing(sqlite3.connect(database)) as made, closing(sqlite3.connect(draft)) as copy:
        made.backup(copy)
        copy.execute("DELETE FROM experiments")
        copy.commit()
        names = {str(name) for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        plain = {name for name in names - _GIVEN if name.isidentifier()}
        found = any(copy.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() for name in plain)  # noqa: S608
    return not found and plain | _GIVEN == names | _GIVEN


def _kept() -> Path | None:
    """Where it is kept: the user's folder for what can be made again; None where there is no such folder."""
    from importlib.metadata import version

    try:
        if sys.platform == "win32":
            caches = Path(os.environ["LOCALAPPDATA"])
        elif sys.platform == "darwin":
            caches = Path.home() / "Library" / "Caches"
        else:
            caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except (KeyError, RuntimeError):
        return None
    return caches / "cauce" / f"mlflow-{version('mlflow')}.db" if caches.is_absolute() else None


def _is_own(path: Path) -> bool:
    """Whether nobody else may have written it."""
    found = path.stat()
    return sys.platform == "win32" or (found.st_uid == os.geteuid() and not found.st_mode & 0o022)
