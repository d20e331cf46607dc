"""One row of states from each partition, merged on the executors where partitions are many, then here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from cauce.engines.spark.hearing import home_of
from cauce.engines.spark.jobs import DRIVER_ROWS, Tell, collected, known_partitions
from cauce.engines.spark.table import Counted, SparkTable, run_task, worker_environment

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_SCHEMA = pa.schema([("part", pa.int64()), ("rows", pa.int64()), ("states", pa.list_(pa.binary()))])
_SPARK_SCHEMA = "part long, rows long, states array<binary>"
_CODEC = "zstd"
_DIRECT = 64
"""So many partitions are merged on the driver alone."""


class Merging(Protocol):
    """What can be gathered: the part of a summary that the merging of its states needs."""

    def merge(self, left: Any, right: Any) -> Any: ...

    def dump(self, state: Any) -> bytes: ...

    def load(self, data: bytes) -> Any: ...


class Gathering(Protocol):
    """What a task makes of its batches: a state for each of what is merged. A function that can be sent."""

    def __call__(self, batches: Counted) -> list[Any]: ...


def gathered(
    table: SparkTable,
    gathering: Gathering,
    *,
    merged: Sequence[Merging],
    columns: tuple[str, ...] | None = None,
    tell: Tell | None = None,
) -> tuple[int, list[Any] | None]:
    """The rows that left the table's origin, and the merged states of all partitions; None without any.

    States are merged in the order of the partitions, so that sums are the same each time. At most
    `DRIVER_ROWS` rows come to the driver. columns: as in `SparkTable.carried`.
    """
    own = tuple(merged)

    def carry(batches: Counted) -> Iterator[pa.RecordBatch]:
        states = gathering(batches)
        yield _row(partition_number(), batches.rows, _dumped(own, states))

    frame = table.carried(carry, _SPARK_SCHEMA, columns=columns)
    # Asking Spark costs it a plan of its own.
    count = table.rows.partitions or known_partitions(frame)
    if count is None or count > _DIRECT:
        count = _groups(count)
        frame = _merged_there(frame, own, groups=count)
    told = sorted(collected(frame, partitions=count, tell=tell), key=lambda row: int(row["part"]))
    found = [(row["part"], row["rows"], [bytes(one) for one in row["states"]]) for row in told]
    return sum(rows for _, rows, _ in found), _loaded_and_merged(own, found)


def partition_number() -> int:
    """The number of the partition that this task works on."""
    from pyspark import TaskContext  # noqa: PLC0415 - on the executor

    context = TaskContext.get()
    return int(context.partitionId()) if context else 0


def _groups(partitions: int | None) -> int:
    if partitions is None:
        return _DIRECT
    return min(DRIVER_ROWS, math.isqrt(partitions - 1) + 1)


def _merged_there(frame: DataFrame, merged: tuple[Merging, ...], *, groups: int) -> DataFrame:
    """A row of merged states for each group of partitions, made by the executors."""
    from pyspark.sql.functions import col  # noqa: PLC0415

    home = home_of(frame.sparkSession)

    def carry(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return run_task(lambda: _merge_batches(batches, merged), home)

    spread = frame.repartition(groups, col("part") % groups)
    with worker_environment(frame.sparkSession):
        return spread.mapInArrow(carry, _SPARK_SCHEMA)


def _merge_batches(
    batches: Iterator[pa.RecordBatch], merged: tuple[Merging, ...]
) -> Iterator[pa.RecordBatch]:
    found = [(row["part"], row["rows"], row["states"]) for batch in batches for row in batch.to_pylist()]
    if found:
        found.sort(key=lambda row: row[0])
        states = _loaded_and_merged(merged, found)
        assert states is not None
        yield _row(found[0][0], sum(rows for _, rows, _ in found), _dumped(merged, states))


def _loaded_and_merged(
    merged: tuple[Merging, ...], found: list[tuple[int, int, list[bytes]]]
) -> list[Any] | None:
    states: list[Any] | None = None
    for _, _, data in found:
        loaded = [one.load(_unpacked(own)) for one, own in zip(merged, data, strict=True)]
        if states is None:
            states = loaded
        else:
            pairs = zip(merged, states, loaded, strict=True)
            states = [one.merge(left, right) for one, left, right in pairs]
    return states


def _row(part: int, rows: int, states: list[bytes]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"part": [part], "rows": [rows], "states": [states]}, schema=_SCHEMA)


def _dumped(merged: tuple[Merging, ...], states: list[Any]) -> list[bytes]:
    return [_packed(one.dump(state)) for one, state in zip(merged, states, strict=True)]


def _packed(data: bytes) -> bytes:
    packed: bytes = pa.compress(data, codec=_CODEC, asbytes=True)
    return len(data).to_bytes(8, "little") + packed


def _unpacked(data: bytes) -> bytes:
    size = int.from_bytes(data[:8], "little")
    return bytes(pa.decompress(data[8:], decompressed_size=size, codec=_CODEC, asbytes=True))
