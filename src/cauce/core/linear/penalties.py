"""Solves least squares with and without penalties, for many penalties at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cauce.core.linear.problem import Floats, LeastSquares

_TOLERANCE = 1e-10
_ITERATIONS = 100_000
_LEAST_RATIO = 1e-3


@dataclass(frozen=True)
class Penalty:
    """λ((1 - r)/2·Σb² + r·Σ|b|) over standardised features, beside (1/2)Σw·residual²/Σw.

    strength: λ ≥ 0, in the target's unit where r > 0. l1_ratio: r from 0 (ridge) to 1 (lasso).
    (Friedman, Hastie, Tibshirani 2010; as glmnet with standardize = TRUE.)
    """

    strength: float = 0.0
    l1_ratio: float = 0.0


def strengths(
    problem: LeastSquares, *, l1_ratio: float, count: int, least: float = 1e-4
) -> tuple[float, ...]:
    """`count` strengths, equal steps of the logarithm apart, from that which leaves no coefficient.

    least: the last one as a share of the first. Below an l1_ratio of 0.001 the first is that of 0.001,
    since no strength of a ridge leaves none.
    """
    first = float(np.abs(problem.covariance).max(initial=0.0)) / max(l1_ratio, _LEAST_RATIO)
    if first == 0.0:
        return (0.0,) * min(count, 1)
    return tuple(float(one) for one in np.geomspace(first, first * least, count))


def solve(problem: LeastSquares, penalties: Sequence[Penalty]) -> Floats:
    """Coefficients of standardised features, [penalties, p]; 0 for constant features.

    Ridge and ordinary least squares come from one eigendecomposition (of several solutions the one of
    least length); the others from coordinate descent, down the strengths of each ratio.
    """
    quadratic = Quadratic(problem.correlation, problem.covariance)
    found = np.zeros((len(penalties), problem.width))
    ratios = sorted({one.l1_ratio for one in penalties if one.l1_ratio > 0 and one.strength > 0})
    for ratio in ratios:
        places = [k for k, one in enumerate(penalties) if one.l1_ratio == ratio and one.strength > 0]
        found[places] = quadratic.descended([penalties[k].strength for k in places], l1_ratio=ratio)
    for place, one in enumerate(penalties):
        if one.l1_ratio == 0 or one.strength == 0:
            found[place] = quadratic.shrunk(one.strength)
    return found


@dataclass(frozen=True, eq=False)
class Quadratic:
    """(1/2)b'Ab - c'b, A positive semidefinite, to be minimised with a penalty."""

    matrix: Floats
    vector: Floats

    @cached_property
    def spectrum(self) -> tuple[Floats, Floats]:
        """Eigenvalues of A, those that count as zero set to 0, and its eigenvectors."""
        values, vectors = np.linalg.eigh(self.matrix)
        least = values[-1] * len(values) * np.finfo(np.float64).eps if len(values) else 0.0
        return np.where(values > least, values, 0.0), vectors

    def minimised(self, penalty: Penalty) -> Floats:
        """The minimum with `penalty`, [p]."""
        if penalty.l1_ratio == 0 or penalty.strength == 0:
            return self.shrunk(penalty.strength)
        found: Floats = self.descended([penalty.strength], l1_ratio=penalty.l1_ratio)[0]
        return found

    def shrunk(self, strength: float) -> Floats:
        """The minimum with a ridge of this strength; of several the one of least length."""
        values, vectors = self.spectrum
        inverse = np.divide(1.0, values + strength, out=np.zeros(len(values)), where=values > 0)
        found: Floats = vectors @ (inverse * (vectors.T @ self.vector))
        return found

    def descended(self, wanted: Sequence[float], *, l1_ratio: float) -> Floats:
        """The minimum for each strength, [strengths, p], by scikit-learn's coordinate descent.

        The solver asks for rows: p of them with the same products as the true ones stand for them, since
        the solution depends on products alone.
        """
        from sklearn.linear_model import enet_path  # noqa: PLC0415

        values, vectors = self.spectrum
        width, kept = len(values), values > 0
        if not kept.any():
            return np.zeros((len(wanted), width))
        roots = np.sqrt(values * width)
        rows = np.asfortranarray(roots[:, None] * vectors.T)
        labels = np.divide(vectors.T @ self.vector * width, roots, out=np.zeros(width), where=kept)
        order = np.argsort(wanted)[::-1]
        _, path, _ = enet_path(
            rows,
            labels,
            l1_ratio=l1_ratio,
            alphas=np.asarray(wanted)[order],
            precompute=np.ascontiguousarray(rows.T @ rows),
            Xy=rows.T @ labels,
            tol=_TOLERANCE,
            max_iter=_ITERATIONS,
        )
        found = np.zeros((len(wanted), width))
        found[order] = path.T
        return found
