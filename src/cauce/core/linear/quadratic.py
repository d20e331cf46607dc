"""Minimises a quadratic with a penalty on the size of its point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TOLERANCE = 1e-10
_ITERATIONS = 100_000


@dataclass(frozen=True)
class Penalty:
    """λ((1 - r)/2·Σb² + r·Σ|b|) over standardised features, beside (1/2)Σw·residual²/Σw.

    strength: λ ≥ 0, in the target's unit where r > 0. l1_ratio: r from 0 (ridge) to 1 (lasso).
    (Friedman, Hastie, Tibshirani 2010; as glmnet with standardize = TRUE.)
    """

    strength: float = 0.0
    l1_ratio: float = 0.0


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
