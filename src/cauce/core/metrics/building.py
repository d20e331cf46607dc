"""From the results of one scan to all that is said about a model on one dataset, guesses included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cauce.core.metrics.curves import calibration, precision_recall_curve, roc_curve
from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.core.metrics.decisions import decision_metric
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.numbers import number_metric
from cauce.core.metrics.ranking import SMALLEST, ranking_metric
from cauce.core.metrics.results import ConfusionCounts, ErrorSums, Floats, LossSums, ResidualHistogram, Scores
from cauce.core.metrics.target import Target, is_decision, metric_names
from cauce.core.metrics.value import Metric, metric, undefined
from cauce.stats.products import inner_product

_GUESSES = {"mean": ("rmse", "r2", "bias"), "median": ("mae", "mape", "wape")}


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many rows a dataset has: labelled, and left out because the label is null."""

    rows: int
    unlabelled: int = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassResults:
    """What one scan found about a classifier. scores: one for each class against the rest, in order.

    Of a binary target they hold the positive class alone. losses: exact sums, else scores are used
    (binary only).
    """

    scores: Sequence[Scores]
    confusion: ConfusionCounts
    losses: LossSums | None = None


def evaluated_classes(
    target: Target, found: ClassResults, *, counted: Counted, shares: Floats | None = None
) -> DatasetEvaluation:
    """All about a classifier on one dataset. shares: the classes' shares among the training rows."""
    named = dict(zip(_scored(target), found.scores, strict=True))
    curves = {"roc": roc_curve, "precision_recall": precision_recall_curve}
    drawn = {kind: {name: make(scores) for name, scores in named.items()} for kind, make in curves.items()}
    kept = {kind: {name: one for name, one in part.items() if one} for kind, part in drawn.items()}
    return DatasetEvaluation(
        rows=counted.rows,
        unlabelled=counted.unlabelled,
        weight=found.confusion.weight,
        metrics=class_metrics(target, found),
        baselines={} if shares is None else {"majority": majority_metrics(target, found, shares=shares)},
        confusion=found.confusion,
        roc=kept["roc"],
        precision_recall=kept["precision_recall"],
        calibration={name: calibration(scores) for name, scores in named.items()},
    )


def _scored(target: Target) -> tuple[str, ...]:
    return (target.positive,) if target.task == "binary" else target.classes


def class_metrics(target: Target, found: ClassResults) -> tuple[Metric, ...]:
    """Every metric of a binary or multiclass target."""
    return tuple(_class_metric(target, found, name) for name in metric_names(target))


def _class_metric(target: Target, found: ClassResults, name: MetricName) -> Metric:
    if is_decision(name):
        return decision_metric(found.confusion, name)
    if name.kind in ("log_loss", "brier") and found.losses is not None:
        if found.losses.weight <= 0:
            return undefined(name, "no_rows")
        total = found.losses.log if name.kind == "log_loss" else found.losses.brier
        return metric(name, total / found.losses.weight)
    if name.average is not None:
        return _averaged(target, found, name)
    chosen = _scored(target).index(name.positive) if name.positive is not None else 0
    return ranking_metric(found.scores[chosen], name)


def _averaged(target: Target, found: ClassResults, name: MetricName) -> Metric:
    """The plain mean over classes; undefined where a class has no row, or is the only one."""
    single = [MetricName(name.kind, positive=one) for one in target.classes]
    parts = [ranking_metric(scores, one) for scores, one in zip(found.scores, single, strict=True)]
    if found.confusion.weight <= 0:
        return undefined(name, "no_rows")
    if any(part.value is None for part in parts):
        return undefined(name, "class_absent")
    values = [part.value or 0.0 for part in parts]
    return metric(name, float(np.mean(values)), error=float(np.mean([part.error for part in parts])))


def majority_metrics(target: Target, found: ClassResults, *, shares: Floats) -> tuple[Metric, ...]:
    """What guessing reaches: the training shares as every row's probabilities, the largest as its class."""
    shares = np.asarray(shares, dtype=np.float64) / np.sum(shares)
    labels = found.confusion.labels
    matrix = np.zeros_like(found.confusion.matrix)
    matrix[:, int(np.argmax(shares))] = labels
    logs = -np.log(np.clip(shares, SMALLEST, 1 - SMALLEST))
    far = (
        inner_product(labels, (np.arange(labels.size) - shares[-1]) ** 2) if target.task == "binary" else 0.0
    )
    guess = ClassResults(
        scores=[_constant(share, part, labels) for share, part in _guessed(target, shares)],
        confusion=ConfusionCounts(found.confusion.classes, matrix),
        losses=LossSums(weight=float(labels.sum()), log=float(labels @ logs), brier=float(far)),
    )
    return class_metrics(target, guess)


def _guessed(target: Target, shares: Floats) -> list[tuple[float, int]]:
    chosen = [1] if target.task == "binary" else range(len(target.classes))
    return [(float(shares[at]), at) for at in chosen]


def _constant(share: float, at: int, labels: Floats) -> Scores:
    others = float(np.delete(labels, at).sum())
    return Scores(np.array([share]), labels[at : at + 1], np.array([others]))


@dataclass(frozen=True, eq=False, kw_only=True)
class NumberResults:
    """What one scan found about a regression.

    mean, median: the errors of the training rows' mean and median as every row's prediction.
    """

    sums: ErrorSums
    residuals: ResidualHistogram | None = None
    mean: ErrorSums | None = None
    median: ErrorSums | None = None


def _goes_with(guess: str, name: MetricName) -> bool:
    """Whether this guess stands beside the metric. On the logarithm the mean of amounts is a poor one."""
    return guess == "median" if name.scale == "log1p" else name.kind in _GUESSES[guess]


def evaluated_numbers(target: Target, found: NumberResults, *, counted: Counted) -> DatasetEvaluation:
    """All about a regression on one dataset."""
    names = metric_names(target)
    guesses = {"mean": found.mean, "median": found.median}
    return DatasetEvaluation(
        rows=counted.rows,
        unlabelled=counted.unlabelled,
        weight=found.sums.weight,
        metrics=tuple(number_metric(found.sums, name) for name in names),
        baselines={
            guess: tuple(number_metric(sums, name) for name in names if _goes_with(guess, name))
            for guess, sums in guesses.items()
            if sums is not None
        },
        residuals=found.residuals,
    )
