"""A threshold is chosen from validation rows alone, as scikit-learn's scores say, with its doubt."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import sklearn.metrics as peer
from hypothesis import given, settings
from hypothesis import strategies as st

from cauce.core.metrics.choosing import GRID, ThresholdRule, choose_threshold, threshold_rule
from cauce.core.metrics.doubt import Sampling
from cauce.core.metrics.evaluating import Question, answered
from cauce.core.metrics.requests import Guess, ScoredColumns
from cauce.core.metrics.target import Target
from cauce.core.metrics.thresholds import ThresholdChoice, ThresholdTable
from cauce.stats.threshold_counts import ThresholdCounts

TARGET = Target("binary", ("no", "yes"))
COLUMNS = ScoredColumns(label="y", predicted="k", probabilities=("p",))


def rows(seed, count=3000, share=0.1):
    draw = np.random.default_rng(seed)
    label = draw.random(count) < share
    score = np.float32(1 / (1 + np.exp(2.5 - draw.normal(label * 1.8)))).astype(float)
    bucket = draw.integers(0, 200, count)
    return pl.DataFrame({"y": label * 1.0, "p": score, "k": (score >= 0.5) * 1, "__bucket__": bucket})


def counted(frame, rule):
    summary = ThresholdCounts("p", "y", rule.candidates, 1)
    return summary.result(summary.update(summary.start(), frame))


def evaluated(rule, clustered=False, **frames):
    asked = Question(
        target=TARGET, columns=COLUMNS, guess=Guess(), how=Sampling(clustered=clustered), rule=rule
    )
    results = {
        name: [one.result(one.update(one.start(), frame)) for one in asked.summaries]
        for name, frame in frames.items()
    }
    return answered(asked, results)


def scored(frame, threshold):
    label, predicted = frame["y"].to_numpy(), frame["p"].to_numpy() >= threshold
    with_none = {"zero_division": 0.0}
    false_positive = (predicted & (label == 0)).mean()
    false_negative = (~predicted & (label == 1)).mean()
    return {
        "f1": peer.f1_score(label, predicted, **with_none),
        "recall": peer.recall_score(label, predicted),
        "precision": peer.precision_score(label, predicted, **with_none),
        "cost": false_positive + 5 * false_negative,
    }


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_candidate_is_better_than_the_one_chosen(seed):
    """A threshold that loses money against its neighbour is a bug a user pays for."""
    frame = rows(seed)
    every = {threshold: scored(frame, threshold) for threshold in GRID[::3]}
    chosen = choose_threshold(counted(frame, rule := ThresholdRule("f1")), rule, how=Sampling())
    assert chosen.value == pytest.approx(scored(frame, chosen.threshold)["f1"])
    assert chosen.value >= max(one["f1"] for one in every.values()) - 1e-12
    rule = ThresholdRule("cost", costs=(1.0, 5.0))
    chosen = choose_threshold(counted(frame, rule), rule, how=Sampling())
    assert chosen.value == pytest.approx(scored(frame, chosen.threshold)["cost"])
    assert chosen.value <= min(one["cost"] for one in every.values()) + 1e-12
    for kept, sought in (("recall", "precision"), ("precision", "recall")):
        rule = ThresholdRule(kept, least=0.6)
        chosen = choose_threshold(counted(frame, rule), rule, how=Sampling())
        found = scored(frame, chosen.threshold)
        assert found[kept] >= 0.6
        assert chosen.value == pytest.approx(found[sought])
        allowed = [one[sought] for one in every.values() if one[kept] >= 0.6]
        assert found[sought] >= max(allowed) - 1e-12


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), declared=st.sampled_from(["f1", {"recall": 0.7}, {"precision": 0.4}]))
def test_test_rows_never_change_the_threshold(seed, declared):
    """Else the test would no longer tell what the model is worth on rows nothing was chosen with."""
    rule, validation = threshold_rule(declared), rows(seed, 400, 0.3)
    found = [
        evaluated(rule, train=rows(1, 300), validation=validation, test=test)
        for test in (rows(seed + 1, 300), rows(seed + 2, 50, 0.5).with_columns(p=1 - pl.col("p")))
    ]
    assert found[0].choice == found[1].choice
    assert found[0].thresholds.to_json() == found[1].thresholds.to_json()
    assert found[0].datasets["validation"].to_json() == found[1].datasets["validation"].to_json()


def test_metrics_of_test_rows_are_those_at_the_chosen_threshold():
    validation, test = rows(3), rows(4)
    found = evaluated(ThresholdRule("f1"), validation=validation, test=test)
    threshold = found.choice.threshold
    assert threshold != 0.5
    expected = scored(test, threshold)
    for kind in ("f1", "recall", "precision"):
        assert found.datasets["test"][f"{kind}[positive=yes]"].value == pytest.approx(expected[kind])


def test_the_table_holds_what_scikit_learn_counts_and_the_costs():
    frame, rule = rows(5), ThresholdRule("cost", costs=(1.0, 5.0))
    table = evaluated(rule, validation=frame).thresholds
    assert {0.01, 0.25, 0.5, 0.99} <= set(table.threshold)
    for one in table.rows[::7]:
        expected = scored(frame, one.threshold)
        assert (one.recall, one.f1, one.cost) == pytest.approx(
            (expected["recall"], expected["f1"], expected["cost"])
        )
        assert one.predicted == pytest.approx((frame["p"].to_numpy() >= one.threshold).mean())
        assert one.precision is None or one.precision == pytest.approx(expected["precision"])
    assert ThresholdTable.from_json(table.to_json()).to_json() == table.to_json()


@pytest.mark.parametrize("clustered", [False, True])
def test_the_choice_says_how_sure_it_is(clustered):
    few, many = (
        evaluated(ThresholdRule("f1"), clustered, validation=rows(6, count)).choice for count in (200, 20000)
    )
    assert few.low <= few.threshold <= few.high
    assert many.high - many.low < few.high - few.low
    assert "would have chosen between" in few.sentence
    assert ThresholdChoice.from_json(few.to_json()) == few


def test_what_no_threshold_reaches_is_said_and_not_pretended():
    frame = rows(7).with_columns(p=pl.lit(0.5))
    rule = ThresholdRule("precision", least=0.9)
    found = choose_threshold(counted(frame, rule), rule, how=Sampling())
    assert not found.met
    assert found.value is None
    assert found.sentence.startswith("No threshold reaches the 0.9 that was asked for")


def test_a_given_threshold_is_taken_and_counted_exactly():
    found = evaluated(threshold_rule(0.12345), validation=rows(8), test=rows(9))
    assert (found.choice.rule, found.choice.threshold) == ("fixed", 0.12345)
    expected = scored(rows(9), 0.12345)["recall"]
    assert found.datasets["test"]["recall[positive=yes]"].value == pytest.approx(expected)
    assert threshold_rule(None).threshold == 0.5
