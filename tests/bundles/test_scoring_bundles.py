"""A model answers batches and rows alike, in the target's own values."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
import small_models as small

from cauce.core.bundle.features import matrix_of, matrix_of_rows
from cauce.core.bundle.single import rows_scorer
from cauce.core.bundle.writing import make_bundle
from cauce.core.trees.model import read_xgboost
from cauce.errors import CauceError

TASKS = ("binary", "multiclass", "regression")


@pytest.mark.parametrize("task", TASKS)
def test_a_row_scores_as_its_batch_on_dirty_rows(task: str) -> None:
    """A service would answer otherwise than the nightly batch, and nobody could say which is right."""
    scorer = small.bundle(task).scorer(threads=1)
    frame = small.rows(600, seed=5)
    raw = frame.select(pl.exclude("id")).to_dicts()
    batch, single = scorer(frame), scorer.score_rows(raw)
    assert np.array_equal(scorer.matrix(frame), scorer.matrix_of_rows(raw), equal_nan=True)
    for name in [one for one in batch.columns if batch.schema[one].is_numeric()]:
        ours, theirs = np.array([row[name] for row in single]), batch.get_column(name).to_numpy()
        assert (np.abs(ours - theirs) / np.maximum(1, np.abs(theirs))).max() <= 1e-6
    assert scorer.score_row(raw[3]) == single[3]


@pytest.mark.parametrize("task", TASKS)
def test_scores_are_those_of_xgboost_itself(task: str) -> None:
    """Features or classes in another order would give every row the score of another question."""
    import xgboost

    scorer, frame = small.bundle(task).scorer(threads=1), small.rows(300, seed=6)
    booster = xgboost.Booster(model_file=bytearray(small.payload(task)))
    types = ["c" if one.levels else "q" for one in small.FEATURES]
    data = xgboost.DMatrix(scorer.matrix(frame), feature_types=types, enable_categorical=True)
    theirs = booster.predict(data)
    ours = scorer.scores(frame)
    assert np.abs((ours[:, 1] if task == "binary" else ours) - theirs).max() <= 1e-6 * max(1, theirs.max())


@pytest.mark.parametrize(
    ("labels", "kind", "values"),
    [
        ("text", pl.String, {"no", "sí"}),
        ("integer", pl.Int64, {0, 1}),
        ("boolean", pl.Boolean, {False, True}),
    ],
)
def test_predictions_are_of_the_targets_own_kind(labels: str, kind: Any, values: set[Any]) -> None:
    """A prediction "1" does not join with the label 1."""
    made = small.bundle("binary", labels).scorer(threads=1)(small.rows(200))
    assert made["prediction"].dtype == kind
    assert set(made["prediction"]) == values


def test_the_threshold_decides_in_batches_and_rows() -> None:
    """A threshold chosen in training that scoring forgets makes another confusion matrix."""
    frame = small.rows(300)
    scorer = small.bundle("binary", "text", 0.9).scorer(threads=1)
    made = scorer(frame)
    assert made["prediction"].to_list() == ["sí" if p >= 0.9 else "no" for p in made["probability_sí"]]
    rows = scorer.score_rows(frame.select(pl.exclude("id")).to_dicts())
    assert [row["prediction"] for row in rows] == made["prediction"].to_list()
    assert 0 < sum(made["prediction"] == "sí") < sum(made["probability_sí"] >= 0.5)


def test_the_most_probable_class_is_predicted_and_numbers_on_request() -> None:
    """Evaluation counts class numbers; users see classes."""
    frame = small.rows(300)
    named = small.bundle("multiclass").scorer(threads=1)(frame)
    numbered = small.bundle("multiclass").scorer(threads=1, numbers=True)(frame)
    classes = ("<30", ">30", "NO")
    best = named.select(f"probability_{one}" for one in classes).to_numpy().argmax(axis=1)
    assert numbered["prediction"].to_list() == best.tolist()
    assert named["prediction"].to_list() == [classes[k] for k in best]


def test_batches_of_any_size_score_alike_and_an_empty_one_has_no_rows() -> None:
    """How a file is cut into batches must not show in its predictions."""
    frame, scorer = small.rows(500), small.bundle().scorer(keep=("id",), schema=None, threads=2)
    scorer = replace(scorer, input=small.SCHEMA.select(small.SCHEMA.names), keep=())
    whole = scorer(frame)
    assert pl.concat([scorer(part) for part in frame.iter_slices(37)]).equals(whole)
    assert scorer(frame.clear()).schema == whole.schema
    assert scorer.score_rows([]) == []


def test_a_scorer_that_was_sent_to_a_worker_scores_alike() -> None:
    """Spark's executors receive the scorer as bytes."""
    frame, scorer = small.rows(100), small.bundle().scorer(threads=1)
    expected = scorer(frame)
    sent = pickle.loads(pickle.dumps(scorer))
    assert sent(frame).equals(expected)
    assert len(pickle.dumps(scorer)) < len(small.payload("binary")) + 40_000


