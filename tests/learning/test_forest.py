"""A random forest gives means and class shares, the same forest however the rows come."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
import sklearn.metrics
import xgboost
from boosting_data import TASKS, evaluate, matrix, spec, table

from cauce.core.boosting import BoostParameters, BoostSpec
from cauce.core.contributions.attribution import attribution
from cauce.core.scoring import load_scorer
from cauce.core.trees.model import read_xgboost, xgboost_json
from cauce.core.trees.onnx import write_onnx
from cauce.engines.local.boosting import boost
from cauce.errors import CauceError

FOREST: dict[str, Any] = {"forest": True, "eta": 1.0, "reg_lambda": 0.0, "rounds": 12, "max_depth": 8}


def forest(task: str = "binary", **changes: Any) -> BoostSpec:
    """The specification of a forest that fits `table`; `parameters` on top of FOREST."""
    return spec(task, parameters={**FOREST, **changes.pop("parameters", {})}, **changes)


def scores(payload: bytes, rows: np.ndarray) -> np.ndarray:
    return load_scorer(payload, "xgboost")(rows)


def cells(rows: int, task: str) -> pl.DataFrame:
    """Rows of six cells (feature a from 0 to 5, the rest constant), each with labels of its own."""
    random = np.random.default_rng(7)
    cell = random.integers(0, 6, rows)
    label = {
        "binary": random.random(rows) < cell / 6,
        "multiclass": (cell + (random.random(rows) < 0.4)) % 3,
        "regression": 10.0 * cell + random.normal(size=rows),
    }[task]
    columns = {"a": cell.astype(float), **{name: np.zeros(rows) for name in "bcde"}}
    return table(rows).with_columns(
        *(pl.Series(name, values) for name, values in columns.items()),
        pl.Series("label", label).cast(pl.Float64),
        fold=0,
    )


@pytest.mark.parametrize("task", TASKS)
def test_a_leaf_is_the_weighted_mean_or_the_shares_of_its_rows(task: str) -> None:
    """Probabilities would not be those of the rows a person can count."""
    frame = cells(900, task)
    made = boost(lambda: iter([frame]), forest(task, weight="weight", parameters={"min_child_weight": 0.0}))
    weighed = frame.with_columns((pl.col("label") == k).alias(f"{k}") for k in range(TASKS[task]))
    said = [pl.col("label")] if task == "regression" else [pl.col(f"{k}") for k in range(TASKS[task])]
    means = weighed.group_by("a").agg(
        ((one * pl.col("weight")).sum() / pl.col("weight").sum()).alias(f"{at}")
        for at, one in enumerate(said)
    )
    expected = means.sort("a").drop("a").to_numpy()
    rows = np.zeros((6, 5), dtype=np.float32)
    rows[:, 0] = np.arange(6)
    found = scores(made.payload, rows).reshape(6, -1)
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-5 if task == "regression" else 1e-6)


def test_weights_of_classes_count_in_the_shares() -> None:
    """A rare class that is to count four times would not."""
    frame = cells(900, "binary")
    made = boost(lambda: iter([frame]), forest(parameters={"class_weight": (1.0, 4.0)}))
    counts = frame.group_by("a").agg(pl.col("label").sum().alias("one"), pl.len().alias("all")).sort("a")
    one, every = counts["one"].to_numpy(), counts["all"].to_numpy()
    rows = np.zeros((6, 5), dtype=np.float32)
    rows[:, 0] = np.arange(6)
    expected = 4 * one / (every + 3 * one)
    np.testing.assert_allclose(scores(made.payload, rows)[:, 1], expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("task", TASKS)
def test_one_deep_tree_is_that_of_xgboosts_own_forest_mode(task: str) -> None:
    """Trees grown by our own gradients would be others than the library's."""
    frame = table(1500, task=task, missing=0.1)
    made = boost(lambda: iter([frame]), forest(task, levels=(), parameters={"rounds": 1}))
    train = frame.filter(pl.col("fold") == 0)
    label = train["label"].to_numpy()
    targets = label if task != "multiclass" else (label[:, None] == np.arange(3)).astype(np.float32)
    ends = np.stack([np.nanmin(matrix(train), axis=0), np.nanmax(matrix(train), axis=0)])
    order = np.lexsort((train["lane1"], train["lane0"]))
    reference = xgboost.QuantileDMatrix(np.concatenate([matrix(train)[order], ends]), max_bin=256)
    rows = xgboost.QuantileDMatrix(matrix(train), label=targets, ref=reference, max_bin=256)
    settings = {"objective": "reg:squarederror", "eta": 1.0, "reg_lambda": 0.0, "max_depth": 8, "seed": 0}
    peer = xgboost.train({**settings, "num_parallel_tree": 1, "base_score": 0.5}, rows, 1)
    told = peer.inplace_predict(matrix(train))
    if task == "binary":
        told = np.stack([1 - told, told], axis=1)
    elif task == "multiclass":
        told = told / told.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(scores(made.payload, matrix(train)), told, rtol=1e-5, atol=1e-5)


