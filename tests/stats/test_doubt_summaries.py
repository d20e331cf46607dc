"""The summaries behind intervals keep the laws of all summaries, and count what they say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import sklearn.metrics as peer
from hypothesis import given, settings
from hypothesis import strategies as st

from cauce.stats.bucketed import ERROR_TERMS, ClassesByBucket, ErrorsByBucket
from cauce.stats.joint_scores import JointScores
from cauce.stats.outcomes import ResidualBins
from cauce.stats.threshold_counts import ThresholdCounts
from cauce.testing.summaries import check_laws

TYPES = {
    "label": pl.Float64,
    "predicted": pl.Int64,
    "score": pl.Float64,
    "other": pl.Float64,
    "weight": pl.Float64,
    "bucket": pl.Int64,
}
ROW = st.tuples(
    st.none() | st.sampled_from([0.0, 1.0, 2.0]),
    st.none() | st.integers(0, 2),
    st.none() | st.sampled_from([0.0, 0.25, 0.5, 1.0]) | st.floats(0, 1),
    st.none() | st.floats(0, 1),
    st.none() | st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    st.integers(0, 4),
)
BATCHES = st.lists(
    st.lists(ROW, max_size=6).map(lambda rows: pl.DataFrame(rows, schema=TYPES, orient="row")),
    min_size=1,
    max_size=4,
)
CASES = {
    "JointScores": JointScores(("score", "other"), "label", "bucket", 1.0, "weight"),
    "JointScores in bins": JointScores(("score",), "label", "bucket", 1.0, limit=2),
    "ThresholdCounts": ThresholdCounts("score", "label", (0.25, 0.5, 0.75), 1.0, "weight"),
    "ErrorsByBucket": ErrorsByBucket("score", "label", "bucket", "weight", buckets=5),
    "ClassesByBucket": ClassesByBucket("predicted", "label", "bucket", 3, weight="weight", buckets=5),
    "ResidualBins": ResidualBins("score", "label", "weight"),
    "ResidualBins in bins": ResidualBins("score", "label", "weight", limit=2, bits=3),
}


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=40)
@given(batches=BATCHES)
def test_order_and_batches_change_nothing(case, batches):
    """Else an interval would be another on every engine."""
    check_laws(CASES[case], batches, scale=100.0)


def told(summary, frame, size=97):
    state = summary.start()
    for batch in frame.iter_slices(size):
        state = summary.update(state, batch)
    return summary.result(state)


def rows(count=4000, seed=3):
    draw = np.random.default_rng(seed)
    score = draw.random(count) ** 2
    return pl.DataFrame(
        {
            "score": score,
            "other": np.round(draw.random(count), 2),
            "label": (draw.random(count) < score).astype(float),
            "weight": draw.integers(0, 4, count).astype(float),
            "bucket": draw.integers(0, 7, count),
        }
    )


def test_counts_at_thresholds_are_those_of_the_rows():
    """A threshold would otherwise be chosen from counts that no row supports."""
    frame, thresholds = rows(), tuple(np.arange(1, 100) / 100)
    found = told(ThresholdCounts("score", "label", thresholds, 1.0, "weight"), frame)
    label, score, weight = (frame[name].to_numpy() for name in ("label", "score", "weight"))
    for place in (0, 41, 98):
        above = score >= thresholds[place]
        assert found.positive[place] == weight[above & (label == 1)].sum()
        assert found.negative[place] == weight[above & (label == 0)].sum()
    assert (found.positives, found.negatives) == (weight[label == 1].sum(), weight[label == 0].sum())


@pytest.mark.parametrize("limit", [100_000, 500])
def test_joint_scores_hold_the_area_of_each_bucket(limit):
    frame = rows()
    found = told(JointScores(("score", "other"), "label", "bucket", 1.0, limit=limit), frame)
    assert found.exact == (limit > 500)
    for bucket in range(7):
        part, at = frame.filter(pl.col("bucket") == bucket), found.bucket == bucket
        score = np.repeat(found.scores[0][at], 2)
        weight = np.stack((found.positive[at], found.negative[at]), axis=1).ravel()
        label = np.tile([1, 0], int(at.sum()))
        area = peer.roc_auc_score(label, score, sample_weight=weight)
        truth = peer.roc_auc_score(part["label"].to_numpy(), part["score"].to_numpy())
        assert area == pytest.approx(truth, abs=1e-12 if limit > 500 else 0.1)


def test_errors_by_bucket_add_up_to_those_of_each_buckets_rows():
    frame = rows()
    terms = told(ErrorsByBucket("score", "label", "bucket", "weight", buckets=7), frame)
    for bucket in range(7):
        part = frame.filter(pl.col("bucket") == bucket)
        label, score, weight = (part[name].to_numpy() for name in ("label", "score", "weight"))
        own = dict(zip(ERROR_TERMS, terms[bucket], strict=True))
        known = {"sample_weight": weight}
        assert own["squared"] / own["weight"] == pytest.approx(peer.mean_squared_error(label, score, **known))
        assert own["absolute"] / own["weight"] == pytest.approx(
            peer.mean_absolute_error(label, score, **known)
        )
        r2 = 1 - own["squared"] / own["label_squares"]
        assert r2 == pytest.approx(peer.r2_score(label, score, **known))
        logs = peer.mean_squared_log_error(label, score, **known)
        assert own["log_squared"] / own["weight"] == pytest.approx(logs)


def test_classes_by_bucket_add_up_to_the_rows():
    frame = rows().with_columns(k=(pl.col("score") >= 0.5).cast(pl.Int64), no=1 - pl.col("score"))
    summary = ClassesByBucket("k", "label", "bucket", 2, ("no", "score"), "weight", buckets=7)
    found = told(summary, frame)
    label, weight = frame["label"].to_numpy(), frame["weight"].to_numpy()
    right, labels, predictions = found.counts.sum(axis=1)
    known = {"sample_weight": weight}
    predicted = frame["k"].to_numpy()
    assert right.sum() / weight.sum() == pytest.approx(peer.accuracy_score(label, predicted, **known))
    assert right[1] / labels[1] == pytest.approx(peer.recall_score(label, predicted, **known))
    assert right[1] / predictions[1] == pytest.approx(peer.precision_score(label, predicted, **known))
    loss = peer.log_loss(label, frame["score"].to_numpy(), **known)
    assert found.log.sum() / weight.sum() == pytest.approx(loss)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30)
def test_a_weighted_median_of_errors_is_that_of_repeated_rows(seed):
    """Weights that say how often a row stands would otherwise be ignored by the median."""
    frame = rows(61, seed)
    repeated = frame.select(pl.all().repeat_by(pl.col("weight").cast(pl.Int64)).list.explode())
    weighted = told(ResidualBins("score", "label", "weight"), frame, 9)
    plain = told(ResidualBins("score", "label"), repeated, 9)
    assert weighted.sizes.quantile(0.5) == pytest.approx(plain.sizes.quantile(0.5), abs=1e-12)
    ranked = np.sort((repeated["label"] - repeated["score"]).to_numpy())
    inverted = np.quantile(ranked, 0.9, method="averaged_inverted_cdf")
    assert weighted.signed.quantile(0.9) == pytest.approx(inverted, abs=1e-12)
