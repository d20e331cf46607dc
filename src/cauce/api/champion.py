"""Which model is in charge, or was."""

from __future__ import annotations

from pathlib import Path

from cauce.running.charge import Charge, charge_of
from cauce.running.workspace import open_workspace
from cauce.spec import FILE_NAME, Project


def champion(*, at: str | None = None, project: str | Path | Project = FILE_NAME) -> Charge:
    """Who is in charge of the project's model, or was at `at`.

    at: ISO 8601; local time where it names no zone; a date alone is the end of that day in local time.
    W2012 where the registry shows another champion, W2014 where it cannot be asked; E2002, E2010.
    """
    return charge_of(open_workspace(project), at)
