"""A project in its folder, with the store, the ledger and the engine it works with."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cauce.engines.local.engine import LocalEngine
from cauce.ports.registry import Registry
from cauce.ports.store import Store
from cauce.ports.tracker import Tracker
from cauce.running.plots.beside import Beside
from cauce.running.wiring import make_engine, make_registry, make_store, make_tracker, tracks
from cauce.sources import ReadOptions
from cauce.sources.files import find_files, fingerprint
from cauce.spec import FILE_NAME, Data, Project, read_project
from cauce.stores.ledger import StoreLedger


@dataclass(frozen=True)
class Workspace:
    """What a command works on. folder: where the project file lies; its paths are relative to it."""

    project: Project
    folder: Path

    @cached_property
    def store_folder(self) -> Path:
        """Where the project's store is."""
        return self.folder / self.project.store.path

    @cached_property
    def store(self) -> Store:
        """Snapshots, bundles and the ledger."""
        return make_store(self.store_folder)

    @cached_property
    def ledger(self) -> StoreLedger:
        """The finished steps."""
        return StoreLedger(self.store)

    @cached_property
    def engine(self) -> LocalEngine:
        """The engine that carries the work to the batches."""
        return make_engine()

    @property
    def registry(self) -> Registry:
        """The registry of models; E1301 without MLflow."""
        return make_registry(self.project.tracking, self.folder, home=self.store_folder)

    @property
    def tracked(self) -> bool:
        """Whether runs are tracked."""
        return tracks(self.project.tracking)

    def tracker(self) -> AbstractContextManager[Tracker | None]:
        """What keeps track of a run, beside it."""
        return make_tracker(self.project.tracking, self.folder, home=self.store_folder)

    @cached_property
    def beside(self) -> Beside:
        """What draws plots while a run goes on; to be closed."""
        return Beside()

    @cached_property
    def read_options(self) -> ReadOptions:
        """How the project's files are read."""
        return read_options(self.project.data, self.folder)

    def fingerprint(self) -> str:
        """SHA-256 over the names and bytes of the project's files."""
        return fingerprint(find_files(self.read_options.paths))


def open_workspace(project: str | Path | Project = FILE_NAME) -> Workspace:
    """The workspace of a project file, of the folder it lies in, or of a project in memory (here)."""
    if isinstance(project, Project):
        return Workspace(project, Path.cwd())
    path = Path(project)
    return Workspace(read_project(path), (path if path.is_dir() else path.parent).resolve())


def read_options(data: Data, folder: Path) -> ReadOptions:
    """What `[data]` says about reading, with paths made absolute."""
    return ReadOptions(
        paths=tuple(str(folder / source) for source in data.source),
        format=data.format,
        encoding=data.encoding,
        delimiter=data.delimiter,
        quote='"' if data.quote is None else data.quote,
        decimal=data.decimal,
        thousands=data.thousands,
        currency=data.currency or None,
        date_formats=data.date_formats,
        header=data.header,
        missing=data.missing,
        missing_in=data.missing_in,
        types=data.types,
        drop=data.drop,
    )
