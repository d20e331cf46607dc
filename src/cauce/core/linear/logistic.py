"""Logistic regression by Newton steps on sums: each step is one scan."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np

from cauce.core.linear.problem import LeastSquares
from cauce.core.linear.quadratic import Floats, Penalty, Quadratic
from cauce.errors import CauceError
from cauce.stats.logistic import LogisticTotals

Ask = Callable[[Floats, bool], LogisticTotals]
"""The sums at coefficients [outputs, 1 + p]; the second says whether the curvature is wanted."""

MOST_CURVED = 4_000
"""With more coefficients than these, first derivatives alone are asked for."""
_DONE = 1e-12
_NEAR = 1e-3
_STEPS = 60
_HALVINGS = 30
_SEPARATED = 40.0


@dataclass(frozen=True, eq=False)
class Logistic:
    """What was found. coefficients: [outputs, 1 + p] of standardised features, intercepts first.

    loss: Σw·log loss/Σw before the last step. scans: how often the rows were read.
    """

    coefficients: Floats
    loss: float
    scans: int


Steps = Generator[tuple[Floats, bool], LogisticTotals, Logistic]
"""Gives a point [outputs, 1 + p] and whether its curvature is wanted; is sent the sums there."""


def fit_logistic(
    ask: Ask,
    *,
    outputs: int,
    width: int,
    penalty: Penalty,
    known: tuple[Floats, LogisticTotals] | None = None,
) -> Logistic:
    """The coefficients that minimise Σw·log loss/Σw + λ((1 - r)/2·Σb² + r·Σ|b|), intercepts free.

    known: a point to begin at and the sums there, curvature included, where that costs no scan.
    E0820: without a penalty the classes are separated, and no coefficients are best. E0821: no convergence.
    """
    if outputs * (width + 1) > MOST_CURVED:
        return _by_gradients(ask, outputs=outputs, width=width, penalty=penalty)
    start = np.zeros((outputs, width + 1)) if known is None else known[0]
    return solved_from(ask, penalty, start=start, known=None if known is None else known[1])


def solved_from(
    ask: Ask, penalty: Penalty, *, start: Floats, known: LogisticTotals | None = None
) -> Logistic:
    """The same by Newton's method from a point [outputs, 1 + p]; known: the sums there. E0820, E0821."""
    steps = newton_steps(penalty, start=start, known=known)
    try:
        point, curved = next(steps)
        while True:
            point, curved = steps.send(ask(point, curved))
    except StopIteration as done:
        found: Logistic = done.value
        return found


def intercept_alone(problem: LeastSquares) -> tuple[Floats, LogisticTotals]:
    """Where no feature counts, and the sums there, of two classes 0 and 1 that `problem` has as its target.

    In standardised features that vary. The loss's derivatives there are those of least squares, but for a
    factor: slope -cov(x, y), curvature q(1 - q)·correlation, q the share of class 1.
    """
    share, varying = problem.target_mean, np.flatnonzero(problem.varying)
    point = np.zeros((1, len(varying) + 1))
    point[0, 0] = np.log(share / (1 - share))
    gradient = np.append(0.0, -problem.covariance[varying])[None, :]
    curvature = np.zeros((len(varying) + 1,) * 2)
    curvature[0, 0] = 1.0
    curvature[1:, 1:] = problem.correlation[np.ix_(varying, varying)]
    curvature *= share * (1 - share)
    loss = -share * np.log(share) - (1 - share) * np.log(1 - share)
    weight = problem.weight
    sums = (weight * float(loss), weight * gradient, weight * curvature)
    return point, LogisticTotals(problem.rows, weight, *sums)


def first_strength(sums: LogisticTotals) -> float:
    """The l1 strength from which on no feature counts. sums: where the intercepts alone were fitted."""
    return float(np.abs(sums.gradient[:, 1:]).max(initial=0.0)) / sums.weight


