"""Metrics of many resamples at once, from sums by bucket or by score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cauce.core.metrics.curves import bin_of
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.ranking import SMALLEST
from cauce.core.metrics.results import Floats, Scores, totals
from cauce.stats.bucketed import ERROR_TERMS, ClassTermsState

CELLS = 512


class Buckets(Protocol):
    """Sums by bucket, of which resamples are drawn."""

    @property
    def weight(self) -> Floats:
        """The weight of each bucket's rows."""
        ...

    def resampled(self, times: Floats) -> Buckets:
        """One bucket for each resample, where each bucket here counts `times` [resamples, buckets]."""
        ...

    def replicates(self, name: MetricName) -> Floats | None:
        """The metric of each bucket; NaN where it has no value. None for one these sums cannot give."""
        ...


def drawn_buckets(weight: Floats, resamples: int, *, seed: int) -> Floats:
    """How often each bucket is drawn [resamples, buckets]: as many as have rows, with replacement."""
    used = np.flatnonzero(weight > 0)
    times = np.zeros((resamples, weight.size))
    if used.size:
        random = np.random.default_rng(seed)
        times[:, used] = random.multinomial(used.size, np.full(used.size, 1 / used.size), size=resamples)
    return times


@dataclass(frozen=True, eq=False)
class ErrorBuckets:
    """A regression's errors: terms [buckets, ERROR_TERMS]."""

    terms: Floats

    @property
    def weight(self) -> Floats:
        return self._column("weight")

    def _column(self, name: str) -> Floats:
        return np.asarray(self.terms[:, ERROR_TERMS.index(name)])

    def resampled(self, times: Floats) -> ErrorBuckets:
        terms = times @ self.terms
        for prefix in ("", "log_"):
            mean, squares = (ERROR_TERMS.index(f"{prefix}label_{part}") for part in ("mean", "squares"))
            terms[:, mean], terms[:, squares] = self._spread(times, mean, squares)
        return ErrorBuckets(terms)

    def _spread(self, times: Floats, mean: int, squares: int) -> tuple[Floats, Floats]:
        """The labels' mean, and their squares around it, in each resample."""
        weight, means = self.weight, self.terms[:, mean]
        middle = float(np.average(means, weights=weight)) if weight.sum() else 0.0
        apart, total = means - middle, times @ weight
        shift = np.nan_to_num(_ratio(times @ (weight * apart), total))
        within = times @ (self.terms[:, squares] + weight * apart**2)
        return middle + shift, np.asarray(within - total * shift**2)

    def replicates(self, name: MetricName) -> Floats | None:
        prefix = "log_" if name.scale else ""
        pairs = {
            "mae": ("absolute", "weight"),
            "mape": ("relative", "relative_weight"),
            "wape": ("absolute", "absolute_label"),
            "bias": ("error", "weight"),
        }
        if name.kind in pairs:
            above, under = pairs[name.kind]
            return _ratio(self._column(above), self._column(under))
        squared = self._column(f"{prefix}squared")
        if name.kind == "rmse":
            return np.sqrt(_ratio(squared, self.weight))
        spread = self._column(f"{prefix}label_squares")
        return 1 - _ratio(squared, spread) if name.kind == "r2" else None


@dataclass(frozen=True, eq=False)
class ClassBuckets:
    """Predicted classes, and log loss where `losses`. classes: their texts in order."""

    classes: tuple[str, ...]
    found: ClassTermsState
    losses: bool = True

    @property
    def weight(self) -> Floats:
        return np.asarray(self.found.counts[1].sum(axis=1))

    def resampled(self, times: Floats) -> ClassBuckets:
        counts = np.stack([times @ part for part in self.found.counts])
        return ClassBuckets(self.classes, ClassTermsState(counts, times @ self.found.log), self.losses)

    def replicates(self, name: MetricName) -> Floats | None:
        if name.kind == "log_loss":
            return _ratio(self.found.log, self.weight) if self.losses else None
        right, labels, predictions = self.found.counts
        return decisions(self.classes, name, right=right, labels=labels, predictions=predictions)


