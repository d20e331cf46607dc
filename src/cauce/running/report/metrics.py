"""Metrics as texts: their values, intervals and names."""

from __future__ import annotations

from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.numbers import NUMBERS
from cauce.core.metrics.value import Metric
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.report.wording import NOTHING, decimals, number, short

DATASETS = {"train": _("training"), "validation": _("validation"), "test": _("test")}
_UNITS = frozenset(NUMBERS) - {"r2", "mape", "wape"}


def dataset_text(dataset: str) -> str:
    """A dataset's name in the active language."""
    return translate(DATASETS[dataset]) if dataset in DATASETS else dataset


def by_name(one: DatasetEvaluation) -> dict[str, Metric]:
    """Its metrics by canonical text."""
    return {str(metric.name): metric for metric in one.metrics}


def value_text(metric: Metric) -> str:
    """The value, or a dash; shares with four decimals, so that they stand under each other."""
    return NOTHING if metric.value is None else amount_text(metric.name, metric.value)


def amount_text(name: MetricName, value: float | None) -> str:
    """An amount of this metric."""
    if name.kind in _UNITS:
        return short(value)
    return decimals(value)


def bounds(metric: Metric) -> tuple[float, float] | None:
    """The ends of the metric's interval, where it has one."""
    found = metric.interval
    return None if found is None else (found.low, found.high)


def ends_text(metric: Metric) -> str:
    """The interval as two numbers, or a dash."""
    found = bounds(metric)
    return NOTHING if found is None else " – ".join(amount_text(metric.name, end) for end in found)


def interval_text(metric: Metric, *, before: str = "") -> str:
    """The interval in words, such as "(95 %: 0.81 to 0.84)"; nothing where there is none."""
    found = bounds(metric)
    if found is None:
        return ""
    low, high = (amount_text(metric.name, end) for end in found)
    text = translate(_("({level}: {low} to {high})"))
    return before + text.format(level=level_text(metric), low=low, high=high)


def level_text(metric: Metric) -> str:
    """How sure the interval is, such as "95 %"."""
    level = 0.95 if metric.interval is None else metric.interval.level
    return f"{number(round(100 * level, 1))}\u202f%"
