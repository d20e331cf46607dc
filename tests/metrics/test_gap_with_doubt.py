"""Overfitting is told from chance by the intervals of both datasets."""

from __future__ import annotations

import numpy as np
import pytest

from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.core.metrics.gap import gap_between
from cauce.core.metrics.interval import Interval
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.value import Metric

NAME = MetricName("roc_auc", positive="yes")


def dataset(value, half, guess=0.5):
    one = Metric(NAME, value, interval=Interval(value - half, value + half, 0.95, "delong"))
    baselines = {"majority": (Metric(NAME, guess),)}
    return DatasetEvaluation(rows=1000, unlabelled=0, weight=1000.0, metrics=(one,), baselines=baselines)


def test_the_same_drop_is_chance_in_small_data_and_overfitting_in_large():
    """A user must neither chase noise nor ship a model that has learned its rows by heart."""
    small, large = (
        gap_between({"train": dataset(0.9, half), "validation": dataset(0.75, half)}, NAME)
        for half in (0.15, 0.01)
    )
    assert small.verdict == "unsure"
    assert "too few to tell" in small.sentence
    assert large.verdict == "memorised"
    assert small.details[0].endswith("chance alone can explain that.")
    assert "by 0.150 (95 %: 0.136 to 0.164), more than chance explains." in large.details[0]


def test_a_validation_that_flatters_is_said():
    found = gap_between(
        {"train": dataset(0.8, 0.01), "validation": dataset(0.8, 0.01), "test": dataset(0.7, 0.01)}, NAME
    )
    assert found.verdict == "flattered"
    drop = found.drops[1]
    assert (drop.dataset, drop.beyond_chance) == ("test", True)
    assert drop.value == pytest.approx(0.1)
    assert drop.high - drop.value == pytest.approx(np.hypot(0.01, 0.01))


def test_what_may_be_guessing_is_not_called_good():
    """An area of 0.55 on forty rows is no model."""
    pair = {"train": dataset(0.56, 0.02), "validation": dataset(0.55, 0.09)}
    found = gap_between(pair, NAME)
    assert found.verdict == "unproven"
    assert "cannot be shown to be better than guessing" in found.sentence


def test_lower_is_better_is_a_drop_too():
    name = MetricName("rmse")
    pair = {}
    for key, value in (("train", 1.0), ("validation", 2.0)):
        one = Metric(name, value, interval=Interval(value - 0.1, value + 0.1))
        pair[key] = DatasetEvaluation(
            rows=9, unlabelled=0, weight=9.0, metrics=(one,), baselines={"mean": (Metric(name, 5.0),)}
        )
    assert gap_between(pair, name).drops[0].value == pytest.approx(1.0)


def test_a_test_better_than_the_validation_is_told_as_a_gain():
    """ "Gets worse by -0.05" makes a reader doubt every number beside it."""
    small, large = (
        gap_between({"validation": dataset(0.75, half), "test": dataset(0.8, half)}, NAME)
        for half in (0.15, 0.01)
    )
    told = "From validation to test the roc_auc[positive=yes] gets better by "
    assert large.details[0] == f"{told}0.050 (95 %: 0.036 to 0.064), more than chance explains."
    assert small.details[0] == f"{told}0.05 (95 %: -0.16 to 0.26); chance alone can explain that."
