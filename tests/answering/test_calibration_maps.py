"""Calibrated probabilities are what rows show, and never turn an order round."""

from __future__ import annotations

import json
import math
import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.calibration import CalibratedClassifierCV
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from cauce.core.answering.answering import Answering
from cauce.core.answering.calibration import Calibration, Knots, Sigmoid, class_scores, expit, margins_of
from cauce.core.answering.fitting import Fitting
from cauce.core.answering.isotonic import fit_isotonic
from cauce.core.answering.platt import fit_platt
from cauce.core.task import Target
from cauce.errors import CauceError, CauceWarning
from cauce.expr import nodes as n

Counted = dict[str, Any]


def scored_rows(rows: int, seed: int, *, digits: int = 2) -> tuple[Any, Any, Any]:
    """Scores with ties, labels whose log odds are 2 × score - 1, weights."""
    draw = np.random.default_rng(seed)
    score = np.round(draw.normal(size=rows), digits)
    label = draw.random(rows) < 1 / (1 + np.exp(1 - 2 * score))
    return score, label.astype(float), draw.random(rows)


def counted(score: Any, label: Any, weight: Any) -> Counted:
    distinct, place = np.unique(score, return_inverse=True)
    sides = {"positive": weight * label, "negative": weight * (1 - label)}
    return {"score": distinct, **{name: np.bincount(place, side) for name, side in sides.items()}}


@pytest.mark.parametrize("seed", range(5))
def test_the_isotonic_curve_is_the_one_scikit_learn_finds(seed: int) -> None:
    score, label, weight = scored_rows(3000, seed)
    distinct, positive, negative = counted(score, label, weight).values()
    peer = IsotonicRegression(out_of_bounds="clip").fit(score, label, sample_weight=weight)
    low, high = 1 / (negative.sum() + 2), 1 - 1 / (positive.sum() + 2)
    expected = np.clip(peer.predict(distinct), low, high)
    found = fit_isotonic(distinct, positive=positive, negative=negative)
    grid = np.linspace(-4, 4, 3001)
    assert found(distinct) == pytest.approx(expected, abs=1e-12)
    assert found(grid) == pytest.approx(np.interp(grid, distinct, expected), abs=1e-9)
    assert len(found.scores) < distinct.size / 2


@pytest.mark.parametrize("seed", range(5))
def test_the_logistic_curve_is_the_one_that_scikit_learn_and_a_general_minimiser_find(seed: int) -> None:
    score, label, _ = scored_rows(2000, seed)
    ones = np.ones_like(score)
    curve = fit_platt(**counted(score, label, ones))
    assert curve is not None
    high, low = (label.sum() + 1) / (label.sum() + 2), 1 / ((1 - label).sum() + 2)
    target = np.where(label == 1, high, low)

    def loss(both: Any) -> float:
        values = both[0] * score + both[1]
        return float(np.sum(np.logaddexp(0, values) - target * values))

    best = minimize(loss, (1.0, 0.0), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert (curve.slope, curve.intercept) == pytest.approx(best.x, abs=1e-5)

    class Model(LogisticRegression):
        def decision_function(self, rows: Any) -> Any:
            return rows[:, 0]

    rows = score[:, np.newaxis]
    from sklearn.frozen import FrozenEstimator

    peer = CalibratedClassifierCV(FrozenEstimator(Model().fit(rows, label)), method="sigmoid", cv=None)
    expected = peer.fit(rows, label).predict_proba(rows)[:, 1]
    assert np.abs(curve(score) - expected).max() < 1e-5


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=60)
)
def test_no_curve_turns_an_order_round(rows: list[tuple[float, int, int]]) -> None:
    """A calibrated model that ranks worse than before would be a loss for who uses the ranking."""
    score = np.unique([one[0] for one in rows])
    positive, negative = (np.array([one[at] for one in rows[: score.size]], float) for at in (1, 2))
    if not (positive.sum() and negative.sum()):
        return
    grid = np.sort(np.concatenate((score, score + 0.1, np.linspace(-1e6, 1e6, 501))))
    for fit in (fit_isotonic, fit_platt):
        curve = fit(score, positive=positive, negative=negative)
        if curve is not None:
            shares = curve(grid)
            assert (np.diff(shares) >= 0).all()
            assert shares.min() >= 0
            assert shares.max() <= 1


