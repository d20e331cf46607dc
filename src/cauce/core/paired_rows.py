"""Test rows of one snapshot, scored by two models, with whether either may have learned from them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.core.bundle.answers import PREDICTION
from cauce.core.bundle.scorer import Scorer
from cauce.core.columns import FOLD, TARGET, TEST, WEIGHT
from cauce.core.evaluation_rows import BUCKET, bucket_of
from cauce.core.preparation import Preparation
from cauce.core.splits.rules import SplitRule
from cauce.expr.schema import Field, Schema
from cauce.stats.row_hash import row_hashes

UNSEEN = "__unseen__"
"""integer: 1 where neither model, nor one that they go on from, can have learned from the row, else 0."""


def scored_name(model: int, column: str) -> str:
    """What a column of a model's scores is called. model: 0 or 1."""
    return f"__model_{model}_{column}"


@dataclass(frozen=True)
class PairedRows:
    """Work: the test rows of the second model's split, as TARGET, WEIGHT, BUCKET, UNSEEN and both scores.

    input: the snapshot's schema. prepared: by the second model's split, without kept columns. others: the
    splits of the first model and of all that either goes on from. scorers: the first's and the second's, over
    `input`, keeping nothing.
    """

    input: Schema
    prepared: Preparation
    others: tuple[SplitRule, ...]
    scorers: tuple[Scorer, Scorer]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        split = tuple(name for one in self.others for name in one.columns or self.input.names)
        time = tuple(one.column for one in self.others if hasattr(one, "column"))
        scored = (name for scorer in self.scorers for name in scorer.columns)
        return tuple(dict.fromkeys((*self.prepared.columns, *split, *time, *scored)))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        own = (Field(TARGET, "float"), Field(WEIGHT, "float"), Field(BUCKET, "integer"))
        scored = (
            Field(scored_name(at, field.name), field.kind)
            for at, scorer in enumerate(self.scorers)
            for field in scorer.schema
        )
        return Schema((*own, Field(UNSEEN, "integer"), *scored))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The test rows of `batch`, in its order."""
        known = self.prepared(batch)
        tests = known.get_column(FOLD) == TEST
        rows, known = batch.filter(tests), known.filter(tests)
        found: dict[str, Any] = {name: known.get_column(name) for name in (TARGET, WEIGHT)}
        label = known.get_column(TARGET).to_numpy()
        found[BUCKET] = bucket_of(rows, self.input, columns=self.prepared.rule.columns)
        found[UNSEEN] = self._unseen(rows, label).astype(np.int64)
        for at, scorer in enumerate(self.scorers):
            columns = scorer(rows).get_columns()
            found |= {scored_name(at, one.name): one for one in columns}
        return pl.DataFrame(found)

    def _unseen(self, rows: pl.DataFrame, label: NDArray[np.float64]) -> NDArray[np.bool_]:
        unseen = np.ones(rows.height, dtype=np.bool_)
        for rule in self.others:
            lane, _ = row_hashes(rows, self.input, columns=rule.columns or None)
            unseen &= rule.folds(rows, lane=lane, label=label) == TEST
        return unseen

    def __reduce__(self) -> tuple[Any, ...]:
        return PairedRows, tuple(getattr(self, one.name) for one in fields(self))


PREDICTED = (scored_name(0, PREDICTION), scored_name(1, PREDICTION))
