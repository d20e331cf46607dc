"""Whether a model may take charge: what was demanded, what was found, and a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cauce.core.metrics.names import MetricName
from cauce.core.metrics.value import Metric
from cauce.errors import CauceError
from cauce.language import format_number, format_significant, translate
from cauce.language import gettext_noop as _


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A limit for a metric on test rows: at least where higher is better, at most where lower is.

    metric: its canonical text. value: None where the model has no such number; then it does not hold.
    """

    metric: str
    limit: float
    value: float | None

    @property
    def lower_is_better(self) -> bool:
        """Whether the limit is the most the value may be."""
        return MetricName.parse(self.metric).direction == "lower"

    @property
    def holds(self) -> bool:
        """Whether the value keeps the limit."""
        if self.value is None:
            return False
        return self.value <= self.limit if self.lower_is_better else self.value >= self.limit

    def __str__(self) -> str:
        if self.value is None:
            return translate(_("{metric} has no value on test rows")).format(metric=self.metric)
        most = _("{metric} is {value}, at most {limit} is demanded")
        least = _("{metric} is {value}, at least {limit} is demanded")
        text = translate(most if self.lower_is_better else least)
        return text.format(metric=self.metric, value=_number(self.value), limit=_number(self.limit))

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {**vars(self), "holds": self.holds}


@dataclass(frozen=True, kw_only=True)
class Contest:
    """A model against the champion, on test rows that neither was trained on.

    champion: digest of its bundle. difference: how much better the model is, above 0 is better whatever
    the metric's direction; low, high: its interval at `confidence`. None where it could not be found, for
    `reason` (a whole sentence). margin: by how much the model must be better at the least.
    """

    champion: str
    metric: str
    margin: float
    confidence: float
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    reason: str = ""

    @property
    def holds(self) -> bool:
        """Whether the model is shown to be better by more than the margin."""
        return self.low is not None and self.low > self.margin

    def __str__(self) -> str:
        if self.difference is None or self.low is None or self.high is None:
            text = translate(_("it cannot be compared with the champion: {reason}"))
            return text.format(reason=self.reason.rstrip("."))
        if self.holds:
            text = translate(
                _(
                    "better than the champion in {metric} by {difference} ({confidence}: {low} to {high}; "
                    "test rows that neither has seen: {rows})"
                )
            )
        else:
            text = translate(
                _(
                    "not shown to be better than the champion by more than {margin} in {metric}: "
                    "the difference is {difference} ({confidence}: {low} to {high}; test rows that "
                    "neither has seen: {rows})"
                )
            )
        numbers = {name: _number(getattr(self, name)) for name in ("difference", "low", "high", "margin")}
        told = {"metric": self.metric, "rows": format_number(self.rows)}
        return text.format(**told, confidence=f"{format_significant(100 * self.confidence)} %", **numbers)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {**vars(self), "holds": self.holds}


@dataclass(frozen=True, kw_only=True)
class GateVerdict:
    """What the gate says of one model."""

    requirements: tuple[Requirement, ...] = ()
    contest: Contest | None = None

    @property
    def holds(self) -> bool:
        """Whether the model may take charge."""
        return all(one.holds for one in self.requirements) and (self.contest is None or self.contest.holds)

    @property
    def failures(self) -> tuple[str, ...]:
        """What does not hold, a sentence each, in the active language."""
        failed = [str(one) for one in self.requirements if not one.holds]
        contest = () if self.contest is None or self.contest.holds else (str(self.contest),)
        return (*failed, *contest)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {
            "holds": self.holds,
            "requirements": [one.to_json() for one in self.requirements],
            "contest": None if self.contest is None else self.contest.to_json(),
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> GateVerdict:
        """What `to_json` gave; KeyError, TypeError or ValueError for anything else."""
        contest = value["contest"]
        return GateVerdict(
            requirements=tuple(Requirement(**_without_holds(one)) for one in value["requirements"]),
            contest=None if contest is None else Contest(**_without_holds(contest)),
        )


def _without_holds(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if name != "holds"}


def demanded(require: Mapping[str, float]) -> tuple[tuple[MetricName, float], ...]:
    """The demands of a project file, read. E0901 to E0904 for what is no metric, E2009 for a metric of
    which neither more nor less is better."""
    names = [(MetricName.parse(text), float(limit)) for text, limit in require.items()]
    for name, limit in names:
        if name.direction == "none" or not math.isfinite(limit):
            raise CauceError("E2009", metric=name)
    return tuple(names)


def required(require: Mapping[str, float], metrics: Iterable[Metric]) -> tuple[Requirement, ...]:
    """Each demand with what was found on test rows. Raises what `demanded` raises."""
    found = {str(one.name): one.value for one in metrics}
    return tuple(
        Requirement(metric=str(name), limit=limit, value=found.get(str(name)))
        for name, limit in demanded(require)
    )


def _number(value: float) -> str:
    return format_number(value, digits=4)
