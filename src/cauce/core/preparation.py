"""A snapshot's batches with target, weight, fold and hash beside the user's columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.core.answering.transform import Transform
from cauce.core.columns import (
    FOLD,
    HASH_A,
    HASH_B,
    INNER_FOLD,
    ORIGINAL,
    TARGET,
    TRAIN,
    VALIDATION,
    WEIGHT,
)
from cauce.core.splits.blocks import BlockRule, TimeBlocks, block_name
from cauce.core.splits.fitting import HAS_TARGET, PLACE, TARGET_CLASS, SplitSettings
from cauce.core.splits.parts import OTHER_PART, Part
from cauce.core.splits.rules import SplitRule, TimeSplit, inner_folds, places
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Field, Schema
from cauce.stats.row_hash import row_hashes

LEFT_OUT = -1
"""The fold of a row whose target is null: it is counted, and in no fit and no metric."""


@dataclass(frozen=True)
class Preparation:
    """Work: the columns in `keep`, then TARGET, WEIGHT, FOLD, INNER_FOLD, HASH_A and HASH_B.

    input: the snapshot's schema. key: the declared key; empty for the whole row's content. blocks: what also
    gives each row its block of cross-validation, one column a repetition. merged: validation rows train.
    transform: the scale that is learned; then TARGET is on it (0 for a target that is not on it) and ORIGINAL
    comes last. part: training rows outside it get the fold OTHER_PART. E1112 for a row with a target and no
    time, where time splits; E1115 for a weight that is null, negative or not finite.
    """

    input: Schema
    target: Target
    rule: SplitRule
    key: tuple[str, ...] = ()
    weight: str | None = None
    keep: tuple[str, ...] = ()
    transform: Transform | None = None
    blocks: BlockRule | None = None
    merged: bool = False
    part: Part | None = None

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        hashed = (*(self.key or self.input.names), *(self.rule.columns or self.input.names))
        weight = () if self.weight is None else (self.weight,)
        time = (self.rule.column,) if isinstance(self.rule, TimeSplit) else ()
        blocks = getattr(self.blocks, "plain", self.blocks)
        if isinstance(blocks, TimeBlocks):
            time = (*time, blocks.column)
        return tuple(dict.fromkeys((*self.keep, *self.target.columns, *weight, *time, *hashed)))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        floats = (Field(TARGET, "float"), Field(WEIGHT, "float"))
        whole = tuple(Field(name, "integer") for name in (FOLD, INNER_FOLD, HASH_A, HASH_B))
        original = () if self.transform is None else (Field(ORIGINAL, "float"),)
        blocks = (Field(name, "integer") for name in self._block_names)
        return Schema((*self.input.select(self.keep), *floats, *whole, *original, *blocks))

    @property
    def _block_names(self) -> tuple[str, ...]:
        return () if self.blocks is None else tuple(map(block_name, range(self.blocks.repeats)))

    @cached_property
    def _label(self) -> Projection:
        return Projection((Output(TARGET, self.target.label()),), self.input)

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        label = self._label(batch).get_column(TARGET)
        numbers = label.fill_null(np.nan).to_numpy()
        first, second = row_hashes(batch, self.input, columns=self.key or None)
        lane = first
        if set(self.rule.columns) != set(self.key):
            lane, _ = row_hashes(batch, self.input, columns=self.rule.columns or None)
        folds = self.rule.folds(batch, lane=lane, label=numbers)
        folds[np.isnan(numbers)] = LEFT_OUT
        made = {
            TARGET: label,
            WEIGHT: self._weights(batch),
            FOLD: folds,
            INNER_FOLD: inner_folds(lane, self.rule.seed),
            HASH_A: first.view(np.int64),
            HASH_B: second.view(np.int64),
        }
        if self.transform is not None:
            learned = np.nan_to_num(self.transform.forward(numbers), nan=0.0)
            learned[np.isnan(numbers)] = np.nan
            made |= {TARGET: pl.Series(learned).fill_nan(None), ORIGINAL: label}
        if self.blocks is not None:
            blocks = self.blocks.blocks(batch, lane=lane, fold=folds, label=numbers)
            made |= dict(zip(self._block_names, blocks, strict=True))
        if self.merged:
            folds = np.where(folds == VALIDATION, TRAIN, folds)
        if self.part is not None:
            folds = np.where((folds == TRAIN) & ~self.part.holds(lane), OTHER_PART, folds)
        made[FOLD] = folds
        return pl.DataFrame({**_taken(batch, self.keep), **made})

    def _weights(self, batch: pl.DataFrame) -> NDArray[np.float64]:
        if self.weight is None:
            return np.ones(batch.height)
        weights = batch.get_column(self.weight).cast(pl.Float64).fill_null(np.nan).to_numpy()
        bad = int(np.count_nonzero(~np.isfinite(weights) | (weights < 0)))
        if bad:
            raise CauceError("E1115", column=self.weight, count=bad)
        return weights

    def __reduce__(self) -> tuple[Any, ...]:
        return Preparation, tuple(getattr(self, one.name) for one in fields(self))


@dataclass(frozen=True)
class Placement:
    """Work: what a split rule is fitted on.

    By time: the time column and HAS_TARGET. Otherwise TARGET_CLASS and PLACE.
    """

    input: Schema
    target: Target
    settings: SplitSettings

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        read = (str(self.settings.time),) if self._by_time else self.settings.hashed or self.input.names
        return tuple(dict.fromkeys((*self.target.columns, *read)))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        if self._by_time:
            return Schema((self.input[str(self.settings.time)], Field(HAS_TARGET, "boolean")))
        return Schema((Field(TARGET_CLASS, "integer"), Field(PLACE, "float")))

    @property
    def _by_time(self) -> bool:
        return self.settings.kind == "time"

    @cached_property
    def _label(self) -> Projection:
        return Projection((Output(TARGET, self.target.label()),), self.input)

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        label = self._label(batch).get_column(TARGET)
        if self._by_time:
            return pl.DataFrame(
                {**_taken(batch, (str(self.settings.time),)), HAS_TARGET: label.is_not_null()}
            )
        lane, _ = row_hashes(batch, self.input, columns=self.settings.hashed or None)
        return pl.DataFrame({TARGET_CLASS: label.cast(pl.Int64), PLACE: places(lane, self.settings.seed)})

    def __reduce__(self) -> tuple[Any, ...]:
        return Placement, tuple(getattr(self, one.name) for one in fields(self))


def _taken(batch: pl.DataFrame, names: tuple[str, ...]) -> dict[str, pl.Series]:
    """Columns for a frame made of a dictionary: one made of a list renames the column called ""."""
    return {name: batch.get_column(name) for name in names}
