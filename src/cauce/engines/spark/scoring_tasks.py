"""Tasks that executors do: a small answer each, and nothing else comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from cauce.engines.spark.hearing import home_of
from cauce.engines.spark.jobs import DRIVER_ROWS, collected
from cauce.engines.spark.table import run_task, worker_environment

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Task = Callable[[], str]
_SCHEMA = pa.schema([("answers", pa.string())])


def answers_of(
    session: SparkSession, tasks: Sequence[Task], *, watch: Callable[[], None] | None = None
) -> list[str]:
    """What each task answered, in order; each may be done more than once, and one answer of it counts.

    tasks: serialisable, with what they share in common objects. watch: called now and then meanwhile. Raises
    what a task raised, of ours; E0701 to E0719 where Spark could not finish.
    """
    partitions, home, own = min(len(tasks), DRIVER_ROWS), home_of(session), tuple(tasks)

    def carry(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return run_task(lambda: _answered(batches, own), home)

    numbers = session.range(0, len(own), 1, partitions)
    with worker_environment(session):
        frame = numbers.mapInArrow(carry, "answers string")
    tell = None if watch is None else lambda _done, _total: watch()
    rows = collected(frame, partitions=partitions, tell=tell)
    found = {number: answer for row in rows for number, answer in json.loads(row["answers"])}
    return [found[number] for number in range(len(own))]


def _answered(batches: Iterator[pa.RecordBatch], tasks: tuple[Task, ...]) -> Iterator[pa.RecordBatch]:
    """One row for the partition: the numbers of its tasks with their answers."""
    numbers = (number for batch in batches for number in batch.column(0).to_pylist())
    found = [(number, tasks[number]()) for number in numbers]
    if found:
        yield pa.RecordBatch.from_pydict({"answers": [json.dumps(found)]}, schema=_SCHEMA)
