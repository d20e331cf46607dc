"""Quantiles of weighted values, from the same histogram as those of plain ones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cauce.stats.cells import Floats
from cauce.stats.ordered import Limits, bins_of, float_keys, no_bins
from cauce.stats.quantiles import QuantileState, middles, relative_error

_ROUNDING = 1e-12


@dataclass(frozen=True)
class WeightedQuantiles:
    """Ascending `values` with their `weights`, none of them 0; each value stands for cells within
    `error_bound` of it, relative to their size (0.0: equal). low, high: exact (NaN where there is none)."""

    values: NDArray[np.float64]
    weights: NDArray[np.float64]
    error_bound: float
    low: float
    high: float

    @property
    def exact(self) -> bool:
        return self.error_bound == 0.0

    @property
    def total(self) -> float:
        """The sum of the weights."""
        return float(self.weights.sum())

    def quantile(self, share: float) -> float:
        """The lowest value that at least `share` of the weight does not exceed; where a value ends at
        exactly that share, the middle between it and the next. NaN for none."""
        if not len(self.values):
            return math.nan
        reached = np.cumsum(self.weights)
        wanted = share * reached[-1]
        place = int(np.searchsorted(reached, wanted * (1 - _ROUNDING), side="left"))
        value = float(self.values[min(place, len(self.values) - 1)])
        at_edge = 0 < share < 1 and abs(reached[place] - wanted) <= _ROUNDING * reached[-1]
        if at_edge and place + 1 < len(self.values):
            return (value + float(self.values[place + 1])) / 2
        return value


def weighted_state(values: Floats, weights: Floats, *, limits: Limits, known: QuantileState) -> QuantileState:
    """The state of `values` (none NaN) with these weights; those of weight 0 are left out."""
    used = weights > 0
    values, weights = values[used] + 0.0, weights[used]
    if not len(values):
        return no_weights()
    bins = bins_of(float_keys(values), limits, known=known.bins, weights=weights[np.newaxis])
    return QuantileState(bins, float(values.min()), float(values.max()))


def no_weights() -> QuantileState:
    """The state of no values."""
    return QuantileState(no_bins(1))


def weighted_of(state: QuantileState) -> WeightedQuantiles:
    """What the state says of its values."""
    bound, weights = relative_error(state.bins), state.bins.weights[0]
    if not len(state.bins.keys):
        return WeightedQuantiles(np.empty(0), weights, bound, math.nan, math.nan)
    values = np.clip(middles(state.bins), state.low, state.high)
    return WeightedQuantiles(values, weights, bound, state.low, state.high)
