"""Parts of the training rows that lie in one another, each row's place in them by its key or group."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cauce.core.columns import FOLD, HASH_A, INNER_FOLD, TRAIN, VALIDATION
from cauce.core.preparation import LEFT_OUT
from cauce.expr.schema import Schema
from cauce.stats.row_hash import row_hashes, unit_interval

_SEED = "cauce learning curve 1"


@dataclass(frozen=True)
class NestedRows:
    """Work: prepared rows whose FOLD leaves out all training rows but a share of them, and test rows.

    input: prepared rows. share: of the training rows; a larger share holds every row of a smaller one.
    group: the column whose equal values stay together, else a row's own hash places it. Without `learning`,
    validation rows keep their fold. With it they are left out, and with `stopping` as well, a fifth of the
    share (by INNER_FOLD) is fold 1 in their place: rows that stop training must not be those that judge it.
    """

    input: Schema
    share: float
    group: str | None = None
    learning: bool = False
    stopping: bool = False

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.input.names

    @property
    def schema(self) -> Schema:
        """What it returns."""
        return self.input

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        fold = batch.get_column(FOLD).to_numpy()
        taken = (fold == TRAIN) & (self._places(batch) < self.share)
        made = np.where(taken, TRAIN, LEFT_OUT)
        if not self.learning:
            made[fold == VALIDATION] = VALIDATION
        elif self.stopping:
            made[taken & (batch.get_column(INNER_FOLD).to_numpy() == 0)] = VALIDATION
        folds = pl.Series(FOLD, made.astype(np.int64))
        return pl.DataFrame(
            {name: folds if name == FOLD else batch.get_column(name) for name in self.input.names}
        )

    def _places(self, batch: pl.DataFrame) -> Any:
        if self.group is None:
            lane = batch.get_column(HASH_A).to_numpy().view(np.uint64)
        else:
            lane, _ = row_hashes(batch, self.input, columns=(self.group,))
        return unit_interval(lane, _SEED)

    def __reduce__(self) -> tuple[Any, ...]:
        return NestedRows, tuple(getattr(self, one.name) for one in fields(self))
