"""Where names become objects: which adapter stands behind each port."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cauce.engines.local.engine import LocalEngine
from cauce.ports.engine import Engine
from cauce.ports.registry import Registry
from cauce.ports.store import Store
from cauce.spec import Engine as EngineSettings
from cauce.spec import Tracking
from cauce.stores.local import LocalStore

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from cauce.ports.tracker import Tracker


def make_store(folder: Path, url: str | None = None) -> Store:
    """The store in a folder; with `url` that in a bucket, of which the folder holds copies."""
    if url is None:
        return LocalStore(str(folder))
    from cauce.stores.objects import ObjectStore  # noqa: PLC0415 - only where it is wanted

    return ObjectStore(url, str(folder))


def make_engine(
    settings: EngineSettings | None = None,
    *,
    session: Any = None,
    store: Store | None = None,
    logs: Path | None = None,
    tell: Callable[[float, float | None], None] | None = None,
) -> Engine:
    """The engine that a project asks for; this machine's where nothing is said.

    session: a Spark session of the caller's, which is used and never stopped; with it the engine is Spark,
    whatever the settings say. store: where executors leave rows for this process, which candidates on folds
    need. logs: the folder for what Spark says. tell: hears how many tasks are done. E0702 without pyspark;
    E0710 to E0712, E0719 and E0769 where workers on other machines cannot do the work.
    """
    settings = settings or EngineSettings()
    if session is None and settings.kind == "local":
        return LocalEngine()
    from cauce.engines.spark.engine import SparkEngine  # noqa: PLC0415 - only where it is wanted
    from cauce.engines.spark.nearby import Nearby  # noqa: PLC0415
    from cauce.engines.spark.session import open_session  # noqa: PLC0415
    from cauce.engines.spark.workers import check_workers  # noqa: PLC0415

    if session is None:
        session = open_session(settings.master, settings=settings.spark, logs=logs)
    nearby = None if store is None else Nearby(LocalEngine(), partial(_passing_store, store))
    engine = SparkEngine(session, workers=settings.workers, nearby=nearby, tell=tell)
    check_workers(session)
    return engine


@contextmanager
def _passing_store(store: Store) -> Iterator[Store]:
    """A store inside another, which goes with what is in it."""
    folder = store.scratch()
    try:
        yield make_store(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tracks(settings: Tracking) -> bool:
    """Whether runs are tracked: they are meant to be, and what does it is installed."""
    return settings.enabled and find_spec("mlflow") is not None


def tracks_here(settings: Tracking, folder: Path, *, home: Path) -> bool:
    """Whether runs are tracked by a database of this machine alone. folder, home: as of `make_tracker`."""
    if not tracks(settings):
        return False
    from cauce.tracking.destination import destination_for  # noqa: PLC0415 - only where it is wanted

    return destination_for(settings.uri, folder, home=home).local


def make_tracker(settings: Tracking, folder: Path, *, home: Path) -> AbstractContextManager[Tracker | None]:
    """What keeps track of a run, beside it; nothing where tracking is off.

    folder: the project's. home: the store's.
    """
    if not settings.enabled:
        return nullcontext()
    from cauce.tracking.destination import destination_for  # noqa: PLC0415 - only where it is wanted
    from cauce.tracking.tracker import MlflowTracker, outbox_in  # noqa: PLC0415

    return MlflowTracker(outbox_in(home), destination_for(settings.uri, folder, home=home))


def make_registry(settings: Tracking, folder: Path, *, home: Path) -> Registry:
    """The registry of models beside the tracker; E1301 without MLflow."""
    from cauce.tracking.destination import destination_for  # noqa: PLC0415
    from cauce.tracking.registry import MlflowRegistry  # noqa: PLC0415

    return MlflowRegistry(destination_for(settings.uri, folder, home=home), home)
