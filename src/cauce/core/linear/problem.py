"""Least squares as a problem of sums: what training rows amount to, in standardised features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cauce.core.linear.quadratic import Floats, Quadratic
from cauce.errors import CauceError
from cauce.stats.comoments import Comoment

ACCURATE = 1e5
"""Up to this scaled condition number, coefficients are right to 1e-6."""
_SAME = 1e-12
"""Rounding of means alone leaves less than this share of a constant's size; a varying float32 leaves more."""


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """Rows as (1/2)Σw(y - a - Xb)²/Σw, X standardised by these rows' own weighted means and deviations.

    rows: counted; weight: Σw. means, deviations: of each feature, in its own unit; a constant feature has
    deviation 0 and takes no part. correlation [p, p], covariance [p]: Σw·xx'/Σw and Σw·x(y - mean)/Σw of
    standardised features, 0 for constant ones. target_mean, target_variance: weighted.
    """

    rows: int
    weight: float
    means: Floats
    deviations: Floats
    correlation: Floats
    covariance: Floats
    target_mean: float
    target_variance: float

    @property
    def width(self) -> int:
        """How many features there are, constant ones included."""
        return len(self.means)

    @property
    def varying(self) -> NDArray[np.bool_]:
        """Which features are not constant."""
        return self.deviations > 0

    @cached_property
    def inverse(self) -> Floats:
        """One over each deviation, 0 for a constant feature."""
        return _inverse(self.deviations)

    @cached_property
    def quadratic(self) -> Quadratic:
        """What the coefficients minimise, constants apart."""
        return Quadratic(self.correlation, self.covariance)

    @property
    def rank(self) -> int:
        """How many directions the features span."""
        return int((self.quadratic.spectrum[0] > 0).sum())

    @property
    def condition(self) -> float:
        """The scaled condition number of X: largest by smallest singular value, constant features apart."""
        values = np.linalg.eigvalsh(self.correlation[np.ix_(self.varying, self.varying)])
        if not len(values):
            return 1.0
        return float(np.sqrt(values[-1] / values[0])) if values[0] > 0 else float("inf")

    def unscaled(self, coefficients: Floats) -> tuple[float, Floats]:
        """Intercept and coefficients [p] for features in their own units."""
        own = coefficients * self.inverse
        return self.target_mean - float(own @ self.means), own

    def residual_variance(self, coefficients: Floats) -> float:
        """Σw·residual²/Σw of standardised `coefficients` [p]."""
        explained = 2 * coefficients @ self.covariance - coefficients @ self.correlation @ coefficients
        return max(self.target_variance - float(explained), 0.0)


def problem_of(part: Comoment) -> LeastSquares:
    """The problem behind the sums of some rows, as `Comoments` gives them. E2160: products overflowed."""
    if not np.isfinite(part.products).all():
        raise CauceError("E2160")
    centred = part.products / part.weight
    constant = np.sqrt(np.maximum(np.diag(centred), 0.0)) <= _SAME * np.abs(part.means)
    return _standardised(centred, part.means, rows=part.rows, weight=part.weight, constant=constant)


def _standardised(
    centred: Floats, means: Floats, *, rows: int, weight: float, constant: NDArray[np.bool_]
) -> LeastSquares:
    variances = np.maximum(np.diag(centred), 0.0)
    deviations = np.where(constant, 0.0, np.sqrt(variances))[:-1]
    inverse = _inverse(deviations)
    correlation = centred[:-1, :-1] * np.outer(inverse, inverse)
    np.fill_diagonal(correlation, np.where(deviations > 0, 1.0, 0.0))
    return LeastSquares(
        rows,
        weight,
        means[:-1],
        deviations,
        correlation,
        centred[:-1, -1] * inverse,
        float(means[-1]),
        float(variances[-1]),
    )


def _inverse(deviations: Floats) -> Floats:
    return np.divide(1.0, deviations, out=np.zeros(len(deviations)), where=deviations > 0)
