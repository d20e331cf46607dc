"""What a Python worker of Spark loads before it works, and what Spark is not asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("sent_as_code")]


def loaded() -> str:
    """Which libraries came along with XGBoost in this process."""
    import sys

    import xgboost  # noqa: F401

    return ",".join(name for name in ("pandas", "scipy.stats", "sklearn", "xgboost") if name in sys.modules)


def test_a_worker_of_ours_loads_xgboost_without_what_it_does_not_use(spark_session: Any) -> None:
    """A second of every worker would be lost to scikit-learn, at each start."""
    from cauce.engines.spark.scoring_tasks import answers_of

    assert set(answers_of(spark_session, [loaded, loaded])) == {"xgboost"}


def test_a_worker_that_may_be_the_users_loads_xgboost_whole(spark_session: Any) -> None:
    """XGBoost's estimators for scikit-learn would break in functions that a user sends to Spark."""

    def own(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from cauce.engines.spark.table import settle_worker

        settle_worker()
        names = [loaded() for _ in batches]
        yield pa.RecordBatch.from_pydict({"names": names})

    frame = spark_session.range(0, 1, 1, 1).mapInArrow(own, "names string")
    assert "sklearn" in frame.collect()[0]["names"]


@pytest.mark.parametrize(("pieces", "tasks"), [(1, None), (5, None), (100, None), (7, 7)])
def test_the_number_of_tasks_is_known_without_asking_spark(
    spark_session: Any, pieces: int, tasks: int | None
) -> None:
    """Each scan would else pay for one more plan; a wrong number would refuse what executors say."""
    from cauce.engines.spark.jobs import known_partitions
    from cauce.engines.spark.table import PieceRows
    from cauce.expr.schema import Field, Schema

    rows = PieceRows(spark_session, tuple(range(pieces)), Schema((Field("x", "float"),)), tasks)
    frame, _ = rows.read_by(("x",))
    assert rows.partitions == known_partitions(frame)


def test_java_does_not_compile_its_own_start_thoroughly(spark_session: Any) -> None:
    """A third of a run's processor seconds would go there, on a machine where Python needs them."""
    from cauce.engines.spark.session import _QUIET

    option = _QUIET["spark.driver.defaultJavaOptions"]
    assert spark_session.sparkContext.getConf().get("spark.driver.defaultJavaOptions") == option
    machine = spark_session._jvm.java.lang.management.ManagementFactory.getRuntimeMXBean()
    assert option in list(machine.getInputArguments())
