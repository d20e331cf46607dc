"""A model adds its predictions to a Spark DataFrame, and nothing else about it changes."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
import small_models as small

from cauce.api.load import Model
from cauce.errors import CauceError
from cauce.expr.batch import take

pytestmark = pytest.mark.spark
ROWS = 5000


@pytest.fixture(scope="module")
def frame(spark_session: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Dirty rows, in several partitions."""
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    small.rows(ROWS, seed=8).write_parquet(path, row_group_size=1000)
    return spark_session.read.parquet(str(path)).repartition(3)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_predictions_are_those_of_python(frame: Any, task: str) -> None:
    """A notebook on the cluster and one on the laptop must show the same scores, to the last bit."""
    model = Model(small.bundle(task), "1")
    found = model.transform(frame)
    made: Any = pl.from_arrow(found.toArrow())
    rows = small.rows(ROWS, seed=8)
    expected = model.predict(rows)
    made = made.sort("id")
    assert found.columns == [*rows.columns, *expected.columns]
    assert take(made, expected.columns).equals(expected)
    assert take(made, rows.columns).equals(rows)


def test_what_the_model_does_not_read_may_be_anything(frame: Any) -> None:
    """A column of arrays or a name that Spark reads as a pattern must not stand in the way of a score."""
    from pyspark.sql import functions as f

    odd = frame.limit(200).select("*", f.array(f.lit(1), f.lit(2)).alias("a.b`c"), f.struct("id").alias("s"))
    twice = odd.select("*", f.lit("x").alias("free"), f.lit("y").alias("free"))
    found = Model(small.bundle(), "1").transform(twice)
    assert found.columns == [*twice.columns, "prediction", "probability_no", "probability_sí"]
    assert found.schema.fields[: len(twice.columns)] == twice.schema.fields
    (row,) = found.limit(1).collect()
    assert list(row[8]) == [1, 2]


def test_only_what_is_asked_for_is_computed(frame: Any) -> None:
    """Predictions are as lazy as any column: who does not select them does not pay."""
    found = Model(small.bundle(), "1").transform(frame)
    plan = found.select("id")._jdf.queryExecution().optimizedPlan().toString()
    assert "scored" not in plan
    plan = found.select("prediction", "probability_no")._jdf.queryExecution().executedPlan().toString()
    assert plan.count("ArrowEvalPython") == 1


def test_what_does_not_fit_is_told_before_anything_runs(frame: Any) -> None:
    """All that is wrong at once, and not after an hour of shuffling."""
    from pyspark.sql import functions as f

    model = Model(small.bundle(), "1")
    wrong = frame.drop("day", "at").withColumn("stops", f.array("stops"))
    with pytest.raises(CauceError, match=r"E1209.*day, at.*stops \(array<bigint> ≠ integer\)"):
        model.transform(wrong)
    twice = frame.select("*", f.lit(1.0).alias("distance"))
    with pytest.raises(CauceError, match=r"E1209.*distance \(× 2 ≠ float\)"):
        model.transform(twice)
    with pytest.raises(CauceError, match="E1214"):
        model.transform(frame.withColumn("prediction", f.lit(1)))
    with pytest.raises(TypeError, match="a Spark DataFrame, not DataFrame"):
        model.transform(small.rows(3))


def test_a_session_that_does_not_tell_cases_apart_is_heeded(spark_session: Any, frame: Any) -> None:
    """Two columns that such a session takes for one make every later query fail."""
    from pyspark.sql import functions as f

    other = spark_session.newSession()
    other.conf.set("spark.sql.caseSensitive", "false")
    path = frame.inputFiles()[0]
    there = other.read.parquet(path)
    with pytest.raises(CauceError, match="E1214"):
        Model(small.bundle(), "1").transform(there.withColumn("Prediction", f.lit(1)))
    assert Model(small.bundle(), "1").transform(there).count() == ROWS


def test_a_cell_that_cannot_be_read_stops_the_job_with_its_code(frame: Any) -> None:
    """A wrong number must not come back as a missing one."""
    from pyspark.errors import PySparkException
    from pyspark.sql import functions as f

    found = Model(small.without_price(), "1").transform(frame.withColumn("distance", f.lit("12 km")))
    with pytest.raises(PySparkException, match="E1220"):
        found.collect()
