"""Batches on Spark's executors: `mapInArrow` hands each partition's Arrow batches to the same code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import polars as pl
import pyarrow as pa

from cauce.engines.spark.schema import spark_schema
from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.ports.engine import KEPT_BYTES, Source, Work
from cauce.stats.summary import Summary
from cauce.threads import thread_limits

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from cauce.core.boosting import BoostSpec

_STATE_SCHEMA = "rows long, states array<binary>"
_CODEC = "zstd"


@dataclass(frozen=True)
class SparkTable:
    """A Spark DataFrame whose columns have the types of `schema`, in its order.

    They are called c0, c1, …: Spark resolves a name such as "a.b", "*" or "^.*$" as something else.
    """

    frame: DataFrame
    schema: Schema

    def picked(self, names: tuple[str, ...]) -> DataFrame:
        """The columns of these names."""
        return self.frame.select(*(f"c{self.schema.names.index(name)}" for name in names))


@dataclass
class SparkEngine:
    """The engine of a Spark session. Only summary states come back to the driver."""

    session: SparkSession
    rows_scanned: int = field(default=0)

    def __post_init__(self) -> None:
        # Python workers read this when they start: one thread each, as Spark gives them one core.
        self.session.sparkContext.environment.update(thread_limits(1))

    def scan(self, source: Source) -> SparkTable:
        """The rows of `source`: its Parquet files where it has them, else its batches sent to Spark."""
        types = spark_schema(source.schema)
        paths = source.parquet_paths()
        if paths is not None:
            return _table(self.session.read.schema(types).parquet(*paths), source.schema)
        batches = [_to_arrow(batch, source.schema) for batch in source.batches()]
        empty = _arrow_schema(source.schema).empty_table()
        rows = pa.concat_tables([empty, *batches])
        return _table(self.session.createDataFrame(rows, schema=types), source.schema)

    def map(self, table: SparkTable, work: Work) -> SparkTable:
        """`work` applied to every batch on the executors, lazily."""
        schema, result = table.schema.select(work.columns), work.schema

        def carry(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                yield from _to_arrow(work(_to_polars(batch, schema)), result).to_batches()

        frame = table.picked(work.columns).mapInArrow(carry, spark_schema(result))
        return _table(frame, result)

    def summarise(self, table: SparkTable, *summaries: Summary) -> tuple[Any, ...]:
        """The result of each summary from one scan: a row of states per partition, merged here in order."""
        names = tuple(dict.fromkeys(name for summary in summaries for name in summary.columns))
        schema = table.schema.select(names)

        def carry(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            rows, states = 0, [summary.start() for summary in summaries]
            for batch in batches:
                frame = _to_polars(batch, schema)
                rows += frame.height
                states = [one.update(state, frame) for one, state in zip(summaries, states, strict=True)]
            dumped = [_packed(one.dump(state)) for one, state in zip(summaries, states, strict=True)]
            yield pa.RecordBatch.from_pydict(
                {"rows": [rows], "states": [dumped]},
                schema=pa.schema([("rows", pa.int64()), ("states", pa.list_(pa.binary()))]),
            )

        frame = table.picked(names).mapInArrow(carry, _STATE_SCHEMA)
        merged = [summary.start() for summary in summaries]
        for row in _collected(frame):
            self.rows_scanned += row["rows"]
            merged = [
                one.merge(state, one.load(_unpacked(bytes(data))))
                for one, state, data in zip(summaries, merged, row["states"], strict=True)
            ]
        return tuple(one.result(state) for one, state in zip(summaries, merged, strict=True))

    @contextmanager
    def kept(
        self,
        table: SparkTable,
        *,
        single: tuple[str, ...] = (),  # noqa: ARG002 - columns keep their types here
        memory: int = KEPT_BYTES,  # noqa: ARG002 - Spark knows what it may use
    ) -> Iterator[SparkTable]:
        """The table for several scans: Spark keeps its rows in memory and on the executors' disks."""
        from pyspark.storagelevel import StorageLevel  # noqa: PLC0415

        frame = table.frame.persist(StorageLevel.MEMORY_AND_DISK)
        try:
            yield SparkTable(frame, table.schema)
        finally:
            frame.unpersist()

    def training(self, table: SparkTable, spec: BoostSpec, *, keep: tuple[str, ...] = ()) -> NoReturn:  # noqa: ARG002
        """Not served: the features of a whole fold would have to be in one place. Raises E2112."""
        raise CauceError("E2112", engine="spark")


def _collected(frame: DataFrame) -> list[Any]:
    from py4j.protocol import Py4JJavaError  # noqa: PLC0415
    from pyspark.errors import PySparkException  # noqa: PLC0415

    try:
        return frame.collect()
    except (PySparkException, Py4JJavaError) as error:
        raise CauceError("E0701", reason=str(error).strip().splitlines()[0]) from error


def _table(frame: DataFrame, schema: Schema) -> SparkTable:
    return SparkTable(frame.toDF(*(f"c{k}" for k in range(len(schema)))), schema)


def _packed(data: bytes) -> bytes:
    packed: bytes = pa.compress(data, codec=_CODEC, asbytes=True)
    return len(data).to_bytes(8, "little") + packed


def _unpacked(data: bytes) -> bytes:
    size = int.from_bytes(data[:8], "little")
    return bytes(pa.decompress(data[8:], decompressed_size=size, codec=_CODEC, asbytes=True))


def _arrow_schema(schema: Schema) -> pa.Schema:
    return pa.schema([(field.name, _arrow_type(field)) for field in schema])


def _arrow_type(field: Field) -> pa.DataType:
    if field.kind == "decimal":
        return pa.decimal128(38, field.scale or 0)
    return _ARROW[field.kind]


_ARROW = {
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
}


def _to_arrow(batch: pl.DataFrame, schema: Schema) -> pa.Table:
    return batch.to_arrow().cast(_arrow_schema(schema))


def _to_polars(batch: pa.RecordBatch, schema: Schema) -> pl.DataFrame:
    columns = pl.DataFrame(pa.Table.from_batches([batch])).get_columns()
    pairs = zip(columns, schema, strict=True)
    return pl.DataFrame([column.cast(field.dtype).alias(field.name) for column, field in pairs])
