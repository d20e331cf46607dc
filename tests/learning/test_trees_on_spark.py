"""A cluster grows the trees of one machine, byte by byte, however many workers share the rows."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from boosting_data import spec, table

from cauce.core.boosting import BoostResult, BoostSpec, Round
from cauce.engines.local.engine import LocalEngine
from cauce.engines.spark.boosting import workers_for
from cauce.engines.spark.boosting_rounds import Listener, listening, telling
from cauce.errors import CauceError, CauceWarning
from cauce.expr.schema import Field, Schema
from cauce.testing.engines import FrameSource

pytestmark = pytest.mark.spark

FOREST = {"forest": True, "eta": 1.0, "reg_lambda": 0.0, "min_child_weight": None, "rounds": 5}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "missing values, categories, weights and early stopping": (
        "binary",
        {"weight": "weight", "early_stopping": 3, "parameters": {"rounds": 30, "eta": 0.9}},
    ),
    "classes of balanced weight, categories in sets": (
        "multiclass",
        {"parameters": {"class_weight": "balanced", "max_cat_to_onehot": 1, "rounds": 6}},
    ),
    "numbers that only rise": (
        "regression",
        {"parameters": {"monotone": (("a", "increasing"),), "rounds": 6}, "early_stopping": 2},
    ),
    "drawn rows and features": (
        "binary",
        {"parameters": {"subsample": 0.6, "colsample_bytree": 0.6, "colsample_bynode": 0.7}},
    ),
    "drawn rows of classes": (
        "multiclass",
        {"parameters": {"subsample": 0.5, "rounds": 5}, "weight": "weight"},
    ),
    "a forest of shares": ("multiclass", {"parameters": {**FOREST, "subsample": 0.6}, "weight": "weight"}),
    "a forest of means": ("regression", {"parameters": {**FOREST, "subsample": 0.6}}),
    "a quantile": ("regression", {"parameters": {"quantile": 0.9, "rounds": 5}}),
}


def lanes(frame: pl.DataFrame, *, most: int = 1 << 64) -> pl.DataFrame:
    """The frame with hashes below `most` that fall to every worker, in the kinds of a table."""
    random = np.random.default_rng(11)
    drawn = [random.integers(0, most, frame.height, dtype=np.uint64).view(np.int64) for _ in range(2)]
    return frame.with_columns(pl.Series("lane0", drawn[0]), pl.Series("lane1", drawn[1]))


def source(frame: pl.DataFrame, rows: int = 700) -> FrameSource:
    kinds = [Field(name, "integer" if kind.is_integer() else "float") for name, kind in frame.schema.items()]
    return FrameSource(frame, Schema(tuple(kinds)), rows)


def here(frame: pl.DataFrame, asked: BoostSpec) -> BoostResult:
    engine = LocalEngine()
    return engine.boost(engine.scan(source(frame)), asked)


@pytest.fixture
def workers(spark_session: Any) -> int:
    """As many as can work at once: 2, or what $CAUCE_TEST_WORKERS says of a larger machine."""
    return int(os.environ.get("CAUCE_TEST_WORKERS", "2"))


def there(
    session: Any, frame: pl.DataFrame, asked: BoostSpec, *, workers: int, observe: Any = None
) -> BoostResult:
    from cauce.engines.spark.engine import SparkEngine

    engine = SparkEngine(session, workers=workers)
    result = engine.boost(engine.scan(source(frame)), asked, observe=observe)
    assert engine.rows_scanned == frame.height, "one scan"
    return result


def assert_same(found: BoostResult, expected: BoostResult) -> None:
    """The same bytes of trees, and all else; metrics are sums of floats in another order."""
    assert replace(found, history=()) == replace(expected, history=())
    ours, theirs = (
        np.array([(at.number, at.train, at.validation) for at in one.history], dtype=np.float64)
        for one in (found, expected)
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_workers_grow_the_trees_of_one_machine(case: str, spark_session: Any, workers: int) -> None:
    """A model that is trained on the cluster would be another than the one tried at the desk."""
    task, changes = CASES[case]
    frame = lanes(table(2500, task=task, seed=3))
    asked = spec(task, cut_rows=400, **changes)
    assert_same(there(spark_session, frame, asked, workers=workers), here(frame, asked))


def test_one_worker_grows_them_too(spark_session: Any) -> None:
    """A cluster that starts one task at a time, or moves its executors, could not train."""
    frame, seen = lanes(table(1500, task="multiclass")), list[Round]()
    asked = spec("multiclass", cut_rows=400, early_stopping=3, weight="weight")
    result = there(spark_session, frame, asked, workers=1, observe=seen.append)
    assert_same(result, here(frame, asked))
    assert tuple(seen) == result.history


@pytest.mark.parametrize(
    ("rows", "most"), [(5, 1 << 64), (900, 1 << 40)], ids=["few rows", "all rows of one worker"]
)
def test_workers_without_rows_change_nothing(rows: int, most: int, spark_session: Any, workers: int) -> None:
    """Skewed data, or little of it, would hang the others or change their trees."""
    frame = lanes(table(rows, seed=8), most=most).with_columns(fold=pl.lit(0, dtype=pl.Int64))
    for asked in (spec(parameters={"rounds": 3}), spec(parameters={**FOREST, "subsample": 0.7})):
        assert_same(there(spark_session, frame, asked, workers=workers), here(frame, asked))


def test_twenty_thousand_rows_are_scored_alike(spark_session: Any, workers: int) -> None:
    """More rows than the bins are cut from: what a small table holds by luck would show."""
    frame = lanes(table(20_000, task="regression", seed=21))
    asked = spec("regression", cut_rows=3000, early_stopping=5, parameters={"rounds": 25, "subsample": 0.8})
    assert_same(there(spark_session, frame, asked, workers=workers), here(frame, asked))


def test_rows_that_cannot_train_are_refused_as_at_the_desk(spark_session: Any, workers: int) -> None:
    """The same table would fail with another code, or only after Spark tried it four times."""
    frame = lanes(table(300)).with_columns(
        label=pl.when(pl.int_range(pl.len()) < 7).then(5).otherwise("label")
    )
    nobody = frame.with_columns(fold=pl.lit(2, dtype=pl.Int64))
    for rows, code in ((frame, "E0804"), (nobody, "E0801"), (nobody.clear(), "E0801")):
        with pytest.raises(CauceError) as expected:
            here(rows, spec())
        with pytest.raises(CauceError) as found:
            there(spark_session, rows, spec(), workers=workers)
        assert found.value.code == code
        assert str(found.value) == str(expected.value)


def test_more_workers_than_the_cluster_starts_are_refused_at_once(spark_session: Any) -> None:
    """Spark itself would try for ten minutes."""
    with pytest.raises(CauceError) as found:
        workers_for(spec(), 64, slots=2, dynamic=False)
    assert (found.value.code, found.value.values) == ("E0730", {"workers": 64, "slots": 2})


def test_how_many_workers_there_are() -> None:
    """A user who says nothing would get an error on a small or an elastic cluster, or one slow worker."""
    assert workers_for(spec(), None, slots=9, dynamic=False) == 4
    assert workers_for(spec(), None, slots=3, dynamic=False) == 3
    assert workers_for(spec(), None, slots=0, dynamic=False) == 1
    assert workers_for(spec(), 9, slots=9, dynamic=False) == 9
    assert workers_for(spec(), 1, slots=9, dynamic=True) == 1
    with pytest.warns(CauceWarning, match="W0730"):
        assert workers_for(spec(), None, slots=9, dynamic=True) == 1
    with pytest.raises(CauceError, match="E0731"):
        workers_for(spec(), 2, slots=9, dynamic=True)
    median = replace(spec("regression"), parameters=replace(spec().parameters, quantile=0.5))
    assert workers_for(median, 3, slots=9, dynamic=False) == 1


def test_rounds_are_told_while_trees_grow() -> None:
    """A long training would look dead; or a stage that starts again would count its rounds twice."""
    heard = list[Round]()
    rounds = [Round(0, 0.7, 0.6), Round(1, 0.5, None)]
    listener = Listener(heard.append)
    with listening(listener, host="127.0.0.1", bind="127.0.0.1") as address:
        assert address is not None
        for stranger in (b"guess\n[0, 9.0, 9.0]\n", b"\xff\n", address.token.encode() + b"\n{}\n"):
            with socket.create_connection((address.host, address.port)) as connection:
                connection.sendall(stranger)
        for _attempt in range(2):
            with telling(address) as tell:
                assert tell is not None
                for one in rounds:
                    tell(one)
        until = time.monotonic() + 60
        while len(heard) < 2 and time.monotonic() < until:
            time.sleep(0.01)
    assert heard == rounds
    with telling(address) as tell:
        assert tell is None, "nobody listens any more"
