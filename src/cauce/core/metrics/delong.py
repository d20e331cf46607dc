"""The variance of the area under the ROC curve, by DeLong, DeLong and Clarke-Pearson (1988), from counts.

A positive's placement is the share of negatives it scores above (ties one half), a negative's the share of
positives above it. Their means are the area, their variances its variance. For rows that come in buckets,
placements are summed by bucket first (Obuchowski 1997).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauce.core.metrics.interval import Interval, around, around_share, wilson
from cauce.core.metrics.results import Floats, Scores, totals
from cauce.stats.products import inner_product


@dataclass(frozen=True, eq=False)
class Placements:
    """Of one model's entries: `positive`, the placement of a positive there; `negative`, of a negative."""

    area: float
    positive: Floats
    negative: Floats


def placements(score: Floats, *, positive: Floats, negative: Floats) -> Placements | None:
    """The placements at each entry; None without both classes. score: in any order, repeated or not."""
    every = (float(positive.sum()), float(negative.sum()))
    if min(every) <= 0:
        return None
    if (np.diff(score) > 0).all():
        at, hits, alarms = np.arange(score.size), positive, negative
    else:
        distinct, at = np.unique(score, return_inverse=True)
        hits, alarms = (totals(at, side, size=distinct.size) for side in (positive, negative))
    below = (np.cumsum(alarms) - alarms / 2) / every[1]
    above = 1 - (np.cumsum(hits) - hits / 2) / every[0]
    return Placements(inner_product(hits, below) / every[0], below[at], above[at])


def auc_interval(scores: Scores, *, level: float) -> Interval | None:
    """DeLong's interval of independent, unweighted rows, on the logit scale; None without both classes.

    Where every positive scores above every negative (or below) there is no variance to see: Wilson's
    interval of the smaller class's rows stands in.
    """
    found = placements(scores.score, positive=scores.positive, negative=scores.negative)
    if found is None:
        return None
    error = np.sqrt(_covariance((found, found), scores.positive, scores.negative))
    return _area_interval(found.area, float(error), min(scores.positives, scores.negatives), level)


def _area_interval(area: float, error: float, fewest: float, level: float) -> Interval:
    if not 0 < area < 1 or error <= 0:
        ends = wilson(area, fewest, level=level)
        return Interval(ends.low, ends.high, level, "delong")
    return around_share(area, error, level=level, method="delong")


def paired_error(both: tuple[Placements, Placements], *, positive: Floats, negative: Floats) -> float:
    """The standard error of the difference of two areas over the same independent, unweighted rows."""
    first, second = both
    variances = [_covariance((one, one), positive, negative) for one in both]
    together = _covariance((first, second), positive, negative)
    return float(np.sqrt(max(sum(variances) - 2 * together, 0.0)))


def _covariance(both: tuple[Placements, Placements], positive: Floats, negative: Floats) -> float:
    total = 0.0
    for counts, side in ((positive, "positive"), (negative, "negative")):
        rows = float(counts.sum())
        apart = [getattr(one, side) - one.area for one in both]
        total += inner_product(counts, apart[0] * apart[1]) / (rows * max(rows - 1, 1.0))
    return total


@dataclass(frozen=True, eq=False)
class Entries:
    """Weights at entries of (bucket, score): `bucket` from 0."""

    bucket: np.ndarray[tuple[int], np.dtype[np.int64]]
    positive: Floats
    negative: Floats


def influences(found: Placements, entries: Entries) -> Floats:
    """How much each bucket that has rows moves the area; they sum to 0."""
    pull = entries.positive * (found.positive - found.area) / entries.positive.sum()
    pull += entries.negative * (found.negative - found.area) / entries.negative.sum()
    size = int(entries.bucket.max()) + 1
    rows = totals(entries.bucket, entries.positive + entries.negative, size=size)
    return totals(entries.bucket, pull, size=size)[rows > 0]


def bucket_error(pulls: Floats) -> float:
    """The standard error that the buckets' influences amount to."""
    size = pulls.size
    return float(np.sqrt(inner_product(pulls, pulls) * size / max(size - 1, 1)))


def bucketed_auc_interval(score: Floats, entries: Entries, *, level: float) -> Interval | None:
    """The interval of rows that come in buckets, or have weights; None without both classes."""
    found = placements(score, positive=entries.positive, negative=entries.negative)
    if found is None:
        return None
    pulls = influences(found, entries)
    fewest = min(np.unique(entries.bucket[side > 0]).size for side in (entries.positive, entries.negative))
    return _area_interval(found.area, wider(bucket_error(pulls), pulls.size, level=level), fewest, level)


def wider(error: float, buckets: int, *, level: float) -> float:
    """An error for a normal interval that makes up for few buckets, as Student's t does.

    By the expansion of t's quantile in 1/ν (Abramowitz and Stegun 26.7.5).
    """
    freedom = max(buckets - 1, 1)
    z = around(0.0, 1.0, level=level, method="normal").high
    t = z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    return error * t / z
