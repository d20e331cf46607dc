"""Private names for files in the making, and which of them nobody is making any more."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import time
from pathlib import Path

FOLDER = ".scratch"
_ABANDONED = 7 * 24 * 3600.0
_NAME = re.compile(r"(?P<host>.+)\.(?P<process>\d+)\.[0-9a-f]{16}")


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:64] or "host"


def fresh(root: Path) -> Path:
    """A path in the scratch folder of `root` that nobody else uses; it says whose it is."""
    return root / FOLDER / f"{_host()}.{os.getpid()}.{secrets.token_hex(8)}"


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _abandoned(path: Path) -> bool:
    found = _NAME.fullmatch(path.name)
    if found and found["host"] == _host():
        return not _alive(int(found["process"]))
    return time.time() - path.stat().st_mtime > _ABANDONED


def sweep(root: Path) -> int:
    """Remove what processes of this host that have ended left there, and anything a week old.

    The number of files and folders removed.
    """
    removed = 0
    folder = root / FOLDER
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        try:
            if not _abandoned(path):
                continue
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        except FileNotFoundError:
            continue
        removed += 1
    return removed
