"""The path of a model's coefficients, from a penalty that leaves none to a weak one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cauce.core.linear.logistic import Ask, first_strength, solved_from
from cauce.core.linear.path import CoefficientPath
from cauce.core.linear.penalties import LEAST_RATIO, solve, spaced, strengths
from cauce.core.linear.problem import LeastSquares
from cauce.core.linear.quadratic import Floats, Penalty
from cauce.errors import CauceError

POINTS, LOGISTIC_POINTS = 60, 20
MOST_FEATURES = 30
"""So many features, those with the largest coefficients, have a path kept."""
_LEAST = 1e-4


def coefficient_path(
    problem: LeastSquares, names: Sequence[str], *, penalty: Penalty
) -> CoefficientPath | None:
    """The path of the penalty's l1 share through its strength; None without a strength or varying features.

    It begins where no coefficient is left (of a ridge: where they are small) and ends at a ten-thousandth of
    that, or at a tenth of the chosen strength where that is weaker.
    """
    first = strengths(problem, l1_ratio=penalty.l1_ratio, count=1)
    if penalty.strength <= 0 or not first or first[0] <= 0:
        return None
    top = max(first[0], penalty.strength)
    least = min(_LEAST, penalty.strength / top / 10)
    wanted = tuple(sorted({*spaced(top, count=POINTS, least=least), penalty.strength}, reverse=True))
    found = solve(problem, [Penalty(one, penalty.l1_ratio) for one in wanted])
    return _path(found, names, wanted=wanted, penalty=penalty, varying=int(problem.varying.sum()))


def logistic_path(
    ask: Ask, names: Sequence[str], *, start: Floats, penalty: Penalty
) -> CoefficientPath | None:
    """The same of a logistic model; None without a strength, or where a strength on the way has no solution.

    ask: the sums at a point [outputs, 1 + p] of standardised features that vary. names: one for each output
    and feature, output by output. start: the coefficients where no feature counts. Each strength begins where
    the stronger one ended, so that most take two or three steps.
    """
    width = start.shape[1] - 1
    if penalty.strength <= 0 or not width:
        return None
    first = first_strength(ask(start, False)) / max(penalty.l1_ratio, LEAST_RATIO)
    top = max(first, penalty.strength)
    least = min(_LEAST, penalty.strength / top / 10)
    wanted = tuple(sorted({*spaced(top, count=LOGISTIC_POINTS, least=least), penalty.strength}, reverse=True))
    found, here = [], start
    try:
        for strength in wanted:
            here = solved_from(ask, Penalty(strength, penalty.l1_ratio), start=here).coefficients
            found.append(here[:, 1:].ravel())
    except CauceError:
        return None
    return _path(np.array(found), names, wanted=wanted, penalty=penalty, varying=start.shape[0] * width)


def _path(
    found: Floats, names: Sequence[str], *, wanted: tuple[float, ...], penalty: Penalty, varying: int
) -> CoefficientPath:
    """found: standardised coefficients [strengths, names]. varying: how many of them can vary."""
    size = np.abs(found[wanted.index(penalty.strength)]) + 1e-6 * np.abs(found[-1])
    order = [int(at) for at in np.argsort(-size, kind="stable") if size[at] > 0]
    shown = order[:MOST_FEATURES]
    return CoefficientPath(
        penalty.l1_ratio,
        penalty.strength,
        wanted,
        tuple(names[at] for at in shown),
        tuple(tuple(found[:, at].tolist()) for at in shown),
        varying - len(shown),
    )