OPTIONS: dict[str, dict[str, Any]] = {
    "rows and features by chance": {"parameters": {"subsample": 0.632, "colsample_bynode": 0.5}},
    "weights": {"weight": "weight", "parameters": {"subsample": 0.5}},
    "balanced": {"parameters": {"class_weight": "balanced", "subsample": 0.5}},
}


@pytest.mark.parametrize(
    ("task", "option"),
    [(task, name) for task in TASKS for name in OPTIONS if (task, name) != ("regression", "balanced")],
)
def test_the_forest_is_the_same_in_any_order_batching_and_threads(task: str, option: str) -> None:
    """Two engines, which read rows in orders of their own, would grow different forests."""
    frame = table(2500, task=task)
    asked = forest(task, cut_rows=700, **OPTIONS[option])
    expected = boost(lambda: iter([frame]), asked)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=3)
    for batches, changed in (
        (lambda: shuffled.iter_slices(333), asked),
        (lambda: iter([frame]), dataclasses.replace(asked, threads=2)),
        (lambda: frame.reverse().iter_slices(1000), dataclasses.replace(asked, memory=0)),
    ):
        assert boost(batches, changed) == expected
    other = boost(lambda: iter([frame]), dataclasses.replace(asked, seed=1))
    assert other.payload != expected.payload


def test_trees_differ_and_see_their_share_of_the_rows() -> None:
    """A forest of one tree repeated is no forest."""
    frame = table(3000, missing=0.0)
    made = boost(lambda: iter([frame]), forest(parameters={"subsample": 0.4, "rounds": 40}))
    trees = json.loads(xgboost_json(made.payload))["learner"]["gradient_booster"]["model"]["trees"]
    seen = [tree["sum_hessian"][0] / made.rows for tree in trees]
    assert abs(np.mean(seen) - 0.4) < 3 * np.sqrt(0.24 / made.rows / 40)
    assert len({tuple(tree["split_conditions"]) for tree in trees}) == 40


def test_copies_of_a_row_are_drawn_one_by_one() -> None:
    """Where many rows are alike, all of one label would be left out together and shares drawn to a half."""
    rows = 4000
    cell = np.arange(rows) % 8
    label = np.arange(rows) // 8 % 10 < 1
    lanes = (cell * 2 + label).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    frame = cells(rows, "binary").with_columns(
        pl.Series("a", cell.astype(float)),
        pl.Series("label", label.astype(float)),
        pl.Series("lane0", lanes),
        pl.Series("lane1", lanes),
    )
    made = boost(lambda: iter([frame]), forest(parameters={"subsample": 0.5, "rounds": 50}))
    found = scores(made.payload, matrix(frame)[:8])[:, 1]
    assert np.abs(found - 0.1).max() < 0.01


def test_a_target_in_other_units_gives_the_same_forest() -> None:
    """XGBoost asks of each split an absolute gain: amounts in millions of a currency would grow no tree."""
    frame = table(1500, task="regression")
    parameters = {"subsample": 0.632, "min_child_weight": 5.0}
    whole = boost(lambda: iter([frame]), forest("regression", parameters=parameters))
    small = frame.with_columns(pl.col("label") * 2.0**-30)
    tiny = boost(lambda: iter([small]), forest("regression", parameters=parameters))
    np.testing.assert_array_equal(
        scores(tiny.payload, matrix(frame)) * 2.0**30, scores(whole.payload, matrix(frame))
    )
    gains = [dict(one.importance) for one in (whole, tiny)]
    assert gains[1]["a"] * 2.0**60 == pytest.approx(gains[0]["a"], rel=1e-6)


def test_leaves_weigh_at_least_what_was_asked() -> None:
    """min_child_weight would mean something else for every target."""
    frame = table(2000, task="regression", missing=0.0)
    asked = forest("regression", parameters={"min_child_weight": 60.0, "rounds": 3})
    trees = json.loads(boost(lambda: iter([frame]), asked).payload)["learner"]["gradient_booster"]["model"][
        "trees"
    ]
    rows = int((frame["fold"] == 0).sum())
    for tree in trees:
        cover = np.array(tree["sum_hessian"]) / tree["sum_hessian"][0] * rows
        assert cover.min() > 59.9
        assert cover.min() < 150


