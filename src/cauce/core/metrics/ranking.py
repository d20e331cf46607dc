"""Metrics of scores against one class: ranking, probability and calibration."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cauce.core.metrics.curves import bin_of, calibration
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.results import Floats, Scores
from cauce.core.metrics.value import Metric, metric, undefined
from cauce.stats.products import inner_product

SMALLEST = float(np.finfo(np.float64).eps)
_NEEDS_BOTH = ("roc_auc",)
_NEEDS_POSITIVE = ("average_precision", "lift")


def ranking_metric(scores: Scores, name: MetricName) -> Metric:
    """The metric `name` from the scores of its class against all others.

    Kinds: those of RANKING. From binned scores the value comes with the largest error that the rows'
    order inside their bins, or their distance from the bin's score, can make.
    """
    if scores.weight <= 0:
        return undefined(name, "no_rows")
    if scores.positives <= 0 and name.kind in (*_NEEDS_BOTH, *_NEEDS_POSITIVE):
        return undefined(name, "no_positive")
    if scores.negatives <= 0 and name.kind in _NEEDS_BOTH:
        return undefined(name, "no_negative")
    value, error = RANKING[name.kind](scores, name)
    return metric(name, value, error=error)


def _roc_auc(scores: Scores, _name: MetricName) -> tuple[float, float]:
    """Mann and Whitney's U over the number of pairs (Bamber 1975), ties one half."""
    below = np.cumsum(scores.negative) - scores.negative
    pairs = scores.positives * scores.negatives
    wins = inner_product(scores.positive, below + scores.negative / 2) / pairs
    within = 0.0 if scores.exact else inner_product(scores.positive, scores.negative) / 2 / pairs
    return wins, within


def _average_precision(scores: Scores, _name: MetricName) -> tuple[float, float]:
    """The sum of (R_n - R_(n-1))·P_n over distinct scores; bounds by the two extreme orders in a bin."""
    positive, negative = scores.positive[::-1], scores.negative[::-1]
    found, wrong = np.cumsum(positive), np.cumsum(negative)
    share = positive / scores.positives
    value = inner_product(share, _ratio(found, found + wrong))
    if scores.exact:
        return value, 0.0
    best = inner_product(share, _ratio(found, found + wrong - negative))
    worst = inner_product(share, _ratio(found - positive, found - positive + wrong))
    return value, max(best - value, value - worst)


def _ratio(above: Floats, under: Floats) -> Floats:
    return np.divide(above, under, out=np.zeros_like(above), where=under > 0)


def _lift(scores: Scores, name: MetricName) -> tuple[float, float]:
    wanted = scores.weight * float(str(name.option).removesuffix("%")) / 100
    positive, weight = scores.positive[::-1], (scores.positive + scores.negative)[::-1]
    total = np.cumsum(weight)
    at = min(int(np.searchsorted(total, wanted)), total.size - 1)
    need = min(max(wanted - (total[at] - weight[at]), 0.0), weight[at])
    sure = float(positive[:at].sum())
    inside = positive[at] * need / weight[at] if weight[at] > 0 else 0.0
    scale = scores.weight / (wanted * scores.positives)
    if scores.exact:
        return (sure + inside) * scale, 0.0
    most, least = min(positive[at], need), max(0.0, need - (weight[at] - positive[at]))
    return (sure + inside) * scale, max(most - inside, inside - least) * scale


def _calibration_error(scores: Scores, name: MetricName) -> tuple[float, float]:
    """Expected calibration error (Naeini, Cooper and Hauskrecht 2015) over bins of equal width."""
    table = calibration(scores, int(str(name.option)))
    gaps = np.abs(table.score - table.share)
    value = inner_product(gaps, table.weight) / scores.weight
    if scores.exact:
        return value, 0.0
    low, high = (np.clip(scores.score + step, 0, 1) for step in (-scores.error, scores.error))
    astray = bin_of(low, table.bins) != bin_of(high, table.bins)
    weight = (scores.positive + scores.negative) / scores.weight
    return value, inner_product(weight, scores.error) + 2 * float(weight[astray].sum())


def _brier(scores: Scores, _name: MetricName) -> tuple[float, float]:
    far, near = 1 - scores.score, scores.score
    value = (inner_product(scores.positive, far**2) + inner_product(scores.negative, near**2)) / scores.weight
    steps = scores.positive * (2 * far + scores.error) + scores.negative * (2 * near + scores.error)
    return value, inner_product(steps, scores.error) / scores.weight


def _log_loss(scores: Scores, _name: MetricName) -> tuple[float, float]:
    value = _mean_log(scores, 0 * scores.score)
    if scores.exact:
        return value, 0.0
    worst, best = (_mean_log(scores, np.asarray(way * scores.error)) for way in (1, -1))
    return value, max(worst - value, value - best)


def _mean_log(scores: Scores, worse: Floats) -> float:
    """The mean log loss when every row's score is `worse` further from its label."""
    for_positive = np.clip(scores.score - worse, SMALLEST, 1 - SMALLEST)
    for_negative = np.clip(scores.score + worse, SMALLEST, 1 - SMALLEST)
    total = inner_product(scores.positive, np.log(for_positive)) + inner_product(
        scores.negative, np.log1p(-for_negative)
    )
    return float(-total) / scores.weight


def _prevalence(scores: Scores, _name: MetricName) -> tuple[float, float]:
    return scores.positives / scores.weight, 0.0


RANKING: dict[str, Callable[[Scores, MetricName], tuple[float, float]]] = {
    "roc_auc": _roc_auc,
    "average_precision": _average_precision,
    "lift": _lift,
    "calibration_error": _calibration_error,
    "brier": _brier,
    "log_loss": _log_loss,
    "prevalence": _prevalence,
}
