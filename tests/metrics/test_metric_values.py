"""Metric values against scikit-learn, hand-worked tables and plain loops."""

import math
import warnings

import numpy as np
import pytest
import sklearn.metrics as peer
from hypothesis import given, settings
from hypothesis import strategies as st

from cauce.core.metrics.curves import (
    calibration,
    confusion_at,
    precision_recall_curve,
    roc_curve,
)
from cauce.core.metrics.decisions import decision_metric
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.ranking import ranking_metric
from cauce.core.metrics.results import ConfusionCounts, Scores, scores_of_rows
from cauce.errors import CauceError

SCORE = st.one_of(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.7, 1.0]), st.floats(0, 1))
WEIGHT = st.one_of(st.sampled_from([0.5, 1.0, 2.0]), st.floats(0.01, 100))
ROWS = st.lists(st.tuples(SCORE, st.booleans(), WEIGHT), min_size=1, max_size=60)


def arrays(rows):
    score, label, weight = zip(*rows, strict=True)
    return np.array(score), np.array(label), np.array(weight)


def value(scores, text):
    found = ranking_metric(scores, MetricName.parse(text))
    assert found.error == 0.0
    return found.value


@given(ROWS)
def test_ranking_metrics_equal_scikit_learn_with_ties_and_weights(rows):
    score, label, weight = arrays(rows)
    scores = scores_of_rows(score, label, weight=weight)
    close = pytest.approx
    assert value(scores, "brier") == close(
        peer.brier_score_loss(label, score, sample_weight=weight, pos_label=1), abs=1e-12
    )
    assert value(scores, "log_loss") == close(
        peer.log_loss(label, score, sample_weight=weight, labels=[False, True]), abs=1e-12, rel=1e-9
    )
    assert value(scores, "prevalence[positive=a]") == close(np.average(label, weights=weight))
    if label.any():
        expected = peer.average_precision_score(label, score, sample_weight=weight)
        assert value(scores, "average_precision[positive=a]") == close(expected, abs=1e-12)
    if label.any() and not label.all():
        expected = peer.roc_auc_score(label, score, sample_weight=weight)
        assert value(scores, "roc_auc[positive=a]") == close(expected, abs=1e-12)


@given(ROWS, st.integers(2, 20))
def test_calibration_error_equals_a_loop_over_rows(rows, bins):
    score, label, weight = arrays(rows)
    total = 0.0
    for number in range(bins):
        last = number == bins - 1
        inside = (score >= number / bins) & ((score < (number + 1) / bins) | last)
        total += abs(float(((score - label) * weight)[inside].sum()))
    found = value(scores_of_rows(score, label, weight=weight), f"calibration_error[positive=a,bins={bins}]")
    assert found == pytest.approx(total / weight.sum(), abs=1e-12)


@given(ROWS, st.integers(1, 99))
def test_lift_is_what_random_order_within_ties_gives_on_average(rows, top):
    score, label, weight = arrays(rows)
    if not label.any():
        return
    left, taken = top / 100 * weight.sum(), 0.0
    for number in sorted(set(score), reverse=True):
        tied = score == number
        part = min(left, weight[tied].sum())
        taken += part * np.average(label[tied], weights=weight[tied])
        left -= part
    expected = taken / (top / 100 * weight.sum()) / np.average(label, weights=weight)
    found = value(scores_of_rows(score, label, weight=weight), f"lift[positive=a,top={top}%]")
    assert found == pytest.approx(expected, rel=1e-9)


@given(ROWS, st.integers(1, 12))
def test_binned_scores_hold_the_exact_value_within_their_stated_error(rows, bins):
    score, label, weight = arrays(rows)
    exact = scores_of_rows(score, label, weight=weight)
    middle = (np.minimum(np.floor(score * bins), bins - 1) + 0.5) / bins
    coarse = scores_of_rows(middle, label, weight=weight)
    binned = Scores(coarse.score, coarse.positive, coarse.negative, error=0.5 / bins + 1e-12)
    for text in (
        "roc_auc[positive=a]",
        "average_precision[positive=a]",
        "brier",
        "log_loss",
        "lift[positive=a,top=30%]",
        "calibration_error[positive=a,bins=7]",
    ):
        truth, found = (ranking_metric(one, MetricName.parse(text)) for one in (exact, binned))
        assert truth.reason == found.reason
        if truth.value is not None:
            assert abs(truth.value - found.value) <= found.error + 1e-9, text


@given(ROWS)
def test_curves_equal_scikit_learn(rows):
    score, label, weight = arrays(rows)
    scores = scores_of_rows(score, label, weight=weight)
    if label.any() and not label.all():
        x, y, threshold = peer.roc_curve(label, score, sample_weight=weight, drop_intermediate=False)
        found = roc_curve(scores)
        np.testing.assert_allclose(found.x, x, atol=1e-9)
        np.testing.assert_allclose(found.y, y, atol=1e-9)
        np.testing.assert_array_equal(found.threshold, threshold)
    if label.any():
        y, x, threshold = peer.precision_recall_curve(label, score, sample_weight=weight)
        found = precision_recall_curve(scores)
        np.testing.assert_allclose(found.y[::-1], y[:-1], atol=1e-9)
        np.testing.assert_allclose(found.x[::-1], x[:-1], atol=1e-9)
        np.testing.assert_array_equal(found.threshold[::-1], threshold)


def test_a_thinned_curve_keeps_its_ends_and_stays_within_two_thousandths():
    random = np.random.default_rng(1)
    score = random.random(50_000)
    scores = scores_of_rows(score, random.random(50_000) < score)
    full, thin = roc_curve(scores, 10**9), roc_curve(scores)
    assert thin.x.size <= 1000
    assert [thin.x[0], thin.y[0], thin.x[-1], thin.y[-1]] == [0, 0, 1, 1]
    between = np.interp(full.x + full.y, thin.x + thin.y, thin.y)
    assert np.abs(between - full.y).max() < 0.002
    thin = precision_recall_curve(scores)
    assert thin.x.size <= 1000
    assert thin.x[-1] == 1.0


