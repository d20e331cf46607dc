"""Does a model score as when it was born, and are the stored datasets what they were?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, overload

from cauce.core.snapshot_reading import read_manifest, verify_snapshot
from cauce.errors import CauceError
from cauce.ports.store import Store
from cauce.running.model_reference import find_model
from cauce.running.verification import Verification, verify_bundle
from cauce.running.workspace import open_workspace
from cauce.spec import FILE_NAME, Project


@dataclass(frozen=True)
class SnapshotCheck:
    """A stored dataset: its rows and parts, and what is wrong with it, "" where nothing is."""

    identity: str
    rows: int
    parts: int
    reason: str

    @property
    def holds(self) -> bool:
        """Whether every part has its digest and the rows have the identity."""
        return not self.reason

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {**vars(self), "holds": self.holds}


@overload
def verify(
    model: str | Path | None = None,
    *,
    digest: str | None = None,
    project: str | Path | Project | None = None,
    snapshots: Literal[False] = False,
) -> Verification: ...


@overload
def verify(
    model: str | Path | None = None,
    *,
    digest: str | None = None,
    project: str | Path | Project | None = None,
    snapshots: Literal[True],
) -> tuple[SnapshotCheck, ...]: ...


def verify(
    model: str | Path | None = None,
    *,
    digest: str | None = None,
    project: str | Path | Project | None = None,
    snapshots: bool = False,
) -> Verification | tuple[SnapshotCheck, ...]:
    """Check every file's digest and score the bundle's golden rows by every way it can score.

    model, digest, project: as in `predict`. snapshots: in place of a model, read every dataset in the
    project's store and check its parts' digests and its rows' identity. Raises what `load` raises; a check
    that fails is in the result.
    """
    if not snapshots:
        return verify_bundle(find_model(model, digest=digest, project=project).bundle)
    if model is not None or digest is not None:
        raise CauceError("E1507", command="cauce verify --snapshots", arguments=model or digest)
    store = open_workspace(FILE_NAME if project is None else project).store
    return tuple(_checked(key, store) for key in store.list("snapshots/"))


def _checked(key: str, store: Store) -> SnapshotCheck:
    identity = key.rpartition("/")[2].removesuffix(".json")
    try:
        manifest = read_manifest(store, identity)
    except CauceError as error:
        return SnapshotCheck(identity, 0, 0, str(error))
    try:
        verify_snapshot(manifest, store, rows=True)
    except CauceError as error:
        return SnapshotCheck(identity, manifest.rows, len(manifest.parts), str(error))
    return SnapshotCheck(identity, manifest.rows, len(manifest.parts), "")
