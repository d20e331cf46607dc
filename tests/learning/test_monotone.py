"""A prediction that may only rise with a feature never falls, whatever the other features are."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from boosting_data import matrix, spec, table
from hypothesis import given, settings
from hypothesis import strategies as st

from cauce.core.features import FittedFeatures
from cauce.core.features.fitted import Dropped, Feature
from cauce.core.features.monotone import monotone_features
from cauce.core.scoring import load_scorer
from cauce.core.trees.model import read_xgboost
from cauce.core.trees.onnx import write_onnx
from cauce.engines.local.boosting import boost
from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.expr.schema import Field, Schema

LEARNERS: dict[str, dict[str, Any]] = {
    "boosting": {"rounds": 15, "eta": 0.5},
    "boosting by parts": {"rounds": 15, "subsample": 0.5, "colsample_bytree": 0.7},
    "forest": {"forest": True, "eta": 1.0, "reg_lambda": 0.0, "rounds": 15, "max_depth": 9, "subsample": 0.6},
}


def sweeps(frame: pl.DataFrame, column: int, count: int = 60) -> np.ndarray:
    """[rows, steps, 5]: rows of the table, one feature of each going through all its values and beyond."""
    rows = matrix(frame)[:count]
    seen = matrix(frame)[:, column]
    ends = [np.float32(-1e38), np.nanmin(seen) - 1, np.nanmax(seen) + 1, np.float32(1e38)]
    values = np.unique(np.concatenate([seen[np.isfinite(seen)][:150], ends]).astype(np.float32))
    made = np.repeat(rows[:, None, :], len(values), axis=1)
    made[:, :, column] = values
    return made


@pytest.mark.parametrize("task", ["binary", "regression"])
@pytest.mark.parametrize("learner", LEARNERS)
@settings(max_examples=4, deadline=None)
@given(
    seed=st.integers(0, 1000), ways=st.lists(st.sampled_from([None, "increasing", "decreasing"]), min_size=4)
)
def test_scores_never_move_the_wrong_way(learner: str, task: str, seed: int, ways: list[str | None]) -> None:
    """A higher income would lower somebody's limit."""
    frame = table(500, task=task, seed=seed, missing=0.15)
    asked = tuple((name, way) for name, way in zip("abcd", ways, strict=False) if way is not None)
    made = boost(
        lambda: iter([frame]),
        spec(task, parameters={**LEARNERS[learner], "monotone": asked, "max_cat_to_onehot": 1}),
    )
    batch = load_scorer(made.payload, "xgboost")
    single = load_scorer(write_onnx(read_xgboost(made.payload)), "onnx")
    for name, way in asked:
        swept = sweeps(frame, "abcd".index(name))
        for score in (batch, single):
            told = score(swept.reshape(-1, 5))
            told = (told if task == "regression" else told[:, 1]).reshape(swept.shape[:2])
            steps = np.diff(told, axis=1)
            assert (steps >= 0).all() if way == "increasing" else (steps <= 0).all()


@pytest.mark.parametrize("learner", LEARNERS)
def test_without_a_constraint_they_do(learner: str) -> None:
    """The test above would pass on models that never fall anyway."""
    frame = table(500, missing=0.0)
    made = boost(lambda: iter([frame]), spec(parameters=LEARNERS[learner]))
    swept = sweeps(frame, 1)
    told = load_scorer(made.payload, "xgboost")(swept.reshape(-1, 5))[:, 1].reshape(swept.shape[:2])
    assert (np.diff(told, axis=1) < -1e-3).any()


@pytest.mark.parametrize(
    ("task", "name", "code"),
    [("multiclass", "a", "E0850"), ("binary", "z", "E0851"), ("regression", "e", "E0852")],
)
def test_constraints_without_a_meaning_are_refused(task: str, name: str, code: str) -> None:
    """They would be ignored, or bind another class than meant."""
    with pytest.raises(CauceError, match=code) as raised:
        spec(task, parameters={"monotone": ((name, "increasing"),)})
    assert "{" not in raised.value.message + raised.value.hint


def feature(name: str, source: str, *steps: str, levels: Any = None, also: str | None = None) -> Feature:
    read: Any = n.Column(source)
    if also is not None:
        read = n.Divide(read, n.Column(also))
    told: Any = tuple((step, {}) for step in steps)
    return Feature(name, read, read, source if also is None else name, levels, told)


FITTED = FittedFeatures(
    (
        feature("income", "income", "impute.median", "scale.standard"),
        feature("income:missing", "income", "missing"),
        feature("income:bin", "income", "bins"),
        feature("age", "age"),
        feature("debt", "debt", "log.one_plus"),
        feature("ratio", "debt", also="wealth"),
        feature("plan", "plan", "category", levels=("a", "b")),
        feature("plan:frequency", "plan", "frequency"),
        feature("joined:month", "joined", "date_parts"),
        feature("days", "joined", "elapsed"),
        feature("city", "city", "target_mean"),
    ),
    Schema((Field("income", "float"),)),
    (Dropped("always", "constant"),),
)


def test_a_column_means_every_feature_that_rises_with_it() -> None:
    """A second feature of the same column would take the score the other way."""
    found = monotone_features({"age": "decreasing", "income": "increasing", "always": "increasing"}, FITTED)
    assert found == (
        ("income", "increasing"),
        ("income:missing", "increasing"),
        ("income:bin", "increasing"),
        ("age", "decreasing"),
    )
    assert monotone_features({"ratio": "increasing", "days": "decreasing"}, FITTED) == (
        ("ratio", "increasing"),
        ("days", "decreasing"),
    )
    assert monotone_features({}, FITTED) == ()


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("debt", "E0853", "ratio"),
        ("wealth", "E0853", "ratio"),
        ("joined", "E0853", "joined:month"),
        ("city", "E0853", "city"),
        ("plan", "E0852", "plan"),
        ("plam", "E0851", "plam"),
        ("customer", "E0851", "customer"),
    ],
)
def test_a_column_whose_features_need_not_rise_with_it_is_refused(name: str, code: str, said: str) -> None:
    """A promise that the model does not keep would stand in the project file."""
    with pytest.raises(CauceError, match=code) as raised:
        monotone_features({name: "increasing"}, FITTED)
    assert said in raised.value.message
