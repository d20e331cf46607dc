"""Scored rows outside the training rows as what calibrations, factors and intervals are fitted on."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cauce.core.answering.calibration import Floats, Input, class_scores
from cauce.core.answering.interval import IntervalRule
from cauce.core.answering.transform import Transform
from cauce.core.bundle.scorer import Scorer
from cauce.core.columns import FOLD, TARGET, WEIGHT
from cauce.expr.schema import Field, Schema

RESIDUAL = "__residual__"
"""float: how far a value lies from the prediction, on the scale that is learned, by the interval's size."""
SMEAR, ACTUAL, PREDICTED = "__smear__", "__actual__", "__predicted__"
"""float: exp(residual), the target and the prediction on its scale, each times the weight."""


def score_name(place: int) -> str:
    """The column of the score that is calibrated, by class (of two: of the positive one, 0)."""
    return f"__score_{place}__"


@dataclass(frozen=True)
class Asked:
    """What is to be fitted. on: what calibration reads, None for no calibration. maps: scores by row.

    interval: its rule with any radius, None for no interval.
    """

    maps: int = 0
    on: Input | None = None
    transform: Transform | None = None
    interval: IntervalRule | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that `columns` makes."""
        scores = () if self.on is None else tuple(score_name(at) for at in range(self.maps))
        residual = () if self.interval is None else (RESIDUAL,)
        return (*scores, *residual, *((SMEAR, ACTUAL, PREDICTED) if self.transform is not None else ()))

    def columns(self, raw: npt.NDArray[Any], *, label: Floats, weight: Floats) -> dict[str, Floats]:
        """By name, a number for each row. raw: as the payload gives them; label: NaN where there is none."""
        found: dict[str, Floats] = {}
        if self.on is not None:
            scores = class_scores(raw, on=self.on)
            found |= {score_name(at): scores[:, at] for at in range(self.maps)}
        every = np.asarray(raw, dtype=np.float64)
        learned = label if self.transform is None else self.transform.forward(label)
        if self.interval is not None:
            found[RESIDUAL] = np.where(weight > 0, self.interval.distance(learned, every), np.nan)
        values = every[:, 0] if self.interval is not None and self.interval.kind == "quantile" else every
        if self.transform is not None:
            with np.errstate(over="ignore"):
                found[SMEAR] = weight * np.exp(learned - values)
            found[ACTUAL], found[PREDICTED] = weight * label, weight * self.transform.back(values)
        return found


@dataclass(frozen=True)
class LearnerRows:
    """Work: prepared rows to TARGET, WEIGHT, FOLD and the columns that are asked for.

    scorer: gives the payload's own numbers (margins where those are calibrated) and keeps no column.
    """

    input: Schema
    scorer: Scorer
    asked: Asked

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(dict.fromkeys((TARGET, WEIGHT, FOLD, *self.scorer.columns)))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        kept = self.input.select((TARGET, WEIGHT, FOLD))
        return Schema((*kept, *(Field(name, "float") for name in self.asked.names)))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        raw = self.scorer.raw_of(self.scorer.matrix(batch))
        label = batch.get_column(TARGET).fill_null(np.nan).to_numpy()
        weight = batch.get_column(WEIGHT).to_numpy()
        kept = {name: batch.get_column(name) for name in (TARGET, WEIGHT, FOLD)}
        return pl.DataFrame({**kept, **self.asked.columns(raw, label=label, weight=weight)})

    def __reduce__(self) -> tuple[Any, ...]:
        return LearnerRows, tuple(getattr(self, one.name) for one in fields(self))