@pytest.mark.parametrize("seed", range(3))
def test_the_area_under_the_curve_stays_up_to_ties(seed: int) -> None:
    score, label, weight = scored_rows(4000, seed, digits=6)
    new, outcome, _ = scored_rows(4000, seed + 100, digits=6)
    before = roc_auc_score(outcome, new)
    isotonic, platt = (fit(**counted(score, label, weight)) for fit in (fit_isotonic, fit_platt))
    assert platt is not None
    assert roc_auc_score(outcome, platt(new)) == pytest.approx(before, abs=1e-12)
    ties = 0.5 * np.mean([np.mean(isotonic(new) == value) for value in isotonic(new)])
    assert abs(roc_auc_score(outcome, isotonic(new)) - before) <= ties


def test_scores_that_tell_nothing_give_no_falling_curve() -> None:
    assert (
        fit_platt(np.array([0.0, 1.0]), positive=np.array([5.0, 1.0]), negative=np.array([1.0, 5.0])) is None
    )


def test_separated_classes_give_shares_short_of_certainty() -> None:
    """Without Platt's targets the slope would be infinite, and one wrong row would cost an infinite loss."""
    score, positive, negative = np.array([-1.0, 1.0]), np.array([0.0, 10.0]), np.array([10.0, 0.0])
    for fit in (fit_isotonic, fit_platt):
        curve = fit(score, positive=positive, negative=negative)
        assert curve is not None
        assert curve(score) == pytest.approx([1 / 12, 11 / 12], abs=1e-9)