def newton_steps(penalty: Penalty, *, start: Floats, known: LogisticTotals | None = None) -> Steps:
    """Asks for the sums at one point after the other, from `start` [outputs, 1 + p], and ends at the minimum.

    Newton's method with halved steps where one would make things worse (Boyd and Vandenberghe, Convex
    Optimization, 9.5); with an l1 share each step's quadratic is minimised as a lasso is (Friedman, Hastie,
    Tibshirani 2010). Near the minimum the curvature hardly changes and is not asked for again, which costs a
    step or two more of a small part of the work. E0820, E0821.
    """
    here, scans = start, 0
    totals = known
    if totals is None:
        totals, scans = (yield here, True), 1
    curvature, last = totals.curvature, np.inf
    while scans < _STEPS:
        step, gain = _step(here, totals, curvature, penalty)
        if gain <= _DONE:
            return Logistic(here + step, totals.loss / totals.weight, scans)
        before = totals.loss / totals.weight + _penalised(here, penalty)
        fresh = gain > min(_NEAR, last / 10)
        for halvings in range(_HALVINGS):
            there = here + step / 2**halvings
            found = yield there, fresh
            scans += 1
            if found.loss / found.weight + _penalised(there, penalty) <= before * (1 + 1e-12) + 1e-15:
                break
        else:
            raise CauceError("E0821", steps=_HALVINGS)
        here, totals, last = there, found, gain
        curvature = totals.curvature if fresh else curvature
        _check_separated(here, totals, penalty)
    raise CauceError("E0821", steps=_STEPS)


def _step(here: Floats, totals: LogisticTotals, curvature: Floats, penalty: Penalty) -> tuple[Floats, float]:
    """The way to the minimum of the quadratic that looks like the loss here, and what it promises."""
    outputs, size = here.shape
    first = np.zeros(outputs * size, dtype=bool)
    first[::size] = True
    matrix, slope = curvature / totals.weight, totals.gradient.ravel() / totals.weight
    inner = np.linalg.pinv(matrix[np.ix_(first, first)], hermitian=True)
    mixed = matrix[np.ix_(~first, first)] @ inner
    left = matrix[np.ix_(~first, ~first)] - mixed @ matrix[np.ix_(first, ~first)]
    now = here.ravel()[~first]
    quadratic = Quadratic((left + left.T) / 2, left @ now - (slope[~first] - mixed @ slope[first]))
    slopes = quadratic.minimised(penalty, start=now)
    moved = np.zeros(outputs * size)
    moved[~first] = slopes - now
    moved[first] = -inner @ (slope[first] + matrix[np.ix_(first, ~first)] @ moved[~first])
    step = moved.reshape(outputs, size)
    promised = float(slope @ moved + moved @ matrix @ moved / 2)
    before, after = _penalised(here, penalty), _penalised(here + step, penalty)
    return step, before - after - promised


def _penalised(here: Floats, penalty: Penalty) -> float:
    slopes = here[:, 1:]
    ridge = (1 - penalty.l1_ratio) / 2 * float((slopes**2).sum())
    return penalty.strength * (ridge + penalty.l1_ratio * float(np.abs(slopes).sum()))


def _check_separated(here: Floats, totals: LogisticTotals, penalty: Penalty) -> None:
    if penalty.strength == 0 and float(np.abs(here[:, 1:]).max(initial=0.0)) > _SEPARATED:
        raise CauceError("E0820")
    if penalty.strength == 0 and totals.loss / totals.weight < 1e-8:
        raise CauceError("E0820")


def _by_gradients(ask: Ask, *, outputs: int, width: int, penalty: Penalty) -> Logistic:
    """L-BFGS on first derivatives (Byrd, Lu, Nocedal, Zhu 1995); an l1 share splits signs under bounds."""
    from scipy.optimize import minimize  # noqa: PLC0415

    size, count, seen = outputs * (width + 1), [0], [0.0]
    split = penalty.strength * penalty.l1_ratio > 0
    free = np.zeros((outputs, width + 1), dtype=bool)
    free[:, 0] = True
    lasso = np.where(free.ravel(), 0.0, penalty.strength * penalty.l1_ratio)
    ridge = np.where(free.ravel(), 0.0, penalty.strength * (1 - penalty.l1_ratio))

    def value(point: Floats) -> tuple[float, Floats]:
        here = point[:size] - point[size:] if split else point
        totals = ask(here.reshape(outputs, width + 1), False)
        count[0] += 1
        seen[0] = totals.loss / totals.weight
        slope = totals.gradient.ravel() / totals.weight + ridge * here
        worth = seen[0] + float(ridge @ here**2) / 2
        if not split:
            return worth, slope
        return worth + float(lasso @ (point[:size] + point[size:])), np.concatenate(
            (slope + lasso, lasso - slope)
        )

    bounds = [(0.0, None)] * (2 * size) if split else None
    done = minimize(
        value,
        np.zeros(2 * size if split else size),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 1_000, "ftol": 1e-13, "gtol": 1e-8, "maxcor": 20},
    )
    found = done.x[:size] - done.x[size:] if split else done.x
    here = found.reshape(outputs, width + 1)
    if penalty.strength == 0 and float(np.abs(here[:, 1:]).max(initial=0.0)) > _SEPARATED:
        raise CauceError("E0820")
    return Logistic(here, seen[0], count[0])
