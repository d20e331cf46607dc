"""The target by each column and over time, on the sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.core.profile.associations import cramers_v
from cauce.core.profile.edges import Period, period_numbers, period_of, period_start
from cauce.core.profile.gathering import Profiling
from cauce.core.profile.sample import Codes, Floats, SampleRows, by_level, ranks
from cauce.core.profile.values import Part, TargetBy, TargetProfile
from cauce.core.task import FEW_INTEGERS
from cauce.expr.schema import Field
from cauce.stats.counts import ColumnCounts
from cauce.stats.levels import ColumnLevels

_MOST_CLASSES: Final = 20
_MOST_LEVELS: Final = 20
_FEW_NUMBERS: Final = 12
_RANGES: Final = 10
_LEAST_ROWS: Final = 10
_LOOKED_AT: Final = 1024
Seen = Callable[[int], dict[str, Any]]
"""What of the target is seen in the part of a number."""


def target_profile(
    profiling: Profiling,
    sample: SampleRows,
    *,
    levels: ColumnLevels,
    counts: ColumnCounts,
    shown: Collection[str],
) -> TargetProfile:
    """The target's own counts, and on the sample what goes with it. shown: columns whose values may show."""
    target = profiling.target
    assert target is not None
    made = TargetProfile(target.name, target.kind, counts.nulls + counts.nans, counts.infinities, levels)
    answer = _answer(sample, levels)
    if answer is None:
        return made
    columns = [field for field in profiling.schema if field.name not in target.columns]
    found = [
        by
        for field in columns
        if field.name in shown
        for by in [target_by(field, sample, answer=answer)]
        if by is not None
    ]
    ordered = tuple(sorted(found, key=lambda one: (-one.strength, one.column)))
    time = profiling.time or next((one.name for one in columns if one.kind in ("date", "datetime")), None)
    over_time = next(
        (one for one in found if one.column == time and one.by in ("day", "month", "year")), None
    )
    return replace(made, classes=answer.classes, sample=sample.size, by_column=ordered, over_time=over_time)


@dataclass(frozen=True)
class Answer:
    """The target on the sample. classes: by falling count. codes: of the class, -1 for none of them.
    numbers, ranks: NaN where there is none; used where there are no classes."""

    classes: tuple[Any, ...]
    codes: Codes
    numbers: Floats
    ranks: Floats

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """The rows that have a target to look at."""
        return self.codes >= 0 if self.classes else ~np.isnan(self.numbers)


def _answer(sample: SampleRows, levels: ColumnLevels) -> Answer | None:
    if sample.target is None or not len(sample.weights):
        return None
    cells = sample.cells(sample.target)
    present = [one for one in levels.values if one == one]
    number = cells.dtype.is_numeric()
    as_classes = not levels.overflow and (not number or len(present) <= 2 or _few_whole(cells, present))
    if number and not as_classes:
        numbers = sample.numbers(sample.target)
        ranked = ranks(numbers, sample.weights, plain=sample.plain)
        return Answer((), np.empty(0, np.int64), numbers, ranked)
    if levels.overflow:
        return None
    classes = tuple(present[:_MOST_CLASSES])
    kept = pl.DataFrame({"value": pl.Series(classes, dtype=cells.dtype), "code": range(len(classes))})
    joined = pl.DataFrame({"value": cells}).join(kept, on="value", how="left", maintain_order="left")
    codes = joined.get_column("code").cast(pl.Int64).fill_null(-1).to_numpy()
    return Answer(classes, codes, np.empty(0), np.empty(0)) if len(classes) > 1 else None


def _few_whole(cells: pl.Series, present: list[Any]) -> bool:
    return not cells.dtype.is_float() and len(present) <= FEW_INTEGERS


def target_by(field: Field, sample: SampleRows, *, answer: Answer) -> TargetBy | None:
    """The target in each part of a column; None where the column has one part only."""
    parts = _parts(field, sample, answer=answer)
    if parts is None or len(parts.labels) < 2:
        return None
    known = answer.known
    codes = np.where(parts.codes < 0, len(parts.labels), parts.codes)[known]
    labels = (*parts.labels, Part(0))
    weights = sample.weights[known]
    rows = np.bincount(codes, weights, minlength=len(labels))
    if np.count_nonzero(rows) < 2 or np.count_nonzero(known) < _LEAST_ROWS:
        return None
    if answer.classes:
        strength, seen = _classes_by(codes, weights, answer=answer)
    else:
        strength, seen = _numbers_by(codes, weights, answer=answer)
    made = tuple(
        replace(label, rows=int(rows[place]), **seen(place))
        for place, label in enumerate(labels)
        if rows[place]
    )
    return TargetBy(field.name, parts.by, made, 0.0 if math.isnan(strength) else _rounded(strength))


@dataclass(frozen=True)
class _Parts:
    """The parts of a column: the code of each row (-1: missing) and what each part is."""

    by: Any
    codes: Codes
    labels: tuple[Part, ...]


