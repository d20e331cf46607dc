"""Rows that only Spark reaches: tables of its catalog, views, DataFrames, files of remote file systems."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from cauce.core.reading.notices import Notice
from cauce.engines.spark.faults import first_reason
from cauce.errors import CauceError, CauceErrors, Place
from cauce.expr.batch import take
from cauce.expr.schema import Field, Schema
from cauce.ports.pieces import Transform

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Read = Callable[[Iterator[pa.RecordBatch]], Iterator[pl.DataFrame]]

_FORMATS = ("parquet", "orc")
_SUFFIX = re.compile(r"\.(parquet|orc)(/|\*|$)")
_INTEGERS = ("ByteType", "ShortType", "IntegerType", "LongType")
_TEXTS = ("StringType", "CharType", "VarcharType", "NullType")


@dataclass(frozen=True)
class TableRows:
    """The rows of a DataFrame as a source. held: the kinds its columns have; schema: those of a batch.

    made: what a task makes of its batches of `held`, given the partition's number; None for nothing.
    """

    name: str
    frame: DataFrame
    held: Schema
    schema: Schema
    notices: tuple[Notice, ...] = ()
    made: Transform | None = field(default=None, compare=False)

    @property
    def partitions(self) -> None:
        """Only Spark knows."""
        return None

    def made_by(self, transform: Transform, schema: Schema) -> TableRows:
        """The same rows after `transform`, which makes batches of `schema`."""
        return replace(self, made=transform, schema=schema)

    def read_by(self, columns: tuple[str, ...]) -> tuple[DataFrame, Read]:
        """What Spark carries to the tasks, and how a task makes these columns of it."""
        names = columns if self.made is None else self.held.names
        held, made = self.held.select(names), self.made
        frame = self.frame.select(*(f"c{self.held.names.index(name)}" for name in names))

        def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pl.DataFrame]:
            frames = (_of_kinds(batch, held) for batch in batches)
            if made is None:
                return frames
            from pyspark import TaskContext  # noqa: PLC0415 - on the executor

            context = TaskContext.get()
            number = context.partitionId() if context else 0
            return (take(one, columns) for one in made(number, frames))

        return frame, read


def _of_kinds(batch: pa.RecordBatch, schema: Schema) -> pl.DataFrame:
    """A batch as Spark holds it, widened to the kinds of `schema` without loss."""
    columns = {
        field.name: pl.Series(pl.from_arrow(_instants(array))).cast(field.dtype)
        for array, field in zip(batch.columns, schema, strict=True)
    }
    return pl.DataFrame(columns)


def _instants(array: Any) -> Any:
    """Moments with a zone as the microseconds since 1970 in UTC, which they are: the zone only shows them."""
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        return array.view(pa.int64()).view(pa.timestamp("us"))
    return array


def open_table(session: SparkSession, asked: Any, *, drop: Sequence[str] = ()) -> TableRows:
    """The rows of a DataFrame, or of the table or view of that name.

    E0740 where there is no such table, E0422 to E0426 and E0741 for columns that no kind holds, all at once.
    """
    if isinstance(asked, str):
        return _rows_of(_table(session, asked), f"table:{asked}", drop)
    return _rows_of(asked, "DataFrame", drop)


def open_remote(
    session: SparkSession, paths: Sequence[str], *, form: str, drop: Sequence[str] = ()
) -> TableRows:
    """The rows of Parquet or ORC files that Spark reads by itself, such as those of hdfs:// or s3a://.

    form: "auto" goes by the names. E0744 for other files, E0740 where there are none, and as `open_table`.
    """
    chosen = form if form in _FORMATS else _form_of(paths) if form == "auto" else None
    if chosen is None:
        raise CauceError("E0744", place=Place(paths[0]), format=form)
    with _opening(", ".join(paths)):
        frame = session.read.format(chosen).load(list(paths))
        return _rows_of(frame, paths[0], drop)


def _form_of(paths: Sequence[str]) -> str | None:
    found = {match[1] if (match := _SUFFIX.search(path.lower())) else None for path in paths}
    return found.pop() if len(found) == 1 else None


def _table(session: SparkSession, name: str) -> DataFrame:
    with _opening(name):
        frame = session.table(name)
        frame.schema  # noqa: B018 - Spark looks the table up when it must
    return frame


@contextmanager
def _opening(name: str) -> Iterator[None]:
    """E0740 with the kind of trouble that Spark has, without its pages."""
    from py4j.protocol import Py4JError  # noqa: PLC0415
    from pyspark.errors import PySparkException  # noqa: PLC0415

    try:
        yield
    except PySparkException as error:
        reason = error.getCondition() or first_reason(str(error))
        raise CauceError("E0740", name=name, reason=reason) from error
    except Py4JError as error:
        raise CauceError("E0740", name=name, reason=first_reason(str(error))) from error


def _rows_of(frame: DataFrame, name: str, drop: Sequence[str]) -> TableRows:
    zone = frame.sparkSession.conf.get("spark.sql.session.timeZone") or "UTC"
    kept = [(place, one) for place, one in enumerate(frame.schema.fields) if one.name not in drop]
    for column, count in Counter(one.name for _, one in kept).items():
        if count > 1:
            raise CauceError("E0426", place=Place(name), column=column)
    if not kept:
        raise CauceError("E0745", place=Place(name))
    fields, said, refused = [], [], []
    for _, one in kept:
        found = _field(one.name, one.dataType)
        if isinstance(found, Field):
            fields.append(found)
            said.extend(_notices(found, one.dataType, zone))
        else:
            refused.append(CauceError(found, place=Place(name), column=one.name, found=_shown(one.dataType)))
    if refused:
        raise CauceErrors(refused) if len(refused) > 1 else refused[0]
    # By position: a name such as "a.b", "*" or one that is there twice cannot be asked for.
    positional = frame.toDF(*(f"p{place}" for place in range(len(frame.schema.fields))))
    picked = positional.select(*(f"p{place}" for place, _ in kept)).toDF(*(f"c{k}" for k in range(len(kept))))
    schema = Schema(tuple(fields))
    return TableRows(name, picked, schema, schema, tuple(said))


def _field(name: str, kind: Any) -> Field | str:  # noqa: PLR0911 - one for each type
    """The field of a column of a Spark type, or the code of why there is none."""
    match type(kind).__name__:
        case "BooleanType":
            return Field(name, "boolean")
        case "FloatType" | "DoubleType":
            return Field(name, "float")
        case "DecimalType":
            return Field(name, "decimal", scale=kind.scale) if 0 <= kind.scale <= 38 else "E0424"
        case "DateType":
            return Field(name, "date")
        case "TimestampType":
            return Field(name, "datetime", zone="UTC")
        case "TimestampNTZType":
            return Field(name, "datetime")
        case "BinaryType":
            return "E0741"
        case other if other in _INTEGERS:
            return Field(name, "integer")
        case other if other in _TEXTS:
            return Field(name, "text")
    return "E0422"


def _shown(kind: Any) -> str:
    return str(kind.simpleString())[:60]


def _notices(found: Field, kind: Any, zone: str) -> list[Notice]:
    if type(kind).__name__ == "NullType":
        return [Notice.of("W0417", column=found.name)]
    if found.zone and zone not in ("UTC", "Etc/UTC", "GMT", "Z", "+00:00"):
        return [Notice.of("W0422", column=found.name)]
    return []
