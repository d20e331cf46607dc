"""A Spark session of our own: quiet, on loopback, its workers running this interpreter."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cauce.errors import CauceError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Set by spark-submit, for the program it starts.
_GATEWAY = "PYSPARK_GATEWAY_PORT"
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
    "spark.sql.caseSensitive": "true",
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
}


def open_session(master: str = "local[*]", *, settings: dict[str, str] | None = None) -> SparkSession:
    """The running session where there is one, else a new one on `master`; E0702 without pyspark.

    Under spark-submit, which has settled the master before this process began, it is on that one.
    """
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError as error:
        raise CauceError("E0702", package="pyspark") from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    builder = SparkSession.builder
    submitted = _GATEWAY in os.environ
    if not submitted:
        builder = builder.master(master).appName("cauce")
    if master.startswith("local") and not submitted:
        builder = builder.config("spark.driver.host", "127.0.0.1").config(
            "spark.driver.bindAddress", "127.0.0.1"
        )
    for key, value in {**_SETTINGS, **(settings or {})}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
