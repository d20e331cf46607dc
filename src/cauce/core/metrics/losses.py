"""The summary of many classes' log loss, which no class's scores alone can give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl

from cauce.core.metrics.ranking import SMALLEST
from cauce.core.metrics.results import Floats
from cauce.errors import CauceError
from cauce.stats.mergeable import Mergeable
from cauce.stats.products import inner_product


@dataclass(frozen=True)
class LossState:
    """Sums over labelled rows. rows: their number; unlabelled: rows left out because the label is null."""

    rows: int = 0
    unlabelled: int = 0
    weight: float = 0.0
    log: float = 0.0


@dataclass(frozen=True)
class Losses(Mergeable[LossState, LossState]):
    """Log loss of class probabilities; its result is its state.

    label: column of class numbers from 0; rows where it is null are left out and counted.
    probabilities: one column for each class in that order. weight: column of weights, 0 or more.
    Probabilities are clipped to [2^-52, 1 - 2^-52] before the logarithm, as scikit-learn does. Raises
    E0907 for probabilities or weights that are none.
    """

    label: str
    probabilities: tuple[str, ...]
    weight: str | None = None

    state_type: ClassVar[Any] = LossState

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return (self.label, *self.probabilities, *((self.weight,) if self.weight else ()))

    def start(self) -> LossState:
        """The state of no rows."""
        return LossState()

    def of(self, batch: pl.DataFrame) -> LossState:
        """The sums of one batch."""
        kept = batch.filter(pl.col(self.label).is_not_null())
        weight = weights_of(kept, self.weight)
        label = kept[self.label].cast(pl.Int64).to_numpy()
        table = np.column_stack([_probability(kept[name]) for name in self.probabilities])
        if label.size and not 0 <= label.min() <= label.max() < table.shape[1]:
            raise CauceError("E0907", what=self.label, found=f"{label.min()} … {label.max()}")
        true = np.clip(table[np.arange(label.size), label], SMALLEST, 1 - SMALLEST)
        return LossState(
            rows=label.size,
            unlabelled=batch.height - kept.height,
            weight=float(weight.sum()),
            log=-inner_product(weight, np.log(true)),
        )

    def merge(self, left: LossState, right: LossState) -> LossState:
        """The sums of both."""
        return LossState(**{name: value + getattr(right, name) for name, value in vars(left).items()})

    def result(self, state: LossState) -> LossState:
        """The sums themselves."""
        return state


def _probability(column: pl.Series) -> Floats:
    found = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    wrong = found[~((found >= 0) & (found <= 1))]
    if wrong.size:
        raise CauceError("E0907", what=column.name, found=f"{wrong[0]} × {wrong.size}")
    return np.asarray(found, dtype=np.float64)


def weights_of(batch: pl.DataFrame, column: str | None) -> Floats:
    """The weights of `batch`, ones where there is no such column; E0907 unless finite and 0 or more."""
    if column is None:
        return np.ones(batch.height)
    found = finite(batch[column])
    if (found < 0).any():
        raise CauceError("E0907", what=column, found=f"{found.min()} × {(found < 0).sum()}")
    return found


def finite(column: pl.Series) -> Floats:
    """The numbers of `column` as float64; E0907 where one is null, NaN or infinite."""
    found = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    wrong = found[~np.isfinite(found)]
    if wrong.size:
        raise CauceError("E0907", what=column.name, found=f"{wrong[0]} × {wrong.size}")
    return np.asarray(found, dtype=np.float64)
