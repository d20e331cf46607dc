"""What is known about coefficients without a penalty: standard errors, and features that say the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauce.core.linear.problem import ACCURATE, LeastSquares
from cauce.core.linear.quadratic import Floats

_TOGETHER = 0.1


@dataclass(frozen=True, eq=False)
class Precision:
    """How exactly ordinary least squares knows its coefficients.

    errors: standard error of each coefficient in its feature's unit, NaN where the data do not determine it
    (constant or collinear features, or no more rows than coefficients). intercept: that of the intercept.
    condition: scaled condition number. collinear: features, by number, that take part in a direction the
    data (nearly) do not determine; empty where all is well.
    """

    errors: Floats
    intercept: float
    condition: float
    collinear: tuple[int, ...]

    @property
    def accurate(self) -> bool:
        """Whether coefficients are right to 1e-6."""
        return self.condition <= ACCURATE


def precision(problem: LeastSquares, coefficients: Floats) -> Precision:
    """The precision of standardised `coefficients` [p] solved without a penalty.

    Var(b) = s²(X'WX)⁻¹ with s² = Σw·residual²/(n - p - 1), weights as in weighted least squares (Greene,
    Econometric Analysis, 4.4 and 9.3): equal to those of statsmodels' WLS.
    """
    width, freedom = problem.width, problem.rows - problem.rank - 1
    errors, intercept = np.full(width, np.nan), float("nan")
    shaky = _collinear(problem)
    if freedom > 0:
        values, vectors = problem.quadratic.spectrum
        kept = values > 0
        inverse = (
            (vectors[:, kept] / values[kept]) @ vectors[:, kept].T if kept.any() else np.zeros((width, width))
        )
        spread = problem.residual_variance(coefficients) / freedom
        known = problem.varying.copy()
        known[list(_undetermined(problem))] = False
        scaled = problem.inverse
        errors[known] = np.sqrt(spread * np.diag(inverse)[known]) * scaled[known] if width else []
        if known.sum() == problem.varying.sum():
            away = problem.means * scaled
            intercept = float(np.sqrt(spread * (1.0 + (away @ inverse @ away if width else 0.0))))
    return Precision(errors, intercept, problem.condition, shaky)


def _undetermined(problem: LeastSquares) -> tuple[int, ...]:
    values, vectors = problem.quadratic.spectrum
    return _taking_part(problem, vectors[:, values <= 0])


def _collinear(problem: LeastSquares) -> tuple[int, ...]:
    if not problem.width or problem.condition <= ACCURATE:
        return ()
    values, vectors = problem.quadratic.spectrum
    return _taking_part(problem, vectors[:, values <= values[-1] / ACCURATE**2])


def _taking_part(problem: LeastSquares, directions: Floats) -> tuple[int, ...]:
    if not directions.size:
        return ()
    sizes = np.abs(directions[:, np.abs(directions[problem.varying]).max(axis=0, initial=0.0) > _TOGETHER])
    taking = (sizes.max(axis=1, initial=0.0) > _TOGETHER) & problem.varying
    return tuple(int(place) for place in np.flatnonzero(taking))
