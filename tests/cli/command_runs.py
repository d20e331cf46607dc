"""Runs of the command line as a process of its own, as a user would run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CAUCE = [sys.executable, "-m", "cauce"]


def surroundings(**more: str) -> dict[str, str]:
    """The environment of a plain English shell without a project's or a person's own settings."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "LC_ALL", "LANG")}
    return {**kept, "CAUCE_LANG": "en", "COLUMNS": "80", **more}


def cauce(*arguments: str, folder: Path, env: dict[str, str] | None = None, **more: Any) -> Any:
    """`cauce ARGUMENTS` in `folder`, with nobody at the keyboard."""
    given: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, **more}
    environment = surroundings(**(env or {}))
    return subprocess.run(
        [*CAUCE, *arguments], cwd=folder, env=environment, timeout=120, check=False, **given
    )
