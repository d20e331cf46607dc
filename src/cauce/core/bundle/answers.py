"""What a model says about rows: predictions in the target's own values, and probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cauce.core.matrix import Matrix
from cauce.core.task import Class, Target
from cauce.expr.schema import Field, Kind

PREDICTION = "prediction"
LIMITS = ("lower", "upper")
THRESHOLD = 0.5


def probability_name(class_name: str) -> str:
    """The column of a class's probability."""
    return f"probability_{class_name}"


@dataclass(frozen=True)
class Answers:
    """How scores [n, classes] or [n] become columns.

    threshold: a positive class's probability of this or more is predicted positive (binary; 0.5 where
    None); with more classes the most probable is predicted, the first of equals. numbers: predict class
    numbers instead of classes. interval: LIMITS come after a predicted number.
    """

    target: Target
    threshold: float | None = None
    numbers: bool = False
    interval: bool = False

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """`prediction`, then a probability for each class in the target's order; floats for a regression."""
        names = self.target.class_names
        kind: Kind = "float"
        if names:
            kind = "integer" if self.numbers else _kind_of(self.target.classes)
        probabilities = (Field(probability_name(name), "float") for name in names)
        limits = (Field(name, "float") for name in LIMITS if self.interval)
        return Field(PREDICTION, kind), *probabilities, *limits

    @cached_property
    def classes(self) -> tuple[Class, ...]:
        """The classes as they are predicted: of their own kind, or texts where they are of several kinds."""
        if self.numbers:
            return tuple(range(len(self.target.classes)))
        kind = _kind_of(self.target.classes)
        return self.target.class_names if kind == "text" else self.target.classes

    def numbered(self, scores: Matrix) -> npt.NDArray[np.int64]:
        """The number of the predicted class of each row of probabilities."""
        if self.target.task == "binary":
            limit = THRESHOLD if self.threshold is None else self.threshold
            return (scores[:, 1].astype(np.float64) >= limit).astype(np.int64)
        most: npt.NDArray[np.int64] = np.argmax(scores, axis=1).astype(np.int64)
        return most

    def columns(self, scores: Matrix, limits: Matrix | None = None) -> list[pl.Series]:
        """The columns `fields` names, one row for each score. limits: [n, 2], where `interval`."""
        if self.target.task == "regression":
            ends = () if limits is None else limits.astype(np.float64).T
            named = (
                pl.Series(name, np.ascontiguousarray(end)) for name, end in zip(LIMITS, ends, strict=False)
            )
            return [pl.Series(PREDICTION, scores.astype(np.float64)), *named]
        numbers = self.numbered(scores)
        prediction = pl.Series(numbers) if self.numbers else self._named(numbers)
        probabilities = (
            pl.Series(field.name, scores[:, place].astype(np.float64))
            for place, field in enumerate(self.fields[1:])
        )
        return [prediction.alias(PREDICTION), *probabilities]

    def _named(self, numbers: npt.NDArray[np.int64]) -> pl.Series:
        known = pl.Series(values=list(self.classes), dtype=self.fields[0].dtype)
        return known.gather(pl.Series(numbers))

    def rows(self, scores: Matrix, limits: Matrix | None = None) -> list[dict[str, Any]]:
        """The same as one mapping for each row."""
        names = [field.name for field in self.fields]
        if limits is not None:
            listed = np.column_stack((scores, limits)).astype(np.float64).tolist()
            return [dict(zip(names, row, strict=True)) for row in listed]
        if self.target.task == "regression":
            return [{PREDICTION: value} for value in scores.astype(np.float64).tolist()]
        chosen = [self.classes[number] for number in self.numbered(scores).tolist()]
        listed = scores.astype(np.float64).tolist()
        return [dict(zip(names, (one, *row), strict=True)) for one, row in zip(chosen, listed, strict=True)]


def _kind_of(classes: tuple[Class, ...]) -> Kind:
    if all(type(one) is bool for one in classes):
        return "boolean"
    return "integer" if all(type(one) is int for one in classes) else "text"
