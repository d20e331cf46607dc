"""What the trees of a forest for classes say together."""

from __future__ import annotations

import numpy as np

from cauce.core.matrix import Matrix


def shares(margins: Matrix, *, start: Matrix) -> Matrix:
    """Probabilities [n, classes] from the sums of a forest's trees: [n] for two classes, else [n, classes].

    The trees of one class do not know those of another: shares are limited to [0, 1] and divided by their
    sum; where that is 0, the shares `start` of all training rows stand for them. Column 1 is the positive.
    """
    limited: Matrix = np.clip(margins, np.float32(0), np.float32(1))
    if limited.ndim == 1:
        return np.stack((np.float32(1) - limited, limited), axis=1)
    total = limited.sum(axis=1, keepdims=True, dtype=np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        divided: Matrix = np.where(total > 0, limited / total, start)
    return divided
