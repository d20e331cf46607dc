"""Metrics of a regression, from sums over its rows."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

from cauce.core.metrics.names import MetricName
from cauce.core.metrics.results import ErrorSums
from cauce.core.metrics.value import Metric, metric, undefined

_ROUNDING = 8 * sys.float_info.epsilon


def number_metric(sums: ErrorSums, name: MetricName) -> Metric:
    """The metric `name` of a regression; an error is prediction minus label."""
    if sums.weight <= 0:
        return undefined(name, "no_rows")
    if name.scale == "log1p" and sums.lowest < 0:
        return undefined(name, "below_zero")
    return _KINDS[name.kind](sums, name)


def _rmse(sums: ErrorSums, name: MetricName) -> Metric:
    squared = sums.log_squared if name.scale else sums.squared
    return metric(name, math.sqrt(squared / sums.weight))


def _r2(sums: ErrorSums, name: MetricName) -> Metric:
    squared = sums.log_squared if name.scale else sums.squared
    spread = sums.log_label_squares if name.scale else sums.label_squares
    mean = sums.log_label_mean if name.scale else sums.label_mean
    if spread <= sums.weight * (_ROUNDING * mean) ** 2:
        return undefined(name, "constant")
    return metric(name, 1 - squared / spread)


def _mae(sums: ErrorSums, name: MetricName) -> Metric:
    return metric(name, sums.absolute / sums.weight)


def _median_absolute_error(sums: ErrorSums, name: MetricName) -> Metric:
    return metric(name, sums.median, error=sums.median_error)


def _mape(sums: ErrorSums, name: MetricName) -> Metric:
    if sums.relative_weight <= 0:
        return undefined(name, "zero_labels")
    return metric(name, sums.relative / sums.relative_weight)


def _wape(sums: ErrorSums, name: MetricName) -> Metric:
    if sums.absolute_label <= 0:
        return undefined(name, "zero_labels")
    return metric(name, sums.absolute / sums.absolute_label)


def _bias(sums: ErrorSums, name: MetricName) -> Metric:
    return metric(name, sums.error / sums.weight)


_KINDS: dict[str, Callable[[ErrorSums, MetricName], Metric]] = {
    "rmse": _rmse,
    "r2": _r2,
    "mae": _mae,
    "median_absolute_error": _median_absolute_error,
    "mape": _mape,
    "wape": _wape,
    "bias": _bias,
}
NUMBERS = frozenset(_KINDS)