def test_log_odds_of_one_class_against_the_rest_are_exact_where_probabilities_are_not() -> None:
    margins = np.array([[40.0, 0.0, -3.0], [1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    expected = [
        [row[at] - math.log(sum(math.exp(v) for k, v in enumerate(row) if k != at)) for at in range(3)]
        for row in margins.tolist()
    ]
    assert class_scores(margins, on="margin") == pytest.approx(np.array(expected), rel=1e-13)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(3, 6))
def test_calibrated_classes_share_one(seed: int, classes: int) -> None:
    margins = np.random.default_rng(seed).normal(size=(50, classes)) * 8
    maps = tuple(Sigmoid(0.3 + at, -at / 2) for at in range(classes))
    found = Calibration("platt", "margin", maps)(margins)
    assert found.sum(axis=1) == pytest.approx(1.0, abs=1e-12)
    apart = np.stack([one(class_scores(margins, on="margin")[:, at]) for at, one in enumerate(maps)], axis=1)
    assert found == pytest.approx(apart / apart.sum(axis=1, keepdims=True), abs=1e-12)


def test_rows_that_every_map_excludes_get_even_shares() -> None:
    never = Knots((0.0,), (0.0,))
    found = Calibration("isotonic", "share", (never, never, never))(np.zeros((2, 3)))
    assert found == pytest.approx(1 / 3)


@pytest.mark.parametrize("classes", [2, 3])
def test_margins_found_from_probabilities_calibrate_alike(classes: int) -> None:
    """Out-of-fold scores come as probabilities, the rows to come as margins: one map must serve both."""
    margins = np.random.default_rng(1).normal(size=(200, classes)) * 3
    probabilities = np.exp(margins) / np.exp(margins).sum(axis=1, keepdims=True)
    own = margins[:, 1] - margins[:, 0] if classes == 2 else margins
    found = class_scores(margins_of(probabilities, on="margin"), on="margin")
    assert found == pytest.approx(class_scores(own, on="margin"), abs=1e-9)
    assert np.isfinite(margins_of(np.eye(classes), on="margin")).all()


BINARY = Target("y", n.Column("y"), "integer", "binary", (0, 1))
DOCUMENTS: list[Any] = [
    [],
    {"colour": {}},
    {"calibration": {}},
    {"calibration": {"method": "magic", "on": "margin", "maps": [{"slope": 1.0, "intercept": 0.0}]}},
    {"calibration": {"method": "platt", "on": "elsewhere", "maps": [{"slope": 1.0, "intercept": 0.0}]}},
    {"calibration": {"method": "platt", "on": "margin", "maps": []}},
    {"calibration": {"method": "platt", "on": "margin", "maps": {"slope": 1.0}}},
    {"calibration": {"method": "platt", "on": "margin", "maps": ["slope"]}},
    {"calibration": {"method": "platt", "on": "margin", "maps": [{"slope": -1.0, "intercept": 0.0}]}},
    {"calibration": {"method": "platt", "on": "margin", "maps": [{"slope": "1", "intercept": 0.0}]}},
    {"calibration": {"method": "platt", "on": "margin", "maps": [{"slope": 1, "intercept": 0.0}]}},
    {"calibration": {"method": "platt", "on": "margin", "maps": [{"slope": True, "intercept": 0.0}]}},
    {"calibration": {"method": "isotonic", "on": "margin", "maps": [{"scores": [], "shares": []}]}},
    {"calibration": {"method": "isotonic", "on": "margin", "maps": [{"scores": [0.0], "shares": [2.0]}]}},
    {"calibration": {"method": "isotonic", "on": "margin", "maps": [{"scores": [0.0], "shares": [-0.1]}]}},
    {
        "calibration": {
            "method": "isotonic",
            "on": "margin",
            "maps": [{"scores": [0.0, 1.0], "shares": [0.5]}],
        }
    },
    {
        "calibration": {
            "method": "isotonic",
            "on": "margin",
            "maps": [{"scores": [0.0, 1.0], "shares": [0.5, 0.4]}],
        }
    },
    {
        "calibration": {
            "method": "isotonic",
            "on": "margin",
            "maps": [{"scores": [0.0, 0.0], "shares": [0.4, 0.5]}],
        }
    },
    {"transform": {"scale": "sqrt", "least": 0.0}},
    {"transform": {"scale": "log1p", "least": 3.0}},
    {"transform": {"scale": "log1p"}},
    {"transform": "log1p"},
    {"interval": {"level": 1.5, "kind": "constant", "radius": 1.0, "floor": 1.0}},
    {"interval": {"level": 0.9, "kind": "constant", "radius": -1.0, "floor": 1.0}},
    {"interval": {"level": 0.9, "kind": "relative", "radius": 1.0, "floor": 0.0}},
    {"interval": {"level": 0.9, "kind": "wide", "radius": 1.0, "floor": 1.0}},
    {"interval": {"level": 0.9, "kind": ["constant"], "radius": 1.0, "floor": 1.0}},
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: json.dumps(one)[:60])
def test_a_document_that_no_fit_wrote_is_refused(document: Any) -> None:
    """A bundle from elsewhere must not answer with anything but what it says."""
    with pytest.raises(CauceError) as told:
        Answering.from_json(document)
    assert told.value.code == "E0507"


def test_a_map_for_each_class_is_wanted() -> None:
    one = Calibration("platt", "margin", (Sigmoid(1.0, 0.0),))
    assert Answering(calibration=one).misfit(BINARY) is None
    assert Answering(calibration=Calibration("platt", "margin", one.maps * 2)).misfit(BINARY)
    assert Answering(calibration=one).misfit(Target("y", n.Column("y"), "float", "regression"))


def test_what_is_kept_is_read_back_equal() -> None:
    kept = Answering(calibration=Calibration("isotonic", "share", (Knots((0.1, 0.7), (0.0, 0.25)),)))
    assert Answering.from_json(json.loads(json.dumps(kept.to_json()))) == kept


def test_the_logistic_function_has_no_overflow() -> None:
    values = np.array([-1000.0, -40.0, 0.0, 40.0, 1000.0])
    assert expit(values) == pytest.approx([0.0, math.exp(-40), 0.5, 1.0, 1.0], rel=1e-12)


THREE = Target("y", n.Column("y"), "text", "multiclass", ("a", "b", "c"))


def fitted(target: Target, margins: Any, label: Any, *, method: Any = "platt") -> Any:
    fitting = Fitting(target=target, method=method)
    weight = np.ones(len(label))
    columns = fitting.asked.columns(margins, label=label, weight=weight)
    frame = pl.DataFrame({"__target__": label, "__weight__": weight, **columns})
    return fitting.fit([one.result(one.update(one.start(), frame)) for one in fitting.summaries])


def test_rows_of_one_class_alone_are_refused_with_its_name() -> None:
    with pytest.raises(CauceError) as told:
        fitted(BINARY, np.linspace(-1, 1, 50), np.zeros(50))
    assert told.value.code == "E2202"
    assert told.value.values["only"] == "0"


def test_scores_that_go_the_wrong_way_are_left_as_they_are_with_a_warning() -> None:
    draw = np.random.default_rng(2)
    margins = draw.normal(size=2000)
    label = (draw.random(2000) < expit(-2 * margins)).astype(float)
    with pytest.warns(CauceWarning, match="W2202"):
        answering, facts = fitted(BINARY, margins, label)
    assert answering.calibration is None
    assert facts["calibration"]["left"] == [True]


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_a_class_without_rows_keeps_its_own_probability_beside_the_calibrated_ones(method: str) -> None:
    draw = np.random.default_rng(3)
    margins = draw.normal((0.0, 0.0, -6.0), size=(6000, 3))
    shares = np.exp(margins[:, :2]) / np.exp(margins[:, :2]).sum(axis=1, keepdims=True)
    label = (draw.random(6000) > shares[:, 0]).astype(float)
    with pytest.warns(CauceWarning, match="W2204"):
        answering, facts = fitted(THREE, margins, label, method=method)
    assert facts["calibration"]["left"] == [False, False, True]
    found = answering(margins.astype(np.float32))
    whole = np.exp(margins) / np.exp(margins).sum(axis=1, keepdims=True)
    assert found.sum(axis=1) == pytest.approx(1.0, abs=1e-6)
    assert np.abs(found[:, 2] - whole[:, 2]).mean() < 0.01
    assert np.abs(found[:, 0] - whole[:, 0]).mean() < 0.05


def test_weights_calibrate_as_rows_repeated_as_often() -> None:
    draw = np.random.default_rng(9)
    margins = draw.normal(size=1500)
    label = np.where(margins + draw.normal(size=1500) > 0, 1.0, 0.0)
    times = draw.integers(0, 4, 1500)
    fitting = Fitting(target=BINARY, method="isotonic")

    def made(own: Any, outcome: Any, weight: Any) -> Any:
        columns = fitting.asked.columns(own, label=outcome, weight=weight)
        frame = pl.DataFrame({"__target__": outcome, "__weight__": weight, **columns})
        return fitting.fit([one.result(one.update(one.start(), frame)) for one in fitting.summaries])[0]

    weighted = made(margins, label, times.astype(float))
    repeated = made(np.repeat(margins, times), np.repeat(label, times), np.ones(times.sum()))
    grid = np.linspace(-3, 3, 301).astype(np.float32)
    assert weighted(grid) == pytest.approx(repeated(grid), abs=1e-6)


def test_few_rows_are_warned_of_once_with_the_rarest_class() -> None:
    """A warning for each of seven classes says nothing that one does not."""
    draw = np.random.default_rng(6)
    margins = draw.normal(size=(700, 3)) + np.array([1.0, 0.5, -1.0])
    label = np.argmax(margins + draw.gumbel(size=(700, 3)), axis=1).astype(float)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        fitted(THREE, margins, label, method="isotonic")
    assert len(told) == 1
    assert f"700, of which {int((label == 2).sum())} of the class c" in str(told[0].message)
