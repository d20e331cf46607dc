"""A level's mean target helps new rows and never tells a training row its own target."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from feature_tables import declared, fitted, prepare, schema_of
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import TargetEncoder

from cauce.core.columns import FOLD, INNER_FOLD, TARGET, TEST, TRAIN, VALIDATION, WEIGHT
from cauce.core.features import FittedFeatures, Roles
from cauce.core.features.plan import prepared
from cauce.spec.features import Scale, TargetMean

TABLE = pl.DataFrame({"x": ["a", "a", "a", "b", "b", None, None]})
TARGETS = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0]


def training_values(features: FittedFeatures, frame: pl.DataFrame) -> pl.DataFrame:
    return features.training_projection(prepared(schema_of(frame)))(frame)


def test_the_hand_worked_table_comes_out() -> None:
    """Mean of all 3/7; smoothing 2: a (2 + 6/7) / 5, b (6/7) / 4, missing (1 + 6/7) / 4, unseen 3/7."""
    frame = prepare(TABLE, TARGETS)
    features = fitted(frame, declared({"x": (TargetMean(smoothing=2.0),)}))
    rows = pl.DataFrame({"x": ["a", "b", None, "z", ""]})
    made = features.projection(schema_of(TABLE))(rows)["x:target_mean"].to_list()
    prior = 3 / 7
    assert made == pytest.approx([(2 + 2 * prior) / 5, 2 * prior / 4, (1 + 2 * prior) / 4, prior, prior])


def test_a_training_row_is_encoded_by_the_other_folds_alone() -> None:
    """By hand for row 0: fold 0 holds rows 0 and 5; outside it a is (0, 1), all are (0, 1, 0, 0, 0)."""
    frame = prepare(TABLE, TARGETS)
    features = fitted(frame, declared({"x": (TargetMean(smoothing=2.0),)}))
    made = training_values(features, frame)["x:target_mean"].to_list()
    prior = 1 / 5
    assert made[0] == pytest.approx((1 + 2 * prior) / 4)
    assert made[5] == pytest.approx((0 + 2 * prior) / 3)


def test_rows_that_do_not_train_are_encoded_as_new_rows() -> None:
    """Otherwise early stopping would judge on other features than the ones that are served."""
    fold = [TRAIN, TRAIN, TRAIN, TRAIN, VALIDATION, TEST, TRAIN]
    frame = prepare(TABLE, TARGETS, fold)
    features = fitted(frame, declared({"x": (TargetMean(),)}))
    new = features.projection(schema_of(TABLE))(TABLE)["x:target_mean"]
    trained = training_values(features, frame)["x:target_mean"]
    assert trained.gather([4, 5]).to_list() == new.gather([4, 5]).to_list()
    assert trained[0] != new[0]


def test_new_rows_get_scikit_learns_encoding() -> None:
    """Its TargetEncoder with the same smoothing is the same formula."""
    random = np.random.default_rng(5)
    frame = pl.DataFrame({"x": random.choice(list("abcdefgh"), 500)})
    target = random.normal(size=500) + (frame["x"].to_numpy() == "c")
    features = fitted(prepare(frame, list(target)), declared({"x": (TargetMean(),)}), task="regression")
    ours = features.projection(schema_of(frame))(frame)["x:target_mean"].to_numpy()
    encoder = TargetEncoder(smooth=20.0, target_type="continuous").fit(frame.to_numpy(), target)
    np.testing.assert_allclose(ours, encoder.transform(frame.to_numpy())[:, 0], rtol=1e-9)


def test_pure_noise_with_many_levels_does_not_look_useful() -> None:
    """In-fold, 2,000 levels of 5 rows would seem to predict a coin (AUC .9); a model would believe it."""
    random = np.random.default_rng(1)
    rows = 10_000
    level = pl.DataFrame({"x": [f"id{k}" for k in random.integers(0, 2000, rows)]})
    target = random.integers(0, 2, rows).astype(float)
    frame = prepare(level, list(target)).with_columns(pl.Series(INNER_FOLD, random.integers(0, 5, rows)))
    features = fitted(frame, declared({"x": (TargetMean(smoothing=0.0),)}))
    infold = roc_auc_score(target, features.projection(schema_of(level))(level).to_series())
    outside = roc_auc_score(target, training_values(features, frame).to_series())
    assert infold > 0.75
    assert abs(outside - 0.5) < 0.02


def test_a_row_target_never_reaches_its_own_encoding() -> None:
    """Turning one training row's target over leaves its own encoding as it was, and moves others'."""
    random = np.random.default_rng(2)
    level = pl.DataFrame({"x": random.choice(list("abc"), 60)})
    target = list(random.integers(0, 2, 60).astype(float))
    declaration = declared({"x": (TargetMean(folds=3),)})
    before = prepare(level, target)
    for row in (0, 17, 59):
        changed = [1 - value if k == row else value for k, value in enumerate(target)]
        after = prepare(level, changed)
        one = training_values(fitted(before, declaration), before).to_series()
        other = training_values(fitted(after, declaration), after).to_series()
        assert one[row] == other[row]
        assert (one != other).any()


def test_each_class_has_its_own_share() -> None:
    """With three classes one number could not say which of them a level goes with."""
    frame = prepare(TABLE, [0.0, 1.0, 2.0, 2.0, 2.0, 0.0, 1.0])
    features = fitted(
        frame, declared({"x": (TargetMean(smoothing=0.0),)}), task="multiclass", classes=("u", "v", "w")
    )
    assert features.names == ("x:target_mean=u", "x:target_mean=v", "x:target_mean=w")
    made = features.projection(schema_of(TABLE))(TABLE).rows()
    assert made[0] == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert made[3] == pytest.approx((0, 0, 1))


def test_steps_after_a_target_mean_keep_both_encodings() -> None:
    """A scaled encoding is still out of fold for training rows, scaled by what those rows hold."""
    frame = prepare(TABLE, TARGETS)
    plain = fitted(frame, declared({"x": (TargetMean(),)}))
    scaled = fitted(frame, declared({"x": (TargetMean(), Scale())}))
    trained = training_values(plain, frame).to_series().to_numpy()
    shift, spread = trained.mean(), trained.std(ddof=1)
    new = plain.projection(schema_of(TABLE))(TABLE).to_series().to_numpy()
    np.testing.assert_allclose(training_values(scaled, frame).to_series(), (trained - shift) / spread)
    np.testing.assert_allclose(scaled.projection(schema_of(TABLE))(TABLE).to_series(), (new - shift) / spread)


@pytest.mark.parametrize(
    "values", [[1, 2, None, 2], [True, None, False, True], [1.5, float("nan"), None, 2.0]]
)
def test_any_kind_of_level_has_a_mean(values: list[Any]) -> None:
    frame = prepare(pl.DataFrame({"x": values}, strict=False), [1.0, 0.0, 1.0, 1.0])
    features = fitted(frame, declared({"x": (TargetMean(smoothing=0.0),)}))
    made = features.projection(schema_of(frame))(frame).to_series().to_list()
    groups: dict[Any, list[float]] = {}
    for value, target in zip(values, frame[TARGET], strict=True):
        groups.setdefault(None if value != value else value, []).append(target)
    wanted = [np.mean(groups[None if value != value else value]) for value in values]
    assert made == pytest.approx(wanted)
    assert FOLD in frame.columns


WEIGHTS = [1.0, 3.0, 2.0, 0.5, 0.0, 4.0, 2.5]
WEIGHTED = {"roles": Roles(weight="w")}


def weighted_features(weights: list[float], smoothing: float = 2.0) -> tuple[FittedFeatures, pl.DataFrame]:
    frame = prepare(TABLE, TARGETS).with_columns(pl.Series(WEIGHT, weights))
    return fitted(frame, declared({"x": (TargetMean(smoothing=smoothing),)}), **WEIGHTED), frame


def test_weighted_rows_count_by_their_weight() -> None:
    """A row that stands for a thousand customers would count as one, in a model that weighs it right."""
    features, frame = weighted_features(WEIGHTS)
    made = features.projection(schema_of(TABLE))(TABLE).to_series().to_list()
    scaled = np.array(WEIGHTS) * len(WEIGHTS) / sum(WEIGHTS)
    prior = np.average(TARGETS, weights=WEIGHTS)
    for level, where in (("a", [0, 1, 2]), ("b", [3, 4]), (None, [5, 6])):
        mean = np.average(np.array(TARGETS)[where], weights=scaled[where])
        total = scaled[where].sum()
        expected = (total * mean + 2 * prior) / (total + 2)
        assert made[TABLE["x"].to_list().index(level)] == pytest.approx(expected)
    trained = training_values(features, frame).to_series()
    rest = [1, 2, 3, 4, 6]
    outside = np.average(np.array(TARGETS)[rest], weights=scaled[rest])
    total = scaled[[1, 2]].sum()
    mean = np.average(np.array(TARGETS)[[1, 2]], weights=scaled[[1, 2]])
    assert trained[0] == pytest.approx((total * mean + 2 * outside) / (total + 2))


def test_a_whole_weight_is_as_many_rows() -> None:
    """Weights and repeated rows are two ways to say the same."""
    counts = [1, 3, 2, 1, 2, 4, 2]
    weighed, frame = weighted_features([float(count) for count in counts], smoothing=0.0)
    rows = [place for place, count in enumerate(counts) for _ in range(count)]
    repeated = prepare(TABLE, TARGETS).select(pl.all().gather(rows))
    plain = fitted(repeated, declared({"x": (TargetMean(smoothing=0.0),)}))
    new = (weighed.projection(schema_of(TABLE))(TABLE), plain.projection(schema_of(TABLE))(TABLE))
    np.testing.assert_allclose(new[0].to_series(), new[1].to_series())
    trained = training_values(weighed, frame).select(pl.all().gather(rows)).to_series()
    np.testing.assert_allclose(trained, training_values(plain, repeated).to_series())


def test_the_unit_of_the_weights_changes_nothing() -> None:
    """Weights in thousands would switch the smoothing off."""
    one, _ = weighted_features(WEIGHTS)
    other, _ = weighted_features([1000 * weight for weight in WEIGHTS])
    ones, others = (each.projection(schema_of(TABLE))(TABLE).to_series() for each in (one, other))
    np.testing.assert_allclose(ones, others)


def test_weights_of_one_and_none_at_all_teach_the_same() -> None:
    one, frame = weighted_features([1.0] * 7)
    none = fitted(frame, declared({"x": (TargetMean(smoothing=2.0),)}))
    assert training_values(one, frame).equals(training_values(none, frame))
