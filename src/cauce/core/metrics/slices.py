"""How good a model is on parts of the rows, and which parts are the weakest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, get_args

from cauce.core.metrics.keys import Dataset
from cauce.core.metrics.value import Metric
from cauce.errors import CauceError
from cauce.language import format_number, format_significant, translate
from cauce.language import gettext_noop as _

FEWEST_ROWS = 30
"""Slices of fewer rows are shown and never called weak."""
SIGNIFICANT = 0.05
OTHER, MISSING = "other", "missing"
_KINDS = {OTHER: _("other values"), MISSING: _("missing")}
_WEAK = _(
    "{slice}: {metric} is {value}, clearly worse than {overall} on all {dataset} rows ({rows} rows; still "
    "beyond chance after a correction for {looks} looks)."
)
_DATASETS = {"train": _("training"), "validation": _("validation"), "test": _("test")}


@dataclass(frozen=True, kw_only=True)
class Slice:
    """The rows of one dataset where `column` has one value.

    level: the value as text; of a number, the range of a quarter of the rows. kind: "level", or "other"
    (values beyond the most frequent), or "missing". metrics: with their intervals. p: how likely a
    difference as large towards the worse side is by chance, after Holm's correction for all slices of
    the dataset; None where it was not judged. overall: the headline on all rows of the dataset.
    """

    column: str
    level: str
    kind: str = "level"
    dataset: Dataset = "validation"
    rows: int
    metrics: tuple[Metric, ...]
    overall: float | None = None
    p: float | None = None
    looks: int = 1

    @property
    def name(self) -> str:
        """The slice in the active language."""
        return f"{self.column} = {translate(_KINDS[self.kind]) if self.kind in _KINDS else self.level}"

    @property
    def headline(self) -> Metric:
        """The metric that is judged."""
        return self.metrics[0]

    @property
    def weak(self) -> bool:
        """Whether it is worse than all rows beyond chance."""
        return self.p is not None and self.p < SIGNIFICANT

    @property
    def sentence(self) -> str:
        """How it stands beside all rows, in the active language."""
        value, overall = self.headline.value, self.overall
        return translate(_WEAK).format(
            slice=self.name,
            metric=self.headline.name,
            value="–" if value is None else format_significant(value, 4),
            overall="–" if overall is None else format_significant(overall, 4),
            dataset=translate(_DATASETS[self.dataset]),
            rows=format_number(self.rows),
            looks=format_number(self.looks),
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {**vars(self), "metrics": [one.to_json() for one in self.metrics]}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Slice:
        """What `to_json` gave; E0906 for anything else."""
        metrics = tuple(Metric.from_json(one) for one in value["metrics"])
        if value["dataset"] not in get_args(Dataset) or not metrics:
            raise CauceError("E0906", reason="slice")
        return Slice(**{**value, "metrics": metrics})


def judged(slices: Sequence[Slice], overall: Metric | None) -> tuple[Slice, ...]:
    """The slices of one dataset with `p`: each against all rows, one-sided, by Holm's method (1979).

    The difference is taken to be as uncertain as the slice's own value, which is a little too much, so
    that a weak slice is rather missed than made up. Slices of fewer than FEWEST_ROWS rows, or without a
    value and an interval, are not judged and do not count as looks.
    """
    if overall is None or overall.value is None or overall.name.direction == "none":
        return tuple(slices)
    chances = {place: _chance(one, overall) for place, one in enumerate(slices)}
    looked = sorted((p, place) for place, p in chances.items() if p is not None)
    found = [replace(one, overall=overall.value, looks=len(looked)) for one in slices]
    highest = 0.0
    for rank, (p, place) in enumerate(looked):
        highest = max(highest, min(1.0, p * (len(looked) - rank)))
        found[place] = replace(found[place], p=highest)
    return tuple(found)


def _chance(one: Slice, overall: Metric) -> float | None:
    value, interval = one.headline.value, one.headline.interval
    if one.rows < FEWEST_ROWS or value is None or interval is None or overall.value is None:
        return None
    worse = overall.value - value if overall.name.direction == "higher" else value - overall.value
    if interval.error <= 0:
        return 1.0 if worse <= 0 else 0.0
    return 1 - NormalDist().cdf(worse / interval.error)


def weakest(slices: Sequence[Slice]) -> tuple[Slice, ...]:
    """The weak slices, the least likely by chance first."""
    return tuple(sorted((one for one in slices if one.weak), key=lambda one: (one.p or 0.0, one.name)))
