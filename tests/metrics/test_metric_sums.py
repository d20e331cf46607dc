"""The summaries behind losses and errors: laws of merging, and metrics equal to scikit-learn's."""

import math
import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import sklearn.metrics as peer
from hypothesis import given
from hypothesis import strategies as st

from cauce.core.metrics.errors import NumberErrors
from cauce.core.metrics.losses import Losses
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.numbers import number_metric
from cauce.errors import CauceError

NUMBER = st.one_of(st.sampled_from([0.0, -0.0, 1.0, -3.5]), st.floats(-1e6, 1e6).map(lambda x: round(x, 6)))
WEIGHT = st.sampled_from([0.0, 0.5, 1.0, 3.0])
REGRESSION = st.lists(st.tuples(st.none() | NUMBER, NUMBER, WEIGHT), max_size=40)
LOSSES = st.lists(
    st.tuples(st.sampled_from([None, 0, 1, 2]), st.floats(0, 1), st.floats(0, 1), WEIGHT), max_size=40
)


def numbers_frame(rows):
    return pl.DataFrame(rows, schema={"y": pl.Float64, "p": pl.Float64, "w": pl.Float64}, orient="row")


def classes_frame(rows):
    found = [(label, a * b, a * (1 - b), 1 - a * b - a * (1 - b), w) for label, a, b, w in rows]
    names = {"y": pl.Int64, "p0": pl.Float64, "p1": pl.Float64, "p2": pl.Float64, "w": pl.Float64}
    frame = pl.DataFrame(found, schema=names, orient="row")
    return frame.with_columns(pl.col("p0", "p1", "p2").clip(0, 1))


def in_batches(summary, frame, cut, flipped):
    parts = [frame[:cut], frame[cut:]]
    states = [summary.update(summary.start(), part) for part in parts]
    states = [summary.load(summary.dump(state)) for state in states]
    return summary.merge(*reversed(states)) if flipped else summary.merge(*states)


def same(one, other):
    for name, value in vars(one).items():
        theirs = getattr(other, name)
        if value is None:
            assert theirs is None
        else:
            assert value == pytest.approx(theirs, rel=1e-9, abs=1e-5), name


@given(REGRESSION, st.integers(0, 40), st.booleans())
def test_error_sums_do_not_depend_on_batches_or_their_order(rows, cut, flipped):
    summary, frame = NumberErrors("y", "p", "w"), numbers_frame(rows)
    whole = summary.update(summary.start(), frame)
    same(in_batches(summary, frame, cut, flipped), whole)
    assert summary.merge(summary.start(), whole) == whole
    assert whole.unlabelled == frame["y"].null_count()


@given(LOSSES, st.integers(0, 40), st.booleans())
def test_loss_sums_do_not_depend_on_batches_or_their_order(rows, cut, flipped):
    summary, frame = Losses("y", ("p0", "p1", "p2"), "w"), classes_frame(rows)
    whole = summary.update(summary.start(), frame)
    same(in_batches(summary, frame, cut, flipped), whole)
    assert summary.merge(whole, summary.start()) == whole


def regression(label, prediction, weight):
    summary = NumberErrors("y", "p", "w")
    state = summary.update(summary.start(), pl.DataFrame({"y": label, "p": prediction, "w": weight}))
    sums = summary.result(state)
    return lambda text: number_metric(sums, MetricName.parse(text))


ROWS = st.lists(st.tuples(NUMBER, NUMBER, st.sampled_from([0.5, 1.0, 3.0])), min_size=2, max_size=40)