@pytest.mark.parametrize(
    ("task", "rows", "least"), [("binary", 100, 1.0), ("binary", 6400, 4.0), ("regression", 6400, 2.0)]
)
def test_without_a_word_leaves_grow_with_the_root_of_the_rows(task: str, rows: int, least: float) -> None:
    """Few rows would be blurred, or many give leaves of noise and a model too large to keep."""
    frame = table(rows, missing=0.0).with_columns(fold=0, weight=pl.col("weight") * 10)
    asked = forest(task, weight="weight", parameters={"min_child_weight": None, "max_depth": 20})
    told = boost(lambda: iter([frame]), dataclasses.replace(asked)).payload
    mean = frame["weight"].mean()
    same = dataclasses.replace(
        asked, parameters=dataclasses.replace(asked.parameters, min_child_weight=float(f"{least * mean:.6g}"))
    )
    assert boost(lambda: iter([frame]), same).payload == told


@pytest.mark.parametrize("task", TASKS)
def test_onnx_xgboost_and_a_walk_by_hand_agree(task: str) -> None:
    """A service on ONNX would answer something else than the batch run."""
    frame = table(1500, task=task, missing=0.2, levels=40)
    asked = forest(
        task, levels=40, parameters={"subsample": 0.632, "max_cat_to_onehot": 1, "colsample_bynode": 0.6}
    )
    payload = boost(lambda: iter([frame]), asked).payload
    rows = matrix(frame)
    rows[:6] = np.array([np.nan, np.inf, -np.inf, 1e38, -0.0, 0.0], dtype=np.float32)[:, None]
    rows[:6, 4] = [np.nan, 0, 39, 40, 500, 3]
    native = scores(payload, rows)
    portable = load_scorer(write_onnx(read_xgboost(payload)), "onnx")(rows)
    assert portable.shape == native.shape
    assert (np.abs(portable - native) <= 1e-6 * np.maximum(1, np.abs(native))).all()
    by_hand = evaluate(xgboost_json(payload), rows[:100])
    if task != "regression":
        shares = np.clip(by_hand if task == "multiclass" else np.stack([1 - by_hand, by_hand], 1), 0, 1)
        by_hand = shares / shares.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(native.sum(axis=1), 1.0, atol=1e-6)
        assert native.min() >= 0.0
    np.testing.assert_allclose(native[:100], by_hand, rtol=1e-5, atol=2e-6)


def test_where_no_class_has_a_share_the_training_shares_stand() -> None:
    """0 divided by 0 would be NaN in one evaluator and something else in the other."""
    frame = table(600, task="multiclass")
    payload = boost(lambda: iter([frame]), forest("multiclass", parameters={"rounds": 1})).payload
    document = json.loads(payload)
    for tree in document["model"]["learner"]["gradient_booster"]["model"]["trees"]:
        leaves = [left == -1 for left in tree["left_children"]]
        conditions = zip(tree["split_conditions"], leaves, strict=True)
        tree["split_conditions"] = [-3.0 if leaf else value for value, leaf in conditions]
    payload = json.dumps(document).encode()
    train = frame.filter(pl.col("fold") == 0)["label"]
    shares = [(train == k).mean() for k in range(3)]
    rows = matrix(frame)[:5]
    for given in (scores(payload, rows), load_scorer(write_onnx(read_xgboost(payload)), "onnx")(rows)):
        np.testing.assert_allclose(given, np.tile(np.array(shares, dtype=np.float32), (5, 1)), rtol=1e-6)


