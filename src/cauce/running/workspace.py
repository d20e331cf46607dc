"""A project in its folder, with the store, the ledger and the engine it works with."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack, get_args

from cauce.errors import CauceError, warn
from cauce.ports.engine import Engine
from cauce.ports.pieces import HeldRows
from cauce.ports.registry import Registry
from cauce.ports.store import Store
from cauce.ports.tracker import Tracker
from cauce.running.bringing import Here, bring_here, known_identity
from cauce.running.held_rows import open_held
from cauce.running.observer import Heard
from cauce.running.plots.beside import Beside
from cauce.running.wiring import make_engine, make_registry, make_store, make_tracker, tracks, tracks_here
from cauce.sources import ReadOptions
from cauce.sources.brought import Wanted
from cauce.sources.files import find_files, fingerprint, is_held
from cauce.spec import FILE_NAME, Data, Project, read_project
from cauce.spec import Engine as EngineSettings
from cauce.spec.addresses import is_brought
from cauce.stores.ledger import StoreLedger

Kind = Literal["local", "spark"]


class EngineAsked(TypedDict, total=False):
    """What a caller says of the engine, in place of the project.

    engine: local or spark. master: the Spark master's address. spark: a Spark session to work with, which is
    never stopped. A master or a session means Spark. data: a DataFrame of Spark with the rows, in place of
    data.source; it means its own session.
    """

    engine: Kind | None
    master: str | None
    spark: Any
    data: Any


@dataclass(frozen=True)
class Workspace:
    """What a command works on. folder: where the project file lies; its paths are relative to it.

    session: a Spark session of the caller's; it is used, and never stopped. rows: a Spark DataFrame of the
    caller's, in place of the project's source. brought: the files of the project's addresses, where the
    caller has just brought them.
    """

    project: Project
    folder: Path
    session: Any = field(default=None, compare=False)
    rows: Any = field(default=None, compare=False)
    brought: Here | None = field(default=None, compare=False)

    @cached_property
    def store_folder(self) -> Path:
        """Where the project's store is."""
        return self.folder / self.project.store.path

    @cached_property
    def store(self) -> Store:
        """Snapshots, bundles and the ledger."""
        return make_store(self.store_folder, self.project.store.url)

    @cached_property
    def ledger(self) -> StoreLedger:
        """The finished steps."""
        return StoreLedger(self.store)

    def check_reach(self) -> None:
        """E0760 where executors that write to the store may be on machines that do not have it."""
        if self.project.engine.kind == "spark":
            from cauce.running.shipping.reach import check_store  # noqa: PLC0415

            context = None if self.session is None else getattr(self.session, "sparkContext", None)
            master = self.project.engine.master if context is None else context.master
            check_store(self.project, master, folder=self.folder)

    @cached_property
    def engine(self) -> Engine:
        """The engine that carries the work to the batches."""
        return make_engine(
            self.project.engine,
            session=self.session,
            store=self.store,
            logs=self.store_folder / "logs",
            tell=self.heard,
        )

    @cached_property
    def heard(self) -> Heard:
        """Who hears how far the engine is."""
        return Heard()

    @property
    def registry(self) -> Registry:
        """The registry of models; E1301 without MLflow."""
        return make_registry(self.project.tracking, self.folder, home=self.store_folder)

    @property
    def tracked(self) -> bool:
        """Whether runs are tracked."""
        return tracks(self.project.tracking)

    def tracker(self) -> AbstractContextManager[Tracker | None]:
        """What keeps track of a run, beside it. W2665 where other machines share the store and not that."""
        url = self.project.store.url
        if url is not None and tracks_here(self.project.tracking, self.folder, home=self.store_folder):
            warn("W2665", store=url.partition("?")[0])
        return make_tracker(self.project.tracking, self.folder, home=self.store_folder)

    @cached_property
    def beside(self) -> Beside:
        """What draws plots while a run goes on; to be closed."""
        return Beside()

    @cached_property
    def earlier(self) -> dict[str, Any]:
        """The models that the project's go on from, by what it calls them: each is looked up once."""
        return {}

    @cached_property
    def here(self) -> Here | None:
        """The files that the project's addresses were brought to; None where it has no address. Once for each
        command: that every step reads the same rows."""
        data = self.project.data
        if not any(is_brought(one) for one in data.source):
            return None
        if self.brought is not None:
            return self.brought
        sources = read_options(data, self.folder).paths
        wanted = replace(self.wanted, onlooker=self.heard.early)
        return bring_here(sources, wanted, folder=self.store_folder, report=self.heard)

    @property
    def wanted(self) -> Wanted:
        """What the project says of its addresses beside them."""
        data = self.project.data
        return Wanted(home=self.folder, query=data.query, drop=data.drop)

    @cached_property
    def read_options(self) -> ReadOptions:
        """How the project's files are read."""
        options = read_options(self.project.data, self.folder)
        if self.here is None:
            return options
        return self.here.read_as(options)

    @cached_property
    def held(self) -> HeldRows | None:
        """The project's table where the engine holds it; None where the project has files. E0742, E0743."""
        if not self._reads_table:
            return None
        return open_held(self.engine, self.rows, data=self.project.data, options=self.read_options)

    @property
    def _reads_table(self) -> bool:
        return self.rows is not None or any(is_held(one) for one in self.project.data.source)

    def fingerprint(self, *, running: bool = True) -> str:
        """SHA-256 over the names and bytes of the project's files; of a table, its rows' identity: a scan.

        running: whether rows that only reading tells of are read for it; else it is of those read last.
        """
        if self._reads_table:
            return self._identity
        if not running and "here" not in self.__dict__:
            last = known_identity(self.project.data.source, self.wanted, folder=self.store_folder)
            if last is not None:
                return last
        known = None if self.here is None else self.here.identity
        return known or fingerprint(find_files(self.read_options.paths))

    @cached_property
    def _identity(self) -> str:
        from cauce.stats.identity import Identity  # noqa: PLC0415 - only where there is a table

        held: Any = self.held
        (found,) = self.engine.summarise(self.engine.scan(held), Identity(held.schema))
        return str(found.identity)


