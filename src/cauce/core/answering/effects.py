"""What calibration, another scale and intervals did on rows: values for evaluations and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cauce.core.metrics.curves import Calibration as Reliability
from cauce.core.metrics.interval import Interval
from cauce.core.metrics.keys import Dataset
from cauce.core.metrics.slices import Slice
from cauce.core.metrics.value import Metric
from cauce.language import format_number, format_significant, translate, translate_plural
from cauce.language import gettext_noop as _

_METHODS = {"isotonic": _("an isotonic curve"), "platt": _("a logistic curve (Platt)")}
_OWN = _(
    "Of the rows it was fitted on log loss, Brier score and calibration error flatter it: those of the test "
    "rows count."
)
_LEFT = _("Left as they are, for want of rows or of a rising curve: {classes}.")
_BIAS = _(
    "Predictions come back from log(1 + x) near the median. On the rows outside the training rows the mean "
    "is {ratio} times the mean prediction; Duan's smearing factor is {smearing}. Neither is applied."
)
_INSIDE = _("{share} of the test rows lie inside the {level} intervals ({low} to {high} at {confidence}).")
_SHORT = _("That is fewer than promised: the test rows are not like the rows the intervals were made from.")
_GROUPED = _("Rows of one {group} belong together, which the intervals do not reckon with.")


@dataclass(frozen=True, kw_only=True)
class CalibrationEffect:
    """Before calibration; the evaluation's own figures are after it.

    rows: it was fitted on. left: classes whose scores are as they were. before: metrics by dataset.
    curves: predicted against observed before, by dataset and class.
    """

    method: str
    rows: int
    left: tuple[str, ...] = ()
    before: Mapping[Dataset, tuple[Metric, ...]]
    curves: Mapping[Dataset, Mapping[str, Reliability]]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was done, in the active language."""
        told = translate_plural(
            "Probabilities are calibrated with {curve}, fitted on {rows} row outside the training rows.",
            "Probabilities are calibrated with {curve}, fitted on {rows} rows outside the training rows.",
            self.rows,
        ).format(curve=translate(_METHODS.get(self.method, self.method)), rows=format_number(self.rows))
        left = (translate(_LEFT).format(classes=", ".join(self.left)),) if self.left else ()
        return (told, translate(_OWN), *left)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {
            "method": self.method,
            "rows": self.rows,
            "left": list(self.left),
            "before": {name: [one.to_json() for one in many] for name, many in self.before.items()},
            "curves": {
                name: {key: one.to_json() for key, one in many.items()} for name, many in self.curves.items()
            },
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> CalibrationEffect:
        """What `to_json` gave."""
        before: dict[Any, Any] = value["before"]
        curves: dict[Any, Any] = value["curves"]
        return CalibrationEffect(
            method=str(value["method"]),
            rows=int(value["rows"]),
            left=tuple(str(one) for one in value["left"]),
            before={name: tuple(Metric.from_json(one) for one in many) for name, many in before.items()},
            curves={
                name: {key: Reliability.from_json(one) for key, one in many.items()}
                for name, many in curves.items()
            },
        )


@dataclass(frozen=True, kw_only=True)
class ScaleEffect:
    """How far predictions brought back from another scale lie from the mean; None where undefined.

    smearing: mean of exp(residual) (Duan 1983). ratio: mean actual / mean predicted. Both on `rows` rows
    outside the training rows.
    """

    scale: str
    rows: int
    smearing: float | None = None
    ratio: float | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """The bias, in the active language."""
        known = {name: getattr(self, name) for name in ("ratio", "smearing")}
        shown = {name: _factor(value) for name, value in known.items()}
        return (translate(_BIAS).format(**shown),)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return dict(vars(self))

    @staticmethod
    def from_json(value: dict[str, Any]) -> ScaleEffect:
        """What `to_json` gave."""
        return ScaleEffect(**value)


@dataclass(frozen=True)
class Coverage:
    """The share of rows inside their interval, with Wilson's interval, and the median width."""

    rows: int
    share: float
    interval: Interval
    width: float

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {**vars(self), "interval": self.interval.to_json()}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Coverage:
        """What `to_json` gave."""
        interval = Interval.from_json(value["interval"])
        return Coverage(int(value["rows"]), float(value["share"]), interval, float(value["width"]))


@dataclass(frozen=True)
class SliceCoverage:
    """Coverage of the test rows of one slice; its words as in `Slice`."""

    column: str
    level: str
    kind: str
    coverage: Coverage

    @property
    def name(self) -> str:
        """The slice in the active language."""
        return Slice(column=self.column, level=self.level, kind=self.kind, rows=0, metrics=()).name

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {**vars(self), "coverage": self.coverage.to_json()}

    @staticmethod
    def from_json(value: dict[str, Any]) -> SliceCoverage:
        """What `to_json` gave."""
        return SliceCoverage(**{**value, "coverage": Coverage.from_json(value["coverage"])})


@dataclass(frozen=True, kw_only=True)
class IntervalEffect:
    """How often intervals held. rows: they were fitted on; radius: on the scale that is learned.

    datasets: coverage of all rows. slices: of test rows. group: the column whose rows belong together, if
    any.
    """

    level: float
    kind: str
    radius: float
    rows: int
    datasets: Mapping[Dataset, Coverage]
    slices: tuple[SliceCoverage, ...] = ()
    group: str | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """How often they held on test rows, in the active language."""
        found = self.datasets.get("test")
        if found is None:
            return ()
        told = translate(_INSIDE).format(
            share=_percent(found.share),
            level=_percent(self.level),
            low=_percent(found.interval.low),
            high=_percent(found.interval.high),
            confidence=_percent(found.interval.level),
        )
        short = (translate(_SHORT),) if found.interval.high < self.level else ()
        group = (translate(_GROUPED).format(group=self.group),) if self.group is not None else ()
        return (told, *short, *group)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {
            **vars(self),
            "datasets": {name: one.to_json() for name, one in self.datasets.items()},
            "slices": [one.to_json() for one in self.slices],
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> IntervalEffect:
        """What `to_json` gave."""
        datasets: dict[Any, Any] = value["datasets"]
        slices = tuple(SliceCoverage.from_json(one) for one in value["slices"])
        read = {name: Coverage.from_json(one) for name, one in datasets.items()}
        return IntervalEffect(**{**value, "datasets": read, "slices": slices})


def _factor(value: float | None) -> str:
    if value is None:
        return "–"
    return format_number(value, digits=0) if value >= 1000 else format_significant(value, 3)


def _percent(share: float) -> str:
    return format_significant(100 * share, 3) + " %"


_PARTS: Mapping[str, Any] = {
    "calibration": CalibrationEffect,
    "scale": ScaleEffect,
    "interval": IntervalEffect,
}


@dataclass(frozen=True)
class AnswerEffects:
    """All that lies between the model's numbers and its answers, by what it did."""

    calibration: CalibrationEffect | None = None
    scale: ScaleEffect | None = None
    interval: IntervalEffect | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was done and what it is worth, in the active language."""
        parts = (getattr(self, name) for name in _PARTS)
        return tuple(text for part in parts if part is not None for text in part.sentences)

    def to_json(self) -> dict[str, Any]:
        """A JSON value; what is absent is left out."""
        parts = ((name, getattr(self, name)) for name in _PARTS)
        return {name: part.to_json() for name, part in parts if part is not None}

    @staticmethod
    def from_json(value: dict[str, Any]) -> AnswerEffects:
        """What `to_json` gave."""
        return AnswerEffects(**{name: _PARTS[name].from_json(part) for name, part in value.items()})