def test_a_kept_column_called_as_a_result_is_refused() -> None:
    """One of the two columns would silently win."""
    frame = small.rows(5).rename({"distance": "prediction"})
    model = small.bundle()
    schema = type(small.SCHEMA)(
        tuple(replace(one, name="prediction") if one.name == "distance" else one for one in small.SCHEMA)
    )
    scorer = replace(model.scorer(schema=schema), features=model.manifest.features[1:2], keep=("prediction",))
    with pytest.raises(CauceError, match="E1214"):
        scorer(frame)


def test_large_numbers_round_once_in_both_evaluators() -> None:
    """2^60 + 1 by way of a double lands in another float32 than directly: another side of a split."""
    values = [2**60 + 2**36 + 1, 2**53 + 1, 2**24 + 1, -(2**62) - 1, 2**63 - 1, 0, None]
    batch = matrix_of(pl.DataFrame({"^a$": pl.Series(values, dtype=pl.Int64)}))
    assert np.array_equal(batch, matrix_of_rows([[value] for value in values]), equal_nan=True)
    odd = [1e300, -1e300, float("inf"), float("-inf"), float("nan"), 1e38, 3.5e38, -0.0, 1e-46, None]
    batch = matrix_of(pl.DataFrame({"*": pl.Series(odd, dtype=pl.Float64)}))
    rows = matrix_of_rows([[value] for value in odd])
    assert np.array_equal(batch, rows, equal_nan=True)
    assert np.nanmax(np.abs(rows)) == np.float32(1e38)


def test_features_that_do_not_fit_the_trees_are_refused() -> None:
    """A column too few would shift every feature."""
    draft = small.draft()
    fewer = replace(draft, manifest=replace(draft.manifest, features=small.FEATURES[:-1]))
    with pytest.raises(CauceError, match="E1217"):
        make_bundle(fewer)


def test_golden_rows_are_made_from_the_model_alone_and_reach_its_corners() -> None:
    """Golden rows that hold data would leak it; dull ones would prove nothing."""
    golden, again = small.bundle().golden, make_bundle(small.draft())
    assert again.identity == small.bundle().identity
    rows = golden.rows
    assert rows.height == 200
    assert all(rows.get_column(name).null_count() > 5 for name in rows.columns)
    texts = set(rows.get_column(small.HOSTILE).to_list())
    assert {*small.LEVELS, "ñandú ∅", None} <= texts
    assert {float("inf"), 1e300, -0.0} <= set(rows["distance"].to_list())
    ensemble = read_xgboost(small.payload("binary"))
    splits = {float(one) for tree in ensemble.trees for one in tree.threshold[tree.feature == 0]}
    assert set(rows["distance"].drop_nulls().to_list()) & splits
    assert len(np.unique(golden.scores[:, 1])) > 20


@pytest.mark.parametrize("task", TASKS)
def test_a_row_alone_scores_as_among_others_to_the_last_bit(task: str) -> None:
    """The way a service takes is another one; a difference would be nobody's to explain."""
    scorer = small.bundle(task, threshold=0.3 if task == "binary" else None).scorer(payload="onnx", threads=1)
    score = rows_scorer(scorer)
    rows = small.rows(500, seed=21).select(pl.exclude("id")).to_dicts()
    rows += [{**rows[0], "stops": value} for value in (2**63 - 1, -(2**63), 2**53 + 1, 2**24 + 1, None)]
    rows += [{**rows[0], "distance": value} for value in (1e300, -1e300, math.inf, math.nan, 3e38, 1e38)]
    alone = [repr(scorer.score_row(row)) for row in rows]
    assert [repr(one) for row in rows for one in score((row,))] == alone
    assert [repr(one) for one in score(rows)] == [repr(one) for one in scorer.score_rows(rows)]
