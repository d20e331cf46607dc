"""An earlier champion put back in charge."""

from __future__ import annotations

from pathlib import Path

from cauce.running import promotion
from cauce.running.promotion import Promotion
from cauce.running.workspace import open_workspace
from cauce.spec import FILE_NAME, Project


def rollback(to: str | None = None, *, why: str = "", project: str | Path | Project = FILE_NAME) -> Promotion:
    """Put the champion before the present one, or the earlier champion `to`, back in charge.

    It must score as when it was made; the gate is not asked again. to = "none" leaves nobody in charge.
    E2003 to E2007, E2011, E1301, E1302, E1307 to E1310.
    """
    return promotion.rollback(open_workspace(project), to, why=why)
