"""Cauce's kinds as Spark types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cauce.expr.schema import Field, Schema

if TYPE_CHECKING:
    from pyspark.sql.types import StructType


def spark_schema(schema: Schema) -> StructType:
    """The Spark struct whose Arrow form is exactly what a batch of `schema` holds."""
    from pyspark.sql.types import StructField, StructType  # noqa: PLC0415

    return StructType([StructField(field.name, spark_type(field), nullable=True) for field in schema])


def spark_type(field: Field) -> Any:
    """The Spark type of one field."""
    from pyspark.sql import types  # noqa: PLC0415

    if field.kind == "decimal":
        return types.DecimalType(38, field.scale or 0)
    return {
        "boolean": types.BooleanType,
        "integer": types.LongType,
        "float": types.DoubleType,
        "text": types.StringType,
        "date": types.DateType,
        "datetime": types.TimestampNTZType,
    }[field.kind]()
