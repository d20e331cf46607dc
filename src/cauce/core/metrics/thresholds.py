"""From which probability a row counts as positive: the table of thresholds, and how one is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from cauce.core.metrics.results import Floats
from cauce.errors import CauceError
from cauce.language import format_number, format_significant, translate
from cauce.language import gettext_noop as _

Rule = Literal["fixed", "f1", "cost", "recall", "precision"]
RULES: dict[Rule, str] = {
    "fixed": _("The threshold is {threshold}; it was not chosen from the data."),
    "f1": _("The threshold {threshold} has the highest F1 on the validation rows, {value}."),
    "cost": _("The threshold {threshold} has the lowest cost on the validation rows, {value} for each row."),
    "recall": _(
        "The threshold {threshold} has the highest precision on the validation rows, {value}, among "
        "those that find at least {least} of the positive class."
    ),
    "precision": _(
        "The threshold {threshold} has the highest recall on the validation rows, {value}, among those "
        "where at least {least} of the rows predicted positive are."
    ),
}
_DOUBT = _(
    "Other validation rows of the same kind would have chosen between {low} and {high} ({level} of the time)."
)
_UNMET = _(
    "No threshold reaches the {least} that was asked for on the validation rows; {threshold} comes nearest."
)
_COLUMNS = ("threshold", "true_positive", "false_positive")


@dataclass(frozen=True)
class ThresholdRow:
    """What a threshold gives: shares between 0 and 1 (None where undefined), cost for each row."""

    threshold: float
    precision: float | None
    recall: float | None
    f1: float | None
    predicted: float
    cost: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class ThresholdTable:
    """Weights of rows predicted positive at ascending thresholds, on one dataset.

    true_positive, false_positive: of rows whose probability is at least the threshold. positives,
    negatives: of all rows. costs: of a false positive and of a false negative, where they were given.
    """

    threshold: Floats
    true_positive: Floats
    false_positive: Floats
    positives: float
    negatives: float
    costs: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for name in _COLUMNS:
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))

    @property
    def weight(self) -> float:
        """The weight of all rows."""
        return self.positives + self.negatives

    @property
    def rows(self) -> tuple[ThresholdRow, ...]:
        """One row for each threshold."""
        return tuple(self.at(place) for place in range(self.threshold.size))

    def at(self, place: int) -> ThresholdRow:
        """The row of the threshold at this place."""
        hit, alarm = float(self.true_positive[place]), float(self.false_positive[place])
        missed = self.positives - hit
        cost = None
        if self.costs is not None and self.weight:
            cost = (self.costs[0] * alarm + self.costs[1] * missed) / self.weight
        return ThresholdRow(
            float(self.threshold[place]),
            _share(hit, hit + alarm),
            _share(hit, self.positives),
            _share(2 * hit, 2 * hit + alarm + missed),
            _share(hit + alarm, self.weight) or 0.0,
            cost,
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        found: dict[str, Any] = {name: getattr(self, name).tolist() for name in _COLUMNS}
        found |= {"positives": self.positives, "negatives": self.negatives}
        if self.costs is not None:
            found["costs"] = list(self.costs)
        return found

    @staticmethod
    def from_json(value: dict[str, Any]) -> ThresholdTable:
        """What `to_json` gave."""
        columns = {name: np.asarray(value[name], dtype=np.float64) for name in _COLUMNS}
        if len({part.shape for part in columns.values()}) != 1:
            raise CauceError("E0906", reason="thresholds")
        costs = value.get("costs")
        return ThresholdTable(
            **columns,
            positives=float(value["positives"]),
            negatives=float(value["negatives"]),
            costs=None if costs is None else (float(costs[0]), float(costs[1])),
        )


@dataclass(frozen=True, kw_only=True)
class ThresholdChoice:
    """How the threshold was chosen, on validation rows alone.

    rule: a key of RULES, with its `settings`. value: what the rule looks at, there. low, high: where 95 %
    (`level`) of resamples of the validation rows choose; equal to the threshold where it was given.
    met: whether any threshold keeps the recall or precision that was asked for.
    """

    rule: Rule
    threshold: float
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    settings: Mapping[str, float] = field(default_factory=dict)
    met: bool = True

    @property
    def sentence(self) -> str:
        """The choice and its doubt in the active language."""
        told = translate(RULES[self.rule] if self.met else _UNMET).format(
            threshold=format_significant(self.threshold, 6),
            value="–" if self.value is None else format_significant(self.value, 4),
            least=format_significant(self.settings.get("least", 0.0), 6),
        )
        if self.low is None or self.high is None or self.rule == "fixed":
            return told
        low, high = (format_significant(end, 3) for end in (self.low, self.high))
        level = format_number(100 * self.level, digits=0) + " %"
        return f"{told} {translate(_DOUBT).format(low=low, high=high, level=level)}"

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {**vars(self), "settings": dict(self.settings)}

    @staticmethod
    def from_json(value: dict[str, Any]) -> ThresholdChoice:
        """What `to_json` gave; E0906 for anything else."""
        if value["rule"] not in get_args(Rule):
            raise CauceError("E0906", reason=f"rule {value['rule']!r}")
        return ThresholdChoice(**value)


def _share(above: float, under: float) -> float | None:
    return above / under if under > 0 else None