DECISIONS = ["accuracy", "balanced_accuracy", "mcc"]
AVERAGED = ["precision", "recall", "f1"]
PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), WEIGHT), min_size=1, max_size=40)
CLASSES = ("a", "b,]", "", "ñ")


def matrix_of(label, predicted, weight, size):
    matrix = np.zeros((size, size))
    np.add.at(matrix, (label, predicted), weight)
    return matrix


@settings(max_examples=40)
@given(PAIRS)
def test_decision_metrics_equal_scikit_learn_for_many_classes(rows):
    label, predicted, weight = (np.array(part) for part in zip(*rows, strict=True))
    counts = ConfusionCounts(CLASSES, matrix_of(label, predicted, weight, 4))
    known = {"sample_weight": weight}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {
            "accuracy": peer.accuracy_score(label, predicted, **known),
            "balanced_accuracy": peer.balanced_accuracy_score(label, predicted, **known),
            "mcc": peer.matthews_corrcoef(label, predicted, **known),
        }
        for kind in AVERAGED:
            score = getattr(peer, f"{kind}_score")
            for average in ("macro", "weighted"):
                name = f"{kind}[{average}]"
                expected[name] = score(label, predicted, average=average, zero_division=0, **known)
            for at, one in enumerate(CLASSES):
                name = str(MetricName(kind, positive=one))
                parts = score(label, predicted, labels=range(4), average=None, zero_division=np.nan, **known)
                expected[name] = parts[at]
    for text, number in expected.items():
        found = decision_metric(counts, MetricName.parse(text))
        if found.value is None:
            assert found.reason
            assert math.isnan(number) or text == "mcc"
        else:
            assert found.value == pytest.approx(number, abs=1e-9), text


def test_a_recall_that_looks_fine_only_by_averaging_is_told_apart():
    """The 4.7 % example: 0.954 is accuracy; the class that matters is found 3.3 % of the time."""
    counts = ConfusionCounts(("0", "1"), np.array([[9520.0, 7], [457, 16]]))
    assert decision_metric(counts, MetricName.parse("recall[weighted]")).value == pytest.approx(0.9536)
    assert decision_metric(counts, MetricName.parse("accuracy")).value == pytest.approx(0.9536)
    assert decision_metric(counts, MetricName.parse("recall[positive=1]")).value == pytest.approx(16 / 473)


@pytest.mark.parametrize(
    ("text", "rows", "reason"),
    [
        ("roc_auc[positive=a]", [], "no_rows"),
        ("roc_auc[positive=a]", [(0.3, False)], "no_positive"),
        ("roc_auc[positive=a]", [(0.3, True)], "no_negative"),
        ("average_precision[positive=a]", [(0.3, False)], "no_positive"),
        ("lift[positive=a]", [(0.3, False)], "no_positive"),
        ("brier", [], "no_rows"),
        ("log_loss", [], "no_rows"),
        ("calibration_error[positive=a]", [], "no_rows"),
    ],
)
def test_a_metric_without_meaning_says_why_instead_of_a_number(text, rows, reason):
    scores = scores_of_rows([row[0] for row in rows], [row[1] for row in rows])
    found = ranking_metric(scores, MetricName.parse(text))
    assert (found.value, found.reason) == (None, reason)
    assert found.why_undefined


@pytest.mark.parametrize(
    ("text", "matrix", "reason"),
    [
        ("accuracy", [[0, 0], [0, 0]], "no_rows"),
        ("precision[positive=1]", [[5, 0], [5, 0]], "never_predicted"),
        ("recall[positive=1]", [[5, 1], [0, 0]], "no_positive"),
        ("specificity[positive=1]", [[0, 0], [1, 3]], "no_negative"),
        ("f1[positive=1]", [[5, 0], [0, 0]], "neither"),
        ("mcc", [[5, 0], [2, 0]], "one_class"),
        ("mcc", [[5, 2], [0, 0]], "one_class"),
    ],
)
def test_an_empty_denominator_is_said_and_never_shown_as_zero(text, matrix, reason):
    counts = ConfusionCounts(("0", "1"), np.array(matrix, dtype=float))
    assert decision_metric(counts, MetricName.parse(text)).reason == reason


def test_counts_at_a_threshold_put_a_score_equal_to_it_on_the_positive_side():
    scores = scores_of_rows([0.2, 0.5, 0.5, 0.9], [False, True, False, True])
    assert confusion_at(scores, 0.5, classes=("n", "y")).matrix.tolist() == [[1, 1], [0, 2]]


def test_impossible_counts_are_refused_with_a_code():
    for bad in ([-1.0], [math.nan], [math.inf]):
        with pytest.raises(CauceError) as caught:
            Scores(np.array([0.5]), np.array(bad), np.array([1.0]))
        assert caught.value.code == "E0907"
    with pytest.raises(CauceError, match="E0907"):
        Scores(np.array([0.5, 1.5]), np.ones(2), np.ones(2))
    with pytest.raises(CauceError, match="E0907"):
        ConfusionCounts(("a",), np.ones((2, 2)))


def test_the_calibration_table_puts_every_edge_where_it_says():
    table = calibration(scores_of_rows([0.0, 0.1, 0.3, 0.7, 1.0], [False, False, True, True, True]))
    assert table.weight.tolist() == [1, 1, 0, 1, 0, 0, 0, 1, 0, 1]
    assert table.share[9] == 1.0
