"""What is predicted, and which metrics belong to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from cauce.core.metrics.decisions import DECISIONS
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.numbers import NUMBERS
from cauce.errors import CauceError

Task = Literal["binary", "multiclass", "regression"]
CLASSES_SHOWN = 50
_PER_CLASS = ("precision", "recall", "f1")
_BINARY_ONLY = {"brier"}


@dataclass(frozen=True)
class Target:
    """What is predicted. classes: their texts in the model's order; of two the second is the positive one.

    log_scale: metrics on the scale log(1 + x) are wanted too (skewed amounts of 0 or more).
    """

    task: Task
    classes: tuple[str, ...] = ()
    log_scale: bool = False

    @property
    def positive(self) -> str:
        """The positive class of a binary target."""
        return self.classes[1]

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {"task": self.task, "classes": list(self.classes), "log_scale": self.log_scale}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Target:
        """The target that `to_json` wrote."""
        return Target(value["task"], tuple(value["classes"]), bool(value["log_scale"]))


def metric_names(target: Target) -> tuple[MetricName, ...]:
    """The metrics of this target in the order to show them; the first is the headline.

    Beyond CLASSES_SHOWN classes the metrics of single classes are left out.
    """
    if target.task == "binary":
        return _binary(target.positive)
    if target.task == "multiclass":
        return _multiclass(target.classes)
    kinds = ("rmse", "mae", "median_absolute_error", "r2", "mape", "wape", "bias")
    logs = (MetricName("rmse", scale="log1p"), MetricName("r2", scale="log1p"))
    return (*map(MetricName, kinds), *(logs if target.log_scale else ()))


def _binary(positive: str) -> tuple[MetricName, ...]:
    ranked = ("roc_auc", "average_precision")
    decided = ("precision", "recall", "f1", "specificity")
    described = ("calibration_error", "lift", "prevalence")
    return (
        *(MetricName(kind, positive=positive) for kind in ranked),
        *map(MetricName, ("log_loss", "brier", "accuracy", "balanced_accuracy", "mcc")),
        *(MetricName(kind, positive=positive) for kind in (*decided, *described)),
    )


def _multiclass(classes: tuple[str, ...]) -> tuple[MetricName, ...]:
    shown = classes if len(classes) <= CLASSES_SHOWN else ()
    return (
        MetricName("roc_auc", average="macro"),
        *map(MetricName, ("log_loss", "accuracy", "balanced_accuracy", "mcc")),
        *(MetricName(kind, average="macro") for kind in _PER_CLASS),
        *(MetricName(kind, average="weighted") for kind in ("precision", "f1")),
        *(
            MetricName(kind, positive=one)
            for one in shown
            for kind in (*_PER_CLASS, "roc_auc", "average_precision")
        ),
    )


def check_metric(name: MetricName, target: Target) -> None:
    """Refuse (E0905) a metric that this target cannot have, or a class that is none of its classes."""
    choices = ", ".join(str(known) for known in metric_names(target)[:CLASSES_SHOWN])
    wrong_task = (name.kind in NUMBERS) != (target.task == "regression")
    binary_only = name.kind in _BINARY_ONLY and target.task != "binary"
    unknown = name.positive is not None and name.positive not in target.classes
    if wrong_task or binary_only or unknown:
        raise CauceError("E0905", name=name, task=target.task, choices=choices)


def is_decision(name: MetricName) -> bool:
    """Whether the metric is made from predicted classes, so that it moves with the threshold."""
    return name.kind in DECISIONS
