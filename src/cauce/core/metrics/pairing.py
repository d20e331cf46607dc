"""The differences of two models' metrics over the same rows, with their doubt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cauce.core.comparison import PairedMetric
from cauce.core.metrics.delong import Entries, bucket_error, influences, paired_error, placements, wider
from cauce.core.metrics.doubt import Sampling, around_replicates, joint_buckets, with_whole
from cauce.core.metrics.interval import Interval, around
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.replicates import Buckets, ClassBuckets, ErrorBuckets, drawn_buckets
from cauce.core.metrics.results import Floats
from cauce.core.metrics.target import Target, metric_names
from cauce.core.metrics.value import metric
from cauce.stats.bucketed import ClassesByBucket, ErrorsByBucket
from cauce.stats.joint_scores import JointCounts, JointScores
from cauce.stats.summary import Summary

LIMIT = 131_072
MOST_CLASSES = 20
_KINDS = {
    "binary": (
        "roc_auc",
        "average_precision",
        "log_loss",
        "brier",
        "accuracy",
        "precision",
        "recall",
        "f1",
        "mcc",
    ),
    "multiclass": ("roc_auc", "log_loss", "accuracy", "balanced_accuracy", "mcc", "f1"),
    "regression": ("rmse", "mae", "r2", "wape", "mape"),
}


@dataclass(frozen=True, kw_only=True)
class PairedColumns:
    """The columns of rows that both models scored, by model (first, second).

    label: class numbers, or the number; predicted: likewise; probabilities: one for each class.
    thresholds: of the two models (binary).
    """

    label: str
    predicted: tuple[str, str]
    probabilities: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    weight: str | None = None
    thresholds: tuple[float, float] = (0.5, 0.5)


def comparable(target: Target) -> tuple[MetricName, ...]:
    """The metrics that two models can be compared by, the target's headline first."""
    kinds = _KINDS[target.task]
    wanted = [one for one in metric_names(target) if one.kind in kinds]
    if target.task == "multiclass":
        wanted = [one for one in wanted if one.positive is None and one.average in (None, "macro")]
        if len(target.classes) > MOST_CLASSES:
            wanted = [one for one in wanted if one.kind != "roc_auc"]
    return tuple(wanted)


def paired_summaries(target: Target, columns: PairedColumns, *, how: Sampling) -> tuple[Summary, ...]:
    """What to gather from the rows, in the order `paired_metrics` reads."""
    label, weight, bucket = columns.label, columns.weight, how.bucket
    if target.task == "regression":
        return tuple(ErrorsByBucket(one, label, bucket, weight) for one in columns.predicted)
    size = len(target.classes)
    classes = tuple(
        ClassesByBucket(one, label, bucket, size, probabilities, weight)
        for one, probabilities in zip(columns.predicted, columns.probabilities, strict=True)
    )
    numbers = [1] if target.task == "binary" else range(size if size <= MOST_CLASSES else 0)
    pairs = (tuple(one[number] for one in columns.probabilities) for number in numbers)
    joints = (
        JointScores(pair, label, bucket, number, weight, LIMIT)
        for pair, number in zip(pairs, numbers, strict=True)
    )
    return (*classes, *joints)


def paired_metrics(
    target: Target,
    results: Sequence[Any],
    *,
    names: Sequence[MetricName],
    columns: PairedColumns,
    how: Sampling,
) -> tuple[PairedMetric, ...]:
    """Each of `names` that both models have a value of. The same resamples serve both models."""
    sums = _buckets(target, results, columns)
    weight = sums[0][0].weight
    times = with_whole(drawn_buckets(weight, how.resamples, seed=how.seed))
    both = [tuple(part.resampled(times) for part in one) for one in sums]
    used = int(np.count_nonzero(weight))
    found = []
    for name in names:
        if name.kind == "roc_auc":
            one = _areas(name, results[2:], how)
        else:
            one = _resampled(name, both, used=used, how=how)
        if one is not None:
            found.append(one)
    return tuple(found)


def _buckets(
    target: Target, results: Sequence[Any], columns: PairedColumns
) -> tuple[tuple[Buckets, ...], tuple[Buckets, ...]]:
    """By model, what its metrics are looked for in."""
    if target.task == "regression":
        return (ErrorBuckets(results[0]),), (ErrorBuckets(results[1]),)
    first, second = (_of_classes(target, results, columns, at) for at in (0, 1))
    return first, second


def _of_classes(
    target: Target, results: Sequence[Any], columns: PairedColumns, at: int
) -> tuple[Buckets, ...]:
    decided = ClassBuckets(target.classes, results[at])
    if target.task != "binary":
        return (decided,)
    pair = (target.classes[0], target.classes[1])
    return decided, joint_buckets(results[2], pair, threshold=columns.thresholds[at], at=at)


def _resampled(
    name: MetricName, both: Sequence[Sequence[Buckets]], *, used: int, how: Sampling
) -> PairedMetric | None:
    values = [_replicates(name, one) for one in both]
    first, second = values
    if first is None or second is None or used < 2:
        return None
    apart = second - first
    if not math.isfinite(float(apart[0])):
        return None
    widening = wider(math.sqrt(used / (used - 1)), used, level=how.level)
    difference = metric(name, float(apart[0]))
    interval = around_replicates(difference, apart, how=how, method="buckets", widening=widening)
    if interval is None:
        return None
    return PairedMetric(name, float(first[0]), float(second[0]), interval)


def _replicates(name: MetricName, buckets: Sequence[Buckets]) -> Floats | None:
    every = (one.replicates(name) for one in buckets)
    return next((found for found in every if found is not None), None)


def _areas(name: MetricName, joints: Sequence[JointCounts], how: Sampling) -> PairedMetric | None:
    """DeLong's paired test; over buckets where rows belong together, or where several areas are averaged."""
    areas, pulls = [], []
    for joint in joints:
        pair = list(_placed(joint))
        if len(pair) < 2:
            return None
        areas.append([one.area for one in pair])
        entries = Entries(joint.bucket, joint.positive, joint.negative)
        own = [influences(one, entries) for one in pair]
        pulls.append(own[1] - own[0])
    first, second = (float(value) for value in np.mean(areas, axis=0))
    if len(joints) == 1 and not how.clustered:
        joint = joints[0]
        pair = list(_placed(joint))
        error = paired_error((pair[0], pair[1]), positive=joint.positive, negative=joint.negative)
    else:
        together = np.mean(pulls, axis=0)
        error = wider(bucket_error(together), together.size, level=how.level)
    found = around(second - first, error, level=how.level, method="delong")
    return PairedMetric(name, first, second, Interval(found.low, found.high, how.level, "delong"))


def _placed(joint: JointCounts) -> Iterator[Any]:
    for scores in joint.scores:
        found = placements(scores, positive=joint.positive, negative=joint.negative)
        if found is not None:
            yield found
