"""The sums of a regression's errors, of a guess's too, and on a logarithmic scale; no histogram."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl

from cauce.core.metrics.losses import finite, weights_of
from cauce.core.metrics.results import ErrorSums, Floats
from cauce.stats.mergeable import Mergeable
from cauce.stats.products import inner_product


@dataclass(frozen=True)
class ErrorState:
    """Sums over labelled rows; `rows` of them, `unlabelled` rows left out. Other fields as in ErrorSums."""

    rows: int = 0
    unlabelled: int = 0
    weight: float = 0.0
    error: float = 0.0
    absolute: float = 0.0
    squared: float = 0.0
    absolute_label: float = 0.0
    relative: float = 0.0
    relative_weight: float = 0.0
    log_squared: float = 0.0
    label_mean: float = 0.0
    label_squares: float = 0.0
    log_label_mean: float = 0.0
    log_label_squares: float = 0.0
    lowest: float | None = None


_SPREADS = (("label_mean", "label_squares"), ("log_label_mean", "log_label_squares"))
_OTHERS = {name for pair in _SPREADS for name in pair} | {"lowest"}


@dataclass(frozen=True)
class NumberErrors(Mergeable[ErrorState, ErrorSums]):
    """Errors (prediction minus label) of a regression; its result is an ErrorSums with no median.

    label, prediction, weight: columns, or as the prediction one number for all rows (a baseline). Rows
    whose label is null are left out and counted. Logarithms are of 1 + x and mean nothing once a label
    or a prediction is below 0. Raises E0907 for values not finite.
    """

    label: str
    prediction: str | float
    weight: str | None = None

    state_type: ClassVar[Any] = ErrorState

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(name for name in (self.label, self.prediction, self.weight) if isinstance(name, str))

    def start(self) -> ErrorState:
        """The state of no rows."""
        return ErrorState()

    def of(self, batch: pl.DataFrame) -> ErrorState:
        """The sums of one batch."""
        kept = batch.filter(pl.col(self.label).is_not_null())
        weight = weights_of(kept, self.weight)
        label = finite(kept[self.label])
        if isinstance(self.prediction, str):
            prediction = finite(kept[self.prediction])
        else:
            prediction = np.full(label.size, self.prediction)
        used = weight > 0
        with np.errstate(over="ignore", invalid="ignore"):
            sums = _sums(label[used], prediction[used], weight[used]) if used.any() else {}
        return ErrorState(rows=kept.height, unlabelled=batch.height - kept.height, **sums)

    def merge(self, left: ErrorState, right: ErrorState) -> ErrorState:
        """The state of both."""
        if left.weight == 0 or right.weight == 0:
            chosen = right if left.weight == 0 else left
            counts = {name: getattr(left, name) + getattr(right, name) for name in ("rows", "unlabelled")}
            return ErrorState(**{**vars(chosen), **counts})
        found = {name: a + getattr(right, name) for name, a in vars(left).items() if name not in _OTHERS}
        for mean, squares in _SPREADS:
            found |= _merged_spread(left, right, mean, squares)
        lows = [low for low in (left.lowest, right.lowest) if low is not None]
        return ErrorState(**found, lowest=min(lows))

    def result(self, state: ErrorState) -> ErrorSums:
        """The sums as metrics read them."""
        values = {name: value for name, value in vars(state).items() if name in ErrorSums.__annotations__}
        return ErrorSums(**{**values, "lowest": 0.0 if state.lowest is None else state.lowest})


def _sums(label: Floats, prediction: Floats, weight: Floats) -> dict[str, Any]:
    error = prediction - label
    some = label != 0
    relative = inner_product(weight[some], np.abs(error[some] / label[some]))
    logs = [np.log1p(np.maximum(values, 0.0)) for values in (label, prediction)]
    return {
        "weight": float(weight.sum()),
        "error": inner_product(weight, error),
        "absolute": inner_product(weight, np.abs(error)),
        "squared": inner_product(weight, error**2),
        "absolute_label": inner_product(weight, np.abs(label)),
        "relative": float(relative),
        "relative_weight": float(weight[some].sum()),
        "log_squared": inner_product(weight, (logs[1] - logs[0]) ** 2),
        "lowest": float(min(label.min(), prediction.min())),
        **_spread(label, weight, "label_mean", "label_squares"),
        **_spread(logs[0], weight, "log_label_mean", "log_label_squares"),
    }


def _spread(values: Floats, weight: Floats, mean: str, squares: str) -> dict[str, float]:
    middle = float(np.average(values, weights=weight))
    return {mean: middle, squares: inner_product(weight, (values - middle) ** 2)}


def _merged_spread(left: ErrorState, right: ErrorState, mean: str, squares: str) -> dict[str, float]:
    """Chan, Golub and LeVeque (1979): means and squared deviations of two sets together."""
    total = left.weight + right.weight
    share = right.weight / total
    apart = getattr(right, mean) - getattr(left, mean)
    across = apart * apart * left.weight * share
    return {
        mean: math.fsum((getattr(left, mean), apart * share)),
        squares: getattr(left, squares) + getattr(right, squares) + across,
    }
