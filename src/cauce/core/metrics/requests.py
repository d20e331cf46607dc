"""Which summaries of scored rows an evaluation asks for, and how their results are read. One scan for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cauce.core.metrics.building import (
    ClassResults,
    Counted,
    NumberResults,
    evaluated_classes,
    evaluated_numbers,
)
from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.core.metrics.errors import NumberErrors
from cauce.core.metrics.losses import Losses
from cauce.core.metrics.results import (
    ConfusionCounts,
    ErrorSums,
    Floats,
    LossSums,
    ResidualHistogram,
    Scores,
)
from cauce.core.metrics.target import Target
from cauce.errors import CauceError
from cauce.stats.counts import Counts
from cauce.stats.outcomes import Confusion, ConfusionMatrix, ResidualBins, Residuals
from cauce.stats.quantiles import ColumnQuantiles
from cauce.stats.scores import ScoreBins, ScoreCounts
from cauce.stats.summary import Summary
from cauce.stats.weighted_quantiles import WeightedQuantiles

HISTOGRAM_BINS = 60
_TAIL = 0.005
AnyQuantiles = ColumnQuantiles | WeightedQuantiles


@dataclass(frozen=True, kw_only=True)
class ScoredColumns:
    """The columns of scored rows.

    label: class numbers from 0 in the target's order, or the number to predict; null rows are left out.
    predicted: class numbers, or the predicted number. probabilities: one for each class; a binary target
    may give the positive class's alone. weight: finite, 0 or more.
    """

    label: str
    predicted: str
    probabilities: tuple[str, ...] = ()
    weight: str | None = None


@dataclass(frozen=True, kw_only=True)
class Guess:
    """What the training rows say to guess: the classes' shares in order, or mean and median."""

    shares: tuple[float, ...] = ()
    mean: float | None = None
    median: float | None = None


def summaries_for(target: Target, columns: ScoredColumns, *, guess: Guess) -> tuple[Summary, ...]:
    """What to gather from the scored rows of each dataset, in the order `evaluated` reads."""
    if target.task == "regression":
        return _number_summaries(target, columns, guess)
    numbers = tuple(range(len(target.classes)))
    confusion = Confusion(columns.predicted, columns.label, numbers, columns.weight)
    if target.task == "binary":
        return confusion, ScoreBins(columns.probabilities[-1], columns.label, 1, columns.weight)
    bins = (
        ScoreBins(name, columns.label, number, columns.weight)
        for name, number in zip(columns.probabilities, numbers, strict=True)
    )
    return (confusion, Losses(columns.label, columns.probabilities, columns.weight), *bins)


def _number_summaries(target: Target, columns: ScoredColumns, guess: Guess) -> tuple[Summary, ...]:
    asked: list[Summary] = [
        Counts((columns.label,)),
        ResidualBins(columns.predicted, columns.label, columns.weight),
    ]
    if target.log_scale:
        asked.append(NumberErrors(columns.label, columns.predicted, columns.weight))
    for number in (guess.mean, guess.median):
        if number is not None:
            asked.append(NumberErrors(columns.label, number, columns.weight))
    return tuple(asked)


def evaluated(target: Target, results: Sequence[Any], *, guess: Guess) -> DatasetEvaluation:
    """The evaluation that the results of `summaries_for` of one dataset amount to.

    Raises E0907 where a prediction is missing or not a number, or a label is none of the classes.
    """
    if target.task == "regression":
        return _evaluated_numbers(target, list(results), guess)
    found, counted = class_results(target, results)
    return classes_evaluated(target, found, counted=counted, guess=guess)


def class_results(target: Target, results: Sequence[Any]) -> tuple[ClassResults, Counted]:
    """What the summaries of a classification found, and how many rows; E0907 as in `evaluated`."""
    confusion, *bins = results
    matrix = confusion_of(confusion, target.classes)
    if target.task == "binary":
        return binary_results(bins[0], matrix)
    scores = [scores_of(one) for one in bins if isinstance(one, ScoreCounts)]
    sums = LossSums(weight=bins[0].weight, log=bins[0].log)
    counted = Counted(rows=bins[0].rows, unlabelled=bins[0].unlabelled)
    return ClassResults(scores=scores, confusion=matrix, losses=sums), counted


def binary_results(found: ScoreCounts, confusion: ConfusionCounts) -> tuple[ClassResults, Counted]:
    """What the scores of a binary target and its confusion at a threshold amount to."""
    scores = scores_of(found)
    sums = LossSums(weight=scores.weight, log=found.log_loss, brier=found.squared_error)
    counted = Counted(rows=found.rows, unlabelled=found.unlabelled)
    return ClassResults(scores=[scores], confusion=confusion, losses=sums), counted


