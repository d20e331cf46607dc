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
PACKED_FOR = "environment/environment.json"
"""What says for which machines the libraries are that were sent along, in an executor's working folder."""


@dataclass(frozen=True)
class Worker:
    """What one Python said. version: of Cauce there, "" for none. failed: libraries with the reason.

    apart: what the libraries that were sent along are for, and what is there, where these differ.
    """

    host: str
    python: str
    version: str
    failed: tuple[tuple[str, str], ...]
    apart: tuple[str, str] | None = None


def check_workers(session: SparkSession) -> tuple[Worker, ...]:
    """Ask every executor that is there whether it can load what tasks need; each process that answered.

    E0710 for another minor version of Python, E0711 for a library that is not there, E0712 for another
    version of Cauce, E0769 for a library that cannot be loaded, E0770 where those that were sent along are
    for another machine, E0719 without Python. Nothing is asked of a
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
    if worker.apart is not None:
        needed, found = worker.apart
        raise CauceError("E0770", host=worker.host, needed=needed, found=found)
    for library, reason in worker.failed:
        if not reason:
            raise CauceError("E0711", module=library)
        raise CauceError("E0769", host=worker.host, library=library, reason=reason)
    if worker.version != __version__:
        raise CauceError("E0712", worker=worker.version, driver=__version__)


Answer = tuple[str, str, str, tuple[tuple[str, str], ...], tuple[str, str] | None]


def probe(needed: tuple[str, ...], packed_for: str = PACKED_FOR) -> Any:
    """A function for tasks that needs nothing but Python: it travels as code, not as a name to import."""

    def machine() -> tuple[str, str] | None:
        """What the libraries that were sent along are for, and what is here, where that does not do."""
        import json
        import os
        import platform

        try:
            with open(packed_for, encoding="utf-8") as file:  # noqa: PTH123 - the least that can be loaded
                facts = json.load(file)
        except OSError:
            return None
        try:
            here = os.confstr("CS_GNU_LIBC_VERSION") or ""
        except (AttributeError, ValueError, OSError):
            here = ""
        own = platform.machine()
        if facts["machine"] != own:
            return facts["machine"], own
        if facts["glibc"] is None:
            return None
        least = "glibc {}.{}".format(*facts["glibc"])
        known = here.startswith("glibc ") and tuple(map(int, here.split()[1].split(".")[:2]))
        return None if known and known >= tuple(facts["glibc"]) else (least, here or "no glibc")

    def ask(_rows: Iterable[int]) -> Iterator[Answer]:
        import importlib
        import platform
        import socket

        host, python, apart = socket.gethostname(), platform.python_version(), machine()
        failed = []
        for name in () if apart else needed:
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as error:
                failed.append((error.name or name, ""))
            except Exception as error:
                failed.append((name, (str(error).splitlines() or [type(error).__name__])[0]))
        version = "" if failed or apart else str(importlib.import_module("cauce").__version__)
        yield host, python, version, tuple(failed), apart

    return ask
