"""What Cauce warns of on an executor is heard by the user."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest

from cauce.errors import CauceWarning, warn
from cauce.expr.schema import Field, Schema
from cauce.stats import Counts

pytestmark = pytest.mark.spark
SCHEMA = Schema((Field("row", "integer"),))


@dataclass(frozen=True)
class Warned:
    """Work that warns in every batch, of one thing in all and of another in those that begin with 0."""

    columns = SCHEMA.names
    schema = SCHEMA

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        warn("W0740", source="all")
        if batch["row"][0] == 0:
            warn("W0740", source="first")
        warnings.warn("not ours", UserWarning, stacklevel=1)
        return batch


@pytest.fixture(autouse=True)
def _sent_as_code() -> Iterator[None]:
    """Workers cannot import a test."""
    from pyspark import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def test_what_tasks_warn_of_is_told_once_each(spark_session: Any) -> None:
    """A warning in the log of a machine far away is read by nobody, one of each batch by nobody twice."""
    from cauce.engines.spark.engine import SparkEngine
    from cauce.engines.spark.table import FrameRows, SparkTable, positional

    engine = SparkEngine(spark_session)
    table = SparkTable(FrameRows(positional(engine.session.range(0, 90, 1, 3)), SCHEMA))
    for _ in range(2):
        with pytest.warns(CauceWarning) as heard:
            (found,) = engine.summarise(engine.map(table, Warned()), Counts(("row",)))
        assert found["row"].rows == 90
        assert sorted(str(one.message) for one in heard) == [
            str(CauceWarning("W0740", source=name)) for name in ("all", "first")
        ]
    engine.summarise(table, Counts(("row",)))
