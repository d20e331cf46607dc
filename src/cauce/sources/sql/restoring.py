"""Rows of a database as the schema of what was written says they are."""

from __future__ import annotations

import polars as pl

from cauce.expr.schema import Field, Schema

_MOMENT = "%Y-%m-%d %H:%M:%S%.f"
_ZONE = "+00:00"


def restored(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """The rows in the schema's types, columns in its order: a database may have other words for a type.

    What cannot be read as its type becomes null, so that nobody takes it for what was written.
    """
    columns = zip(schema, frame.get_columns(), strict=True)
    return pl.DataFrame({field.name: _column(field, series) for field, series in columns})


def _column(field: Field, series: pl.Series) -> pl.Series:
    if series.dtype == field.dtype:
        return series
    if isinstance(series.dtype, pl.Datetime) and field.kind == "datetime":
        return series.dt.replace_time_zone(None).cast(field.dtype)
    if series.dtype != pl.String:
        return series.cast(field.dtype, strict=False)
    if field.kind == "date":
        return series.str.to_date("%Y-%m-%d", strict=False)
    if field.kind == "datetime":
        return series.str.strip_suffix(_ZONE).str.to_datetime(_MOMENT, time_unit="us", strict=False)
    return series.cast(field.dtype, strict=False)
