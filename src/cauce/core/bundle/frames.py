"""Predictions for a frame in memory: Polars, pandas or Arrow in, the same out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

import polars as pl

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.conversion import Conversion
from cauce.errors import CauceError
from cauce.expr.schema import Field, Kind

BATCH_ROWS = 1 << 17


Beside = Callable[[pl.DataFrame, pl.DataFrame], list[pl.Series]]
"""From rows of the model's input and their predictions to columns to put beside these."""


def predict_frame(bundle: Bundle, frame: Any, *, beside: Beside | None = None, interval: bool = False) -> Any:
    """`prediction` and a `probability_<class>` for each class, one row for each row of `frame`, in its order.

    frame: a Polars DataFrame, a pandas DataFrame (its index is kept), or an Arrow Table or RecordBatch; the
    answer is of the same type. Other columns are ignored. E1209 names every column that is missing or of
    another kind, E1220 the columns with cells that cannot be read. TypeError for any other object.
    interval: with the ends of predicted numbers' intervals, `lower` and `upper`; E2205.
    """
    columns = bundle.manifest.input
    table, strange, back = _polars(frame, {column.name for column in columns})
    conversion = Conversion(columns, {**fields_of(table), **strange})
    plain = pl.DataFrame([plain_series(series) for series in table])
    refuse_unreadable(conversion, plain)
    scorer = bundle.scorer(interval=True) if interval else bundle.cached_scorer

    def answered(part: pl.DataFrame) -> pl.DataFrame:
        rows = conversion(part)
        made = scorer(rows)
        return made if beside is None else pl.DataFrame([*made, *beside(rows, made)])

    parts = [answered(part) for part in plain.iter_slices(BATCH_ROWS)]
    return back(pl.concat(parts) if parts else answered(plain))


def refuse_unreadable(conversion: Conversion, table: pl.DataFrame) -> None:
    """E1220 where a cell says something that its column cannot be."""
    if conversion.may_fail and (failing := conversion.failing(table)):
        counts = Counter(failing.values())
        listed = ", ".join(f"{name} × {count}" for name, count in sorted(counts.items()))
        raise CauceError("E1220", count=len(failing), columns=listed)


def fields_of(table: pl.DataFrame) -> dict[str, Field | str | None]:
    """The kinds of a frame's columns; None for a column of nulls alone, its type for one of no kind."""
    return {
        one.name: None if one.null_count() == len(one) else _field(one.name, one.dtype) or str(one.dtype)
        for one in table
    }


def _field(name: str, dtype: pl.DataType) -> Field | None:
    if isinstance(dtype, pl.Decimal):
        return Field(name, "decimal", scale=dtype.scale)
    if isinstance(dtype, pl.Datetime):
        return Field(name, "datetime", zone=None if dtype.time_zone is None else "UTC")
    if dtype.is_integer() or dtype.is_float():
        return Field(name, "integer" if dtype.is_integer() else "float")
    kind = _KINDS.get(dtype.base_type())
    return None if kind is None else Field(name, kind)


_KINDS: dict[type[pl.DataType], Kind] = {
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.String: "text",
    pl.Categorical: "text",
    pl.Enum: "text",
}


def plain_series(series: pl.Series) -> pl.Series:
    """The column in the type that carries its kind in a batch; E1209 for whole numbers beyond 64 bits."""
    dtype = series.dtype
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is not None:
            series = _renamed(series, lambda one: one.dt.convert_time_zone("UTC").dt.replace_time_zone(None))
        return series.cast(pl.Datetime("us"))
    field = _field(series.name, dtype)
    if field is None:
        return series
    try:
        return series.cast(field.dtype)
    except pl.exceptions.InvalidOperationError:
        raise CauceError("E1209", missing="-", wrong=f"{series.name} ({dtype})") from None


def _renamed(series: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """`change` on the column without its name, which Polars may read as a pattern."""
    return change(series.alias("cells")).alias(series.name)


_Taken = tuple[pl.DataFrame, dict[str, str], Callable[[pl.DataFrame], Any]]
"""The columns as a Polars frame, the types of those that are none, and the way back."""


def _polars(frame: Any, names: Collection[str]) -> _Taken:
    module = type(frame).__module__.partition(".")[0]
    if isinstance(frame, pl.DataFrame):
        return pl.DataFrame([one for one in frame if one.name in names]), {}, lambda made: made
    if module == "pandas" and hasattr(frame, "columns"):
        return _from_pandas(frame, names)
    if module == "pyarrow" and hasattr(frame, "schema"):
        return _from_arrow(frame, names)
    raise TypeError(f"a Polars or pandas DataFrame or an Arrow Table, not {type(frame).__name__}")


def _from_pandas(frame: Any, names: Collection[str]) -> _Taken:
    columns = [(str(name), frame.iloc[:, place]) for place, name in enumerate(frame.columns)]

    def back(made: pl.DataFrame) -> Any:
        found = made.to_pandas()
        found.index = frame.index
        return found

    return *_series([one for one in columns if one[0] in names]), back


def _from_arrow(frame: Any, names: Collection[str]) -> _Taken:
    import pyarrow as pa

    columns = [(name, frame.column(place)) for place, name in enumerate(frame.schema.names)]

    def back(made: pl.DataFrame) -> Any:
        found = made.to_arrow()
        if isinstance(frame, pa.RecordBatch):
            return found.combine_chunks().to_batches()[0] if len(found) else _no_rows(found)
        return found

    return *_series([one for one in columns if one[0] in names]), back


def _no_rows(table: Any) -> Any:
    import pyarrow as pa

    return pa.RecordBatch.from_pylist([], schema=table.schema)


def _series(columns: list[tuple[str, Any]]) -> tuple[pl.DataFrame, dict[str, str]]:
    counts = Counter(name for name, _ in columns)
    strange = {name: f"× {count}" for name, count in counts.items() if count > 1}
    found = []
    for name, values in columns:
        try:
            if name not in strange:
                found.append(pl.Series(name, values))
        except (ValueError, TypeError, OverflowError, pl.exceptions.PolarsError):
            # Objects of several types in one column: pandas keeps them, Arrow refuses.
            strange[name] = str(getattr(values, "dtype", None) or values.type)
    return pl.DataFrame(found), strange
