"""Rows on the executors, and the work to do on them: one crossing between Java and Python for all of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl
import pyarrow as pa

from cauce.engines.spark.batches import to_arrow, to_polars
from cauce.engines.spark.crossing import Crossed
from cauce.engines.spark.hearing import Home, heard_at, home_of
from cauce.engines.spark.schema import spark_schema
from cauce.errors import CauceError
from cauce.expr.batch import take
from cauce.expr.schema import Schema
from cauce.ports.engine import Work
from cauce.sparing import spare_imports
from cauce.threads import thread_limits
from cauce.version import __version__

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_TASKS_PER_SLOT = 8
_OURS = "_CAUCE_SPARK_WORKER"


@dataclass
class Counted:
    """Batches of rows and how many rows have left their origin so far."""

    batches: Iterator[pl.DataFrame]
    rows: int = 0

    def __iter__(self) -> Iterator[pl.DataFrame]:
        return self.batches


Carrier = Callable[[Counted], Iterator[pa.RecordBatch]]
"""What a task does with its rows: a function that can be sent, from batches to Arrow batches."""


class Rows(Protocol):
    """Where the rows of a table come from."""

    @property
    def schema(self) -> Schema: ...

    @property
    def partitions(self) -> int | None:
        """How many tasks read them; None where only Spark knows."""
        ...

    def read_by(self, columns: tuple[str, ...]) -> tuple[DataFrame, Callable[[Any], Iterator[pl.DataFrame]]]:
        """What Spark carries to the tasks, and how a task makes these columns of it."""
        ...


@dataclass(frozen=True)
class FrameRows:
    """The rows of a DataFrame whose columns are called c0, c1, … and have the types of `schema`.

    Spark resolves a name such as "a.b", "*" or "^.*$" as something else.
    """

    frame: DataFrame
    schema: Schema

    @property
    def partitions(self) -> None:
        """Only Spark knows."""
        return None

    def read_by(self, columns: tuple[str, ...]) -> tuple[DataFrame, Callable[[Any], Iterator[pl.DataFrame]]]:
        """What Spark carries to the tasks, and how a task makes these columns of it."""
        schema = self.schema.select(columns)
        frame = self.frame.select(*(f"c{self.schema.names.index(name)}" for name in columns))

        def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pl.DataFrame]:
            return (to_polars(batch, schema) for batch in batches)

        return frame, read


@dataclass(frozen=True)
class PieceRows:
    """Rows that each task reads by itself: Spark carries no more than the numbers of pieces."""

    session: SparkSession
    pieces: Sequence[Any]
    schema: Schema
    tasks: int | None = None

    @property
    def partitions(self) -> int:
        """How many tasks share the pieces."""
        most = self.tasks or _TASKS_PER_SLOT * self.session.sparkContext.defaultParallelism
        return max(1, min(len(self.pieces), most))

    def read_by(self, columns: tuple[str, ...]) -> tuple[DataFrame, Callable[[Any], Iterator[pl.DataFrame]]]:
        """What Spark carries to the tasks, and how a task makes these columns of it."""
        pieces = tuple(self.pieces)

        def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pl.DataFrame]:
            for batch in batches:
                for number in batch.column(0).to_pylist():
                    yield from pieces[number].batches(columns)

        return self.session.range(0, len(pieces), 1, self.partitions), read


@dataclass
class Kept:
    """Whether kept rows have been made: the first scan does, and is the only one that counts."""

    made: bool = False


@dataclass(frozen=True)
class SparkTable:
    """Rows and the work to do on each of their batches, in order. kept: of rows that Spark keeps."""

    rows: Rows
    works: tuple[Work, ...] = ()
    kept: Kept | None = None

    @property
    def schema(self) -> Schema:
        """What a batch has after the work."""
        return self.works[-1].schema if self.works else self.rows.schema

    def with_work(self, work: Work) -> SparkTable:
        """The table whose batches `work` is applied to."""
        return replace(self, works=(*self.works, work))

    def carried(
        self,
        carrier: Carrier,
        result: Any,
        *,
        columns: tuple[str, ...] | None = None,
        barrier: bool = False,
    ) -> DataFrame:
        """A DataFrame of what `carrier` makes of each partition's batches, lazily.

        result: its Spark schema. columns: those a batch needs to have (None: all). barrier: all tasks start
        at once. An error of ours that is raised in a task is raised by `jobs.collected` too.
        """
        own = self.works[0].columns if self.works else columns or self.schema.names
        # Without any column there would be no rows.
        frame, read = self.rows.read_by(tuple(own) or self.rows.schema.names[:1])
        carry = _task(read, self.works, carrier, home=home_of(frame.sparkSession))
        with worker_environment(frame.sparkSession):
            return frame.mapInArrow(carry, result, barrier=barrier)

    def frame(self) -> DataFrame:
        """The rows after the work as a DataFrame with the columns c0, c1, …, lazily."""
        schema = self.schema

        def carry(batches: Counted) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                yield from to_arrow(take(batch, schema.names), schema).to_batches()

        return positional(self.carried(carry, spark_schema(schema)))


def positional(frame: DataFrame) -> DataFrame:
    """The DataFrame with its columns called c0, c1, …"""
    return frame.toDF(*(f"c{k}" for k in range(len(frame.columns))))


@contextmanager
def worker_environment(session: SparkSession) -> Iterator[None]:
    """Python workers of what is made inside have one thread for each core of their task.

    They read the environment when they start; workers with another one are not shared. A session of Spark
    Connect starts none here.
    """
    context = getattr(session, "_sc", None)
    if context is None:
        yield
        return
    before = dict(context.environment)
    threads = int(context.getConf().get("spark.task.cpus", "1"))
    context.environment.update({**thread_limits(threads), _OURS: "1"})
    try:
        yield
    finally:
        context.environment.clear()
        context.environment.update(before)


def settle_worker() -> None:
    """Spare a Python worker that does nothing but our tasks what XGBoost imports for others."""
    if _OURS in os.environ:
        spare_imports()


def _task(
    read: Callable[[Any], Iterator[pl.DataFrame]],
    works: tuple[Work, ...],
    carrier: Carrier,
    *,
    home: Home,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What an executor runs for one partition."""

    def carry(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return run_task(lambda: carrier(_worked(read(batches), works)), home)

    return carry


def run_task(task: Callable[[], Iterator[pa.RecordBatch]], home: Home) -> Iterator[pa.RecordBatch]:
    """What `task` gives; errors and warnings of ours cross to `home`. E0712 for another version."""
    settle_worker()
    try:
        if home.version != __version__:
            raise CauceError("E0712", worker=__version__, driver=home.version)  # noqa: TRY301 - it crosses too
        with heard_at(home):
            yield from task()
    except CauceError as error:
        raise Crossed(error) from None


def _worked(batches: Iterator[pl.DataFrame], works: tuple[Work, ...]) -> Counted:
    counted = Counted(iter(()))

    def made() -> Iterator[pl.DataFrame]:
        for batch in batches:
            counted.rows += batch.height
            worked = batch
            for work in works:
                worked = work(worked)
            yield worked

    counted.batches = made()
    return counted
