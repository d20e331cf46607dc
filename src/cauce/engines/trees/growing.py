"""Rounds of trees on XGBoost's matrices: boosted one after the other, or side by side as a forest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from cauce.core.boosting import BoostSpec, xgboost_parameters
from cauce.core.drawing import Draw, softmax_errors
from cauce.core.forest import MOST_BYTES, ForestRows, loss, partial_forest
from cauce.core.trees.shares import shares
from cauce.engines.trees.matrices import Matrices
from cauce.errors import CauceError


class Grower(Protocol):
    """Grows a booster's rounds. scale: what gains are to be divided by."""

    booster: Any
    scale: float

    def before(self) -> list[float]:
        """The metric on each watched matrix before the first round."""
        ...

    def round(self, number: int) -> list[float]:
        """Grow round `number` (from 0) and give the metric on each watched matrix."""
        ...


def grower(
    spec: BoostSpec, binned: Matrices, *, watched: Sequence[Any], start: Sequence[float], threads: int
) -> Grower:
    """What grows the trees of `spec` on the training rows.

    watched: matrices to measure every round on. start: `start_score` of the training rows.
    """
    if spec.parameters.forest:
        return _Forest(spec, _forest_rows(spec, binned, start), binned.train, watched, threads)
    return _Boosted(
        xgboost_parameters(spec, start, threads=threads), binned.train, watched, binned.draw(spec)
    )


class _Boosted:
    scale = 1.0

    def __init__(
        self, parameters: dict[str, Any], train: Any, watched: Sequence[Any], draw: Draw | None
    ) -> None:
        import xgboost  # noqa: PLC0415

        # Rows are drawn by us: XGBoost would draw them by their numbers.
        self.booster = xgboost.Booster({**parameters, "subsample": 1.0}, [train, *watched])
        self._train, self._watched = train, [(matrix, f"m{at}") for at, matrix in enumerate(watched)]
        self._draw, self._weight = draw, _weights(train)
        self._several = "num_class" in parameters

    def before(self) -> list[float]:
        return self._measured(0)

    def round(self, number: int) -> list[float]:
        if self._draw is None:
            self.booster.update(self._train, number)
        else:
            self._drawn_round(number, np.where(self._draw.seen(number), self._weight, np.float32(0)))
        return self._measured(number)

    def _drawn_round(self, number: int, weight: npt.NDArray[np.float32]) -> None:
        if self._several:
            # A row of weight 0 would not be as if absent: XGBoost gives each class's row 1e-16 at least.
            margins = self.booster.predict(self._train, output_margin=True)
            gradient, hessian = softmax_errors(margins, label=self._train.get_label(), weight=weight)
            self.booster.boost(self._train, number, grad=gradient, hess=hessian)
        else:
            self._train.set_weight(weight)
            self.booster.update(self._train, number)
            self._train.set_weight(self._weight)

    def _measured(self, number: int) -> list[float]:
        line = self.booster.eval_set(self._watched, number)
        return [float(item.rsplit(":", 1)[1]) for item in line.split("\t")[1:]]


class _Forest:
    """Every tree by gradients of our own: XGBoost's would be of what the trees before it left."""

    def __init__(
        self, spec: BoostSpec, rows: ForestRows, train: Any, watched: Sequence[Any], threads: int
    ) -> None:
        import xgboost  # noqa: PLC0415

        self.scale, grown = rows.scale, spec.parameters
        parameters = {
            **xgboost_parameters(spec, rows.start.tolist(), threads=threads),
            "subsample": 1.0,
            "min_child_weight": rows.leaf * self.scale,
            "gamma": grown.gamma * self.scale,
        }
        self.booster = xgboost.Booster(parameters, [train, *watched])
        self._spec, self._rows, self._train, self._watched = spec, rows, train, watched

    def before(self) -> list[float]:
        return [self._loss(matrix, 0) for matrix in self._watched]

    def round(self, number: int) -> list[float]:
        gradient, hessian = self._rows.errors(number)
        self.booster.boost(self._train, number, grad=gradient, hess=hessian)
        if number == 0:
            self._measure()
        return [self._loss(matrix, number + 1) for matrix in self._watched]

    def _measure(self) -> None:
        """E0854 where all the trees, each like the first, would not fit into a bundle."""
        trees = self._spec.parameters.rounds
        size = len(self.booster.save_raw("json")) * trees
        if size > MOST_BYTES:
            most = MOST_BYTES // 10**6
            raise CauceError("E0854", trees=trees, megabytes=round(size / 1e6), most=most)

    def _loss(self, matrix: Any, trees: int) -> float:
        start, spec = self._rows.start, self._spec
        told = self.booster.predict(matrix)
        scores = partial_forest(told, spec, start=start if told.ndim == 2 else start[0], trees=trees)
        if spec.task != "regression":
            scores = shares(scores, start=start)
        label, weight = matrix.get_label(), _weights(matrix)
        return loss(spec, scores, label=label, weight=weight, added=self._rows.added)


def _weights(matrix: Any) -> npt.NDArray[np.float32]:
    """The weight of each of the matrix's rows."""
    found: npt.NDArray[np.float32] = matrix.get_weight()
    return found if len(found) else np.ones(matrix.num_row(), dtype=np.float32)


def _forest_rows(spec: BoostSpec, binned: Matrices, start: Sequence[float]) -> ForestRows:
    base, train = np.array(start, dtype=np.float32), binned.train
    draw, added = binned.draw(spec), binned.group.added
    return ForestRows(spec, train.get_label(), _weights(train), base, draw, added)
