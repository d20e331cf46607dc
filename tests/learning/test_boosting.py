"""A fit learns what XGBoost would, from streamed batches, whatever their order and number."""

from __future__ import annotations

import dataclasses
import json
import tracemalloc
from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
import sklearn.metrics
import xgboost
from boosting_data import TASKS, matrix, spec, table
from sklearn.utils.class_weight import compute_class_weight

from cauce.core.boosting import BoostSpec, Round
from cauce.core.scoring import load_scorer
from cauce.core.trees.model import read_xgboost
from cauce.engines.local.boosting import boost


def scores(payload: bytes, frame: pl.DataFrame) -> np.ndarray:
    return load_scorer(payload, "xgboost")(matrix(frame))


def log_loss(frame: pl.DataFrame, given: np.ndarray, *, weighted: bool = False) -> float:
    shares = given.astype(float) / given.astype(float).sum(axis=1, keepdims=True)
    weight = frame["weight"] if weighted else None
    return sklearn.metrics.log_loss(
        frame["label"], shares, sample_weight=weight, labels=range(given.shape[1])
    )


def pieces(frame: pl.DataFrame, rows: int) -> Iterator[pl.DataFrame]:
    return (frame.slice(start, rows) for start in range(0, frame.height, rows))


def split(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    return frame.filter(pl.col("fold") == 0), frame.filter(pl.col("fold") == 1)


OPTIONS = {
    "plain": {},
    "categories in sets": {"parameters": {"max_cat_to_onehot": 1}},
    "weights": {"weight": "weight"},
    "balanced": {"parameters": {"class_weight": "balanced"}},
    "early stopping": {"early_stopping": 3, "parameters": {"rounds": 40, "eta": 0.8}},
    "rows and features drawn": {"parameters": {"subsample": 0.6, "colsample_bytree": 0.6}},
}
CASES = [(task, name) for task in TASKS for name in OPTIONS if (task, name) != ("regression", "balanced")]


@pytest.mark.parametrize(("task", "option"), CASES)
def test_the_model_is_the_same_bytes_in_any_order_batching_and_threads(task: str, option: str) -> None:
    """Two engines, or two readings of the same table, would register different models."""
    frame = table(4000, task=task)
    asked = spec(task, cut_rows=700, **OPTIONS[option])
    expected = boost(lambda: iter([frame]), asked)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=3)
    for batches, changed in (
        (lambda: pieces(shuffled, 333), asked),
        (lambda: iter([frame]), dataclasses.replace(asked, threads=2)),
        (lambda: pieces(frame.reverse(), 1000), dataclasses.replace(asked, memory=0)),
    ):
        assert boost(batches, changed) == expected


def test_every_tree_sees_the_share_of_rows_that_was_asked_for() -> None:
    """subsample would mean something else than in XGBoost; and another seed would draw the same rows."""
    frame = table(3000).with_columns(fold=pl.lit(0, dtype=pl.Int64))
    asked = spec(parameters={"subsample": 0.6, "rounds": 3}, weight="weight")
    first = boost(lambda: iter([frame]), asked)
    for tree in json.loads(first.payload)["learner"]["gradient_booster"]["model"]["trees"][:1]:
        share = float(start_share(frame))
        root = tree["sum_hessian"][0] / (share * (1 - share))
        assert root == pytest.approx(0.6 * frame["weight"].to_numpy().sum(), rel=0.06)
    other = boost(lambda: iter([frame]), dataclasses.replace(asked, seed=1))
    assert other.payload != first.payload


def start_share(frame: pl.DataFrame) -> float:
    return float(np.average(frame["label"].to_numpy(), weights=frame["weight"].to_numpy()))


def test_quality_is_that_of_plain_xgboost() -> None:
    """Shared cuts would cost accuracy."""
    frame = table(20_000, seed=4)
    train, test = split(frame)
    result = boost(lambda: iter([train]), spec(cut_rows=5000, parameters={"rounds": 50}))
    kinds = ["q", "q", "q", "q", "c"]
    data = xgboost.QuantileDMatrix(
        matrix(train), label=train["label"], feature_types=kinds, enable_categorical=True
    )
    plain = xgboost.train({"objective": "binary:logistic", "nthread": 1}, data, 50)
    ours = sklearn.metrics.roc_auc_score(test["label"], scores(result.payload, test)[:, 1])
    theirs = sklearn.metrics.roc_auc_score(test["label"], plain.inplace_predict(matrix(test)))
    assert abs(ours - theirs) < 0.005
    assert ours > 0.9