def decisions(
    classes: tuple[str, ...], name: MetricName, *, right: Floats, labels: Floats, predictions: Floats
) -> Floats | None:
    """A metric of predicted classes; right, labels, predictions: weights [resamples, classes]."""
    if name.kind in _OVERALL:
        return _OVERALL[name.kind](right, labels, predictions)
    if name.kind not in _PARTS:
        return None
    parts = _ratio(*_PARTS[name.kind](right, labels, predictions))
    if name.positive is not None:
        return np.asarray(parts[:, classes.index(name.positive)])
    parts = np.nan_to_num(parts)
    if name.average == "weighted":
        return _ratio((parts * labels).sum(axis=1), labels.sum(axis=1))
    present = (labels + predictions) > 0
    return _ratio((parts * present).sum(axis=1), present.sum(axis=1).astype(np.float64))


_Parts = Callable[[Floats, Floats, Floats], tuple[Floats, Floats]]
_PARTS: dict[str, _Parts] = {
    "precision": lambda right, _labels, predictions: (right, predictions),
    "recall": lambda right, labels, _predictions: (right, labels),
    "f1": lambda right, labels, predictions: (2 * right, labels + predictions),
    "prevalence": lambda _right, labels, _predictions: (
        labels,
        np.broadcast_to(labels.sum(axis=1, keepdims=True), labels.shape),
    ),
    "specificity": lambda right, labels, predictions: (
        labels.sum(axis=1, keepdims=True) - labels - predictions + right,
        labels.sum(axis=1, keepdims=True) - labels,
    ),
}


def _accuracy(right: Floats, labels: Floats, _predictions: Floats) -> Floats:
    return _ratio(right.sum(axis=1), labels.sum(axis=1))


def _balanced_accuracy(right: Floats, labels: Floats, _predictions: Floats) -> Floats:
    present = (labels > 0).sum(axis=1).astype(np.float64)
    return _ratio(np.nan_to_num(_ratio(right, labels)).sum(axis=1), present)


def _mcc(right: Floats, labels: Floats, predictions: Floats) -> Floats:
    """Gorodkin's R_K."""
    total = labels.sum(axis=1)
    agreement = right.sum(axis=1) * total - (labels * predictions).sum(axis=1)
    spreads = [total**2 - (part**2).sum(axis=1) for part in (labels, predictions)]
    return _ratio(agreement, np.sqrt(spreads[0]) * np.sqrt(spreads[1]))


_OVERALL = {"accuracy": _accuracy, "balanced_accuracy": _balanced_accuracy, "mcc": _mcc}


@dataclass(frozen=True, eq=False)
class ScoreBuckets:
    """Scores of one class against the rest, in cells. score: [cells], ascending; positive, negative:
    weights [buckets, cells]. classes: (rest, class). threshold: of decisions, at an edge of cells."""

    classes: tuple[str, str]
    score: Floats
    positive: Floats
    negative: Floats
    threshold: float = 0.5

    @property
    def weight(self) -> Floats:
        return np.asarray((self.positive + self.negative).sum(axis=1))

    def resampled(self, times: Floats) -> ScoreBuckets:
        sides = times @ self.positive, times @ self.negative
        return ScoreBuckets(self.classes, self.score, sides[0], sides[1], self.threshold)

    def replicates(self, name: MetricName) -> Floats | None:
        if name.positive not in (None, self.classes[1]) or name.average is not None:
            return None
        positive, negative = self.positive, self.negative
        if name.kind in RANKED:
            return RANKED[name.kind](self.score, positive, negative, name)
        above = self.score >= self.threshold
        hits, alarms = positive[:, above].sum(axis=1), negative[:, above].sum(axis=1)
        labels = np.stack((negative.sum(axis=1), positive.sum(axis=1)), axis=1)
        right = np.stack((labels[:, 0] - alarms, hits), axis=1)
        predictions = np.stack((labels.sum(axis=1) - hits - alarms, hits + alarms), axis=1)
        return decisions(self.classes, name, right=right, labels=labels, predictions=predictions)


