"""A random forest as rounds of XGBoost: what each tree learns, from which rows, and what the trees say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cauce.core.boosting import BoostSpec
from cauce.core.matrix import Matrix

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Lanes = tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]
MOST_BYTES = 1 << 28
"""The largest document of a forest: read in a child process of 4 GiB, it takes some six times its size."""
_SALT = 0x666F7265


@dataclass(frozen=True, eq=False)
class ForestRows:
    """The training rows of a forest, and the errors that each of its trees is fitted to.

    label, weight: float32 [n], class weights included. start: the score before the first tree, by output.
    order: the rows by hash, as `hash_order` gives them; None where every tree sees every row.

    Each tree is fitted to label - start (of several classes: to 1 where the row is of the class, else 0,
    less start), never to what earlier trees left: with λ = 0 a leaf is then the weighted mean of its rows,
    and T trees of eta = 1/T add up to their mean. Errors and weights are multiplied by `scale`, a power of
    two, which cancels out in every leaf: the gain XGBoost asks of a split is absolute, and a target in small
    units would else grow no tree.
    """

    spec: BoostSpec
    label: Floats
    weight: Floats
    start: Floats
    order: npt.NDArray[np.intp] | None

    @cached_property
    def scale(self) -> float:
        """What errors and weights are multiplied by: 1 for classes whose rows weigh 1."""
        spread = self.weight.astype(np.float64)
        if self.spec.task == "regression":
            spread *= (self.label.astype(np.float64) - self.start[0]) ** 2
        mean = float(spread.mean())
        return 2.0 ** -round(math.log2(mean)) if 0 < mean < math.inf else 1.0

    @cached_property
    def leaf(self) -> float:
        """Least weight of a leaf: as asked, else √n / 20 rows of mean weight (a number: / 40), at least 1.

        Averages of few rows are noise and of many are blurred, and what is few grows with what there is; the
        constants are from the development data, of 230 to 10,000 rows.
        """
        said = self.spec.parameters.min_child_weight
        if said is not None:
            return said
        rows = math.sqrt(len(self.weight)) / (40 if self.spec.task == "regression" else 20)
        return float(f"{max(1.0, rows) * self.weight.mean(dtype=np.float64):.6g}")

    def errors(self, tree: int) -> tuple[Floats, Floats]:
        """Gradient and hessian for the trees of round `tree` from 0, float32 [n, outputs]; 0 where unseen."""
        weight = self.weight * np.float32(self.scale)
        if self.order is not None:
            weight = np.where(self._seen(tree), weight, np.float32(0))
        if self.spec.task != "multiclass":
            return ((self.start[0] - self.label) * weight)[:, None], weight[:, None]
        gradient = np.multiply.outer(weight, self.start)
        gradient[np.arange(len(weight)), self.label.astype(np.intp)] -= weight
        return gradient, np.repeat(weight[:, None], len(self.start), axis=1)

    def _seen(self, tree: int) -> npt.NDArray[np.bool_]:
        """The rows of one tree: each with the same chance, by its place in the order of hashes."""
        draws = np.random.Generator(np.random.PCG64([_SALT, self.spec.seed, tree]))
        seen = np.empty(len(self.label), dtype=np.bool_)
        seen[self.order] = draws.random(len(self.label)) < self.spec.parameters.subsample
        return seen


def hash_order(lanes: Lanes, label: Floats) -> npt.NDArray[np.intp]:
    """The rows by hash, then label: one order however they came. Rows alike in both stay as they came."""
    return np.lexsort((label, lanes[1], lanes[0]))


def partial_forest(margins: Matrix, spec: BoostSpec, *, start: Floats | np.float32, trees: int) -> Matrix:
    """What the first `trees` of a forest say, from XGBoost's sum after them, [n] or [n, outputs]."""
    whole = spec.parameters.rounds / trees
    said: Matrix = start + (margins - start) * np.float32(whole)
    return said


def loss(spec: BoostSpec, scores: Matrix, *, label: Floats, weight: Floats | None) -> float:
    """The metric of a forest's history: rmse of values [n], Brier score of probabilities [n, classes].

    To 9 digits: the rest depends on the order of rows.
    """
    if spec.task == "multiclass":
        apart = scores.astype(np.float64)
        apart[np.arange(len(apart)), label.astype(np.intp)] -= 1
        far = (apart**2).sum(axis=1)
    else:
        said = scores if spec.task == "regression" else scores[:, 1]
        far = (said.astype(np.float64) - label) ** 2
    mean = float(np.average(far, weights=None if weight is None else weight.astype(np.float64)))
    return float(f"{math.sqrt(mean) if spec.task == 'regression' else mean:.9g}")
