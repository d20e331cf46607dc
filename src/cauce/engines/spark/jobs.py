"""Work on executors that the driver waits for: how far it is, how it is stopped, how little it gives."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from cauce.engines.spark.faults import translated_jobs
from cauce.engines.spark.hearing import tell_heard
from cauce.errors import CauceError, warn_now

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import DataFrame, SparkSession

DRIVER_ROWS = 1024
"""Rows that may come to the driver at once: states of summaries and notes, never rows of a table."""

Tell = Callable[[float, float | None], None]
"""Hears how many tasks of how many are done."""

_EVERY = 0.5
_PATIENCE = 15.0
"""Seconds that a job may wait for its first executor before that is told."""


def collected(frame: DataFrame, *, partitions: int, tell: Tell | None = None) -> list[Any]:
    """The rows of `frame`, one of each of so many partitions: the one place where rows come to the driver.

    E0713 where there are more, before anything is run where that is known.
    """
    return brought(frame.sparkSession, frame.collect, most=partitions, tell=tell)


def brought(
    session: SparkSession, action: Callable[[], list[Any]], *, most: int, tell: Tell | None = None
) -> list[Any]:
    """What `action` brings to the driver. E0713 where that is more than `most`, or `most` more than may come.

    W0704 is told while no executor has been given to the session, and what tasks warn of once they are done.
    """
    if most > DRIVER_ROWS:
        raise CauceError("E0713")
    with job(session, tell=tell):
        rows = _interruptibly(action, session.sparkContext)
    tell_heard(session.sparkContext)
    if len(rows) > most:
        raise CauceError("E0713")
    return rows


def _interruptibly(action: Callable[[], list[Any]], context: SparkContext) -> list[Any]:
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

    thread = InheritableThread(target=copy_context().run, args=(act,), name="cauce-spark", daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    if thread.is_alive() and not _has_executors(context):
        warn_now("W0704", master=context.master)
    thread.join()
    if failed:
        raise failed[0]
    return found[0]


def _has_executors(context: SparkContext) -> bool:
    """Whether anything is there to do work; where Spark does not say, it is."""
    if str(context.master).startswith("local"):
        return True
    with suppress(Exception):
        known = context._jsc.sc().getExecutorMemoryStatus().size()
        return int(known) > 1  # the driver is one
    return True


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

    # What is told is said in the language of this thread.
    told = copy_context()
    thread = threading.Thread(target=told.run, args=(look,), name="cauce-spark-progress", daemon=True)
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
