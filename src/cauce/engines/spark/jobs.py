"""Work on executors that the driver waits for: how far it is, how it is stopped, how little it gives."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from cauce.engines.spark.faults import translated_jobs
from cauce.errors import CauceError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DRIVER_ROWS = 1024
"""Rows that may come to the driver at once: states of summaries and notes, never rows of a table."""

Tell = Callable[[float, float | None], None]
"""Hears how many tasks of how many are done."""

_EVERY = 0.5


def collected(frame: DataFrame, *, partitions: int, tell: Tell | None = None) -> list[Any]:
    """The rows of `frame`, one of each of so many partitions: the one place where rows come to the driver.

    E0713 where there are more, before anything is run where that is known.
    """
    if partitions > DRIVER_ROWS:
        raise CauceError("E0713")
    with job(frame.sparkSession, tell=tell):
        rows = _interruptibly(frame.collect)
    if len(rows) > partitions:
        raise CauceError("E0713")
    return rows


def _interruptibly(action: Callable[[], list[Any]]) -> list[Any]:
    """What `action` gives, done by another thread.

    PySpark answers Ctrl-C by speaking to Java, which it cannot while this thread waits for Java's answer.
    """
    from pyspark import InheritableThread  # noqa: PLC0415

    found: list[list[Any]] = []
    failed: list[BaseException] = []

    def act() -> None:
        try:
            found.append(action())
        except BaseException as error:  # raised below
            failed.append(error)

    thread = InheritableThread(target=act, name="cauce-spark", daemon=True)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]


def known_partitions(frame: DataFrame) -> int | None:
    """How many partitions `frame` has, where that is known before it is run."""
    execution = frame._jdf.queryExecution()
    if execution.executedPlan().nodeName() == "AdaptiveSparkPlan":
        return None
    return int(execution.toRdd().getNumPartitions())


@contextmanager
def spark_at_work(session: SparkSession) -> Iterator[None]:
    """Spark's failures inside become ours; E0716 where the session has ended before."""
    if session.sparkContext._jsc is None:
        raise CauceError("E0716")
    with translated_jobs():
        yield


@contextmanager
def job(session: SparkSession, *, tell: Tell | None = None) -> Iterator[None]:
    """What Spark does inside is told of, stopped where this is interrupted, and fails with codes of ours."""
    context, tag = session.sparkContext, f"cauce-{secrets.token_hex(8)}"
    with spark_at_work(session):
        context.addJobTag(tag)
        try:
            with _watched(context, tag, tell):
                yield
        except KeyboardInterrupt:
            with suppress(Exception):
                context.cancelJobsWithTag(tag)
            raise
        finally:
            with suppress(Exception):
                context.removeJobTag(tag)


@contextmanager
def _watched(context: Any, tag: str, tell: Tell | None) -> Iterator[None]:
    if tell is None:
        yield
        return
    over = threading.Event()

    def look() -> None:
        tracker = context._jsc.sc().statusTracker()
        while not over.wait(_EVERY):
            with suppress(Exception):
                done, total = _progress(tracker, tag)
                if total and not over.is_set():
                    tell(done, total)

    thread = threading.Thread(target=look, name="cauce-spark-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _progress(tracker: Any, tag: str) -> tuple[int, int]:
    """Tasks done and tasks of the stages that are known so far."""
    done = total = 0
    for number in tracker.getJobIdsForTag(tag):
        for stage in tracker.getJobInfo(number).get().stageIds():
            known = tracker.getStageInfo(stage)
            if known.isDefined():
                done += known.get().numCompletedTasks()
                total += known.get().numTasks()
    return done, total