@pytest.mark.parametrize("task", TASKS)
def test_the_history_is_what_the_saved_model_scores(task: str) -> None:
    """The curve in the report would belong to another model than the one saved."""
    frame = table(6000, task=task)
    result = boost(
        lambda: iter([frame]),
        spec(task, early_stopping=4, weight="weight", parameters={"rounds": 60, "eta": 0.9}),
    )
    train, validation = split(frame)
    best = result.history[result.best_round]
    assert best.validation == min(
        round_.validation for round_ in result.history if round_.validation is not None
    )
    assert len(result.history) == result.best_round + 5 or len(result.history) == 60
    for figure, part in ((best.train, train), (best.validation, validation)):
        given = scores(result.payload, part)
        if task == "regression":
            expected = sklearn.metrics.root_mean_squared_error(
                part["label"], given, sample_weight=part["weight"]
            )
        else:
            expected = log_loss(part, given, weighted=True)
        assert figure == pytest.approx(expected, rel=2e-5)
    assert len(read_xgboost(result.payload).trees) == (result.best_round + 1) * (
        3 if task == "multiclass" else 1
    )
    assert (result.rows, result.validation_rows) == (train.height, validation.height)


@pytest.mark.parametrize("task", TASKS)
def test_a_weight_of_two_is_a_row_twice_and_of_zero_no_row(task: str) -> None:
    """Weights would mean something else than "counts so many times"."""
    frame = table(1500, task=task).with_columns(pl.col("a", "b", "c").round(1))
    frame = frame.with_columns(pl.Series("weight", np.arange(1500) % 3, dtype=pl.Float64))
    doubled = pl.concat([frame.filter(pl.col("weight") >= 1), frame.filter(pl.col("weight") == 2)])
    weighted = boost(lambda: iter([frame]), spec(task, weight="weight"))
    repeated = boost(lambda: iter([doubled]), spec(task))
    np.testing.assert_allclose(
        scores(weighted.payload, frame), scores(repeated.payload, frame), rtol=1e-5, atol=1e-6
    )


def test_balanced_classes_weigh_as_in_scikit_learn() -> None:
    """ "balanced" would mean something private."""
    frame = table(3000, task="multiclass").filter((pl.col("label") > 0) | (pl.int_range(pl.len()) % 4 == 0))
    train, _ = split(frame)
    given = compute_class_weight("balanced", classes=np.arange(3), y=train["label"].to_numpy())
    balanced = boost(lambda: iter([frame]), spec("multiclass", parameters={"class_weight": "balanced"}))
    by_table = boost(
        lambda: iter([frame]), spec("multiclass", parameters={"class_weight": tuple(given.tolist())})
    )
    assert balanced.payload == by_table.payload
    by_row = frame.with_columns(weight=pl.Series(given[frame["label"].cast(pl.Int64).to_numpy()]))
    rowwise = boost(lambda: iter([by_row]), spec("multiclass", weight="weight"))
    np.testing.assert_allclose(scores(balanced.payload, frame), scores(rowwise.payload, frame), atol=1e-6)


def test_the_first_score_is_the_weighted_share_or_mean() -> None:
    """A constant feature must predict the base rate, not a half."""
    frame = table(999).with_columns(*(pl.lit(1.0).alias(name) for name in "abcde"))
    train, _ = split(frame)
    share = scores(boost(lambda: iter([frame]), spec(weight="weight", levels=2)).payload, frame)[0, 1]
    assert share == pytest.approx(np.average(train["label"], weights=train["weight"]), abs=1e-4)
    numbers = table(999, task="regression").with_columns(*(pl.lit(1.0).alias(name) for name in "abcde"))
    train, _ = split(numbers)
    value = scores(
        boost(lambda: iter([numbers]), spec("regression", weight="weight", levels=2)).payload, numbers
    )[0]
    assert value == pytest.approx(np.average(train["label"], weights=train["weight"]), rel=1e-4)
    classes = table(999, task="multiclass").with_columns(*(pl.lit(1.0).alias(name) for name in "abcde"))
    train, _ = split(classes)
    shares = scores(boost(lambda: iter([classes]), spec("multiclass", levels=2)).payload, classes)[0]
    assert shares == pytest.approx(np.bincount(train["label"].cast(pl.Int64)) / train.height, abs=1e-3)


