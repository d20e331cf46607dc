"""Does a model score as when it was born, and are the stored datasets what they were?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack, get_args, overload

from cauce.core.snapshot_reading import read_manifest, verify_snapshot
from cauce.errors import CauceError
from cauce.ports.store import Store
from cauce.running.certificate import Certificate, keep_certificate
from cauce.running.model_reference import find_model
from cauce.running.verification import Verification, verify_bundle
from cauce.running.workspace import EngineAsked, Kind, Workspace, open_workspace
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


class Parity(TypedDict, total=False):
    """How engines are compared.

    engines: at least two different ones of local and spark. refit: also train the model anew on each.
    master: the Spark master's address; spark: a Spark session to work with, which is never stopped.
    report(done, total): counts engines that are done.
    """

    engines: Sequence[Kind] | None
    refit: bool
    master: str | None
    spark: Any
    report: Callable[[float, float | None], None] | None


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


@overload
def verify(*, project: str | Path | Project | None = None, **parity: Unpack[Parity]) -> Certificate: ...


def verify(
    model: str | Path | None = None,
    *,
    digest: str | None = None,
    project: str | Path | Project | None = None,
    snapshots: bool = False,
    **parity: Unpack[Parity],
) -> Verification | Certificate | tuple[SnapshotCheck, ...]:
    """Check every file's digest and score the bundle's golden rows by every way it can score.

    model, digest, project: as in `predict`. snapshots: in place of a model, read every dataset in the
    project's store and check its parts' digests and its rows' identity. parity: in place of that, make anew
    what the project's latest run made on several engines, compare, and keep the certificate; see `Parity`.
    Raises what `load` raises, and with engines E0754 and what a run raises; a check that fails is in the
    result.
    """
    if parity.get("engines") is not None:
        return _certified(model or digest or ("--snapshots" if snapshots else None), project, parity)
    if not snapshots:
        return verify_bundle(find_model(model, digest=digest, project=project).bundle)
    if model is not None or digest is not None:
        raise CauceError("E1507", command="cauce verify --snapshots", arguments=model or digest)
    store = open_workspace(FILE_NAME if project is None else project).store
    return tuple(_checked(key, store) for key in store.list("snapshots/"))


def _certified(other: object, project: str | Path | Project | None, parity: Parity) -> Certificate:
    """The certificate of the project's latest run. E0754; E1507 where something `other` is asked for too."""
    from cauce.running.certifying import certify

    if other is not None:
        raise CauceError("E1507", command="cauce verify --engines", arguments=other)
    engines = parity.get("engines") or ()
    if len(set(engines)) < 2 or not set(engines) <= set(get_args(Kind)):
        raise CauceError("E0754", value=", ".join(engines) or "-")
    found: dict[str, Workspace] = {}
    for name in dict.fromkeys(engines):
        asked: EngineAsked = {"engine": name}
        if name == "spark":
            asked |= {"master": parity.get("master"), "spark": parity.get("spark")}
        found[name] = open_workspace(FILE_NAME if project is None else project, **asked)
    made = certify(found, refit=parity.get("refit", False), report=parity.get("report") or _silent)
    keep_certificate(next(iter(found.values())), made)
    return made


def _silent(done: float, total: float | None) -> None:
    """Tells nobody."""


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
