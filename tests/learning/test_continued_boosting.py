"""Trees grown on top of an earlier model are those that XGBoost would add, and it is one model then."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
import xgboost
from boosting_data import TASKS, evaluate, matrix, spec, table

from cauce.core.bundle.writing import TOLERANCE
from cauce.core.payload import onnx_of, read_payload
from cauce.core.scoring import load_scorer
from cauce.core.trees.continuing import gains, joined_payload, rounds_of
from cauce.core.trees.model import xgboost_json
from cauce.engines.local.boosting import boost, training
from cauce.errors import CauceError


def grown(frame: pl.DataFrame, **asked: Any) -> Any:
    return boost(lambda: iter((frame,)), spec(**asked))


@pytest.mark.parametrize("task", TASKS)
def test_ten_rounds_and_ten_more_on_the_same_rows_are_twenty(task: str) -> None:
    """A model that is continued must be the one that had never stopped, or nobody could trust the joint."""
    frame = table(900, task=task)
    whole = grown(frame, task=task, weight="weight", parameters={"rounds": 20})
    first = grown(frame, task=task, weight="weight")
    both = grown(frame, task=task, weight="weight", earlier=first.payload)
    assert both.best_round == 9
    assert rounds_of(both.payload) == 20
    rows = matrix(frame)
    np.testing.assert_allclose(evaluate(both.payload, rows), evaluate(whole.payload, rows), atol=2e-6)
    old, new = (
        json.loads(one)["learner"]["gradient_booster"]["model"]["trees"]
        for one in (first.payload, both.payload)
    )
    assert new[: len(old)] == old


@pytest.mark.parametrize("task", TASKS)
def test_new_rows_get_the_trees_that_xgboost_would_add(task: str) -> None:
    """The reference loads the earlier model in XGBoost itself and goes on there, on the new rows."""
    old, new = table(500, task=task, seed=1), table(240, task=task, seed=2)
    first = grown(old, task=task)
    parameters = {"max_bin": 512, "rounds": 5, "eta": 0.2, "max_depth": 3}
    both = grown(new, task=task, parameters=parameters, earlier=first.payload)
    train = new.filter(pl.col("fold") == 0)
    rows = xgboost.QuantileDMatrix(
        matrix(train),
        train["label"].to_numpy(),
        feature_types=["q"] * 4 + ["c"],
        enable_categorical=True,
        max_bin=512,
    )
    model = json.loads(first.payload)["learner"]
    settings = {
        "objective": model["objective"]["name"],
        "tree_method": "hist",
        "max_bin": 512,
        "eta": 0.2,
        "max_depth": 3,
        "max_cat_to_onehot": 4,
        "nthread": 1,
        **({"num_class": 3} if task == "multiclass" else {}),
    }
    reference = xgboost.train(settings, rows, 5, xgb_model=bytearray(first.payload))
    rest = matrix(table(400, task=task, seed=3))
    expected = evaluate(bytes(reference.save_raw("json")), rest)
    np.testing.assert_allclose(evaluate(both.payload, rest), expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("task", TASKS)
def test_the_joint_model_scores_alike_everywhere(task: str) -> None:
    """XGBoost, ONNX and the fit itself must say the same of a model of two halves."""
    frame = table(600, task=task)
    first = grown(frame, task=task)
    asked = replace(spec(task=task), earlier=first.payload)
    with training(lambda: iter((frame,)), asked) as ready:
        from cauce.core.boosting import BoostRequest

        found = ready.boost(BoostRequest(parameters=asked.parameters))
    rows = matrix(table(200, task=task, seed=8))
    payload = found.result.payload
    scored = load_scorer(payload, "xgboost")(rows)
    np.testing.assert_allclose(found.score(rows), scored, atol=TOLERANCE)
    by_onnx = load_scorer(onnx_of(read_payload(payload)), "onnx")(rows)
    np.testing.assert_allclose(by_onnx, scored, rtol=TOLERANCE, atol=TOLERANCE)


def test_early_stopping_begins_at_what_the_earlier_model_reached() -> None:
    """Trees that only make the earlier model worse must not be kept because they are better than nothing."""
    frame = table(900)
    first = grown(frame, parameters={"rounds": 60})
    noise = frame.with_columns(
        pl.when(pl.col("fold") == 0).then(1 - pl.col("label")).otherwise("label").alias("label")
    )
    found = grown(noise, earlier=first.payload, early_stopping=3)
    assert found.best_round == -1
    assert found.payload == first.payload
    assert len(found.history) == 3
    assert dict(found.importance) == pytest.approx(dict(first.importance))
    better = grown(frame, earlier=grown(frame, parameters={"rounds": 2}).payload, early_stopping=3)
    assert better.best_round > 0


def test_importance_counts_the_splits_of_both_halves_as_xgboost_does() -> None:
    """The plot of a continued model must not forget what the earlier one leaned on."""
    frame = table(700)
    first = grown(frame)
    both = grown(frame, earlier=first.payload)
    booster = xgboost.Booster(model_file=bytearray(xgboost_json(both.payload)))
    told = booster.get_score(importance_type="total_gain")
    expected = {name: told.get(f"f{at}", 0.0) for at, name in enumerate("abcde")}
    assert dict(both.importance) == pytest.approx(expected, rel=1e-5)
    assert dict(gains(first.payload, tuple("abcde"))) == pytest.approx(dict(first.importance), rel=1e-5)


def test_forests_and_quantiles_are_not_continued_and_foreign_documents_are_refused() -> None:
    """A joint of trees that mean different things would score without a word, and wrongly."""
    payload = grown(table(200)).payload
    for parameters in ({"forest": True, "eta": 1.0, "reg_lambda": 0.0}, {"quantile": 0.5}):
        with pytest.raises(CauceError, match="E0815"):
            spec("regression", parameters=parameters, earlier=payload)
    for one in (b"{}", b"[]", b'{"learner":{}}', b"no"):
        with pytest.raises(CauceError, match="E0811"):
            joined_payload(one, payload)
        with pytest.raises(CauceError, match="E0811"):
            gains(one, ("a",))
