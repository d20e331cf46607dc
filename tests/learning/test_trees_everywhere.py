"""The same trees score alike in XGBoost, in ONNX Runtime and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
import xgboost
from boosting_data import TASKS, evaluate, matrix, spec, table
from hypothesis import given, settings
from hypothesis import strategies as st

from cauce.core.scoring import load_scorer
from cauce.core.trees.model import read_xgboost
from cauce.core.trees.onnx import write_onnx
from cauce.engines.local.boosting import boost
from cauce.errors import CauceError


def split_values(payload: bytes, features: int) -> np.ndarray:
    """Rows whose values are exactly the split points, their two neighbours, NaN, zeros and infinities."""
    ensemble = read_xgboost(payload)
    points = np.unique(np.concatenate([tree.threshold[tree.left >= 0] for tree in ensemble.trees]))
    values = np.concatenate(
        [
            points,
            np.nextafter(points, np.float32(-np.inf)),
            np.nextafter(points, np.float32(np.inf)),
            np.array([np.nan, 0.0, -0.0, np.inf, -np.inf, 1e-45, 3e38], dtype=np.float32),
        ]
    )
    random = np.random.default_rng(5)
    return random.choice(values, size=(3000, features)).astype(np.float32)


def from_the_library(payload: bytes, rows: np.ndarray) -> np.ndarray:
    given = xgboost.Booster({"nthread": 1}, model_file=bytearray(payload)).inplace_predict(rows)
    if b"binary:logistic" in payload:
        given = np.stack([1 - given, given], axis=1)
    assert (load_scorer(payload, "xgboost")(rows) == given).all()
    return given


def assert_alike(payload: bytes, rows: np.ndarray) -> None:
    native = from_the_library(payload, rows)
    portable = load_scorer(write_onnx(read_xgboost(payload)), "onnx")(rows)
    assert portable.shape == native.shape
    assert portable.dtype == native.dtype == np.float32
    scale = np.maximum(1.0, np.abs(native)) if native.ndim == 2 else np.abs(native)
    assert (np.abs(portable - native) <= 1e-6 * scale).all()
    by_hand = evaluate(payload, rows[:150])
    np.testing.assert_allclose(native[:150], by_hand, rtol=2e-5, atol=2e-6 if native.ndim == 2 else 2e-3)


CASES = list(itertools.product(TASKS, (0.0, 0.2), (1, 1000)))


@pytest.mark.parametrize(("task", "missing", "onehot"), CASES)
def test_onnx_scores_as_xgboost_with_categories_and_holes(task: str, missing: float, onehot: int) -> None:
    """A service on ONNX would answer something else than the batch run."""
    frame = table(2500, task=task, missing=missing, levels=70)
    asked = spec(task, levels=70, parameters={"max_cat_to_onehot": onehot}, early_stopping=3)
    payload = boost(lambda: iter([frame]), asked).payload
    assert_alike(payload, matrix(frame))
    edges = split_values(payload, 5)
    edges[:, 4] = np.random.default_rng(1).choice([-1, 0, 1, 31, 32, 33, 63, 64, 69, 70, 5000, np.nan], 3000)
    assert_alike(payload, edges)


@pytest.mark.parametrize("task", TASKS)
def test_onnx_scores_as_xgboost_with_deep_trees_and_big_labels(task: str) -> None:
    """Deep trees and labels of 1e11 would drift apart by rounding."""
    frame = table(3000, task=task).with_columns(pl.col("label") * (1e9 if task == "regression" else 1))
    asked = spec(task, parameters={"max_depth": 14, "rounds": 30, "min_child_weight": 0, "gamma": 0.01})
    payload = boost(lambda: iter([frame]), asked).payload
    rows = np.concatenate([matrix(frame), np.resize(split_values(payload, 4), (3000, 5))])
    rows[3000:, 4] = 3
    assert_alike_values(payload, rows)


def assert_alike_values(payload: bytes, rows: np.ndarray) -> None:
    native = from_the_library(payload, rows)
    portable = load_scorer(write_onnx(read_xgboost(payload)), "onnx")(rows)
    if native.ndim == 1:
        assert (portable == native).all()
    else:
        assert np.abs(portable - native).max() <= 1e-6


@pytest.mark.parametrize("kind", ["onnx", "xgboost"])
def test_threads_and_batching_never_change_a_score(kind: str) -> None:
    """The same row would get another score on a machine with more cores, or in another batch."""
    frame = table(9000, task="regression")
    payload = boost(lambda: iter([frame]), spec("regression", parameters={"rounds": 60})).payload
    model = payload if kind == "xgboost" else write_onnx(read_xgboost(payload))
    rows = matrix(frame)
    one, two = load_scorer(model, kind, threads=1), load_scorer(model, kind, threads=2)  # type: ignore[arg-type]
    expected = one(rows)
    assert (two(rows) == expected).all()
    assert (np.concatenate([one(rows[place : place + 1]) for place in range(50)]) == expected[:50]).all()
    assert one(rows[:0]).shape == (0,)


@settings(max_examples=25)
@given(data=st.data())
def test_small_models_of_any_shape_score_alike(data: st.DataObject) -> None:
    """Some odd little model (constant columns, one row a class, only missing values) would differ."""
    task = data.draw(st.sampled_from(sorted(TASKS)))
    rows = data.draw(st.integers(3, 30))
    number = st.one_of(
        st.none(),
        st.sampled_from([0.0, -0.0, 1.0, 1e-40, -1e30, 1e300, float("inf"), 0.1]),
        st.floats(-5, 5, width=32),
    )
    columns = {name: data.draw(st.lists(number, min_size=rows, max_size=rows)) for name in "abcd"}
    codes = data.draw(st.lists(st.one_of(st.none(), st.integers(0, 11)), min_size=rows, max_size=rows))
    labels = [*range(TASKS[task]), *[0] * rows][:rows] if task != "regression" else list(range(rows))
    frame = table(rows).with_columns(
        *(pl.Series(name, values, dtype=pl.Float64) for name, values in columns.items()),
        pl.Series("e", codes, dtype=pl.Float64),
        pl.Series("label", labels, dtype=pl.Float64),
        pl.lit(0).alias("fold"),
    )
    grown = {"rounds": 4, "min_child_weight": 0, "max_cat_to_onehot": data.draw(st.sampled_from([1, 100]))}
    payload = boost(lambda: iter([frame]), spec(task, parameters=grown)).payload
    assert_alike_values(payload, matrix(frame))
    edges = split_values(payload, 5)[:200]
    edges[:, 4] = np.arange(200) % 14 - 1
    assert_alike_values(payload, edges)


def test_a_thousand_classes_and_the_same_bytes_twice() -> None:
    """A target of very many classes, or a second export, would be refused or differ."""
    frame = table(3000).with_columns(pl.Series("label", np.arange(3000) % 1000, dtype=pl.Float64))
    asked = spec("multiclass", classes=1000, parameters={"rounds": 1, "max_depth": 2})
    result = boost(lambda: iter([frame]), asked)
    assert_alike_values(result.payload, matrix(frame)[:300])
    assert write_onnx(read_xgboost(result.payload)) == write_onnx(read_xgboost(result.payload))


@pytest.mark.parametrize("kind", ["onnx", "xgboost"])
def test_a_matrix_of_another_width_is_refused(kind: str) -> None:
    """Scores of shifted columns would look like scores."""
    payload = boost(lambda: iter([table(300)]), spec()).payload
    scorer = load_scorer(payload if kind == "xgboost" else write_onnx(read_xgboost(payload)), kind)  # type: ignore[arg-type]
    for wrong in (np.zeros((3, 4), np.float32), np.zeros((3, 5)), np.zeros(5, np.float32)):
        with pytest.raises(CauceError, match="E0813"):
            scorer(wrong)
