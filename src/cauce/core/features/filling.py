"""Missing values: what stands in for them, and what that does to statistics already gathered."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

import numpy as np

from cauce.core.features.asking import MOST_LEVELS, Ask
from cauce.core.features.rule import NUMBERS, Results, Rule
from cauce.core.features.stream import Setting, Stream
from cauce.errors import CauceError
from cauce.expr.choices import Value
from cauce.expr.nodes import Coalesce, Expression, IsMissing, ParseDatetime, literal
from cauce.expr.schema import Kind
from cauce.expr.value_types import INTEGER_MAX, INTEGER_MIN
from cauce.language import gettext_noop as _
from cauce.spec.features import Impute
from cauce.stats.counts import ColumnExtremes
from cauce.stats.levels import ColumnLevels
from cauce.stats.moments import ColumnMoments
from cauce.stats.quantiles import ColumnQuantiles


@dataclass(frozen=True)
class Filled:
    """What stands in for a missing value (None: nothing does), and how many training rows needed it."""

    value: Value
    missing: int | None = None


_EMPTY: dict[str, Value] = {"integer": 0, "float": 0.0, "text": "", "boolean": False}
_ABOUT: dict[str, Any] = {"mean": "moments", "median": "quantiles", "mode": "levels"}


def _start(step: Impute, stream: Stream) -> Stream:
    exact = step.method in ("mode", "constant") and stream.kind == "integer"
    whole = not isinstance(step.value, float)
    return stream if stream.kind not in NUMBERS or (exact and whole) else stream.floating()


def _needs(step: Impute, stream: Stream, _setting: Setting) -> tuple[Ask, ...]:
    if step.method == "constant":
        return ()
    return Ask(_ABOUT[step.method], stream.training), Ask("counts", stream.training)


def _fit(step: Impute, stream: Stream, results: Results, _setting: Setting) -> Filled:
    if step.method == "constant":
        return Filled(constant(step.value, stream.kind))
    found, counts = results
    value = _FOUND[step.method](found, stream)
    missing = counts.nulls + counts.nans
    return Filled(_EMPTY.get(stream.kind) if value is None else value, missing)


def _mode(levels: ColumnLevels, stream: Stream) -> Value:
    if levels.overflow:
        raise CauceError("E1008", column=stream.source, step="impute.mode", most=MOST_LEVELS)
    present = [value for value in levels.values if value == value]
    return present[0] if present else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


_FOUND: dict[str, Callable[[Any, Stream], Value]] = {
    "mean": lambda moments, _stream: _finite(moments.mean),
    "median": lambda quantiles, _stream: _finite(quantiles.quantile(0.5)),
    "mode": _mode,
}


def _make(step: Impute, stream: Stream, state: Filled, _setting: Setting) -> tuple[Stream, ...]:
    made = stream
    if state.value is not None:
        value = moment_literal(state.value, stream.zone)
        made = stream.over(lambda x: Coalesce((x, value)))
    facts = {"value": _shown(state.value), "missing": state.missing}
    filled = replace(made, told=(*made.told, (f"impute.{step.method}", facts)))
    return (filled, indicator(stream)) if step.indicator else (filled,)


def indicator(stream: Stream) -> Stream:
    """Whether the value is missing; the following steps leave it alone."""
    made = stream.then("missing", IsMissing).named(":missing")
    return replace(made, kind="boolean", done=True)


def _shown(value: Value) -> bool | int | float | str | None:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def constant(value: Any, kind: Kind) -> Value:
    """A setting as a value of `kind`; ValueError where it is none."""
    if kind in ("float", "decimal") and not isinstance(value, bool | str):
        return float(value)
    if kind in ("date", "datetime") and isinstance(value, str):
        return moment(value, kind)
    if type(value) is not _PYTHON.get(kind):
        raise ValueError(kind)
    if isinstance(value, int) and not INTEGER_MIN <= value <= INTEGER_MAX:
        raise ValueError(kind)
    return cast(Value, value)


_PYTHON: dict[str, type] = {"integer": int, "text": str, "boolean": bool}


def moment_literal(value: Value, zone: str | None) -> Expression:
    """A constant; a datetime is an instant in UTC where `zone` says so."""
    assert value is not None
    if zone is None or not isinstance(value, datetime):
        return literal(value)
    text = value.isoformat(timespec="microseconds") + "Z"
    return ParseDatetime(literal(text), "%Y-%m-%dT%H:%M:%S.%f%z")


def moment(text: str, kind: Kind) -> date | datetime:
    """An ISO 8601 text as a date, or as a datetime without zone; ValueError where it is none."""
    if kind == "date":
        return date.fromisoformat(text)
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None:
        raise ValueError(kind)
    return found


def _check(step: Impute, stream: Stream, _setting: Setting) -> tuple[str, str] | None:
    kind = stream.kind
    if step.method in ("mean", "median") and kind not in NUMBERS:
        return "method", _("it needs numbers")
    if step.method != "constant":
        return None
    try:
        constant(step.value, "float" if kind == "integer" and isinstance(step.value, float) else kind)
    except (TypeError, ValueError):
        return "value", _("it is not of the column's kind")
    return None


IMPUTE = Rule(make=_make, needs=_needs, fit=_fit, start=_start, check=_check)


def refilled(about: str, result: Any, *, value: Any, missing: int) -> Any:
    """The statistic `result` as it is once `missing` cells hold `value` in place of nothing."""
    return _REFILLED[about](result, value, missing) if missing and value is not None else result


def _moments(found: ColumnMoments, value: float, missing: int) -> ColumnMoments:
    if not found.count:
        return ColumnMoments(missing, float(value), 0.0, 0.0)
    count = found.count + missing
    away = value - found.mean
    mean = found.mean + away * missing / count
    squares = found.squares + away * away * found.count * missing / count
    return ColumnMoments(count, mean, squares, math.nan)


def _extremes(found: ColumnExtremes, value: Any, _missing: int) -> ColumnExtremes:
    low = value if found.low is None else min(found.low, value)
    high = value if found.high is None else max(found.high, value)
    return ColumnExtremes(low, high)


def _quantiles(found: ColumnQuantiles, value: float, missing: int) -> ColumnQuantiles:
    place = int(np.searchsorted(found.values, value))
    if place < len(found.values) and found.values[place] == value:
        counts = found.counts.copy()
        counts[place] += missing
        values = found.values
    else:
        values, counts = np.insert(found.values, place, value), np.insert(found.counts, place, missing)
    low, high = np.fmin(found.low, value), np.fmax(found.high, value)
    return ColumnQuantiles(values, counts, found.error_bound, float(low), float(high))


def _levels(found: ColumnLevels, value: Any, missing: int) -> ColumnLevels:
    if found.overflow:
        return found
    counts = {level: count for level, count in zip(found.values, found.counts, strict=True) if level == level}
    counts[value] = counts.get(value, 0) + missing
    ranked = sorted(sorted(counts), key=lambda level: -counts[level])
    return ColumnLevels(tuple(ranked), tuple(counts[level] for level in ranked), 0, overflow=False)


_REFILLED: dict[str, Callable[[Any, Any, int], Any]] = {
    "moments": _moments,
    "extremes": _extremes,
    "quantiles": _quantiles,
    "levels": _levels,
}
REFILLABLE = frozenset(_REFILLED)
