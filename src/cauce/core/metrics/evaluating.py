"""What to ask of scored rows so that metrics come with their doubt, and what the answers amount to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cauce.core.metrics.building import ClassResults
from cauce.core.metrics.choosing import (
    ThresholdRule,
    choose_threshold,
    confusion_of_threshold,
    shown_table,
)
from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.core.metrics.delong import auc_interval
from cauce.core.metrics.doubt import (
    Sampling,
    binary_intervals,
    bucket_intervals,
    decision_interval,
    joint_auc_interval,
    joint_buckets,
    median_interval,
    median_of_buckets,
    with_intervals,
)
from cauce.core.metrics.interval import Interval
from cauce.core.metrics.keys import Dataset
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.replicates import ClassBuckets, ErrorBuckets
from cauce.core.metrics.requests import (
    Guess,
    ScoredColumns,
    binary_results,
    class_results,
    classes_evaluated,
    evaluated,
    summaries_for,
)
from cauce.core.metrics.results import ConfusionCounts
from cauce.core.metrics.target import Target, metric_names
from cauce.core.metrics.thresholds import ThresholdChoice, ThresholdTable
from cauce.core.metrics.value import Metric
from cauce.stats.bucketed import ClassesByBucket, ErrorsByBucket
from cauce.stats.joint_scores import JointScores
from cauce.stats.quantiles import ColumnQuantiles
from cauce.stats.summary import Summary
from cauce.stats.threshold_counts import ThresholdCounts
from cauce.threads import in_threads

SIZE = "__size__"
"""float: a row's absolute error, where a regression's rows belong together."""
MOST_CLASSES = 20
"""Of more classes, areas of single classes have no interval where rows belong together."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of the scored rows of each dataset; `guess` as in summaries_for.

    headline: the one metric whose doubt on training rows is wanted too; None for the target's first.
    """

    target: Target
    columns: ScoredColumns
    guess: Guess
    how: Sampling
    rule: ThresholdRule = field(default_factory=ThresholdRule)
    headline: MetricName | None = None

    @property
    def base(self) -> tuple[Summary, ...]:
        """What the values need; of a binary target the counts at thresholds give what is predicted."""
        every = summaries_for(self.target, self.columns, guess=self.guess)
        return every[1:] if self.target.task == "binary" else every

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """What values and doubt need, in the order the answers are read."""
        return (*self.base, *self._doubt())

    def _doubt(self) -> tuple[Summary, ...]:
        columns, how = self.columns, self.how
        label, weight = columns.label, columns.weight
        if self.target.task == "regression":
            errors = ErrorsByBucket(columns.predicted, label, how.bucket, weight)
            sizes = JointScores((SIZE,), label, how.bucket, 0, weight)
            return (errors, sizes) if how.clustered else (errors,)
        if self.target.task == "binary":
            score = columns.probabilities[-1]
            counts = ThresholdCounts(score, label, self.rule.candidates, 1, weight)
            joint = JointScores((score,), label, how.bucket, 1, weight)
            return (counts, joint) if how.clustered else (counts,)
        size = len(self.target.classes)
        classes = ClassesByBucket(columns.predicted, label, how.bucket, size, columns.probabilities, weight)
        joints: tuple[Summary, ...] = ()
        if how.clustered and size <= MOST_CLASSES:
            joints = tuple(
                JointScores((name,), label, how.bucket, number, weight)
                for number, name in enumerate(columns.probabilities)
            )
        return (classes, *joints)


@dataclass(frozen=True, eq=False, kw_only=True)
class Answer:
    """Each dataset's evaluation, with intervals, and of a binary target the thresholds."""

    datasets: Mapping[Dataset, DatasetEvaluation]
    thresholds: ThresholdTable | None = None
    choice: ThresholdChoice | None = None


def answered(asked: Question, results: Mapping[Dataset, Sequence[Any]]) -> Answer:
    """What the results of `asked.summaries` of each dataset amount to; E0907 as in `evaluated`.

    The threshold comes from the results of "validation" alone.
    """
    if asked.target.task != "binary":
        return Answer(datasets=_each_judged(asked, results, 0.5))
    base = len(asked.base)
    seen = results.get("validation")
    counts = None if seen is None else seen[base]
    joint = seen[base + 1] if seen is not None and asked.how.clustered else None
    choice = choose_threshold(counts, asked.rule, how=asked.how, joint=joint)
    table = None if counts is None else shown_table(counts, asked.rule, threshold=choice.threshold)
    datasets = _each_judged(asked, results, choice.threshold)
    return Answer(datasets=datasets, thresholds=table, choice=choice)


def _each_judged(
    asked: Question, results: Mapping[Dataset, Sequence[Any]], threshold: float
) -> dict[Dataset, DatasetEvaluation]:
    def judged(name: Dataset) -> DatasetEvaluation:
        return _judged(asked, results[name], name, threshold)

    return dict(zip(results, in_threads(judged, results), strict=True))


def _judged(
    asked: Question, found: Sequence[Any], dataset: Dataset, threshold: float = 0.5
) -> DatasetEvaluation:
    """Of training rows only the headline's doubt is of use: for the step to rows the model has not seen."""
    if dataset != "train":
        return judged_part(asked, found, threshold=threshold)
    headline = asked.headline or metric_names(asked.target)[0]
    return judged_part(asked, found, threshold=threshold, doubted=(headline,))


