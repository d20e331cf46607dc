"""The registered models."""

from __future__ import annotations

from pathlib import Path

from cauce.ports.registry import ModelVersion
from cauce.running.cards import registered_card
from cauce.running.workspace import open_workspace
from cauce.spec import FILE_NAME, Project


def models(project: str | Path | Project = FILE_NAME) -> tuple[ModelVersion, ...]:
    """The versions in the registry of `project`, by name, the latest first; E1301, E1302."""
    return open_workspace(project).registry.models()


def card(version: str, *, project: str | Path | Project = FILE_NAME) -> str:
    """The model card of a registered version of the project's model, in Markdown. E1301, E1302, E1307 to
    E1310."""
    return registered_card(open_workspace(project), version)
