"""Minimises a quadratic with a penalty on the size of its point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cauce.core.linear.active import Sparse

Floats = NDArray[np.float64]


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

    def minimised(self, penalty: Penalty, *, start: Floats | None = None) -> Floats:
        """The minimum with `penalty`, [p]; start: a point near it, where one is known."""
        if penalty.l1_ratio == 0 or penalty.strength == 0:
            return self.shrunk(penalty.strength)
        found: Floats = self.descended([penalty.strength], l1_ratio=penalty.l1_ratio, start=start)[0]
        return found

    def shrunk(self, strength: float) -> Floats:
        """The minimum with a ridge of this strength; of several the one of least length."""
        values, vectors = self.spectrum
        inverse = np.divide(1.0, values + strength, out=np.zeros(len(values)), where=values > 0)
        found: Floats = vectors @ (inverse * (vectors.T @ self.vector))
        return found

    def descended(self, wanted: Sequence[float], *, l1_ratio: float, start: Floats | None = None) -> Floats:
        """The minimum for each strength, [strengths, p], each found from that of the next larger one.

        start: where the largest one is looked for; 0 where absent.
        """
        found = np.zeros((len(wanted), len(self.vector)))
        here = np.zeros(len(self.vector)) if start is None else start
        for place in np.argsort(wanted)[::-1] if len(self.vector) else ():
            strength = wanted[place]
            sparse = Sparse(self.matrix, self.vector, strength * l1_ratio, strength * (1 - l1_ratio))
            found[place] = here = sparse.minimised(here)
        return found
