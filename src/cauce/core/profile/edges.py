"""Round edges for the bins of a histogram."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from cauce.core.profile.values import HistogramBins

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_MANTISSAS: Final = (
    (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0),
    (1.0, 1.5, 2.0, 3.0, 5.0, 7.0),
    (1.0, 2.0, 5.0),
    (1.0, 3.0),
    (1.0,),
)
_MOST_DAYS: Final = 62
_MOST_MONTHS: Final = 72
_EPOCH: Final = date(1970, 1, 1).toordinal()
_LAST: Final = date.max.toordinal()

Period = Literal["day", "month", "year"]


def nice_edges(low: float, high: float, *, bins: int, whole: bool = False) -> tuple[float, ...]:
    """Rising edges around [low, high], at multiples of 1, 2, 2.5 or 5 times a power of ten.

    At most about `bins` bins. whole: steps are whole numbers.
    """
    step = _step((high / bins - low / bins) if high > low else 0.0, whole=whole)
    first = math.floor(low / step)
    last = max(math.ceil(high / step), first + 1)
    edges = tuple(float(f"{place * step:.15g}") for place in range(first - 1, last + 2))
    edges = tuple(edge for place, edge in enumerate(edges) if _needed(edges, place, low=low, high=high))
    around = 2 <= len(edges) <= 4 * bins and edges[0] <= low and high <= edges[-1] < math.inf
    # Far from zero neighbouring edges may be one float.
    if around and all(one < other for one, other in pairwise(edges)):
        return edges
    return (low, high) if high > low else (math.nextafter(low, -math.inf), math.nextafter(low, math.inf))


def _needed(edges: tuple[float, ...], place: int, *, low: float, high: float) -> bool:
    """Whether the bin that ends or begins at this edge reaches into [low, high]."""
    before = place + 1 == len(edges) or edges[place + 1] > low
    return before and (place == 0 or edges[place - 1] < high or edges[place - 1] == low == high)


def _step(width: float, *, whole: bool) -> float:
    if width <= 0 or not math.isfinite(width):
        return 1.0
    power = 10.0 ** math.floor(math.log10(width))
    if power == 0:
        return width
    step = next(one * power for one in _STEPS if one * power >= width * (1 - 1e-12))
    return max(1.0, float(math.ceil(step))) if whole else step


def logarithmic_edges(low: float, high: float, *, bins: int) -> tuple[float, ...]:
    """Rising edges around [low, high], both positive: round numbers in every power of ten, or every few."""
    first, last = math.floor(math.log10(low)), math.floor(math.log10(high))
    powers = range(first, last + 2, max(1, -(-(last - first + 1) // bins)))
    mantissas = next((one for one in _MANTISSAS if len(one) * len(powers) <= bins), _MANTISSAS[-1])
    edges = sorted({float(f"{one}e{power}") for power in powers for one in mantissas})
    edges = [edge for edge in edges if 0 < edge < math.inf]
    if edges[0] > low:
        edges.insert(0, low)
    below = max((place for place, edge in enumerate(edges) if edge <= low), default=0)
    above = next((place for place, edge in enumerate(edges) if edge > high), len(edges) - 1)
    return tuple(edges[below : above + 1])


def period_of(low: date, high: date) -> Period:
    """The period in which to look at dates from `low` to `high`."""
    if (high - low).days < _MOST_DAYS:
        return "day"
    months = (high.year - low.year) * 12 + high.month - low.month + 1
    return "month" if months <= _MOST_MONTHS else "year"


def periods(days: NDArray[np.int64], cells: NDArray[np.int64], *, width: int) -> HistogramBins | None:
    """Cells by day, month or year, whichever suits the span; days since 1970-01-01."""
    inside = (days + _EPOCH >= 1) & (days + _EPOCH < _LAST)
    if not inside.any():
        return None
    left_out = int(cells[~inside].sum())
    days, cells = days[inside], cells[inside]
    first, last = (date.fromordinal(int(day) + _EPOCH) for day in (days[0], days[-1]))
    period = period_of(first, last) if width < 28 else "year"
    places = period_numbers(days, period)
    start, stop = int(places[0]), int(places[-1])
    counts = np.bincount(places - start, cells).astype(np.int64)
    edges = tuple(period_start(number, period) for number in range(start, stop + 2))
    return HistogramBins(period, edges, tuple(int(one) for one in counts), left_out)


def period_numbers(days: NDArray[np.int64], period: Period) -> NDArray[np.int64]:
    """A whole number for each day's day, month or year, rising with time."""
    if period == "day":
        return days
    unit = "M" if period == "month" else "Y"
    return days.astype("datetime64[D]").astype(f"datetime64[{unit}]").astype(np.int64)


def period_start(number: int, period: Period) -> str:
    """The first day of a period, as an ISO date ("9999-12-31" for what lies beyond)."""
    if period == "day":
        ordinal = number + _EPOCH
        return date.fromordinal(min(ordinal, _LAST)).isoformat()
    year, month = (1970 + number // 12, number % 12 + 1) if period == "month" else (1970 + number, 1)
    return date(year, month, 1).isoformat() if year <= 9999 else date.max.isoformat()
