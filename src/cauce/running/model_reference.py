"""From what a user writes for a model to the bundle it means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.disposable import parse_in_child
from cauce.core.bundle.opening import open_bundle, open_stored_bundle
from cauce.core.bundle.writing import bundle_key
from cauce.errors import CauceError

if TYPE_CHECKING:
    # A bundle's folder is found without all that a project is made of, which takes half a second.
    from cauce.running.workspace import Workspace
    from cauce.spec import Project

REGISTERED = "models:/"


@dataclass(frozen=True, eq=False)
class FoundModel:
    """A bundle, and the version to write beside its predictions: "name/3", or the bundle's digest."""

    bundle: Bundle
    version: str


def find_model(
    model: str | Path | None, *, digest: str | None = None, project: str | Path | Project | None = None
) -> FoundModel:
    """The model that `model` names, checked.

    models:/name@alias or models:/name/3: of the project's registry (of a project file here or above, where
    `project` is None). A folder: a bundle. None: what the project's latest run made. digest: what the
    bundle's must be. A payload that was not made in the project is first parsed in a process that may
    crash. E1306 to E1310, E1405, and what opening a bundle raises (E12..).
    """
    text = "" if model is None else str(model)
    if text.startswith(REGISTERED):
        return _registered(nearest_workspace(project), text, digest)
    if text:
        return _in_folder(Path(text), digest)
    bundle = _latest(nearest_workspace(project))
    if digest is not None and digest != bundle.identity:
        raise CauceError("E1202", found=bundle.identity, expected=digest)
    return FoundModel(bundle, bundle.identity)


def model_named(work: Workspace, text: str) -> FoundModel:
    """The model that a project file names: registered, or a bundle's folder, seen from the project's own."""
    return _registered(work, text) if text.startswith(REGISTERED) else _in_folder(work.folder / text)


def _registered(work: Workspace, text: str, digest: str | None = None) -> FoundModel:
    found = work.registry.resolve(text)
    if digest is not None and digest != found.digest:
        raise CauceError("E1202", found=found.digest, expected=digest)
    bundle = open_bundle(found.folder, digest=found.digest)
    if not work.store.exists(bundle_key(bundle.identity)):
        parse_in_child(bundle)
    return FoundModel(bundle, f"{found.name}/{found.version}")


def _in_folder(folder: Path, digest: str | None = None) -> FoundModel:
    bundle = open_bundle(folder, digest=digest)
    if not _made_here(folder, bundle.identity):
        parse_in_child(bundle)
    return FoundModel(bundle, bundle.identity)


def _made_here(folder: Path, identity: str) -> bool:
    """Whether the folder is a project's own copy (`models/` in its store) of a bundle the store holds."""
    store = folder.resolve().parent.parent
    return (store / bundle_key(identity)).is_file()


def nearest_workspace(project: str | Path | Project | None) -> Workspace:
    """The workspace of a project, or of the one here or above."""
    from cauce.running.workspace import open_workspace  # noqa: PLC0415 - as above
    from cauce.spec import FILE_NAME  # noqa: PLC0415

    if project is not None:
        return open_workspace(project)
    here = Path.cwd()
    found = next((folder for folder in (here, *here.parents) if (folder / FILE_NAME).is_file()), here)
    return open_workspace(found / FILE_NAME)


def _latest(work: Workspace) -> Bundle:
    """The bundle of the latest run that made one."""
    for run in reversed(work.ledger.runs()):
        record = work.ledger.step_record(run, "bundle")
        mine = record is not None and record.step.parameters["name"] == work.project.name
        if record is not None and mine and not work.ledger.gone(record):
            return open_stored_bundle(work.store, str(record.outputs["bundle"].value))
    raise CauceError("E1405")
