"""Which rows a tree sees, by their hashes: the same rows in any order, batches and number of workers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Lanes = tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]
_SALT = 0x666F7265
_LEAST = 1e-16
_ROWS = 1 << 16


@dataclass(frozen=True, eq=False)
class Draw:
    """The rows of each tree: every row with the chance `share`, by its place in the order of all hashes.

    order: `hash_order` of the rows at hand. first: how many rows elsewhere come before all of them in the
    order of hashes; those at hand follow one another in it.
    """

    order: npt.NDArray[np.intp]
    share: float
    seed: int
    first: int = 0

    def seen(self, tree: int) -> npt.NDArray[np.bool_]:
        """The rows at hand that tree `tree` (from 0) sees, as they stand."""
        stream = np.random.PCG64([_SALT, self.seed, tree]).advance(self.first)
        seen = np.empty(len(self.order), dtype=np.bool_)
        seen[self.order] = np.random.Generator(stream).random(len(self.order)) < self.share
        return seen


def hash_order(lanes: Lanes, label: Floats) -> npt.NDArray[np.intp]:
    """The rows by hash, then label: one order however they came. Rows alike in both stay as they came."""
    return np.lexsort((label, lanes[1], lanes[0]))


def softmax_errors(margins: Floats, *, label: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Gradient and hessian of the log loss by margin, [n, classes]; 0 where a row's weight is 0.

    p - 1 or p, and 2 p (1 - p) but at least 1e-16, as XGBoost's multi:softprob has them, times the weight.
    """
    gradient, hessian = np.empty_like(margins), np.empty_like(margins)
    for start in range(0, len(margins), _ROWS):
        rows = slice(start, start + _ROWS)
        powers = margins[rows].astype(np.float64)
        np.exp(powers - powers.max(axis=1, keepdims=True), out=powers)
        share = powers / powers.sum(axis=1, keepdims=True)
        every = weight[rows, None].astype(np.float64)
        hessian[rows] = np.where(every > 0, np.maximum(2 * share * (1 - share) * every, _LEAST), 0)
        share[np.arange(len(share)), label[rows].astype(np.intp)] -= 1
        gradient[rows] = share * every
    return gradient, hessian
