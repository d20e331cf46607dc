"""Rounds of trees on XGBoost's matrices: boosted one after the other, or side by side as a forest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from cauce.core.boosting import BoostSpec, xgboost_parameters
from cauce.core.forest import MOST_BYTES, ForestRows, loss, partial_forest
from cauce.core.trees.shares import shares
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
    spec: BoostSpec,
    *,
    train: Any,
    watched: Sequence[Any],
    start: Sequence[float],
    order: npt.NDArray[np.intp] | None,
    threads: int,
) -> Grower:
    """What grows the trees of `spec` on `train`.

    watched: matrices to measure every round on. start: `start_score` of the training rows. order: their
    `hash_order`, wanted by a forest whose trees see a share of the rows.
    """
    if spec.parameters.forest:
        return _Forest(spec, _forest_rows(spec, train, start, order), train, watched, threads)
    return _Boosted(xgboost_parameters(spec, start, threads=threads), train, watched)


class _Boosted:
    scale = 1.0

    def __init__(self, parameters: dict[str, Any], train: Any, watched: Sequence[Any]) -> None:
        import xgboost  # noqa: PLC0415

        self.booster = xgboost.Booster(parameters, [train, *watched])
        self._train, self._watched = train, [(matrix, f"m{at}") for at, matrix in enumerate(watched)]

    def before(self) -> list[float]:
        return self._measured(0)

    def round(self, number: int) -> list[float]:
        self.booster.update(self._train, number)
        return self._measured(number)

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
        return loss(spec, scores, label=matrix.get_label(), weight=_weight(matrix))


def _weight(matrix: Any) -> npt.NDArray[np.float32] | None:
    """The matrix's row weights, or None where it has none."""
    found: npt.NDArray[np.float32] = matrix.get_weight()
    return found if len(found) else None


def _forest_rows(
    spec: BoostSpec, train: Any, start: Sequence[float], order: npt.NDArray[np.intp] | None
) -> ForestRows:
    label, weight = train.get_label(), _weight(train)
    every = np.ones(len(label), dtype=np.float32) if weight is None else weight
    return ForestRows(spec, label, every, np.array(start, dtype=np.float32), order)
