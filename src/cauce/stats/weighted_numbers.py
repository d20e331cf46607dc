"""The weighted mean and weighted quantiles of one number column, in one pass."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from cauce.stats.cells import floats
from cauce.stats.mergeable import Mergeable, column
from cauce.stats.ordered import Limits
from cauce.stats.quantiles import QuantileState, limits_of, merged_quantiles
from cauce.stats.weighted_quantiles import WeightedQuantiles, no_weights, weighted_of, weighted_state


@dataclass(frozen=True)
class WeightedState:
    """Σw, the mean, and a histogram of weights."""

    weight: float
    mean: float
    bins: QuantileState


@dataclass(frozen=True)
class WeightedNumber:
    """weight: Σw of the rows that count. mean: Σwx / Σw, NaN where none counts."""

    weight: float
    mean: float
    quantiles: WeightedQuantiles


@dataclass(frozen=True)
class WeightedNumbers(Mergeable[WeightedState, WeightedNumber]):
    """Mean and quantiles of `number`, each row counted `weight` times.

    Rows of weight 0 do not count; rows whose number or weight is null, NaN or infinite are left out. limit,
    bits: as in Quantiles. Means are merged as Chan, Golub and LeVeque (1979) do.
    """

    number: str
    weight: str
    limit: int = 4096
    bits: int = 7
    state_type = WeightedState

    def __post_init__(self) -> None:
        limits_of(self)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.number, self.weight)))

    def start(self) -> WeightedState:
        return WeightedState(0.0, 0.0, no_weights())

    def of(self, batch: pl.DataFrame) -> WeightedState:
        values, weights = (floats(column(batch, name), self) for name in (self.number, self.weight))
        used = np.isfinite(values) & np.isfinite(weights) & (weights > 0)
        values, weights = values[used], weights[used]
        total = float(weights.sum())
        if not total:
            return self.start()
        first = float(values[0])
        with np.errstate(over="ignore", invalid="ignore"):
            mean = first + float((weights / total * (values - first)).sum())
        bins = weighted_state(values, weights, limits=self._limits, known=no_weights())
        return WeightedState(total, mean, bins)

    def merge(self, left: WeightedState, right: WeightedState) -> WeightedState:
        if not left.weight or not right.weight:
            return left if left.weight else right
        total = left.weight + right.weight
        mean = left.mean + (right.mean - left.mean) * (right.weight / total)
        return WeightedState(total, mean, merged_quantiles(left.bins, right.bins, limits=self._limits))

    def result(self, state: WeightedState) -> WeightedNumber:
        mean = state.mean if state.weight else math.nan
        return WeightedNumber(state.weight, mean, weighted_of(state.bins))

    @property
    def _limits(self) -> Limits:
        return limits_of(self)
