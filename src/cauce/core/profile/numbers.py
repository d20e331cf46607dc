"""What a column of numbers says: quantiles, outliers, skew and a histogram, all from one state."""

from __future__ import annotations

import math
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from cauce.core.profile.edges import logarithmic_edges, nice_edges
from cauce.core.profile.values import QUANTILES, HistogramBins, Numbers, Outliers
from cauce.stats.number_facts import ColumnNumbers
from cauce.stats.quantiles import ColumnQuantiles

SKEWED: Final = 1.0
"""The skew beyond which a column counts as skewed."""
_FENCE: Final = 1.5
_BINS: Final = 30
_FAR: Final = 20.0
_DECADES: Final = 100.0
_LARGEST: Final = 1e150
_SMALLEST: Final = 1e-280
Floats = NDArray[np.float64]


def numbers_of(facts: ColumnNumbers) -> Numbers:
    """Mean, deviation, skew, quantiles, outliers and whether a logarithm helps."""
    moments, quantiles = facts.moments, facts.quantiles
    skew = None if math.isnan(moments.skew) else round(moments.skew, 8) + 0.0
    size = max(abs(moments.mean), 0.0 if math.isnan(moments.deviation) else moments.deviation)
    return Numbers(
        _steady(moments.mean, size),
        _steady(moments.deviation, moments.deviation),
        skew,
        tuple(_quantile(quantiles, share) for share in QUANTILES) if quantiles.count else (),
        quantiles.error_bound,
        _outliers(quantiles),
        _logarithm(quantiles, skew),
    )


def histogram_of(facts: ColumnNumbers, numbers: Numbers, *, whole: bool) -> HistogramBins | None:
    """About 30 bins with round edges; logarithmic where that shows more. whole: of whole numbers."""
    values, counts = _finite(facts.quantiles)
    if not len(values):
        return None
    low, high = float(facts.quantiles.low), float(facts.quantiles.high)
    low, high = (low if math.isfinite(low) else values[0]), (high if math.isfinite(high) else values[-1])
    if numbers.logarithm is not None:
        least = float(values[values > 0][0])
        if high / max(least, 1e-300) >= _DECADES:
            return _counted("logarithmic", logarithmic_edges(least, high, bins=_BINS), facts, values, counts)
    shown = (low, high)
    middle = (numbers.quantiles[0], numbers.quantiles[-1])
    spread = middle[1] - middle[0]
    if math.isfinite(spread) and spread > 0 and high - low > _FAR * spread:
        shown = middle
    edges = nice_edges(*shown, bins=_BINS, whole=whole)
    return _counted("linear", edges, facts, values, counts)


def _counted(
    scale: Literal["linear", "logarithmic"],
    edges: tuple[float, ...],
    facts: ColumnNumbers,
    values: Floats,
    counts: NDArray[np.int64],
) -> HistogramBins:
    places = np.searchsorted(edges, values, side="right")
    places[values == edges[-1]] -= 1
    every = np.bincount(places, counts, minlength=len(edges) + 1).astype(np.int64)
    inside = every[1:-1]
    left_out = facts.quantiles.count - int(inside.sum())
    return HistogramBins(scale, edges, tuple(int(one) for one in inside), left_out)


def _quantile(quantiles: ColumnQuantiles, share: float) -> float:
    found = quantiles.quantile(share)
    # Between -inf and inf there is no middle: the lower cell stands for it.
    return quantiles.at_rank(math.floor(share * (quantiles.count - 1))) if math.isnan(found) else found


def _outliers(quantiles: ColumnQuantiles) -> Outliers | None:
    values, counts = _finite(quantiles)
    if not len(values):
        return None
    first, third = quantiles.quantile(0.25), quantiles.quantile(0.75)
    away = _FENCE * (third - first)
    low, high = first - away, third + away
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    return Outliers(low, high, int(counts[values < low].sum()), int(counts[values > high].sum()))


def _finite(quantiles: ColumnQuantiles) -> tuple[Floats, NDArray[np.int64]]:
    keep = np.isfinite(quantiles.values)
    return quantiles.values[keep], quantiles.counts[keep]


def _logarithm(quantiles: ColumnQuantiles, skew: float | None) -> Literal["natural", "one_plus"] | None:
    """The logarithm that takes at least half of a skew to the right away."""
    if skew is None or skew < SKEWED or quantiles.low < 0:
        return None
    values, counts = _finite(quantiles)
    above = quantiles.low > 0
    left = _skew(np.log(values) if above else np.log1p(values), counts)
    return None if abs(left) > skew / 2 else "natural" if above else "one_plus"


def _skew(values: Floats, counts: NDArray[np.int64]) -> float:
    away = values - np.average(values, weights=counts)
    squares = float(np.average(away * away, weights=counts))
    return float(np.average(away**3, weights=counts)) / squares**1.5 if squares > 0 else 0.0


def _steady(value: float, size: float) -> float | None:
    """The value to eleven digits of `size`: what the order in which numbers were added cannot change.

    None where it, or the sums behind it, are beyond the floats.
    """
    if not (math.isfinite(value) and size < _LARGEST):
        return None
    digits = 10 - math.floor(math.log10(size)) if size > _SMALLEST else 300
    return round(value, digits) + 0.0


def level_values(facts: ColumnNumbers, kind: str) -> tuple[Any, ...]:
    """The values of a column of few, ascending, in their own type."""
    made: dict[str, Any] = {"integer": int, "boolean": bool}
    return tuple(made.get(kind, float)(one) for one in facts.quantiles.values)