def open_workspace(project: str | Path | Project = FILE_NAME, **asked: Unpack[EngineAsked]) -> Workspace:
    """The workspace of a project file, of the folder it lies in, or of a project in memory (here).

    asked: of the engine, in place of what the project says. E0722, E0723, E1504 where that cannot be.
    """
    if isinstance(project, Project):
        found, folder = project, Path.cwd()
    else:
        path = Path(project)
        found, folder = read_project(path), (path if path.is_dir() else path.parent).resolve()
    engine, rows = engine_settings(found.engine, **asked), asked.get("data")
    session = asked.get("spark") or getattr(rows, "sparkSession", None)
    return Workspace(replace(found, engine=engine), folder, session, rows)


def engine_settings(said: EngineSettings, **asked: Unpack[EngineAsked]) -> EngineSettings:
    """What the project says of its engine, with what a caller asks for in its place. E0722, E0723, E1504."""
    engine, master = asked.get("engine"), asked.get("master")
    if engine is not None and engine not in get_args(Kind):
        raise CauceError("E1504", option="engine", choices=", ".join(get_args(Kind)), value=engine)
    on_spark = [name for name in ("master", "spark", "data") if asked.get(name) is not None]
    if on_spark and engine == "local":
        raise CauceError("E0722", option=on_spark[0])
    if "master" in on_spark and len(on_spark) > 1:
        raise CauceError("E0723", master=master)
    return replace(said, kind="spark" if on_spark else engine or said.kind, master=master or said.master)


def read_options(data: Data, folder: Path) -> ReadOptions:
    """What `[data]` says about reading, with paths made absolute."""
    return ReadOptions(
        paths=tuple(one if is_held(one) or is_brought(one) else str(folder / one) for one in data.source),
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