def classes_evaluated(
    target: Target, found: ClassResults, *, counted: Counted, guess: Guess
) -> DatasetEvaluation:
    """The evaluation of a classification, beside what guessing reaches."""
    shares = np.asarray(guess.shares, dtype=np.float64) if guess.shares else None
    return evaluated_classes(target, found, counted=counted, shares=shares)


def scores_of(found: ScoreCounts) -> Scores:
    """The summary's bins as scores; a bin around 1 counts at 1. Raises E0907 for what is no probability."""
    if found.unscored:
        raise CauceError("E0907", what="scores", found=f"null, NaN × {found.unscored}")
    if np.isnan(found.log_loss):
        raise CauceError("E0907", what="scores", found=f"{found.score.min()} … {found.score.max()}")
    middle = np.minimum(found.score, 1.0)
    error = 0.0 if found.exact else middle * found.error_bound * (1 + 2 * found.error_bound)
    return Scores(middle, found.positive, found.negative, error)


def confusion_of(found: ConfusionMatrix, classes: tuple[str, ...]) -> ConfusionCounts:
    """The summary's matrix under the classes' texts. Raises E0907 for other classes or no prediction."""
    others = float(found.matrix[-1].sum() + found.matrix[:, -1].sum())
    if found.unpredicted or others:
        raise CauceError("E0907", what="classes", found=f"{others:g} + null × {found.unpredicted}")
    return ConfusionCounts(classes, found.matrix[:-1, :-1])


def _evaluated_numbers(target: Target, results: list[Any], guess: Guess) -> DatasetEvaluation:
    counts, found = results.pop(0), results.pop(0)
    nulls = sum(one.nulls for one in counts.values())
    if found.skipped > nulls:
        raise CauceError("E0907", what="predictions", found=f"null, NaN × {found.skipped - nulls}")
    sums = sums_of(found)
    if target.log_scale:
        logs = results.pop(0)
        names = ("lowest", "log_squared", "log_label_mean", "log_label_squares")
        sums = replace(sums, **{name: getattr(logs, name) for name in names})
    mean = results.pop(0) if guess.mean is not None else None
    median = results.pop(0) if guess.median is not None else None
    numbers = NumberResults(sums=sums, residuals=histogram_of(found.signed), mean=mean, median=median)
    return evaluated_numbers(target, numbers, counted=Counted(rows=found.rows, unlabelled=nulls))


def sums_of(found: Residuals) -> ErrorSums:
    """The summary's sums; its residuals are label minus prediction, errors the other way round."""
    median, error = _middle(found.sizes)
    return ErrorSums(
        weight=found.weight,
        error=-found.residual,
        absolute=found.absolute,
        squared=found.squared,
        label_mean=found.label_mean,
        label_squares=found.label_squares,
        absolute_label=found.label_sizes,
        relative=found.relative,
        relative_weight=found.relative_weight,
        lowest=-1.0,
        median=median,
        median_error=error,
    )


def _middle(sizes: AnyQuantiles) -> tuple[float, float]:
    if not len(sizes.values):
        return 0.0, 0.0
    # Of an even number of values, the middle lies between two.
    upper = (
        sizes.at_rank(sizes.count // 2) if isinstance(sizes, ColumnQuantiles) else sizes.quantile(0.5 + 1e-9)
    )
    return sizes.quantile(0.5), sizes.error_bound * upper * (1 + 2 * sizes.error_bound)


def histogram_of(residuals: AnyQuantiles) -> ResidualHistogram | None:
    """Equal bins between the residuals' 0.5 % and 99.5 % quantiles; the tails are counted beside them."""
    if not len(residuals.values):
        return None
    low, high = (residuals.quantile(share) for share in (_TAIL, 1 - _TAIL))
    edges = _edges(low, high)
    values = residuals.values
    counts = residuals.weights if isinstance(residuals, WeightedQuantiles) else residuals.counts * 1.0
    places = np.searchsorted(edges, values, side="right")
    places[values == edges[-1]] -= 1
    every = np.bincount(places, counts, minlength=edges.size + 1)
    return ResidualHistogram(edges, every[1:-1].astype(np.float64), float(every[0]), float(every[-1]))


def _edges(low: float, high: float) -> Floats:
    widest = max(abs(low), abs(high), 1.0)
    if high - low <= widest * 1e-9:
        low, high = low - widest / 2, high + widest / 2
    return np.asarray(np.linspace(low, high, HISTOGRAM_BINS + 1), dtype=np.float64)
