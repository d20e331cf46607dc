"""Sums of products whose last bits do not depend on the number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def inner_product(left: NDArray[Any], right: NDArray[Any] | float) -> float:
    """Σ left·right of two vectors, added pairwise: BLAS adds in another order on two threads than on one."""
    return float(np.sum(left * right, dtype=np.float64))
