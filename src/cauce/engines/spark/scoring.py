"""A model's predictions beside the columns of any Spark DataFrame, made where its rows are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.conversion import Conversion, Found, mismatch
from cauce.core.bundle.frames import plain_series, refuse_unreadable
from cauce.core.bundle.shipping import Shipped
from cauce.engines.spark.schema import spark_schema
from cauce.engines.spark.table import settle_worker, worker_environment
from cauce.errors import CauceError
from cauce.expr.schema import Field, Kind, Schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_ANSWERS = "answers"


def with_predictions(frame: DataFrame, bundle: Bundle, *, interval: bool = False) -> DataFrame:
    """`frame` with the columns of its predictions after its own, lazily.

    Its columns, their types and its rows stay as they are. Probabilities and predicted numbers are doubles,
    predicted classes of the target's kind. E1209 lists every column that is missing or of another kind,
    E1214 says which column is called as one of the predictions. Where the rows are made: E1220 for cells
    that cannot be read.
    """
    from pyspark.sql import functions as f  # noqa: PLC0415
    from pyspark.sql.pandas.functions import arrow_udf  # noqa: PLC0415

    found = spark_fields(frame, tuple(column.name for column in bundle.manifest.input))
    if apart := mismatch(bundle.manifest.input, found):
        raise apart.error()
    answers = bundle.scorer(interval=interval).answers.fields
    _refuse_taken(frame, tuple(field.name for field in answers))
    own = tuple(f"c{place}" for place in range(len(frame.columns)))
    read = [f.col(own[frame.columns.index(name)]) for name in found] or [f.lit(0)]
    work = _Answers(Shipped.of(bundle), found, interval)

    def scored(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        return work(batches)

    make: Any = arrow_udf
    made = make(scored, spark_schema(_numbered(answers)))
    with worker_environment(frame.sparkSession):
        given = frame.toDF(*own).withColumn(_ANSWERS, made(f.struct(*read)))
    columns = (f.col(_ANSWERS).getField(name) for name in _numbered(answers).names)
    return given.select(*own, *columns).toDF(*frame.columns, *(field.name for field in answers))


def _numbered(fields: Sequence[Field]) -> Schema:
    """The fields under names that no session confuses: many do not tell apart what differs in case."""
    return Schema(tuple(replace(field, name=f"a{place}") for place, field in enumerate(fields)))


def _refuse_taken(frame: DataFrame, names: Sequence[str]) -> None:
    whole = frame.sparkSession.conf.get("spark.sql.caseSensitive") == "true"
    there = {name if whole else name.lower() for name in frame.columns}
    for name in names:
        if (name if whole else name.lower()) in there:
            raise CauceError("E1214", column=name)


def spark_fields(frame: DataFrame, names: tuple[str, ...]) -> dict[str, Field | str | None]:
    """The kinds of those of the columns that are there; the name of its type for one that is of no kind."""
    columns = frame.columns
    kinds = dict(zip(columns, (field.dataType for field in frame.schema.fields), strict=True))
    found: dict[str, Field | str | None] = {}
    for name in names:
        count = columns.count(name)
        if count:
            found[name] = f"× {count}" if count > 1 else _field(name, kinds[name])
    return found


def _field(name: str, kind: Any) -> Field | str | None:
    from pyspark.sql.types import DecimalType  # noqa: PLC0415

    if isinstance(kind, DecimalType):
        return Field(name, "decimal", scale=kind.scale)
    text = kind.typeName()
    if text == "void":
        return None
    if text == "timestamp":
        return Field(name, "datetime", zone="UTC")
    return Field(name, _KINDS[text]) if text in _KINDS else str(kind.simpleString())


_KINDS: Mapping[str, Kind] = {
    "boolean": "boolean",
    "byte": "integer",
    "short": "integer",
    "integer": "integer",
    "long": "integer",
    "float": "float",
    "double": "float",
    "string": "text",
    "char": "text",
    "varchar": "text",
    "date": "date",
    "timestamp_ntz": "datetime",
}


@dataclass(frozen=True, eq=False)
class _Answers:
    """From batches of the columns that the model reads to batches of predictions."""

    shipped: Shipped
    found: Found
    interval: bool

    def __call__(self, batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        settle_worker()
        bundle = self.shipped.opened()
        conversion = Conversion(bundle.manifest.input, self.found)
        scorer = bundle.scorer(threads=1, interval=self.interval)
        types = pa.struct([(one.name, _ARROW[one.kind]) for one in _numbered(scorer.answers.fields)])
        for batch in batches:
            series = (pl.Series(name, batch.field(place)) for place, name in enumerate(self.found))
            rows = pl.DataFrame([plain_series(one) for one in series])
            refuse_unreadable(conversion, rows)
            made = scorer(conversion(rows)).to_arrow().combine_chunks()
            columns = (made.column(place).cast(kind.type) for place, kind in enumerate(types))
            arrays = [one.chunk(0) if one.num_chunks else pa.array([], one.type) for one in columns]
            yield pa.StructArray.from_arrays(arrays, fields=list(types))


_ARROW = {"boolean": pa.bool_(), "integer": pa.int64(), "float": pa.float64(), "text": pa.string()}
