"""Whether the executors' Python can do the work, asked once when a session begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cauce.engines.spark.jobs import brought
from cauce.engines.spark.table import worker_environment
from cauce.errors import CauceError
from cauce.version import __version__

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_NEEDED = ("numpy", "pyarrow", "polars", "pandas", "xgboost", "cauce")
_MOST_TASKS = 256


@dataclass(frozen=True)
class Worker:
    """What one Python said. version: of Cauce there, "" for none. failed: libraries with the reason."""

    host: str
    python: str
    version: str
    failed: tuple[tuple[str, str], ...]


def check_workers(session: SparkSession) -> tuple[Worker, ...]:
    """Ask every executor that is there whether it can load what tasks need; each process that answered.

    E0710 for another minor version of Python, E0711 for a library that is not there, E0712 for another
    version of Cauce, E0769 for a library that cannot be loaded, E0719 without Python. Nothing is asked of a
    local master, whose workers are this interpreter. Executors that come later are not asked; their tasks
    fail with the same codes, if later.
    """
    context = session.sparkContext
    if str(context.master).startswith("local"):
        return ()
    tasks = min(_MOST_TASKS, max(2, 2 * context.defaultParallelism))
    asked = context.parallelize(range(tasks), tasks).mapPartitions(probe(_NEEDED))
    with worker_environment(session):
        found = brought(session, asked.collect, most=tasks)
    workers = tuple(sorted({Worker(*one) for one in found}, key=lambda one: (one.host, one.failed)))
    for worker in workers:
        judge(worker)
    return workers


def judge(worker: Worker) -> None:
    """Raise what `check_workers` raises where this one cannot do the work."""
    for library, reason in worker.failed:
        if not reason:
            raise CauceError("E0711", module=library)
        raise CauceError("E0769", host=worker.host, library=library, reason=reason)
    if worker.version != __version__:
        raise CauceError("E0712", worker=worker.version, driver=__version__)


def probe(needed: tuple[str, ...]) -> Any:
    """A function for tasks that needs nothing but Python: it travels as code, not as a name to import."""

    def ask(_rows: Iterable[int]) -> Iterator[tuple[str, str, str, tuple[tuple[str, str], ...]]]:
        import importlib
        import platform
        import socket

        failed = []
        for name in needed:
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as error:
                failed.append((error.name or name, ""))
            except Exception as error:
                failed.append((name, (str(error).splitlines() or [type(error).__name__])[0]))
        version = "" if failed else str(importlib.import_module("cauce").__version__)
        yield socket.gethostname(), platform.python_version(), version, tuple(failed)

    return ask