@pytest.mark.parametrize("task", TASKS)
def test_the_history_tells_the_error_of_the_trees_so_far(task: str) -> None:
    """Whether more trees would help could not be read from the curve."""
    frame = table(2000, task=task)
    whole = boost(lambda: iter([frame]), forest(task, weight="weight", parameters={"subsample": 0.5}))
    half = frame.filter(pl.col("fold") == 1)
    for trees in (5, 12):
        asked = forest(task, weight="weight", parameters={"subsample": 0.5, "rounds": trees})
        found = scores(boost(lambda: iter([frame]), asked).payload, matrix(half)).astype(float)
        label, weight = half["label"].to_numpy(), half["weight"].to_numpy()
        if task == "regression":
            expected = np.sqrt(sklearn.metrics.mean_squared_error(label, found, sample_weight=weight))
        elif task == "binary":
            expected = sklearn.metrics.brier_score_loss(label, found[:, 1], sample_weight=weight)
        else:
            far = ((found - np.eye(3)[label.astype(int)]) ** 2).sum(axis=1)
            expected = np.average(far, weights=weight)
        assert whole.history[trees - 1].validation == pytest.approx(expected, rel=1e-4)
    assert whole.metric == ("rmse" if task == "regression" else "brier")
    assert whole.best_round == 11


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": {"eta": 0.3}},
        {"parameters": {"reg_lambda": 1.0}},
        {"parameters": {"reg_alpha": 0.5}},
        {"parameters": {"colsample_bynode": 0.0}},
        {"parameters": {"forest": False, "min_child_weight": None}},
        {"early_stopping": 5},
    ],
)
def test_settings_that_a_forest_has_not_are_refused(changes: dict[str, Any]) -> None:
    """They would be ignored, or leaves would be no shares."""
    with pytest.raises(CauceError, match="E0815"):
        forest(**changes)


def without(name: str) -> Callable[[Any], None]:
    return lambda document: document.pop(name)


def within(*path: Any, value: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = value

    return change


LEARNER = ("model", "learner")
BAD = {
    "another format": within("format", value=2),
    "no format": without("format"),
    "no kind": without("kind"),
    "a kind that is none": within("kind", value="regression"),
    "another kind": within("kind", value="binary"),
    "something beside it": within("code", value="x"),
    "no model": without("model"),
    "a model that is none": within("model", value=[]),
    "another objective": within(*LEARNER, "objective", "name", value="binary:logistic"),
    "an objective nobody knows": within(*LEARNER, "objective", "name", value="rank:ndcg"),
    "one target": within(*LEARNER, "learner_model_param", "num_target", value="1"),
    "other targets": within(*LEARNER, "learner_model_param", "num_target", value="4"),
    "a start of other classes": within(*LEARNER, "learner_model_param", "base_score", value="[0.5,0.5]"),
    "another learner": within("learner", value="linear"),
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD.keys())
def test_a_forest_document_that_was_changed_is_refused(change: Callable[[Any], None]) -> None:
    """Margins would be taken for shares, or a library would crash on it."""
    frame = table(300, task="multiclass")
    payload = boost(lambda: iter([frame]), forest("multiclass", parameters={"rounds": 2})).payload
    document = json.loads(payload)
    change(document)
    with pytest.raises(CauceError, match=r"E0811|E0812"):
        load_scorer(json.dumps(document).encode(), "xgboost")


def test_the_document_inside_is_one_that_xgboost_loads() -> None:
    """A user could not take the trees elsewhere."""
    frame = table(300)
    payload = boost(lambda: iter([frame]), forest()).payload
    own = xgboost.Booster({"nthread": 1}, model_file=bytearray(xgboost_json(payload)))
    told = np.clip(own.inplace_predict(matrix(frame)), 0, 1)
    np.testing.assert_array_equal(told, scores(payload, matrix(frame))[:, 1])
    boosted = boost(lambda: iter([frame]), spec()).payload
    assert xgboost_json(boosted) == boosted


def test_forests_and_boosting_have_their_own_defaults() -> None:
    """A project without a forest would train another model than before."""
    plain = BoostParameters()
    assert (plain.forest, plain.colsample_bynode, plain.monotone) == (False, 1.0, ())


@pytest.mark.parametrize("task", TASKS)
def test_contributions_add_up_to_the_share_or_the_value(task: str) -> None:
    """Reasons for a prediction would be those of another number."""
    frame = table(600, task=task)
    payload = boost(lambda: iter([frame]), forest(task, parameters={"subsample": 0.6})).payload
    rows = matrix(frame)[:60]
    found = attribution(payload)(rows)
    assert found.shape == (60, 3 if task == "multiclass" else 1, 6)
    own = xgboost.Booster({"nthread": 1}, model_file=bytearray(xgboost_json(payload)))
    told = own.inplace_predict(rows).reshape(60, -1)
    np.testing.assert_allclose(found.sum(axis=2), told, rtol=1e-5, atol=1e-5)


def test_a_forest_too_large_for_a_bundle_is_refused_after_its_first_tree() -> None:
    """Hours of growing would end in a model that cannot be kept, or in a full memory."""
    frame = table(2000)
    seen: list[int] = []
    with pytest.raises(CauceError, match="E0854") as raised:
        boost(
            lambda: iter([frame]),
            forest(parameters={"rounds": 1_000_000}),
            observe=lambda one: seen.append(one.number),
        )
    assert seen == []
    assert raised.value.values["trees"] == 1_000_000
