"""Solves least squares with and without penalties, for many penalties at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cauce.core.linear.problem import LeastSquares
from cauce.core.linear.quadratic import Floats, Penalty

LEAST_RATIO = 1e-3
"""Paths of smaller l1 ratios begin where that of this one does, since no strength of a ridge leaves none."""


def spaced(first: float, *, count: int, least: float) -> tuple[float, ...]:
    """`count` strengths, equal steps of the logarithm apart, from `first` to its share `least`."""
    if first == 0.0:
        return (0.0,) * min(count, 1)
    return tuple(float(one) for one in np.geomspace(first, first * least, count))


def strengths(
    problem: LeastSquares, *, l1_ratio: float, count: int, least: float = 1e-4
) -> tuple[float, ...]:
    """`count` strengths, equal steps of the logarithm apart, from that which leaves no coefficient.

    least: the last one as a share of the first.
    """
    first = float(np.abs(problem.covariance).max(initial=0.0)) / max(l1_ratio, LEAST_RATIO)
    return spaced(first, count=count, least=least)


def solve(problem: LeastSquares, penalties: Sequence[Penalty]) -> Floats:
    """Coefficients of standardised features, [penalties, p]; 0 for constant features.

    Ridge and ordinary least squares come from one eigendecomposition (of several solutions the one of
    least length); the others from their active sets, down the strengths of each ratio.
    """
    quadratic = problem.quadratic
    found = np.zeros((len(penalties), problem.width))
    ratios = sorted({one.l1_ratio for one in penalties if one.l1_ratio > 0 and one.strength > 0})
    for ratio in ratios:
        places = [k for k, one in enumerate(penalties) if one.l1_ratio == ratio and one.strength > 0]
        found[places] = quadratic.descended([penalties[k].strength for k in places], l1_ratio=ratio)
    for place, one in enumerate(penalties):
        if one.l1_ratio == 0 or one.strength == 0:
            found[place] = quadratic.shrunk(one.strength)
    return found
