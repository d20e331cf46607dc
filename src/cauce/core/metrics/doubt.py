"""Intervals of every metric on one dataset, from what its scan found."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cauce.core.metrics.delong import Entries, auc_interval, bucketed_auc_interval, wider
from cauce.core.metrics.interval import LEVEL, Interval, Method, around, quantile_of, wilson
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.ranking import SMALLEST
from cauce.core.metrics.replicates import (
    Buckets,
    ClassBuckets,
    ScoreBuckets,
    drawn_buckets,
    score_cells,
)
from cauce.core.metrics.results import ConfusionCounts, Floats, Scores, totals
from cauce.core.metrics.value import Metric
from cauce.stats.bucketed import BUCKETS, ClassTermsState
from cauce.stats.joint_scores import JointCounts
from cauce.stats.products import inner_product
from cauce.stats.quantiles import ColumnQuantiles

RESAMPLES = 400
_FEWEST_VALID = 0.5
_SHARES = frozenset(("precision", "recall", "specificity", "f1"))
_CELLED = frozenset(("average_precision", "lift", "calibration_error"))


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the rows came about, for intervals.

    level: of confidence. seed: of resampling. clustered: whether rows belong together (in groups), or
    count differently (weights), so that buckets of rows are drawn and not rows. bucket: the column with
    a row's bucket.
    """

    level: float = LEVEL
    seed: int = 0
    clustered: bool = False
    bucket: str = "__bucket__"
    resamples: int = RESAMPLES


def with_intervals(metrics: Iterable[Metric], intervals: dict[str, Interval]) -> tuple[Metric, ...]:
    """The metrics with the intervals of their names, widened by what binning may have moved the value."""
    return tuple(_with(one, intervals.get(str(one.name))) for one in metrics)


def _with(one: Metric, interval: Interval | None) -> Metric:
    if interval is None or one.value is None or not (math.isfinite(interval.low + interval.high)):
        return one
    low = min(interval.low - one.error, one.value)
    high = max(interval.high + one.error, one.value)
    return replace(one, interval=replace(interval, low=low, high=high))


def binary_intervals(
    metrics: Sequence[Metric], scores: Scores, *, confusion: ConfusionCounts, how: Sampling, threshold: float
) -> dict[str, Interval]:
    """Of independent, unweighted rows of a binary target, or of one class against the rest."""
    found = {}
    cells: ScoreBuckets | None = None
    for one in metrics:
        if one.name.kind in _CELLED and one.value is not None:
            cells = cells or _drawn_cells(scores, confusion.classes, threshold, how)
        interval = _binary(one, scores, confusion, cells, how)
        if interval is not None:
            found[str(one.name)] = interval
    return found


def _binary(
    one: Metric, scores: Scores, confusion: ConfusionCounts, cells: ScoreBuckets | None, how: Sampling
) -> Interval | None:
    if one.value is None:
        return None
    kind = one.name.kind
    if kind == "roc_auc":
        return auc_interval(scores, level=how.level)
    if kind == "prevalence":
        return wilson(one.value, scores.weight, level=how.level)
    if kind in ("log_loss", "brier"):
        return _mean_interval(one.value, scores, kind, how.level)
    if kind in _CELLED and cells is not None:
        return _of_resamples(one, cells, how)
    return decision_interval(one, confusion, how=how)


def decision_interval(one: Metric, confusion: ConfusionCounts, *, how: Sampling) -> Interval | None:
    """Of a metric of predicted classes of independent, unweighted rows."""
    if one.value is None:
        return None
    name, matrix = one.name, confusion.matrix
    if name.kind == "accuracy":
        return wilson(one.value, confusion.weight, level=how.level)
    if name.kind in _SHARES and name.positive is not None:
        at = confusion.classes.index(name.positive)
        return _share_interval(name.kind, matrix, at, how.level)
    random = np.random.default_rng(how.seed)
    drawn = random.poisson(matrix.ravel(), size=(how.resamples, matrix.size))
    tables = drawn.reshape(-1, *matrix.shape).astype(np.float64)
    whole = np.concatenate((matrix[np.newaxis], tables))
    right = np.diagonal(whole, axis1=1, axis2=2)
    found = ClassTermsState(np.stack((right, whole.sum(axis=2), whole.sum(axis=1))), np.zeros(len(whole)))
    buckets = ClassBuckets(confusion.classes, found, losses=False)
    replicates = buckets.replicates(name)
    return None if replicates is None else around_replicates(one, replicates, how=how)