def _parts(field: Field, sample: SampleRows, *, answer: Answer) -> _Parts | None:
    cells = sample.cells(field.name)
    if field.kind in ("date", "datetime"):
        return _of_days(cells)
    if field.kind in ("text", "boolean"):
        return _of_levels(cells, sample)
    numbers = sample.numbers(field.name)
    known = numbers[answer.known]
    if _few_numbers(known[~np.isnan(known)]):
        return _of_levels(cells.cast(pl.Float64) if field.kind == "decimal" else cells, sample)
    return _of_ranges(numbers)


def _few_numbers(values: Floats) -> bool:
    # Most columns show with their first cells that they have more.
    first = np.unique(values[:_LOOKED_AT])
    return len(first) <= _FEW_NUMBERS and len(np.unique(values)) <= _FEW_NUMBERS


def _of_levels(cells: pl.Series, sample: SampleRows) -> _Parts:
    if cells.dtype == pl.Float64:
        finite = cells.is_finite()
        cells = pl.select(pl.when(finite).then(cells + 0.0)).to_series()
    coded = by_level(cells, sample.weights, most=_MOST_LEVELS)
    labels = (*(Part(0, value) for value in coded.values), *((Part(0, rest=True),) if coded.rest else ()))
    return _Parts("level", coded.codes, labels)


def _of_ranges(numbers: Floats) -> _Parts:
    present = np.sort(numbers[~np.isnan(numbers)]) + 0.0
    shares = np.linspace(0, 1, _RANGES + 1)[1:-1]
    # A value of the column itself: no rounding between two of them moves an edge.
    edges = np.unique(present[np.ceil(shares * (len(present) - 1)).astype(np.int64)])
    edges = edges[edges > present[0]]
    codes = np.where(np.isnan(numbers), -1, np.searchsorted(edges, numbers, side="right"))
    starts = (0, *np.searchsorted(present, edges).tolist(), len(present))
    labels = tuple(
        Part(0, low=float(present[low]), high=float(present[high - 1])) for low, high in pairwise(starts)
    )
    return _Parts("range", codes, labels)


def _of_days(cells: pl.Series) -> _Parts | None:
    days = cells.cast(pl.Date).to_physical().cast(pl.Int64)
    present = days.drop_nulls()
    low, high = cells.cast(pl.Date).min(), cells.cast(pl.Date).max()
    if not len(present):
        return None
    period: Period = period_of(low, high)  # type: ignore[arg-type]
    numbers = period_numbers(days.fill_null(0).to_numpy(), period)
    found, codes = np.unique(numbers[days.is_not_null().to_numpy()], return_inverse=True)
    every = np.full(len(days), -1, np.int64)
    every[days.is_not_null().to_numpy()] = codes
    return _Parts(period, every, tuple(Part(0, period_start(int(one), period)) for one in found))


def _classes_by(codes: Codes, weights: Floats, *, answer: Answer) -> tuple[float, Seen]:
    """The strength, and the shares of the classes in each part."""
    width = len(answer.classes)
    places = codes * width + answer.codes[answer.known]
    height = int(codes.max()) + 1
    table = np.bincount(places, weights, minlength=height * width).reshape(height, width)

    def shares(place: int) -> dict[str, Any]:
        own = table[place] / table[place].sum()
        return {"shares": tuple(_rounded(float(one)) for one in own)}

    return cramers_v(table), shares


def _numbers_by(codes: Codes, weights: Floats, *, answer: Answer) -> tuple[float, Seen]:
    """The strength, and mean and median in each part."""
    numbers = answer.numbers[answer.known]
    largest = float(np.abs(numbers).max()) or 1.0
    rows = np.bincount(codes, weights)
    # Scaled, so that no sum overflows.
    sums = np.bincount(codes, weights * (numbers / largest))
    order = np.argsort(numbers, kind="stable")
    order = order[np.argsort(codes[order], kind="stable")]
    reached = np.cumsum(weights[order])
    ends = np.cumsum(rows)

    def middle(place: int) -> dict[str, Any]:
        half = ends[place] - rows[place] / 2
        below, above = np.searchsorted(reached, half, "left"), np.searchsorted(reached, half, "right")
        median = numbers[order[below]] / 2 + numbers[order[min(above, len(order) - 1)]] / 2
        mean = sums[place] / rows[place] * largest
        return {"mean": _rounded(float(mean)), "median": _rounded(float(median))}

    return _correlation_ratio(codes, rows, weights, numbers=answer.ranks[answer.known]), middle


def _correlation_ratio(codes: Codes, rows: NDArray[Any], weights: Floats, *, numbers: Floats) -> float:
    """Between 0 and 1, corrected for the number of parts (Kelley's epsilon squared)."""
    away = numbers - np.average(numbers, weights=weights)
    used = rows > 0
    sums = np.bincount(codes, weights * away)[used]
    total = float((weights * away * away).sum())
    between = float((sums * sums / rows[used]).sum())
    count, parts = float(weights.sum()), int(used.sum())
    if total <= 0 or count <= parts:
        return math.nan
    within = (total - between) / (count - parts)
    share = (between - (parts - 1) * within) / total
    return math.sqrt(min(max(share, 0.0), 1.0))


def _rounded(value: float) -> float:
    """With the digits that do not depend on the order in which numbers were added."""
    return float(f"{value:.9g}") + 0.0 if math.isfinite(value) else value
