"""Prepared rows as one fold sees them: what each is for, and nothing of the rows it may not see."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cauce.core.boosting_rows import SCORES
from cauce.core.candidates.folds import Fold
from cauce.core.columns import FOLD, HASH_A, HASH_B, INNER_FOLD, ORIGINAL, TARGET, TRAIN, VALIDATION, WEIGHT
from cauce.core.evaluation_rows import BUCKET, row_buckets
from cauce.core.splits.blocks import block_name
from cauce.expr.schema import Field, Schema

ROLE = "__role__"
"""integer: 0 for a row that trains, 1 for one that stops the training, 3 for one that scores, else -1."""
NO_ROLE = -1
_OWN = (TARGET, WEIGHT, INNER_FOLD, HASH_A, HASH_B)


@dataclass(frozen=True)
class FoldRows:
    """Work: prepared rows with blocks to the columns in `keep`, the added ones, ROLE and BUCKET.

    FOLD becomes 0 for rows that train or stop, whose encodings are out of fold, 3 for rows that score and
    -1 for all others, test rows among them. group: as in `EvaluationRows`.
    """

    input: Schema
    fold: Fold
    keep: tuple[str, ...]
    group: str | None = None

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        group = () if self.group is None else (self.group,)
        return tuple(dict.fromkeys((*self.keep, *self._own, *group, block_name(self.fold.repeat))))

    @property
    def _own(self) -> tuple[str, ...]:
        return (*_OWN, *((ORIGINAL,) if ORIGINAL in self.input else ()))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        whole = (Field(name, "integer") for name in (FOLD, ROLE, BUCKET))
        return Schema((*self.input.select((*self.keep, *self._own)), *whole))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        block = batch.get_column(block_name(self.fold.repeat)).to_numpy()
        role = np.full(batch.height, NO_ROLE, dtype=np.int64)
        for number, blocks in (
            (TRAIN, self.fold.train),
            (VALIDATION, self.fold.stop),
            (SCORES, self.fold.score),
        ):
            role[np.isin(block, blocks)] = number
        made: dict[str, Any] = {name: batch.get_column(name) for name in (*self.keep, *self._own)}
        made[FOLD] = np.where(role == VALIDATION, TRAIN, role)
        made[ROLE] = role
        made[BUCKET] = row_buckets(batch, self.input, group=self.group)
        return pl.DataFrame(made)

    def __reduce__(self) -> tuple[Any, ...]:
        return FoldRows, tuple(getattr(self, one.name) for one in fields(self))
