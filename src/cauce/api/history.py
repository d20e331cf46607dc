"""Who was in charge, since when, by whom and why."""

from __future__ import annotations

from pathlib import Path

from cauce.running.charge import Past, past_of
from cauce.running.workspace import open_workspace
from cauce.spec import FILE_NAME, Project


def history(model: str | None = None, *, project: str | Path | Project = FILE_NAME) -> Past:
    """Every change of champion of the project's model, or of another model in its store, the first one first.

    W2012 where the registry shows another champion, W2014 where it cannot be asked; E2002 where an entry is
    missing or was changed.
    """
    return past_of(open_workspace(project), model)
