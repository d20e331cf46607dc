"""Spark's engine on the one session, and tests whose own functions go to Spark's workers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def engine(spark_session: Any) -> Any:
    from cauce.engines.spark.engine import SparkEngine

    return SparkEngine(spark_session)


@pytest.fixture(scope="module")
def sent_as_code(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the tests of this file define goes to workers as code: they cannot import a test."""
    from pyspark import cloudpickle

    cloudpickle.register_pickle_by_value(request.module)
    yield
    cloudpickle.unregister_pickle_by_value(request.module)