def test_infinite_values_train_as_the_largest_and_nulls_as_missing() -> None:
    """One infinite quotient would stop the fit, or turn missing into a number."""
    frame = table(2000)
    broken = frame.with_columns(
        a=pl.when(pl.col("a") > 1.5)
        .then(float("inf"))
        .when(pl.col("a") < -1.5)
        .then(-1e300)
        .otherwise(pl.col("a")),
        b=pl.when(pl.col("b").is_null()).then(float("nan")).otherwise(pl.col("b")),
    )
    large = broken.with_columns(pl.col("a").clip(-1e38, 1e38), b=frame["b"])
    first = boost(lambda: iter([broken]), spec())
    second = boost(lambda: iter([large]), spec())
    assert first == second
    assert sklearn.metrics.roc_auc_score(frame["label"], scores(first.payload, broken)[:, 1]) > 0.85


def test_rows_beyond_the_sample_train_and_score_alike() -> None:
    """Values and categories that the sample lacks would train in one bin and score in another."""
    frame = table(5000, levels=60)
    result = boost(lambda: iter([frame]), spec(levels=60, cut_rows=40))
    sample = frame.filter(pl.col("fold") == 0).sort("lane0").head(40)
    figure = log_loss(sample, scores(result.payload, sample))
    assert result.history[-1].train == pytest.approx(figure, rel=2e-5)
    assert result.cuts.rows == 40
    assert result.cuts.bins[4] == 60
    everyone = log_loss(frame, scores(result.payload, frame))
    assert everyone < 0.45


def test_gain_importance_keeps_the_names() -> None:
    """The report would speak of f0 and f3."""
    frame = table(2000).rename({"a": "días [%] <x>"})
    names = ("días [%] <x>", "b", "c", "d", "e")
    result = boost(lambda: iter([frame]), spec(features=names))
    gains = dict(result.importance)
    assert tuple(gains) == names
    assert max(gains, key=gains.__getitem__) == names[0]
    plain = xgboost.Booster(model_file=bytearray(result.payload)).get_score(importance_type="total_gain")
    assert gains["b"] == pytest.approx(plain["f1"])


def test_rounds_are_observed_and_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """A long fit would show no progress, or XGBoost's own lines."""
    seen: list[Round] = []
    result = boost(lambda: iter([table(300)]), spec(), observe=seen.append)
    assert seen == list(result.history)
    assert capfd.readouterr() == ("", "")


def test_rows_beyond_the_memory_set_aside_are_not_kept() -> None:
    """A table larger than memory would fill it."""
    rows, columns = 20_000, [f"c{number}" for number in range(20)]

    def batches() -> Iterator[pl.DataFrame]:
        for number in range(40):
            random = np.random.default_rng(number)
            values = random.standard_normal((rows, 20), dtype=np.float32)
            lane = random.integers(0, 1 << 63, rows, dtype=np.uint64)
            frame = pl.DataFrame(dict(zip(columns, values.T, strict=True)))
            yield frame.with_columns(
                label=pl.Series(values[:, 0] > 0).cast(pl.Int8), fold=0, lane0=lane, lane1=lane
            )

    def peak(memory: int) -> float:
        asked = spec(
            features=tuple(columns), levels=(), memory=memory, cut_rows=500, parameters={"rounds": 1}
        )
        tracemalloc.start()
        boost(batches, asked)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most / (rows * 20 * 4)

    assert peak(1 << 30) > 39
    assert peak(0) < 16


@pytest.mark.parametrize("task", TASKS)
def test_the_smallest_tables_fit(task: str) -> None:
    """Two rows, one feature, a feature that is always missing: an answer, not a crash."""
    labels = {"binary": [0.0, 1.0], "multiclass": [0.0, 2.0], "regression": [1.0, 3.0]}[task]
    frame = table(2, task=task).with_columns(
        pl.Series("label", labels),
        pl.lit(None, dtype=pl.Float64).alias("b"),
        fold=pl.lit(0),
        a=pl.Series([1, 2]),
    )
    for features in (("a",), ("b",), ("a", "b")):
        asked = spec(task, features=features, levels=(), parameters={"min_child_weight": 0})
        payload = boost(lambda: iter([frame]), asked).payload
        given = load_scorer(payload, "xgboost")(matrix(frame, "".join(features)))
        assert np.isfinite(given).all()
        if task == "regression" and features == ("a",):
            assert given[0] < 2 < given[1]


def test_columns_are_those_the_fit_reads() -> None:
    """An engine would read columns that the fit does not need, or miss one."""
    asked: BoostSpec = spec(weight="weight")
    frame = table(200).select(asked.columns)
    assert boost(lambda: iter([frame]), asked).rows > 100
