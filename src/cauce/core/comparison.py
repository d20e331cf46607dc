"""Two models on the same rows that neither has seen: the difference, its doubt, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cauce.core.metrics.interval import Interval
from cauce.core.metrics.names import MetricName
from cauce.language import counted, format_number, format_significant, ngettext_noop, translate
from cauce.language import gettext_noop as _

_BETTER = ngettext_noop(
    "{better} is better than {worse} by {gain} in {metric} ({level}: {low} to {high}) on {count} test row "
    "that neither has seen.",
    "{better} is better than {worse} by {gain} in {metric} ({level}: {low} to {high}) on {count} test rows "
    "that neither has seen.",
)
_NONE = ngettext_noop(
    "No difference can be shown between {first} and {second}: {metric} of {second} less that of {first} is "
    "{difference} ({level}: {low} to {high}) on {count} test row that neither has seen.",
    "No difference can be shown between {first} and {second}: {metric} of {second} less that of {first} is "
    "{difference} ({level}: {low} to {high}) on {count} test rows that neither has seen.",
)
_SAME = ngettext_noop(
    "{first} and {second} give the same answers on {count} test row that neither has seen.",
    "{first} and {second} give the same answers on {count} test rows that neither has seen.",
)
QUALIFICATIONS = {
    "content": _(
        "Without a key, a row counts as seen where it had the same content when the other model was trained; "
        "a row that was corrected since may have been seen."
    ),
    "classes": _(
        "The older model's split went by class: a row whose class has changed since may have been seen."
    ),
    "time": _(
        "The older model's split went by time: a row whose time was corrected since may have been seen."
    ),
    "snapshots": _("The models were trained on different snapshots; the rows are the newer one's."),
}
READINGS = {
    "roc_auc": _(
        "Of 1,000 pairs of a row of the class and another one, {better} puts about {count} more in the right "
        "order."
    ),
    "accuracy": _("Of 1,000 rows, {better} predicts about {count} more right."),
    "recall": _("Of 1,000 rows of the class, {better} finds about {count} more."),
    "precision": _("Of 1,000 rows predicted to be of the class, about {count} more are with {better}."),
    "error": _("The error of {better} is {share} smaller."),
}
_ERRORS = frozenset(("rmse", "mae", "wape", "mape", "log_loss", "brier", "median_absolute_error"))


@dataclass(frozen=True)
class PairedMetric:
    """A metric of both models on the same rows. difference: second minus first, with its interval."""

    name: MetricName
    first: float
    second: float
    interval: Interval

    @property
    def difference(self) -> float:
        """Second minus first, in the metric's own sign."""
        return self.second - self.first

    @property
    def gain(self) -> float:
        """The difference towards the better side: above 0 the second is better."""
        return self._sign * self.difference

    @property
    def gain_interval(self) -> Interval:
        """The interval of `gain`."""
        low, high = sorted((self._sign * self.interval.low, self._sign * self.interval.high))
        return Interval(low, high, self.interval.level, self.interval.method)

    @property
    def verdict(self) -> str:
        """ "first" or "second" where that one is better beyond chance, "same" where nothing differs at
        all, else "none"."""
        gain = self.gain_interval
        if gain.low == gain.high == 0:
            return "same"
        if self.name.direction == "none":
            return "none"
        return "second" if gain.low > 0 else "first" if gain.high < 0 else "none"

    @property
    def _sign(self) -> int:
        return -1 if self.name.direction == "lower" else 1

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {
            "name": str(self.name),
            "first": self.first,
            "second": self.second,
            "difference": self.difference,
            "interval": self.interval.to_json(),
            "verdict": self.verdict,
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> PairedMetric:
        """What `to_json` gave."""
        name, interval = MetricName.parse(value["name"]), Interval.from_json(value["interval"])
        return PairedMetric(name, float(value["first"]), float(value["second"]), interval)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two models on the test rows of the second's snapshot that neither trained or chose with.

    first, second: the bundles' identities; the second is the newer. snapshot: whose rows they are. rows:
    how many, with a label; left_out: test rows of the second that the first may have seen. metrics: the
    headline first. qualifications: keys of QUALIFICATIONS.
    """

    first: str
    second: str
    snapshot: str
    rows: int
    left_out: int
    metrics: tuple[PairedMetric, ...]
    qualifications: tuple[str, ...] = ()

    @property
    def headline(self) -> PairedMetric:
        """The metric that decides."""
        return self.metrics[0]

    def __getitem__(self, name: str) -> PairedMetric:
        """The metric with this canonical text; KeyError where it was not compared."""
        for one in self.metrics:
            if str(one.name) == name:
                return one
        raise KeyError(name)

    def better_by(self, margin: float = 0.0) -> bool:
        """Whether the second is better than the first by more than `margin`, beyond chance."""
        return self.headline.gain_interval.low > margin

    def sentence(self, first: str = "A", second: str = "B") -> str:
        """The verdict in the active language. first, second: what to call the models."""
        one, count = self.headline, format_number(self.rows)
        told = {"first": first, "second": second, "metric": one.name, "count": count}
        told["level"] = f"{format_number(100 * one.interval.level, digits=0)} %"
        if one.verdict == "same":
            return counted(_SAME, self.rows).format(**told)
        if one.verdict == "none":
            ends = (one.interval.low, one.interval.high)
            low, high = (format_significant(end, 3) for end in ends)
            told["difference"] = format_significant(one.difference, 3)
            return counted(_NONE, self.rows).format(low=low, high=high, **told)
        names, gain = ((first, second), one.gain_interval)
        ends = (gain.low, gain.high) if one.verdict == "second" else (-gain.high, -gain.low)
        low, high = (format_significant(end, 3) for end in ends)
        better, worse = names[::-1] if one.verdict == "second" else names
        told |= {"better": better, "worse": worse, "gain": format_significant(abs(one.gain), 3)}
        return counted(_BETTER, self.rows).format(low=low, high=high, **told)

    def reading(self, first: str = "A", second: str = "B") -> str:
        """What the difference means in practice; empty where there is none to speak of."""
        one = self.headline
        if one.verdict not in ("first", "second"):
            return ""
        better = second if one.verdict == "second" else first
        if one.name.kind in READINGS:
            count = format_number(1000 * abs(one.gain), digits=0 if abs(one.gain) >= 0.01 else 1)
            return translate(READINGS[one.name.kind]).format(better=better, count=count)
        worse = max(one.first, one.second)
        if one.name.kind not in _ERRORS or worse <= 0:
            return ""
        share = f"{format_number(100 * abs(one.gain) / worse, digits=1)} %"
        return translate(READINGS["error"]).format(better=better, share=share)

    @property
    def said(self) -> tuple[str, ...]:
        """The qualifications in the active language."""
        return tuple(translate(QUALIFICATIONS[one]) for one in self.qualifications)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        found = {**vars(self), "metrics": [one.to_json() for one in self.metrics]}
        return {**found, "qualifications": list(self.qualifications)}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Comparison:
        """What `to_json` gave."""
        metrics = tuple(PairedMetric.from_json(one) for one in value["metrics"])
        return Comparison(**{**value, "metrics": metrics, "qualifications": tuple(value["qualifications"])})
