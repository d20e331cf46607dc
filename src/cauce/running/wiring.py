"""Where names become objects: which adapter stands behind each port."""

from __future__ import annotations

from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from cauce.engines.local.engine import LocalEngine
from cauce.ports.registry import Registry
from cauce.ports.store import Store
from cauce.spec import Tracking
from cauce.stores.local import LocalStore

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from cauce.ports.tracker import Tracker


def make_store(folder: Path) -> Store:
    """The store in a folder."""
    return LocalStore(str(folder))


def make_engine() -> LocalEngine:
    """The engine of this machine."""
    return LocalEngine()


def tracks(settings: Tracking) -> bool:
    """Whether runs are tracked: they are meant to be, and what does it is installed."""
    return settings.enabled and find_spec("mlflow") is not None


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
