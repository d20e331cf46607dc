"""Rows that only this process has, sent to the executors: a few."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cauce.engines.spark.batches import arrow_schema, to_arrow
from cauce.engines.spark.jobs import job
from cauce.engines.spark.schema import spark_schema
from cauce.errors import CauceError
from cauce.ports.engine import Source

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MOST_BYTES = 256 * 2**20
"""Bytes of rows, as Arrow has them, that are sent through the driver."""


def sent(session: SparkSession, source: Source) -> DataFrame:
    """The rows of `source` as a DataFrame; E0714 where they are more than `MOST_BYTES`."""
    batches = list(_few(source))
    rows = pa.concat_tables([arrow_schema(source.schema).empty_table(), *batches])
    with job(session), _active_session_kept():
        return session.createDataFrame(rows, schema=spark_schema(source.schema))


@contextmanager
def _active_session_kept() -> Iterator[None]:
    """Making a DataFrame of rows makes its session the active one: the user's stays it."""
    from pyspark.sql import SparkSession  # noqa: PLC0415

    before = SparkSession.getActiveSession()
    try:
        yield
    finally:
        if before is not None:
            SparkSession._activeSession = before
            jvm: Any = before._jvm
            jvm.SparkSession.setActiveSession(before._jsparkSession)


def _few(source: Source) -> Iterator[pa.Table]:
    size = 0
    for batch in source.batches():
        made = to_arrow(batch, source.schema)
        size += made.nbytes
        if size > MOST_BYTES:
            raise CauceError("E0714", limit=MOST_BYTES >> 20)
        yield made
