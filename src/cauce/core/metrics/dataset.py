"""What is known about a model on one dataset: metrics, baselines, curves and tables; never a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cauce.core.metrics.curves import Calibration, Curve
from cauce.core.metrics.results import ConfusionCounts, ResidualHistogram
from cauce.core.metrics.value import Metric


@dataclass(frozen=True, eq=False, kw_only=True)
class DatasetEvaluation:
    """A model on one dataset.

    rows: labelled rows; unlabelled: rows left out because their label is null; weight: their weights' sum.
    baselines: by the name of the guess ("majority", "mean", "median"), the metrics it reaches here.
    roc, precision_recall, calibration: by class (a binary target has its positive class alone).
    residuals: rows by label minus prediction.
    """

    rows: int
    unlabelled: int
    weight: float
    metrics: tuple[Metric, ...]
    baselines: Mapping[str, tuple[Metric, ...]] = field(default_factory=dict)
    confusion: ConfusionCounts | None = None
    roc: Mapping[str, Curve] = field(default_factory=dict)
    precision_recall: Mapping[str, Curve] = field(default_factory=dict)
    calibration: Mapping[str, Calibration] = field(default_factory=dict)
    residuals: ResidualHistogram | None = None

    def __getitem__(self, name: str) -> Metric:
        """The metric with this canonical text; KeyError where it was not evaluated."""
        return find(self.metrics, name)

    def baseline(self, name: str) -> Metric | None:
        """The best that guessing reaches in this metric, or None where no guess has a value."""
        found = [one for guess in self.baselines.values() for one in guess if str(one.name) == name]
        valued = [one for one in found if one.value is not None]
        if not valued:
            return None
        sign = -1 if valued[0].name.direction == "lower" else 1
        return max(valued, key=lambda one: sign * (one.value or 0.0))

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        found: dict[str, Any] = {
            "rows": self.rows,
            "unlabelled": self.unlabelled,
            "weight": self.weight,
            "metrics": _list(self.metrics),
            "baselines": {name: _list(metrics) for name, metrics in self.baselines.items()},
        }
        for name in _CURVES:
            found[name] = {key: curve.to_json() for key, curve in getattr(self, name).items()}
        if self.confusion is not None:
            matrix = self.confusion.matrix.tolist()
            found["confusion"] = {"classes": list(self.confusion.classes), "matrix": matrix}
        if self.residuals is not None:
            found["residuals"] = self.residuals.to_json()
        return found

    @staticmethod
    def from_json(value: dict[str, Any]) -> DatasetEvaluation:
        """The evaluation that `to_json` wrote."""
        curves = {
            name: {key: kind.from_json(part) for key, part in value[name].items()}
            for name, kind in _CURVES.items()
        }
        confusion, residuals = value.get("confusion"), value.get("residuals")
        return DatasetEvaluation(
            rows=int(value["rows"]),
            unlabelled=int(value["unlabelled"]),
            weight=float(value["weight"]),
            metrics=_metrics(value["metrics"]),
            baselines={name: _metrics(part) for name, part in value["baselines"].items()},
            confusion=confusion and _confusion(confusion),
            residuals=residuals and ResidualHistogram.from_json(residuals),
            **curves,
        )


_CURVES: dict[str, Any] = {"roc": Curve, "precision_recall": Curve, "calibration": Calibration}


def find(metrics: tuple[Metric, ...], name: str) -> Metric:
    """The metric with this canonical text; KeyError where there is none."""
    for one in metrics:
        if str(one.name) == name:
            return one
    raise KeyError(name)


def _list(metrics: tuple[Metric, ...]) -> list[dict[str, Any]]:
    return [one.to_json() for one in metrics]


def _metrics(value: list[dict[str, Any]]) -> tuple[Metric, ...]:
    return tuple(Metric.from_json(one) for one in value)


def _confusion(value: dict[str, Any]) -> ConfusionCounts:
    return ConfusionCounts(tuple(value["classes"]), np.asarray(value["matrix"], dtype=np.float64))
