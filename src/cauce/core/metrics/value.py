"""A metric's value: a number with its error bound, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from cauce.core.metrics.interval import Interval
from cauce.core.metrics.names import MetricName
from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate

REASONS = {
    "no_rows": _("no row has a label"),
    "no_positive": _("no row of this class is among the labels"),
    "no_negative": _("every label is of this class"),
    "one_class": _("all labels, or all predictions, are of one class"),
    "class_absent": _("a class has no row among the labels"),
    "never_predicted": _("no row was predicted to be of this class"),
    "neither": _("the class occurs neither among the labels nor among the predictions"),
    "constant": _("all labels are equal"),
    "zero_labels": _("all labels are 0"),
    "below_zero": _("a label or a prediction is below 0"),
    "not_finite": _("a sum is beyond the range of numbers"),
}


@dataclass(frozen=True)
class Metric:
    """One number about a model on one dataset.

    value: None where it is not defined, with `reason` (a key of REASONS). error: the exact value lies
    within `value` ± `error`; 0 where the value is exact but for rounding. interval: what other rows
    of the same kind could give; None where there is no value, or the doubt was not measured.
    """

    name: MetricName
    value: float | None
    error: float = 0.0
    reason: str | None = None
    interval: Interval | None = None

    @property
    def low(self) -> float | None:
        """The interval's lower end."""
        return None if self.interval is None else self.interval.low

    @property
    def high(self) -> float | None:
        """The interval's upper end."""
        return None if self.interval is None else self.interval.high

    @property
    def why_undefined(self) -> str:
        """The reason in the active language; empty where there is a value."""
        return translate(REASONS[self.reason]) if self.reason else ""

    def to_json(self) -> dict[str, Any]:
        """A JSON value; keys that say nothing are left out."""
        found: dict[str, Any] = {"name": str(self.name), "value": self.value}
        if self.error:
            found["error"] = self.error
        if self.reason:
            found["reason"] = self.reason
        if self.interval is not None:
            found["interval"] = self.interval.to_json()
        return found

    @staticmethod
    def from_json(value: dict[str, Any]) -> Metric:
        """The metric that `to_json` wrote."""
        reason = value.get("reason")
        if (reason is None) == (value["value"] is None) or (reason is not None and reason not in REASONS):
            raise CauceError("E0906", reason=f"reason {reason!r}")
        number = None if value["value"] is None else float(value["value"])
        interval = Interval.from_json(value["interval"]) if "interval" in value else None
        name = MetricName.parse(value["name"])
        return Metric(name, number, float(value.get("error", 0.0)), reason, interval)


def metric(name: MetricName, value: float, *, error: float = 0.0) -> Metric:
    """`value` as this metric; undefined where it is not finite."""
    if not (math.isfinite(value) and math.isfinite(error)):
        return undefined(name, "not_finite")
    return Metric(name, float(value), float(error))


def undefined(name: MetricName, reason: str) -> Metric:
    """No value, and why."""
    return Metric(name, None, reason=reason)
