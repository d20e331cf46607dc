"""What nothing in a project's store refers to any more, deleted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cauce.ports.store import Measuring, Store
from cauce.running.drafts import sweep_drafts
from cauce.running.served_folders import size_of, sweep_served, unserved
from cauce.running.workspace import open_workspace
from cauce.spec import FILE_NAME, Project
from cauce.stores.garbage import collect_garbage, find_garbage


@dataclass(frozen=True)
class Collected:
    """What was deleted, or would be.

    keys: the objects, those that refer to others first; bytes: their sizes together. young: how many
    more nothing refers to but a run under way may, because they are less than a day old. swept: files and
    folders in the making that ended processes had left. served: copies of models that no service uses any
    more; their bytes are among `bytes`. dry_run: whether nothing was deleted.
    """

    keys: tuple[str, ...]
    bytes: int
    young: int
    swept: int
    dry_run: bool
    served: int = 0

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {**vars(self), "keys": list(self.keys)}


def gc(project: str | Path | Project = FILE_NAME, *, dry_run: bool = False) -> Collected:
    """Delete what no finished step of any project in the store leads to and what is older than a day.

    Snapshots, models and notes of finished runs stay. Safe beside runs and services. dry_run: only say what
    would go. E0507 where a record is damaged: then nothing is deleted; E0503 to E0506.
    """
    work = open_workspace(project)
    store = work.store
    found = find_garbage(store)
    sizes = {key: _size(store, key) for key in found.old}
    if dry_run:
        left = unserved(work.store_folder)
        size = sum(sizes.values()) + sum(map(size_of, left))
        return Collected(found.old, size, len(found.young), 0, dry_run, len(left))
    swept = store.sweep() + sweep_drafts(work.folder)
    copies, size = sweep_served(work.store_folder)
    keys = collect_garbage(store)
    size += sum(sizes.get(key, 0) for key in keys)
    return Collected(keys, size, len(found.young), swept, dry_run, copies)


def _size(store: Store, key: str) -> int:
    if isinstance(store, Measuring):
        return store.size(key)
    path = store.local_path(key)
    try:
        return 0 if path is None else path.stat().st_size
    except OSError:
        return 0
