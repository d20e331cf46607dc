"""Expectations that a table meets, read off its profile, with room for tomorrow's rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cauce.core.profile.values import ColumnProfile, Profile
from cauce.expr.value_types import INTEGER_MAX, INTEGER_MIN

_MARGIN = 10
"""A range gets a tenth of itself more on each side."""
_MOST_LEVELS = 20
_ROWS_PER_LEVEL = 10
_FEWEST_ROWS = 100


def suggested(profile: Profile) -> dict[str, Any]:
    """A `[validate]` section as plain values, which the profiled rows meet.

    Kinds, ranges a tenth wider than the data (never below 0 where no value is), levels where they are few,
    half as many missing cells again, longest texts doubled, keys that are exactly unique, half the rows.
    Formulas and freshness are not guessed.
    """
    columns = {column.name: dict(_of_column(column)) for column in profile.columns}
    found: dict[str, Any] = {"columns": columns} if columns else {}
    keys = [one.columns for one in profile.repeated if one.columns and one.exact and not one.rows]
    several = [{"columns": list(key)} for key in keys if len(key) > 1]
    if several:
        found["unique"] = several
    if profile.rows >= _FEWEST_ROWS:
        found["rows"] = {"min": profile.rows // 2}
    return found


def _of_column(column: ColumnProfile) -> Iterator[tuple[str, Any]]:
    yield "type", column.kind
    levels = _levels(column)
    if levels:
        yield "levels", levels
    elif not column.identifier:
        yield from _range(column)
    if not levels and column.lengths is not None and column.lengths.longest:
        yield "max_length", 2 * column.lengths.longest
    yield "nulls", _nulls(column)
    if _unique(column):
        yield "unique", True


def _levels(column: ColumnProfile) -> list[Any]:
    few = column.levels_shown == "all" and 0 < len(column.levels) <= _MOST_LEVELS
    if column.kind != "text" or not few or column.present < _ROWS_PER_LEVEL * len(column.levels):
        return []
    return sorted(level.value for level in column.levels)


def _nulls(column: ColumnProfile) -> float:
    if not column.missing:
        return 0.0
    share = column.missing / column.rows
    return min(1.0, math.ceil(100 * 1.5 * share) / 100)


def _unique(column: ColumnProfile) -> bool:
    counted = column.distinct_exact and not column.nans and column.distinct == column.present
    return counted and column.kind in ("text", "integer") and column.present >= _FEWEST_ROWS


def _range(column: ColumnProfile) -> Iterator[tuple[str, Any]]:
    low, high = column.low, column.high
    if low is None or high is None or column.infinities:
        return
    if isinstance(low, (date, datetime)):
        yield "min", low.isoformat().removesuffix("T00:00:00")
    elif column.kind == "integer":
        yield from _whole_range(int(low), int(high))
    elif column.kind in ("float", "decimal"):
        yield from _number_range(low, high)


def _whole_range(low: int, high: int) -> Iterator[tuple[str, Any]]:
    margin = (high - low) // _MARGIN + 1
    step = 10 ** (len(str(margin)) - 1)
    least = (low - margin) // step * step
    yield "min", max(INTEGER_MIN, least) if low < 0 else max(0, least)
    yield "max", min(INTEGER_MAX, -(-(high + margin) // step) * step)


def _number_range(low: Any, high: Any) -> Iterator[tuple[str, Any]]:
    span = float(high) - float(low)
    if not math.isfinite(span):
        return
    margin = span / _MARGIN or abs(float(high)) / _MARGIN or 1.0
    if not math.isfinite(margin) or margin < 1e-300:
        return
    step = 10.0 ** (math.floor(math.log10(margin)))
    least = math.floor((float(low) - margin) / step) * step
    most = math.ceil((float(high) + margin) / step) * step
    if low >= 0:
        least = max(0.0, least)
    least, most = _plain(least), _plain(most)
    if math.isfinite(least) and Decimal(least) <= Decimal(low):
        yield "min", least
    if math.isfinite(most) and Decimal(most) >= Decimal(high):
        yield "max", most


def _plain(value: float) -> float:
    """Without the last digits that arithmetic leaves, such as 0.30000000000000004."""
    return float(f"{value:.12g}")
