"""A random forest as rounds of XGBoost: what each tree learns, from which rows, and what the trees say."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from cauce.core.boosting import BoostSpec
from cauce.core.drawing import Draw
from cauce.core.matrix import Matrix

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Added = Callable[[Doubles], Doubles]
MOST_BYTES = 1 << 28
"""The largest document of a forest: read in a child process of 4 GiB, it takes some six times its size."""


@dataclass(frozen=True, eq=False)
class ForestRows:
    """The training rows of a forest, and the errors that each of its trees is fitted to.

    label, weight: float32 [n], class weights included. start: the score before the first tree, by output.
    draw: which rows each tree sees; None where every tree sees every row. added: the sums of numbers over all
    the workers that grow the forest together, each from its own rows; all must ask for them.

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
    draw: Draw | None
    added: Added = lambda numbers: numbers

    @cached_property
    def scale(self) -> float:
        """What errors and weights are multiplied by: 1 for classes whose rows weigh 1."""
        spread = self.weight.astype(np.float64)
        if self.spec.task == "regression":
            spread *= (self.label.astype(np.float64) - self.start[0]) ** 2
        mean = self._means(spread)[0]
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
        mean, every = self._means(self.weight)
        rows = math.sqrt(every) / (40 if self.spec.task == "regression" else 20)
        return float(f"{max(1.0, rows) * mean:.6g}")

    def _means(self, values: npt.NDArray[np.floating[Any]]) -> tuple[float, float]:
        """Their mean over the rows of all workers, and how many rows these are."""
        total, rows = self.added(np.array([values.sum(dtype=np.float64), len(values)])).tolist()
        return total / rows, rows

    def errors(self, tree: int) -> tuple[Floats, Floats]:
        """Gradient and hessian for the trees of round `tree` from 0, float32 [n, outputs]; 0 where unseen."""
        weight = self.weight * np.float32(self.scale)
        if self.draw is not None:
            weight = np.where(self.draw.seen(tree), weight, np.float32(0))
        if self.spec.task != "multiclass":
            return ((self.start[0] - self.label) * weight)[:, None], weight[:, None]
        gradient = np.multiply.outer(weight, self.start)
        gradient[np.arange(len(weight)), self.label.astype(np.intp)] -= weight
        return gradient, np.repeat(weight[:, None], len(self.start), axis=1)


def partial_forest(margins: Matrix, spec: BoostSpec, *, start: Floats | np.float32, trees: int) -> Matrix:
    """What the first `trees` of a forest say, from XGBoost's sum after them, [n] or [n, outputs]."""
    whole = spec.parameters.rounds / trees
    said: Matrix = start + (margins - start) * np.float32(whole)
    return said


def loss(
    spec: BoostSpec, scores: Matrix, *, label: Floats, weight: Floats, added: Added = lambda sums: sums
) -> float:
    """The metric of a forest's history: rmse of values [n], Brier score of probabilities [n, classes].

    To 9 digits: the rest depends on the order of rows. added: as in `ForestRows`.
    """
    if spec.task == "multiclass":
        apart = scores.astype(np.float64)
        apart[np.arange(len(apart)), label.astype(np.intp)] -= 1
        far = (apart**2).sum(axis=1)
    else:
        said = scores if spec.task == "regression" else scores[:, 1]
        far = (said.astype(np.float64) - label) ** 2
    every = weight.astype(np.float64)
    total, rows = added(np.array([(far * every).sum(), every.sum()])).tolist()
    mean = total / rows
    return float(f"{math.sqrt(mean) if spec.task == 'regression' else mean:.9g}")
