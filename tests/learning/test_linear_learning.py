"""Linear and logistic models from prepared rows: the numbers of solvers that see every row at once."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import ElasticNet, LogisticRegression

from cauce.core.columns import FOLD, TARGET, WEIGHT
from cauce.core.linear.coefficients import Coefficients
from cauce.core.linear.model import LinearModel
from cauce.core.task import Target
from cauce.engines.local.engine import LocalEngine
from cauce.errors import CauceError, CauceWarning
from cauce.expr.nodes import Column
from cauce.expr.schema import Field, Schema
from cauce.running.linear_learning import LogisticSettings, learn_linear, learn_logistic
from cauce.spec import Penalty, StrengthPath
from cauce.testing.engines import FrameSource

ROWS, WIDTH = 900, 5


def prepared(rows: np.ndarray, target: np.ndarray, **given: Any) -> tuple[Any, tuple[str, ...]]:
    """A table of features, target, weight and fold, every fifth row validating."""
    names = tuple(f"x{place}" for place in range(rows.shape[1]))
    count = len(target)
    frame = pl.DataFrame(
        {
            **dict(zip(names, rows.T, strict=True)),
            TARGET: target.astype(np.float64),
            WEIGHT: given.get("weights", np.ones(count)),
            FOLD: given.get("fold", np.where(np.arange(count) % 5 == 4, 1, 0)),
        },
        schema_overrides={FOLD: pl.Int64},
    )
    fields = [Field(name, "integer" if name == FOLD else "float") for name in frame.columns]
    return LocalEngine().scan(FrameSource(frame, Schema(tuple(fields)), rows=97)), names


def made(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of very different sizes, a number and weights."""
    drawn = np.random.default_rng(seed)
    rows = drawn.normal(size=(ROWS, WIDTH)) * [1e-3, 1.0, 40.0, 1e4, 3.0] + [0, 5.0, -90.0, 2e4, 1.0]
    rows = rows.astype(np.float32).astype(np.float64)
    target = rows @ [900.0, 2.0, -0.1, 1e-4, 0.0] + drawn.normal(size=ROWS)
    return rows, target, drawn.integers(0, 4, ROWS).astype(np.float64)


def linear(rows: np.ndarray, target: np.ndarray, **given: Any) -> tuple[LinearModel, Coefficients]:
    penalty = given.pop("penalty", None)
    table, names = prepared(rows, target, **given)
    return learn_linear(LocalEngine(), table, features=names, penalty=penalty)


def classes(count: int) -> Target:
    task = "binary" if count == 2 else "multiclass"
    names = tuple(f"class {place}" for place in range(count))
    return Target("y", Column("y"), "text", task, names)  # type: ignore[arg-type]


def logistic(rows: np.ndarray, target: np.ndarray, **given: Any) -> tuple[LinearModel, Coefficients]:
    settings = LogisticSettings(
        penalty=given.pop("penalty", Penalty(strength=0.001)), class_weight=given.pop("class_weight", "none")
    )
    count = given.pop("classes", int(target.max()) + 1)
    table, names = prepared(rows, target, **given)
    return learn_logistic(LocalEngine(), table, features=names, target=classes(count), settings=settings)


def trains(weights: np.ndarray) -> np.ndarray:
    return (np.arange(len(weights)) % 5 != 4) & (weights > 0)