def _share_interval(kind: str, matrix: Floats, at: int, level: float) -> Interval:
    """Wilson's; of F1 by way of the share of hits among rows labelled or predicted so, to which it grows."""
    hits, labels, predictions = (
        float(part) for part in (matrix[at, at], matrix[at].sum(), matrix[:, at].sum())
    )
    if kind == "specificity":
        others = float(matrix.sum()) - labels
        return wilson((others - predictions + hits) / others, others, level=level)
    if kind == "f1":
        union = labels + predictions - hits
        ends = wilson(hits / union, union, level=level)
        return replace(ends, low=2 * ends.low / (1 + ends.low), high=2 * ends.high / (1 + ends.high))
    under = labels if kind == "recall" else predictions
    return wilson(hits / under, under, level=level)


def _mean_interval(value: float, scores: Scores, kind: str, level: float) -> Interval:
    score = scores.score
    if kind == "brier":
        parts = (1 - score) ** 2, score**2
    else:
        likely = np.clip(score, SMALLEST, 1 - SMALLEST)
        parts = -np.log(likely), -np.log1p(-likely)
    mean = (
        inner_product(scores.positive, parts[0]) + inner_product(scores.negative, parts[1])
    ) / scores.weight
    squares = inner_product(scores.positive, (parts[0] - mean) ** 2) + inner_product(
        scores.negative, (parts[1] - mean) ** 2
    )
    rows = scores.weight
    error = wider(math.sqrt(float(squares) / (rows * max(rows - 1, 1.0))), int(rows), level=level)
    found = around(value, error, level=level, method="normal")
    return replace(found, low=max(found.low, 0.0))


def _drawn_cells(scores: Scores, classes: tuple[str, ...], threshold: float, how: Sampling) -> ScoreBuckets:
    """Poisson resamples of the cells (Chamandy 2012); the first row is the cells as they are."""
    at, mean = score_cells(scores, threshold)
    sides = [totals(at, side, size=mean.size) for side in (scores.positive, scores.negative)]
    random = np.random.default_rng(how.seed)
    drawn = [np.vstack((side, random.poisson(side, (how.resamples, side.size)) * 1.0)) for side in sides]
    return ScoreBuckets((classes[0], classes[-1]), mean, drawn[0], drawn[1], threshold)


def _of_resamples(one: Metric, cells: ScoreBuckets, how: Sampling) -> Interval | None:
    replicates = cells.replicates(one.name)
    if replicates is None or one.value is None:
        return None
    return around_replicates(one, replicates, how=how)


def around_replicates(
    one: Metric, replicates: Floats, *, how: Sampling, method: Method = "bootstrap", widening: float = 1.0
) -> Interval | None:
    """The interval of a metric from its replicates, the first of which is the sample's own.

    The percentiles are moved by how far the sample's own replicate is from the value (binning), and the
    interval is stretched to hold also what is left when the bootstrap's bias is taken off; twice for the
    calibration error, whose distances never cancel, so that resamples show but half of it. None where
    half of the resamples have no value.
    """
    value = one.value or 0.0
    own, drawn = float(replicates[0]), replicates[1:]
    drawn = drawn[np.isfinite(drawn)]
    if not math.isfinite(own) or drawn.size < _FEWEST_VALID * (replicates.size - 1):
        return None
    middle = float(drawn.mean())
    tail = (1 - how.level) / 2
    low, high = (float(end) - middle for end in np.quantile(drawn, (tail, 1 - tail)))
    bias = (middle - own) * (2 if one.name.kind == "calibration_error" else 1)
    low, high = value + widening * low + min(0.0, -bias), value + widening * high + max(0.0, -bias)
    return Interval(min(low, value), max(high, value), how.level, method)