def judged_part(
    asked: Question,
    results: Sequence[Any],
    *,
    threshold: float = 0.5,
    only: Sequence[MetricName] | None = None,
    doubted: Sequence[MetricName] | None = None,
) -> DatasetEvaluation:
    """The evaluation of one dataset, or of a part of it, with intervals.

    only: the metrics wanted. doubted: those whose interval is wanted; None for all.
    """
    base = len(asked.base)
    own, more = results[:base], results[base:]
    if asked.target.task == "regression":
        found = _limited(evaluated(asked.target, own, guess=asked.guess), only)
        return _doubtful(found, doubted, lambda metrics: _numbers(metrics, own, more, asked.how))
    if asked.target.task == "binary":
        matrix = confusion_of_threshold(more[0], threshold, classes=asked.target.classes)
        classes, counted = binary_results(own[0], matrix)
    else:
        classes, counted = class_results(asked.target, own)
    found = _limited(classes_evaluated(asked.target, classes, counted=counted, guess=asked.guess), only)
    intervals = _binary if asked.target.task == "binary" else _multiclass
    return _doubtful(found, doubted, lambda metrics: intervals(asked, metrics, classes, more, threshold))


def _doubtful(
    found: DatasetEvaluation,
    doubted: Sequence[MetricName] | None,
    measured: Callable[[tuple[Metric, ...]], tuple[Metric, ...]],
) -> DatasetEvaluation:
    """The evaluation with `measured` done to the metrics whose doubt is wanted."""
    wanted = tuple(one for one in found.metrics if doubted is None or one.name in doubted)
    known = {one.name: one for one in measured(wanted)}
    return replace(found, metrics=tuple(known.get(one.name, one) for one in found.metrics))


def _limited(found: DatasetEvaluation, only: Sequence[MetricName] | None) -> DatasetEvaluation:
    if only is None:
        return found
    known = {one.name: one for one in found.metrics}
    return replace(found, metrics=tuple(known[name] for name in only if name in known))


def _numbers(
    metrics: tuple[Metric, ...], own: Sequence[Any], more: Sequence[Any], how: Sampling
) -> tuple[Metric, ...]:
    intervals = bucket_intervals(metrics, [ErrorBuckets(more[0])], how=how)
    sizes, name = own[1].sizes, "median_absolute_error"
    value = next((one.value for one in metrics if str(one.name) == name), None)
    median: Interval | None = None
    if how.clustered and value is not None:
        median = median_of_buckets(more[1], value, how=how)
    elif isinstance(sizes, ColumnQuantiles):
        median = median_interval(sizes, how=how)
    return with_intervals(metrics, intervals if median is None else {**intervals, name: median})


def _binary(
    asked: Question, metrics: tuple[Metric, ...], found: ClassResults, more: Sequence[Any], threshold: float
) -> tuple[Metric, ...]:
    classes, how = (asked.target.classes[0], asked.target.classes[1]), asked.how
    if not how.clustered:
        scores = found.scores[0]
        intervals = binary_intervals(metrics, scores, confusion=found.confusion, how=how, threshold=threshold)
        return with_intervals(metrics, intervals)
    joint = more[1]
    intervals = bucket_intervals(metrics, [joint_buckets(joint, classes, threshold=threshold)], how=how)
    area = joint_auc_interval(joint, how=how)
    if area is not None:
        intervals[str(MetricName("roc_auc", positive=classes[1]))] = area
    return with_intervals(metrics, intervals)


def _multiclass(
    asked: Question, metrics: tuple[Metric, ...], found: ClassResults, more: Sequence[Any], _threshold: float
) -> tuple[Metric, ...]:
    how, classes = asked.how, asked.target.classes
    buckets = ClassBuckets(classes, more[0])
    intervals = bucket_intervals(metrics, [buckets], how=how)
    singles = tuple(MetricName("roc_auc", positive=one) for one in classes)
    if how.clustered:
        for at, joint in enumerate(more[1:]):
            pair = ("", classes[at])
            wanted = [
                one for one in metrics if one.name == MetricName("average_precision", positive=classes[at])
            ]
            intervals |= bucket_intervals(wanted, [joint_buckets(joint, pair, threshold=0.5)], how=how)
            _keep(intervals, singles[at], joint_auc_interval(joint, how=how))
    else:
        intervals |= _independent(metrics, found, classes, how)
        for at, name in enumerate(singles):
            _keep(intervals, name, auc_interval(found.scores[at], level=how.level))
    macro, known = MetricName("roc_auc", average="macro"), [intervals.get(str(one)) for one in singles]
    ends = [one for one in known if one is not None]
    if len(ends) == len(singles):
        # Errors of the classes' areas go along with each other: averaged, the ends are never too near.
        low, high = (float(np.mean([getattr(one, end) for one in ends])) for end in ("low", "high"))
        intervals[str(macro)] = Interval(low, high, how.level, "delong")
    return with_intervals(metrics, intervals)


def _keep(intervals: dict[str, Interval], name: MetricName, found: Interval | None) -> None:
    if found is not None:
        intervals[str(name)] = found


def _independent(
    metrics: tuple[Metric, ...], found: ClassResults, classes: tuple[str, ...], how: Sampling
) -> dict[str, Interval]:
    """Of independent rows: shares by Wilson, average precision by class."""
    intervals: dict[str, Interval] = {}
    fewer = replace(how, resamples=max(100, how.resamples * 5 // max(len(classes), 5)))
    for one in metrics:
        name, interval = one.name, None
        if name.kind == "accuracy" or (
            name.positive is not None and name.kind in ("precision", "recall", "f1")
        ):
            interval = decision_interval(one, found.confusion, how=how)
        elif name.kind == "average_precision" and name.positive is not None:
            at = classes.index(name.positive)
            pair = ConfusionCounts(("", name.positive), np.zeros((2, 2)))
            part = binary_intervals([one], found.scores[at], confusion=pair, how=fewer, threshold=0.5)
            interval = part.get(str(name))
        _keep(intervals, name, interval)
    return intervals