def test_least_squares_are_those_of_statsmodels_with_errors_and_intervals() -> None:
    """A user who compares must find the same coefficient, error and interval to many digits."""
    api = pytest.importorskip("statsmodels.api")
    rows, target, weights = made()
    model, found = linear(rows, target, weights=weights)
    kept = trains(weights)
    other = api.WLS(target[kept], api.add_constant(rows[kept]), weights=weights[kept]).fit()
    own = np.array([one.own for one in found.rows])
    np.testing.assert_allclose(own, other.params, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose([one.error for one in found.rows], other.bse, rtol=1e-6)
    ends = np.array([[one.low, one.high] for one in found.rows])
    np.testing.assert_allclose(ends, other.conf_int(0.05), rtol=1e-5, atol=1e-9)
    assert [one.feature for one in found.rows] == [None, "x0", "x1", "x2", "x3", "x4"]
    assert found.scans == 1
    expected = other.predict(api.add_constant(rows))
    np.testing.assert_allclose(model.scores(rows.astype(np.float32)), expected, rtol=1e-5)


@pytest.mark.parametrize(("strength", "ratio"), [(0.1, 0.0), (0.2, 0.5), (0.05, 1.0)])
def test_a_penalty_shrinks_as_scikit_learn_does_on_standardised_features(
    strength: float, ratio: float
) -> None:
    """The same lambda must mean the same model, whatever the units of the features."""
    rows, target, _weights = made(1)
    _model, found = linear(rows, target, penalty=Penalty(strength=strength, l1_ratio=ratio))
    kept = trains(np.ones(ROWS))
    scaled = (rows[kept] - rows[kept].mean(axis=0)) / rows[kept].std(axis=0)
    other = ElasticNet(alpha=strength, l1_ratio=ratio, tol=1e-12, max_iter=10**6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other.fit(scaled, target[kept])
    np.testing.assert_allclose([one.standardised for one in found.rows[1:]], other.coef_, atol=1e-6)
    assert all(one.error is None for one in found.rows), "the textbook's errors hold without a penalty alone"


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("class_weight", ["none", "balanced"])
def test_probabilities_are_those_of_scikit_learn(count: int, class_weight: Any) -> None:
    """Two tools that are told the same must give the same probabilities, with weights of rows and classes."""
    rows, target, weights = made(2)
    edges = np.quantile(target, [0.8] if count == 2 else [0.3, 0.8])
    labels = np.searchsorted(edges, target + np.random.default_rng(9).normal(size=ROWS) * 3).astype(float)
    penalty = Penalty(strength=0.02)
    model, found = logistic(rows, labels, weights=weights, class_weight=class_weight, penalty=penalty)
    kept = trains(weights)
    means = np.average(rows[kept], axis=0, weights=weights[kept])
    spread = np.sqrt(np.average((rows[kept] - means) ** 2, axis=0, weights=weights[kept]))
    by_class = np.ones(count)
    if class_weight == "balanced":
        by_class = kept.sum() / (count * np.bincount(labels[kept].astype(int)))
    whole = weights * by_class[labels.astype(int)]
    other = LogisticRegression(C=1 / (0.02 * whole[kept].sum()), tol=1e-10, max_iter=10**4)
    scaled = (rows - means) / spread
    other.fit(scaled[kept], labels[kept], sample_weight=whole[kept])
    np.testing.assert_allclose(model.scores(rows.astype(np.float32)), other.predict_proba(scaled), atol=2e-6)
    assert found.scans >= 3
    assert {one.output for one in found.rows} == ({None} if count == 2 else {"class 0", "class 1", "class 2"})


def test_coefficients_survive_their_record() -> None:
    """What the report and an old run show must be what was learned."""
    _model, found = linear(*made()[:2])
    assert Coefficients.from_json(found.to_json()) == found


def test_features_that_say_the_same_are_named() -> None:
    """A coefficient that two features share by chance must not be read as an effect."""
    rows, target, _weights = made(3)
    rows[:, 4] = rows[:, 1] * 2
    with pytest.warns(CauceWarning, match="x1, x4") as told:
        model, found = linear(rows, target)
    assert len(told) == 1
    assert found.collinear == ("x1", "x4")
    expected = np.linalg.lstsq(
        np.column_stack((np.ones(720), rows[trains(np.ones(ROWS))])), target[trains(np.ones(ROWS))]
    )[0]
    predicted = np.column_stack((np.ones(ROWS), rows)) @ expected
    np.testing.assert_allclose(model.scores(rows.astype(np.float32)), predicted, rtol=1e-4)
    assert [one.error for one in found.rows if one.feature in ("x1", "x4")] == [None, None]


def test_a_constant_feature_takes_no_part() -> None:
    """A column that never changes must neither fail nor get a weight of its own."""
    rows, target, _weights = made(4)
    rows[:, 2] = 16_777_216.0
    labels = (target > np.median(target)).astype(float)
    for model, found in (linear(rows, target), logistic(rows, labels)):
        assert found.constant == ("x2",)
        assert model.coefficients[0, 2] == 0
        assert np.isfinite(model.scores(rows.astype(np.float32))).all()


def test_more_features_than_rows_give_an_answer_and_a_warning() -> None:
    """p > n is common in small studies; a crash or NaN would leave the user with nothing."""
    drawn = np.random.default_rng(5)
    rows = drawn.normal(size=(20, 40)).astype(np.float32).astype(np.float64)
    with pytest.warns(CauceWarning, match="no more training rows"):
        model, found = linear(rows, rows[:, 0])
    assert all(one.error is None for one in found.rows)
    kept = np.arange(20) % 5 != 4
    np.testing.assert_allclose(model.scores(rows.astype(np.float32))[kept], rows[kept, 0], atol=1e-4)


def test_separated_classes_are_told_or_shrunk() -> None:
    """Without a penalty coefficients grow for ever where a feature decides the class."""
    rows, _target, _weights = made(6)
    labels = (rows[:, 1] > 5).astype(float)
    with pytest.raises(CauceError, match="separate") as caught:
        logistic(rows, labels, penalty=Penalty(strength=0.0))
    assert caught.value.code == "E0820"
    model, _found = logistic(rows, labels)
    hit = (model.scores(rows.astype(np.float32))[:, 1] > 0.5) == (labels == 1)
    assert hit.mean() > 0.99


def test_one_row_of_a_class_is_enough_and_none_is_refused() -> None:
    """A class that chance left out of training must be named, not predicted as never."""
    rows, target, _weights = made(7)
    labels = (target > np.median(target)).astype(float)
    labels[0] = 2.0
    model, _found = logistic(rows, labels)
    assert np.isfinite(model.scores(rows.astype(np.float32))).all()
    labels[0] = 0.0
    with pytest.raises(CauceError, match="class 2") as caught:
        logistic(rows, labels, classes=3)
    assert caught.value.code == "E0836"


@pytest.mark.parametrize(
    ("value", "code"), [(np.nan, "E0833"), (np.inf, "E0834"), (-1e35, "E0834"), (None, "E0833")]
)
def test_a_value_that_is_none_is_refused_by_its_feature(value: float | None, code: str) -> None:
    """Leaving rows out in silence would train on the rows somebody happened to fill in."""
    rows, target, _weights = made(8)
    broken = rows.copy()
    broken[10, 3] = np.nan if value is None else value
    for fit, label in ((linear, target), (logistic, (target > np.median(target)).astype(float))):
        with pytest.raises(CauceError, match="x3") as caught:
            fit(broken, label)
        assert caught.value.code == code


def test_targets_and_rows_that_cannot_be_learned_from_are_refused() -> None:
    """An infinite target, or no row at all, must not become a model."""
    rows, target, weights = made(9)
    cases = (
        (np.where(np.arange(ROWS) == 5, np.inf, target), {}, "E0804"),
        (target, {"weights": weights * 0}, "E0801"),
        (target, {"fold": np.full(ROWS, 2)}, "E0801"),
        (target, {"penalty": Penalty(strength=(0.1, 0.2))}, "E0835"),
        (target, {"penalty": Penalty(strength=StrengthPath(path=10))}, "E0835"),
    )
    for label, given, code in cases:
        with pytest.raises(CauceError) as caught:
            linear(rows, label, **given)
        assert caught.value.code == code


def test_batches_and_validation_rows_change_nothing() -> None:
    """A model that depends on how rows were cut into batches cannot be made again."""
    rows, target, _weights = made(10)
    fold = np.where(np.arange(ROWS) % 5 == 4, 1, 0)
    model, _found = linear(rows, target, fold=fold)
    changed = np.where(fold[:, None] == 1, rows * 3, rows)
    again, _same = linear(changed, np.where(fold == 1, 0, target), fold=fold)
    np.testing.assert_array_equal(model.coefficients, again.coefficients)


def odd(drawn: np.random.Generator, count: int) -> np.ndarray:
    """A feature as tables really have them: constant, tiny, far from 0, 0/1, rising, or with outliers."""
    kinds = (
        np.full(count, drawn.choice([0.0, 9e29, -5e-39])),
        drawn.normal(size=count) * 10.0 ** drawn.uniform(-38, 29),
        drawn.normal(size=count) + 10.0 ** drawn.uniform(0, 12),
        (drawn.random(count) < 0.1).astype(float),
        np.arange(count, dtype=float),
        drawn.standard_cauchy(count),
        drawn.normal(size=count),
    )
    return kinds[drawn.integers(len(kinds))]


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.filterwarnings("ignore::cauce.errors.CauceWarning")
def test_any_table_gives_a_model_of_numbers_or_a_code(seed: int) -> None:
    """NaN in a model, or a traceback, leaves a user with nothing to go on."""
    drawn = np.random.default_rng(seed)
    count, width = int(drawn.choice([1, 3, 10, 60])), int(drawn.choice([1, 2, 30]))
    rows = np.column_stack([odd(drawn, count) for _ in range(width)])
    rows[:, -1] = rows[:, 0] if drawn.random() < 0.3 else rows[:, -1]
    weights = (np.ones(count), drawn.integers(0, 3, count).astype(float))[drawn.integers(2)]
    strength, ratio = ((0.0, 0.0), (0.1, 0.0), (0.01, 1.0), (0.3, 0.5))[drawn.integers(4)]
    target = (drawn.normal(size=count), np.full(count, 3.0), rows[:, 0] * 2)[drawn.integers(3)]
    labels = (drawn.integers(0, 3, count), rows[:, 0] > np.median(rows[:, 0]))[drawn.integers(2)].astype(
        float
    )
    for fit, label in ((linear, target), (logistic, labels)):
        classes = {} if fit is linear else {"classes": 3 if labels.max() > 1 else 2}
        try:
            model, found = fit(
                rows, label, weights=weights, penalty=Penalty(strength=strength, l1_ratio=ratio), **classes
            )
        except CauceError as failure:
            if failure.code not in ("E0801", "E0820", "E0821", "E0836", "E2161"):
                raise
            continue
        assert np.isfinite(model.scores(rows.astype(np.float32))).all()
        assert all(np.isfinite([one.own, one.standardised]).all() for one in found.rows)
