"""Sums of products whose last bits do not depend on the number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def inner_product(left: NDArray[Any], right: NDArray[Any] | float) -> float:
    """Σ left·right of two vectors, added pairwise: BLAS adds in another order on two threads than on one."""
    return float(np.sum(left * right, dtype=np.float64))


def products_with(left: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """left·rows' of [m, n] and [p, n]. A single row goes without BLAS, which would share its sum out."""
    if len(left) > 1 and len(rows) > 1:
        return left @ rows.T
    found: NDArray[np.float64] = np.einsum("an,bn->ab", left, rows)
    return found