@given(ROWS)
def test_regression_metrics_equal_scikit_learn_with_weights(rows):
    label, prediction, weight = (np.array(part) for part in zip(*rows, strict=True))
    found, known = regression(label, prediction, weight), {"sample_weight": weight}
    close = {"rel": 1e-9, "abs": 1e-9}
    expected = {
        "rmse": peer.root_mean_squared_error(label, prediction, **known),
        "mae": peer.mean_absolute_error(label, prediction, **known),
        "bias": np.average(prediction - label, weights=weight),
    }
    some = label != 0
    if np.ptp(label) > 1e-3:
        expected["r2"] = peer.r2_score(label, prediction, **known)
    if some.any():
        expected["wape"] = weight @ np.abs(prediction - label) / (weight @ np.abs(label))
        expected["mape"] = peer.mean_absolute_percentage_error(
            label[some], prediction[some], sample_weight=weight[some]
        )
    if label.min() >= 0 and prediction.min() >= 0:
        expected["rmse[log1p]"] = peer.root_mean_squared_log_error(label, prediction, **known)
    for text, number in expected.items():
        assert found(text).value == pytest.approx(number, **close), text


@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(0.01, 1), st.floats(0.01, 0.99)), min_size=1, max_size=30)
)
def test_log_loss_of_many_classes_equals_scikit_learn(rows):
    frame = classes_frame([(*row, 1.0) for row in rows])
    state = Losses("y", ("p0", "p1", "p2")).of(frame)
    table = frame.select("p0", "p1", "p2").to_numpy()
    expected = peer.log_loss(frame["y"].to_numpy(), table, labels=[0, 1, 2])
    assert state.log / state.weight == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "label", "prediction", "reason"),
    [
        ("r2", [0.1, 0.1, 0.1], [0.0, 1.0, 2.0], "constant"),
        ("r2", [1e15 + 0.1] * 3, [0.0, 1.0, 2.0], "constant"),
        ("r2[log1p]", [5.0, 5.0, 5.0], [0.0, 1.0, 2.0], "constant"),
        ("rmse[log1p]", [0.0, -1.0], [0.0, 1.0], "below_zero"),
        ("rmse[log1p]", [0.0, 1.0], [0.0, -1.0], "below_zero"),
        ("mape", [0.0, 0.0], [1.0, 1.0], "zero_labels"),
        ("wape", [0.0, 0.0], [1.0, 1.0], "zero_labels"),
        ("rmse", [], [], "no_rows"),
        ("bias", [None], [1.0], "no_rows"),
    ],
)
def test_a_regression_metric_without_meaning_says_why(text, label, prediction, reason):
    floats = [pl.Series(values, dtype=pl.Float64) for values in (label, prediction)]
    found = regression(*floats, pl.Series([0.1] * len(label), dtype=pl.Float64))(text)
    assert (found.value, found.reason) == (None, reason)


def test_a_target_far_from_zero_keeps_its_r2():
    """Sums of squares would lose all digits here."""
    random = np.random.default_rng(3)
    label = 1e9 + random.normal(size=1000)
    prediction = label + random.normal(size=1000) / 2
    found = regression(label, prediction, np.ones(1000))("r2").value
    assert found == pytest.approx(peer.r2_score(label - 1e9, prediction - 1e9), abs=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.1, 1.1, None])
def test_a_probability_that_is_none_is_refused(bad):
    with pytest.raises(CauceError, match="E0907"):
        Losses("y", ("p", "q")).of(
            pl.DataFrame(
                {"y": [0], "p": [bad], "q": [0.5]}, schema={"y": pl.Int64, "p": pl.Float64, "q": pl.Float64}
            )
        )


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0, None])
def test_a_weight_that_is_none_is_refused(bad):
    frame = pl.DataFrame({"y": [1.0], "p": [1.0], "w": pl.Series([bad], dtype=pl.Float64)})
    with pytest.raises(CauceError, match="E0907"):
        NumberErrors("y", "p", "w").of(frame)


def test_metrics_of_many_rows_are_the_same_on_one_and_two_threads() -> None:
    """A model trained twice would have two identities, one for each machine it was trained on."""
    code = (
        "import numpy as np; from cauce.stats.products import inner_product;"
        "draw = np.random.default_rng(0).normal(size=(2, 300_001));"
        "print(inner_product(*draw).hex())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(said) == 1
