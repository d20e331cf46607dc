"""A model put in charge."""

from __future__ import annotations

from pathlib import Path

from cauce.running import promotion
from cauce.running.promotion import Promotion
from cauce.running.workspace import open_workspace
from cauce.spec import FILE_NAME, Project


def promote(
    wanted: str, *, why: str = "", force: bool = False, project: str | Path | Project = FILE_NAME
) -> Promotion:
    """Make `wanted` the champion: a version ("3", "@challenger", "models:/flights/3") or a run that made one.

    The model must score as when it was made, and pass the project's gate. force: the gate is overruled,
    and the history says so. E2001, E2003, E2004, E2006, E2007, E1301, E1302, E1307 to E1310.
    """
    return promotion.promote(open_workspace(project), wanted, why=why, force=force)