def score_cells(
    scores: Scores, threshold: float | None, *, cells: int = CELLS
) -> tuple[NDArray[np.intp], Floats]:
    """A coarser place for each score: cell numbers [scores], and each cell's mean score [cells].

    Cells hold about equal shares of positives and of negatives, and end at tenths and at the threshold.
    """
    both = scores.positive + scores.negative
    share = np.zeros_like(both)
    for side in (scores.positive, scores.negative):
        if side.sum() > 0:
            share += (np.cumsum(side) - side / 2) / side.sum() / 2
    place = np.minimum((share * cells).astype(np.int64), cells - 1)
    mark = bin_of(scores.score, 10).astype(np.int64)
    if threshold is not None:
        mark = mark * 2 + (scores.score >= threshold)
    _, at = np.unique(mark * cells + place, return_inverse=True)
    size = int(at.max()) + 1 if at.size else 0
    weight, entries = totals(at, both, size=size), totals(at, np.ones_like(both), size=size)
    plain = totals(at, scores.score, size=size) / np.maximum(entries, 1)
    mean = totals(at, both * scores.score, size=size)
    return at, np.divide(mean, weight, out=plain, where=weight > 0)


def _area(_score: Floats, positive: Floats, negative: Floats, _name: MetricName) -> Floats:
    below = np.cumsum(negative, axis=1) - negative / 2
    return _ratio((positive * below).sum(axis=1), positive.sum(axis=1) * negative.sum(axis=1))


def _average_precision(_score: Floats, positive: Floats, negative: Floats, _name: MetricName) -> Floats:
    found = np.cumsum(positive[:, ::-1], axis=1)
    taken = np.cumsum((positive + negative)[:, ::-1], axis=1)
    precision = np.nan_to_num(_ratio(found, taken))
    return _ratio((positive[:, ::-1] * precision).sum(axis=1), positive.sum(axis=1))


def _lift(_score: Floats, positive: Floats, negative: Floats, name: MetricName) -> Floats:
    share = float(str(name.option).removesuffix("%")) / 100
    both = (positive + negative)[:, ::-1]
    total = both.sum(axis=1, keepdims=True)
    before = np.cumsum(both, axis=1) - both
    taken = np.clip(share * total - before, 0.0, both)
    hits = (np.nan_to_num(_ratio(positive[:, ::-1], both)) * taken).sum(axis=1)
    return _ratio(hits, share * positive.sum(axis=1))


def _calibration_error(score: Floats, positive: Floats, negative: Floats, name: MetricName) -> Floats:
    bins = int(str(name.option))
    into = np.zeros((score.size, bins))
    into[np.arange(score.size), bin_of(score, bins)] = 1.0
    gaps = np.abs(((positive + negative) * score - positive) @ into)
    return _ratio(gaps.sum(axis=1), (positive + negative).sum(axis=1))


def _brier(score: Floats, positive: Floats, negative: Floats, _name: MetricName) -> Floats:
    far = positive @ (1 - score) ** 2 + negative @ score**2
    return _ratio(far, (positive + negative).sum(axis=1))


def _log_loss(score: Floats, positive: Floats, negative: Floats, _name: MetricName) -> Floats:
    likely = np.clip(score, SMALLEST, 1 - SMALLEST)
    loss = -(positive @ np.log(likely) + negative @ np.log1p(-likely))
    return _ratio(loss, (positive + negative).sum(axis=1))


RANKED: dict[str, Callable[[Floats, Floats, Floats, MetricName], Floats]] = {
    "roc_auc": _area,
    "average_precision": _average_precision,
    "lift": _lift,
    "calibration_error": _calibration_error,
    "brier": _brier,
    "log_loss": _log_loss,
}


def _ratio(above: Floats, under: Floats) -> Floats:
    return np.divide(above, under, out=np.full_like(under, np.nan), where=under > 0)
