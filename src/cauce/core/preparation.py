"""A snapshot's batches with target, weight, fold and hash beside the user's columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from cauce.core.columns import FOLD, HASH_A, HASH_B, INNER_FOLD, TARGET, WEIGHT
from cauce.core.splits.fitting import PLACE, TARGET_CLASS, SplitSettings
from cauce.core.splits.rules import RandomSplit, SplitRule, inner_folds, places
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.expr.batch import take
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Field, Schema
from cauce.stats.row_hash import row_hashes

LEFT_OUT = -1
"""The fold of a row whose target is null: it is counted, and in no fit and no metric."""


@dataclass(frozen=True)
class Preparation:
    """Work: the columns in `keep`, then TARGET, WEIGHT, FOLD, INNER_FOLD, HASH_A and HASH_B.

    input: the snapshot's schema. key: the declared key; empty for the whole row's content.
    E1115 for a weight that is null, negative or not finite.
    """

    input: Schema
    target: Target
    rule: SplitRule
    key: tuple[str, ...] = ()
    weight: str | None = None
    keep: tuple[str, ...] = ()

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        hashed = self.input.names if not (self.key and self.rule.columns) else (*self.key, *self.rule.columns)
        weight = () if self.weight is None else (self.weight,)
        time = (self.rule.column,) if hasattr(self.rule, "column") else ()
        return tuple(dict.fromkeys((*self.keep, *self.target.columns, *weight, *time, *hashed)))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        floats = (Field(TARGET, "float"), Field(WEIGHT, "float"))
        whole = tuple(Field(name, "integer") for name in (FOLD, INNER_FOLD, HASH_A, HASH_B))
        return Schema((*self.input.select(self.keep), *floats, *whole))

    @cached_property
    def _label(self) -> Projection:
        return Projection((Output(TARGET, self.target.label()),), self.input)

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        label = self._label(batch).get_column(TARGET)
        numbers = label.fill_null(np.nan).to_numpy()
        folds = self.rule.folds(batch, self.input, numbers)
        folds[np.isnan(numbers)] = LEFT_OUT
        first, second = row_hashes(batch, self.input, columns=self.key or None)
        made = (
            label,
            pl.Series(WEIGHT, self._weights(batch)),
            pl.Series(FOLD, folds),
            pl.Series(INNER_FOLD, inner_folds(batch, self.input, self.rule)),
            pl.Series(HASH_A, first.view(np.int64)),
            pl.Series(HASH_B, second.view(np.int64)),
        )
        return pl.DataFrame([*(batch.get_column(name) for name in self.keep), *made])

    def _weights(self, batch: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        if self.weight is None:
            return np.ones(batch.height)
        weights = batch.get_column(self.weight).alias(WEIGHT).cast(pl.Float64).fill_null(np.nan).to_numpy()
        bad = int(np.count_nonzero(~np.isfinite(weights) | (weights < 0)))
        if bad:
            raise CauceError("E1115", column=self.weight, count=bad)
        return weights


@dataclass(frozen=True)
class Placement:
    """Work: what a split rule is fitted on: the time column, TARGET_CLASS and PLACE."""

    input: Schema
    target: Target
    settings: SplitSettings

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        if self.settings.kind == "time":
            return (str(self.settings.time),)
        hashed = self.settings.hashed or self.input.names
        return tuple(dict.fromkeys((*self.target.columns, *hashed)))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        if self.settings.kind == "time":
            return self.input.select(self.columns)
        return Schema((Field(TARGET_CLASS, "integer"), Field(PLACE, "float")))

    @cached_property
    def _label(self) -> Projection:
        return Projection((Output(TARGET, self.target.label()),), self.input)

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        if self.settings.kind == "time":
            return take(batch, self.columns)
        rule = RandomSplit(self.settings.hashed, self.settings.seed, 0.0, 0.0)
        label = self._label(batch).get_column(TARGET).cast(pl.Int64).alias(TARGET_CLASS)
        return pl.DataFrame([label, pl.Series(PLACE, places(batch, self.input, rule))])
