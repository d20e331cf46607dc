"""The results of one scan that every metric is made from: scores, confusion counts, errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cauce.errors import CauceError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scores:
    """The weight of positives and negatives at each score.

    score: distinct, ascending, in [0, 1]. positive, negative: weights at that score, 0 or more.
    error: a row's own score is at most this far from the `score` it is counted at (one number for all,
    or one for each); 0 where every distinct score is kept. Raises E0907 for values no count can have.
    """

    score: Floats
    positive: Floats
    negative: Floats
    error: Floats | float = 0.0

    def __post_init__(self) -> None:
        for name in ("score", "positive", "negative"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))
        errors = np.broadcast_to(np.asarray(self.error, dtype=np.float64), self.score.shape)
        object.__setattr__(self, "error", errors)
        _check("scores", self.score, self.positive, self.negative, errors)
        if self.score.size and (self.score[-1] > 1 or not (np.diff(self.score) > 0).all()):
            raise CauceError("E0907", what="scores", found=f"{self.score[0]} … {self.score[-1]}")

    @property
    def exact(self) -> bool:
        """Whether every distinct score is kept."""
        return not np.any(self.error)

    @property
    def positives(self) -> float:
        return float(self.positive.sum())

    @property
    def negatives(self) -> float:
        return float(self.negative.sum())

    @property
    def weight(self) -> float:
        return self.positives + self.negatives


def scores_of_rows(score: Any, label: Any, *, weight: Any = None) -> Scores:
    """Exact scores of rows in memory. score: [n] in [0, 1]; label: [n], true is positive; weight: [n]."""
    values = np.asarray(score, dtype=np.float64) + 0.0
    weights = np.ones(values.size) if weight is None else np.asarray(weight, dtype=np.float64)
    _check("rows", values, weights)
    labels = np.asarray(label, dtype=bool)
    distinct, at = np.unique(values, return_inverse=True)
    size = distinct.size
    return Scores(distinct, totals(at, weights * labels, size=size), totals(at, weights * ~labels, size=size))


def totals(at: npt.NDArray[np.intp], weight: Floats, *, size: int) -> Floats:
    """The sum of `weight` at each position below `size`."""
    return np.asarray(np.bincount(at, weight, minlength=size), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class ConfusionCounts:
    """The weight of each pair of classes. matrix: [label, prediction] in the order of `classes`.

    For two classes the second is the positive one. Raises E0907 for values no count can have.
    """

    classes: tuple[str, ...]
    matrix: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrix", np.asarray(self.matrix, dtype=np.float64))
        size = len(self.classes)
        if self.matrix.shape != (size, size):
            raise CauceError("E0907", what="confusion", found=f"{self.matrix.shape}, {size}")
        _check("confusion", self.matrix)

    @property
    def labels(self) -> Floats:
        """The weight of each class among the labels."""
        return np.asarray(self.matrix.sum(axis=1), dtype=np.float64)

    @property
    def predictions(self) -> Floats:
        """The weight of each class among the predictions."""
        return np.asarray(self.matrix.sum(axis=0), dtype=np.float64)

    @property
    def weight(self) -> float:
        return float(self.matrix.sum())


@dataclass(frozen=True, kw_only=True)
class ErrorSums:
    """Sums over rows of a regression; an error is prediction minus label.

    weight: Σw. error, absolute, squared: Σwe, Σw|e|, Σwe². label_mean, label_squares: the weighted mean of
    the labels and Σw(label − mean)². absolute_label: Σw|label|. relative, relative_weight: Σw|e/label| and
    Σw over labels that are not 0. lowest: the smallest label or prediction. median: half of the rows have
    an |e| up to this, known to `median_error`. log_*: `squared`, `label_mean` and `label_squares` on
    the scale log(1 + x), where `lowest` is 0 or more.
    """

    weight: float
    error: float
    absolute: float
    squared: float
    label_mean: float
    label_squares: float
    absolute_label: float
    relative: float
    relative_weight: float
    lowest: float
    median: float = 0.0
    median_error: float = 0.0
    log_squared: float = 0.0
    log_label_mean: float = 0.0
    log_label_squares: float = 0.0


@dataclass(frozen=True, kw_only=True)
class LossSums:
    """Sums over rows of a classification. weight: Σw; log: Σw·log loss; brier: Σw(p − y)² (two classes)."""

    weight: float
    log: float
    brier: float = 0.0


@dataclass(frozen=True, eq=False)
class ResidualHistogram:
    """Rows by residual, label minus prediction, in the target's unit.

    edges: ascending, one more than bins; weight: rows with `lower ≤ residual < upper`, the last bin
    closed; below, above: rows outside of the edges.
    """

    edges: Floats
    weight: Floats
    below: float = 0.0
    above: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {
            "edges": self.edges.tolist(),
            "weight": self.weight.tolist(),
            "below": self.below,
            "above": self.above,
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> ResidualHistogram:
        """The histogram that `to_json` wrote."""
        edges, weight = (np.asarray(value[key], dtype=np.float64) for key in ("edges", "weight"))
        return ResidualHistogram(edges, weight, float(value["below"]), float(value["above"]))


def _check(what: str, *arrays: Floats) -> None:
    """E0907 unless all values are finite and 0 or more, and all arrays have one shape."""
    if len({array.shape for array in arrays}) != 1:
        raise CauceError("E0907", what=what, found=", ".join(str(array.shape) for array in arrays))
    for array in arrays:
        wrong = array[~(np.isfinite(array) & (array >= 0))]
        if wrong.size:
            raise CauceError("E0907", what=what, found=f"{wrong[0]} × {wrong.size}")
