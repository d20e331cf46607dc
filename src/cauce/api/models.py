"""The registered models."""

from __future__ import annotations

from pathlib import Path

from cauce.ports.registry import ModelVersion
from cauce.running.workspace import open_workspace
from cauce.spec import FILE_NAME, Project


def models(project: str | Path | Project = FILE_NAME) -> tuple[ModelVersion, ...]:
    """The versions in the registry of `project`, by name, the latest first; E1301, E1302."""
    return open_workspace(project).registry.models()
