"""Batches between Arrow, as Spark hands them over, and Polars, as the kernel sees them."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from cauce.expr.schema import Field, Schema

_ARROW = {
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
}


def arrow_schema(schema: Schema) -> pa.Schema:
    """The Arrow form of a batch of `schema` that Spark reads as `spark_schema`."""
    return pa.schema([(field.name, _arrow_type(field)) for field in schema])


def to_arrow(batch: pl.DataFrame, schema: Schema) -> pa.Table:
    """A batch of `schema` for Spark."""
    return batch.to_arrow().cast(arrow_schema(schema))


def to_polars(batch: pa.RecordBatch, schema: Schema) -> pl.DataFrame:
    """A batch from Spark, whose columns are those of `schema` in their order, whatever their names."""
    columns = pl.DataFrame(pa.Table.from_batches([batch])).get_columns()
    pairs = zip(columns, schema, strict=True)
    # A dictionary, because a frame made of a list of series renames the one called "".
    return pl.DataFrame({field.name: column.cast(field.dtype) for column, field in pairs})


def _arrow_type(field: Field) -> pa.DataType:
    if field.kind == "decimal":
        return pa.decimal128(38, field.scale or 0)
    return _ARROW[field.kind]
