"""The registered models."""

from __future__ import annotations

from pathlib import Path
from typing import overload

from cauce.ports.registry import ModelVersion
from cauce.running.cards import registered_card
from cauce.running.workspace import open_workspace
from cauce.spec import FILE_NAME, Project


@overload
def models(project: str | Path | Project = ..., *, card: None = ...) -> tuple[ModelVersion, ...]: ...


@overload
def models(project: str | Path | Project = ..., *, card: str) -> str: ...


def models(
    project: str | Path | Project = FILE_NAME, *, card: str | None = None
) -> tuple[ModelVersion, ...] | str:
    """The versions in the registry of `project`, by name, the latest first; E1301, E1302.

    card: a version of the project's model; then its model card in Markdown instead. E1307 to E1310.
    """
    work = open_workspace(project)
    return work.registry.models() if card is None else registered_card(work, card)
