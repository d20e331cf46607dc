"""The non-decreasing map nearest to the shares of positives at each score."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cauce.core.answering.calibration import Floats, Knots


def fit_isotonic(score: Floats, *, positive: Floats, negative: Floats) -> Knots:
    """The map of least squared error among all that never fall, by pool-adjacent-violators.

    score: ascending and distinct; positive, negative: the weight of rows of either kind there, 0 or more,
    some positive and some negative in all. Between blocks the line is straight, as scikit-learn's
    `IsotonicRegression` draws it. Shares are kept between 1 / (negatives + 2) and
    1 - 1 / (positives + 2), Platt's targets (1999): no number of rows proves that something never happens.
    """
    weight = positive + negative
    some = weight > 0
    score, positive, weight = score[some], positive[some], weight[some]
    first, last, shares = pooled(positive / weight, weight)
    low, high = 1.0 / (float(negative.sum()) + 2.0), 1.0 - 1.0 / (float(positive.sum()) + 2.0)
    limited = np.clip(shares, min(low, high), max(low, high))
    at = np.stack((first, last), axis=1).ravel()
    scores, values = score[at], np.repeat(limited, 2)
    kept = np.concatenate(([True], np.diff(scores) > 0))
    kept &= ~_inside(values)
    return Knots(tuple(scores[kept].tolist()), tuple(values[kept].tolist()))


def _inside(values: Floats) -> npt.NDArray[np.bool_]:
    """Knots whose neighbours on both sides have the same value: the line does not need them."""
    same = np.zeros(values.size, dtype=np.bool_)
    if values.size > 2:
        same[1:-1] = (values[1:-1] == values[:-2]) & (values[1:-1] == values[2:])
    return same


Places = npt.NDArray[np.intp]


def pooled(values: Floats, weight: Floats) -> tuple[Places, Places, Floats]:
    """Blocks of neighbours and their weighted means, which rise: (first place, last place, mean)."""
    starts: list[int] = []
    sums: list[float] = []
    weights: list[float] = []
    for place, (value, own) in enumerate(zip(values.tolist(), weight.tolist(), strict=True)):
        start, total, size = place, value * own, own
        while starts and sums[-1] * size >= total * weights[-1]:
            start = starts.pop()
            total += sums.pop()
            size += weights.pop()
        starts.append(start)
        sums.append(total)
        weights.append(size)
    first = np.asarray(starts, dtype=np.intp)
    last = np.append(first[1:] - 1, len(values) - 1)
    return first, last, np.asarray(sums) / np.asarray(weights)
