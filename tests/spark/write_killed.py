"""A program that writes slowly on Spark, to be killed. Argument: a folder, which gets the store."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import polars as pl

from cauce.engines.spark.engine import SparkEngine
from cauce.engines.spark.session import open_session
from cauce.expr.schema import Field, Schema
from cauce.stores.local import LocalStore

SCHEMA = Schema((Field("row", "integer"), Field("x", "float")))


class Slow:
    """Work that takes its time."""

    columns = SCHEMA.names
    schema = SCHEMA

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        time.sleep(0.3)
        return batch


def main(folder: str) -> None:
    from cauce.engines.spark.table import FrameRows, SparkTable, positional

    settings = {"spark.driver.memory": "512m", "spark.sql.execution.arrow.maxRecordsPerBatch": "50"}
    engine = SparkEngine(open_session("local[1]", settings=settings))
    rows = engine.session.range(0, 20_000, 1, 40).selectExpr("id", "id / 7.0D AS x")
    rows = positional(rows)
    engine.write(engine.map(SparkTable(FrameRows(rows, SCHEMA)), Slow()), LocalStore(f"{folder}/store"))


if __name__ == "__main__":
    main(str(Path(sys.argv[1])))
