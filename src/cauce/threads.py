"""How many threads the number libraries take, settled before any of them is imported."""

from __future__ import annotations

import contextvars
import math
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Semaphore
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

Given = TypeVar("Given")
Made = TypeVar("Made")

_COUNTS = (
    "POLARS_MAX_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_WAITING = "OMP_WAIT_POLICY"
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores() -> int:
    """Cores this process may really use: its affinity, and the quota of its control group (v2)."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        quota, period = _QUOTA.read_text(encoding="ascii").split()
        return max(1, min(cores, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):
        return cores


def thread_limits(count: int) -> dict[str, str]:
    """The environment that holds Polars, OpenMP and BLAS to `count` (>= 1) threads in a process to be.

    Waiting OpenMP threads sleep (OMP_WAIT_POLICY=PASSIVE): spinning ones made a two-thread XGBoost 20 times
    slower than one thread on a busy machine.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    return dict.fromkeys(_COUNTS, str(count)) | {_WAITING: "PASSIVE"}


def limit_threads(count: int | None = None) -> int:
    """Hold this process, and those it starts, to `count` threads, through the environment.

    Call it before the first import of any of the libraries: each reads its variable once. A count (>= 1)
    replaces what the environment says; None keeps it, and where it says nothing takes `usable_cores()`.
    OMP_WAIT_POLICY is kept where it is set. Returns the count used where the environment says nothing.
    """
    chosen = usable_cores() if count is None else count
    for variable, value in thread_limits(chosen).items():
        if count is None or variable == _WAITING:
            os.environ.setdefault(variable, value)
        else:
            os.environ[variable] = value
    return chosen


def in_threads(action: Callable[[Given], Made], items: Iterable[Given]) -> list[Made]:
    """`action` of each item, in their order, done by as many threads as this process may have.

    What pays is work that lets go of Python's lock: arithmetic on arrays. Raises what the first item raises.
    """
    every = list(items)
    settled = os.environ.get(_COUNTS[0], "")
    threads = min(int(settled) if settled.isdecimal() else usable_cores(), len(every))
    if threads < 2:
        return [action(item) for item in every]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - not for `cauce --help`

    with ThreadPoolExecutor(threads, "cauce-threads") as pool:
        coming = [pool.submit(contextvars.copy_context().run, action, item) for item in every]
        return [one.result() for one in coming]


class Handing(Generic[Given]):
    """Items on their way from one thread to another, which may be so many behind.

    waiting: how many may wait, 1 or more. None is no item.
    """

    def __init__(self, waiting: int = 1) -> None:
        self._items: SimpleQueue[Given | None] = SimpleQueue()
        self._room = Semaphore(waiting)
        self._taker: Future[Any] | None = None

    def until(self, taker: Future[Any]) -> None:
        """Nobody waits for room once `taker` is done, which may be before the last item."""
        self._taker = taker
        taker.add_done_callback(lambda _: self._room.release())

    def give(self, item: Given) -> None:
        """Hand it over once there is room; nothing where the taker is done."""
        if self._taker is not None and self._taker.done():
            return
        self._room.acquire()
        self._items.put(item)

    def end(self) -> None:
        """No more items. It never waits."""
        self._items.put(None)

    def taken(self) -> Iterator[Given]:
        """The items, in the other thread, as they come."""
        while (item := self._items.get()) is not None:
            self._room.release()
            yield item


def made_ahead(
    items: Generator[Made, None, None], *, abandoned: Callable[[], None] | None = None
) -> Iterator[Made]:
    """`items` in their order, each made in one other thread while the one before is worked on.

    Never more than one is made ahead. What making one raises is raised where it is asked for. Whoever stops
    early waits for the one under way, which `abandoned` may hurry; `items` is closed in any case.
    """
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - not for `cauce --help`

    context = contextvars.copy_context()

    def following() -> Made | None:
        return context.run(lambda: next(items, None))

    with ThreadPoolExecutor(1, "cauce-batches") as thread:
        try:
            coming = thread.submit(following)
            while (item := coming.result()) is not None:
                coming = thread.submit(following)
                yield item
        except BaseException:
            if abandoned is not None:
                abandoned()
            raise
        finally:
            thread.submit(items.close)
