"""Curves and tables to look at: ROC, precision-recall, calibration; thinned, with exact ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from cauce.core.metrics.results import ConfusionCounts, Floats, Scores, totals

CURVE_POINTS = 1000


@dataclass(frozen=True, eq=False)
class Curve:
    """Points from the highest threshold down. ROC: x is the false positive rate, y the true positive rate.

    Precision-recall: x is recall, y precision. threshold: a row scoring this or more is predicted positive;
    infinite (null in JSON) at ROC's first point, where nothing is.
    """

    x: Floats
    y: Floats
    threshold: Floats

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        thresholds = [value if math.isfinite(value) else None for value in self.threshold.tolist()]
        return {"x": self.x.tolist(), "y": self.y.tolist(), "threshold": thresholds}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Curve:
        """The curve that `to_json` wrote."""
        thresholds = [math.inf if number is None else number for number in value["threshold"]]
        return Curve(*(np.asarray(part, dtype=np.float64) for part in (value["x"], value["y"], thresholds)))


@dataclass(frozen=True, eq=False)
class Calibration:
    """Predicted against observed, over bins of equal width of the score; the last bin holds 1.

    weight: rows' weight by bin. score: their mean score. share: the share of positives. Both are 0 where
    weight is 0.
    """

    weight: Floats
    score: Floats
    share: Floats

    @property
    def bins(self) -> int:
        return int(self.weight.size)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {name: getattr(self, name).tolist() for name in ("weight", "score", "share")}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Calibration:
        """The table that `to_json` wrote."""
        columns = (np.asarray(value[name], dtype=np.float64) for name in ("weight", "score", "share"))
        return Calibration(*columns)


def roc_curve(scores: Scores, points: int = CURVE_POINTS) -> Curve | None:
    """The ROC curve from (0, 0) to (1, 1) in at most `points` points; None without both classes."""
    if scores.positives <= 0 or scores.negatives <= 0:
        return None
    hits = np.concatenate(([0.0], np.cumsum(scores.positive[::-1]))) / scores.positives
    alarms = np.concatenate(([0.0], np.cumsum(scores.negative[::-1]))) / scores.negatives
    hits[-1] = alarms[-1] = 1.0
    return _thinned(Curve(alarms, hits, np.concatenate(([np.inf], scores.score[::-1]))), points)


def precision_recall_curve(scores: Scores, points: int = CURVE_POINTS) -> Curve | None:
    """Precision over recall in at most `points` points, no made-up first point; None without positives."""
    if scores.positives <= 0:
        return None
    weight = (scores.positive + scores.negative)[::-1]
    used = weight > 0
    found = np.cumsum(scores.positive[::-1])[used]
    taken = np.cumsum(weight)[used]
    recall = found / scores.positives
    recall[-1] = 1.0
    return _thinned(Curve(recall, found / taken, scores.score[::-1][used]), points)


def _thinned(curve: Curve, points: int) -> Curve:
    """At most `points` points, evenly along the curve's length; first and last are kept."""
    size = curve.x.size
    if size <= points:
        return curve
    steps = np.abs(np.diff(curve.x)) + np.abs(np.diff(curve.y))
    along = np.concatenate(([0.0], np.cumsum(steps)))
    at = np.searchsorted(along, np.linspace(0.0, along[-1], points))
    kept = np.unique(np.concatenate(([0], np.clip(at, 0, size - 1)[1:-1], [size - 1])))
    return Curve(curve.x[kept], curve.y[kept], curve.threshold[kept])


def bin_of(score: Floats, bins: int) -> np.ndarray[Any, np.dtype[np.intp]]:
    """The bin of each score in [0, 1]: i where i/bins ≤ score < (i+1)/bins; 1 is in the last."""
    return np.searchsorted(np.arange(1, bins) / bins, score, side="right")


def calibration(scores: Scores, bins: int = 10) -> Calibration:
    """The table of predicted against observed over `bins` bins of equal width."""
    at = bin_of(scores.score, bins)
    both = scores.positive + scores.negative
    weight = totals(at, both, size=bins)
    sums = (totals(at, values, size=bins) for values in (both * scores.score, scores.positive))
    some = weight > 0
    means = (np.divide(part, weight, out=np.zeros(bins), where=some) for part in sums)
    return Calibration(weight, *means)


def confusion_at(scores: Scores, threshold: float, *, classes: tuple[str, str]) -> ConfusionCounts:
    """Counts when a score of `threshold` or more is predicted as `classes[1]`, the positive class.

    From binned scores this is exact at a threshold between bins.
    """
    above = scores.score >= threshold
    matrix = [[float(side[~above].sum()), float(side[above].sum())] for side in _sides(scores)]
    return ConfusionCounts(classes, np.asarray(matrix))


def _sides(scores: Scores) -> tuple[Floats, Floats]:
    return scores.negative, scores.positive
