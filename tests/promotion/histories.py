"""Histories, projects and registries for the tests of who is in charge."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cauce.core.bundle.manifest import MANIFEST
from cauce.core.bundle.opening import open_bundle
from cauce.core.promotion.history import Change, Held
from cauce.running.workspace import Workspace
from cauce.spec import project_from_mapping
from cauce.testing.tracking import MemoryRegistry

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def held(name: str) -> Held:
    """A model that is only a name."""
    return Held(hashlib.sha256(name.encode()).hexdigest())


def history(*events: tuple[str, str | None], model: str = "m") -> tuple[Change, ...]:
    """A history of (event, model or None), an hour apart, each entry by user u."""
    entries: list[Change] = []
    for number, (event, name) in enumerate(events, 1):
        before = entries[-1].after if entries else None
        subject = None if name is None else held(name)
        one = Change(
            number=number,
            previous=entries[-1].digest if entries else "",
            model=model,
            event=event,  # type: ignore[arg-type]
            before=before,
            after=before if event == "refuse" else subject,
            refused=subject if event == "refuse" else None,
            who="u",
            host="h",
            when=BEGAN + timedelta(hours=number - 1),
        )
        entries.append(one)
    return tuple(entries)


def workspace(folder: Path, *made_here: Path, **gate: Any) -> Workspace:
    """A project called "m" in `folder` with this gate, without data. made_here: bundles in its store, which
    therefore are not first parsed in a process that may crash."""
    mapping: dict[str, Any] = {
        "schema": 1,
        "name": "m",
        "data": {"source": "table.csv"},
        "target": {"column": "y"},
        "gate": gate,
    }
    work = Workspace(project_from_mapping(mapping), folder)
    for bundle in made_here:
        keep(work, bundle)
    return work


def keep(work: Workspace, bundle: Path) -> str:
    """Put a bundle into the project's store, the manifest last; its digest."""
    digest = open_bundle(bundle).identity
    paths = sorted((one for one in bundle.rglob("*") if one.is_file()), key=lambda one: one.name == MANIFEST)
    for path in paths:
        work.store.put_if_absent(f"bundles/{digest}/{path.relative_to(bundle).as_posix()}", path.read_bytes())
    return digest


def registry(*bundles: Path, name: str = "m") -> MemoryRegistry:
    """A registry with a version for each bundle and no alias."""
    made = MemoryRegistry()
    for folder in bundles:
        made.register(folder, name, alias="none")
    return made