def bucket_intervals(
    metrics: Iterable[Metric], buckets: Sequence[Buckets], *, how: Sampling
) -> dict[str, Interval]:
    """By drawing buckets with replacement; a metric is looked for in each of `buckets` in turn.

    The same draws serve all. Few buckets widen the interval as Student's t does. Below two there is none.
    """
    found: dict[str, Interval] = {}
    weight = buckets[0].weight
    used = int(np.count_nonzero(weight))
    if used < 2:
        return found
    times = with_whole(drawn_buckets(weight, how.resamples, seed=how.seed))
    drawn = [part.resampled(times) for part in buckets]
    widening = wider(math.sqrt(used / (used - 1)), used, level=how.level)
    for one in metrics:
        every = (part.replicates(one.name) for part in drawn)
        replicates = next((part for part in every if part is not None), None)
        if one.value is None or replicates is None:
            continue
        interval = around_replicates(one, replicates, how=how, method="buckets", widening=widening)
        if interval is not None:
            found[str(one.name)] = _within(one.name, interval)
    return found


def with_whole(times: Floats) -> Floats:
    """The draws with the sample itself before them."""
    return np.vstack((np.ones(times.shape[1]), times))


def _within(name: MetricName, interval: Interval) -> Interval:
    """Kept inside of what the metric can be."""
    low, high = {"r2": (-math.inf, 1.0), "mcc": (-1.0, 1.0), "bias": (-math.inf, math.inf)}.get(
        name.kind, (0.0, math.inf)
    )
    if name.kind in _SHARES | {"accuracy", "balanced_accuracy", "average_precision", "prevalence", "brier"}:
        high = 1.0
    return replace(interval, low=max(interval.low, low), high=min(interval.high, high))


def joint_buckets(
    found: JointCounts, classes: tuple[str, str], *, threshold: float, at: int = 0
) -> ScoreBuckets:
    """The scores of one model (`at`) by bucket, in cells."""
    score = np.minimum(found.scores[at], 1.0)
    distinct, place = np.unique(score, return_inverse=True)
    hits, alarms = (totals(place, side, size=distinct.size) for side in (found.positive, found.negative))
    cell, mean = score_cells(Scores(distinct, hits, alarms), threshold)
    where = found.bucket * max(mean.size, 1) + cell[place]
    tables = [
        totals(where, side, size=BUCKETS * mean.size).reshape(BUCKETS, mean.size)
        for side in (found.positive, found.negative)
    ]
    return ScoreBuckets(classes, mean, tables[0], tables[1], threshold)


def joint_auc_interval(found: JointCounts, *, how: Sampling) -> Interval | None:
    """Of the area under the ROC curve of rows that come in buckets."""
    if not found.bucket.size:
        return None
    entries = Entries(found.bucket, found.positive, found.negative)
    return bucketed_auc_interval(found.scores[0], entries, level=how.level)


def median_interval(sizes: ColumnQuantiles, *, how: Sampling) -> Interval | None:
    """Of the median of independent rows, from the ranks around it (Wilks 1962), widened by the bins."""
    if sizes.count < 2:
        return None
    half = quantile_of(how.level) * math.sqrt(sizes.count) / 2
    middle = (sizes.count - 1) / 2
    low = sizes.at_rank(max(math.floor(middle - half), 0))
    high = sizes.at_rank(min(math.ceil(middle + half), sizes.count - 1))
    bound = sizes.error_bound
    return Interval(low - bound * abs(low), high + bound * abs(high), how.level, "rank")


def median_of_buckets(found: JointCounts, value: float, *, how: Sampling) -> Interval | None:
    """Of the median of values in buckets; `found` counts them as scores."""
    size = int(found.bucket.max()) + 1 if found.bucket.size else 0
    distinct, place = np.unique(found.scores[0], return_inverse=True)
    both = found.positive + found.negative
    weight = np.bincount(found.bucket, both, minlength=size)
    used = int(np.count_nonzero(weight))
    if used < 2 or not both.sum():
        return None
    below = np.bincount(found.bucket, both * (found.scores[0] <= value), minlength=size)
    share = below.sum() / weight.sum()
    pulls = (below - share * weight) / weight.sum()
    error = wider(math.sqrt(inner_product(pulls, pulls) * used / (used - 1)), used, level=how.level)
    half = quantile_of(how.level) * error
    reached = np.cumsum(np.bincount(place, both)) / both.sum()
    ends = [np.searchsorted(reached, np.clip(0.5 + way * half, 0, 1)) for way in (-1, 1)]
    low, high = (float(distinct[min(int(end), distinct.size - 1)]) for end in ends)
    return Interval(min(low, value), max(high, value), how.level, "buckets")
