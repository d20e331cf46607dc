"""Chooses a threshold from counts of validation rows, and says how sure the choice is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cauce.core.metrics.doubt import Sampling
from cauce.core.metrics.replicates import drawn_buckets
from cauce.core.metrics.results import ConfusionCounts, Floats
from cauce.core.metrics.thresholds import Rule, ThresholdChoice, ThresholdTable
from cauce.stats.bucketed import BUCKETS
from cauce.stats.joint_scores import JointCounts
from cauce.stats.threshold_counts import ThresholdWeights

HALF = 0.5
_NOT_ALLOWED = -1e9
SHOWN = tuple(part / 100 for part in range(1, 100))


def _grid() -> tuple[float, ...]:
    found = set(SHOWN)
    for scale in (1_000, 10_000, 100_000):
        found |= {part / scale for part in range(10, 100)}
        found |= {(scale - part) / scale for part in range(1 if scale == 1_000 else 10, 100)}
    return tuple(sorted(found))


GRID = _grid()
"""Thresholds to choose from: two significant digits, counted from 0 and from 1."""


@dataclass(frozen=True)
class ThresholdRule:
    """How a threshold is to be found. threshold: where it is given. least: recall or precision to keep.

    costs: of a false positive and of a false negative.
    """

    rule: Rule = "fixed"
    threshold: float = HALF
    least: float = 0.0
    costs: tuple[float, float] | None = None

    @property
    def candidates(self) -> tuple[float, ...]:
        """The thresholds at which rows must be counted, ascending."""
        return tuple(sorted({*GRID, self.threshold}))

    @property
    def settings(self) -> dict[str, float]:
        """What it was told."""
        if self.costs is not None:
            return {"cost_false_positive": self.costs[0], "cost_false_negative": self.costs[1]}
        return {"least": self.least} if self.rule in ("recall", "precision") else {}


def threshold_rule(declared: Any) -> ThresholdRule:
    """What `choose.threshold` asks for; None stands for 0.5."""
    if declared is None:
        return ThresholdRule()
    if isinstance(declared, Mapping):
        if "recall" in declared:
            return ThresholdRule("recall", least=float(declared["recall"]))
        if "precision" in declared:
            return ThresholdRule("precision", least=float(declared["precision"]))
        costs = float(declared["cost_false_positive"]), float(declared["cost_false_negative"])
        return ThresholdRule("cost", costs=costs)
    return ThresholdRule("f1") if declared == "f1" else ThresholdRule(threshold=float(declared))


def choose_threshold(
    found: ThresholdWeights | None, rule: ThresholdRule, *, how: Sampling, joint: JointCounts | None = None
) -> ThresholdChoice:
    """The choice, by the validation rows' weights at the candidates (None: there are none).

    Among thresholds that are equally good the middle one is taken. joint: the same rows by bucket, where
    buckets are to be drawn and not rows.
    """
    if rule.rule == "fixed" or found is None or found.positives <= 0:
        given = rule.threshold
        return ThresholdChoice(rule="fixed", threshold=given, low=given, high=given, level=how.level)
    totals = np.array([found.positives]), np.array([found.negatives])
    good = _goodness(rule, (found.positive[np.newaxis], found.negative[np.newaxis]), totals)[0]
    at, met = _middle_of_best(good), bool(good.max() > _NOT_ALLOWED)
    drawn = [_middle_of_best(one) for one in _goodness(rule, *_resamples(found, how, joint))]
    tail = (1 - how.level) / 2
    low, high = np.quantile(found.threshold[drawn], (tail, 1 - tail), method="inverted_cdf")
    threshold = float(found.threshold[at])
    return ThresholdChoice(
        rule=rule.rule,
        threshold=threshold,
        value=float(abs(good[at])) if met else None,
        low=min(float(low), threshold),
        high=max(float(high), threshold),
        level=how.level,
        settings=rule.settings,
        met=met,
    )


Pair = tuple[Floats, Floats]


def _goodness(rule: ThresholdRule, reaching: Pair, totals: Pair) -> Floats:
    """How good each threshold is [resamples, thresholds], higher is better; those that do not keep what is
    asked are below all that do, the nearest to it first.

    reaching: weights of positives and negatives at or above each. totals: [resamples] of all.
    """
    hits, alarms = reaching
    positives, negatives = (one[:, np.newaxis] for one in totals)
    if rule.costs is not None:
        spent = rule.costs[0] * alarms + rule.costs[1] * (positives - hits)
        return np.asarray(-spent / np.maximum(positives + negatives, 1e-300))
    none = np.zeros_like(hits)
    precision = np.divide(hits, hits + alarms, out=none.copy(), where=hits + alarms > 0)
    recall = np.divide(hits, positives, out=none.copy(), where=positives > 0)
    if rule.rule == "f1":
        under = hits + alarms + positives
        return np.divide(2 * hits, under, out=none, where=under > 0)
    kept, sought = (recall, precision) if rule.rule == "recall" else (precision, recall)
    return np.where(kept >= rule.least - 1e-12, sought, _NOT_ALLOWED - 1 + kept)


def _middle_of_best(goodness: Floats) -> int:
    best = np.flatnonzero(goodness >= goodness.max() - 1e-12)
    return int(best[(len(best) - 1) // 2])


def _resamples(found: ThresholdWeights, how: Sampling, joint: JointCounts | None) -> tuple[Pair, Pair]:
    if joint is not None and joint.bucket.size:
        tables = [_by_bucket(joint, side, found.threshold) for side in (joint.positive, joint.negative)]
        weight = sum(table.sum(axis=1) for table in tables)
        times = drawn_buckets(np.asarray(weight), how.resamples, seed=how.seed)
        cells = [times @ table for table in tables]
    else:
        random = np.random.default_rng(how.seed)
        sides = ((found.positive, found.positives), (found.negative, found.negatives))
        counts = [-np.diff(np.concatenate(([total], reaching, [0.0]))) for reaching, total in sides]
        cells = [
            random.poisson(np.maximum(one, 0.0), (how.resamples, one.size)).astype(np.float64)
            for one in counts
        ]
    reaching = [np.cumsum(one[:, ::-1], axis=1)[:, ::-1] for one in cells]
    return (reaching[0][:, 1:], reaching[1][:, 1:]), (reaching[0][:, 0], reaching[1][:, 0])


def _by_bucket(joint: JointCounts, side: Floats, thresholds: Floats) -> Floats:
    size = thresholds.size + 1
    places = joint.bucket * size + np.searchsorted(thresholds, joint.scores[0], side="right")
    return np.bincount(places, side, minlength=BUCKETS * size).astype(np.float64).reshape(BUCKETS, size)


def shown_table(found: ThresholdWeights, rule: ThresholdRule, *, threshold: float) -> ThresholdTable:
    """The table to show: steps of 0.01, and the chosen threshold."""
    keep = np.isin(found.threshold, (*SHOWN, threshold))
    return ThresholdTable(
        threshold=found.threshold[keep],
        true_positive=found.positive[keep],
        false_positive=found.negative[keep],
        positives=found.positives,
        negatives=found.negatives,
        costs=rule.costs,
    )


def confusion_of_threshold(
    found: ThresholdWeights, threshold: float, *, classes: tuple[str, ...]
) -> ConfusionCounts:
    """The matrix at a threshold that was counted."""
    at = int(np.searchsorted(found.threshold, threshold))
    hits, alarms = float(found.positive[at]), float(found.negative[at])
    matrix = [[found.negatives - alarms, alarms], [found.positives - hits, hits]]
    return ConfusionCounts(classes, np.maximum(np.asarray(matrix), 0.0))
