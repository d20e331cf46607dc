"""Complete features of every fold over one reading of the rows: shared where all folds have the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cauce.core.boosting_rows import SCORES
from cauce.core.candidates.folds import Fold
from cauce.core.columns import FOLD, INNER_FOLD, TARGET, TRAIN, WEIGHT
from cauce.core.features import FittedFeatures
from cauce.core.splits.blocks import NO_BLOCK, block_name
from cauce.expr.projection import Projection
from cauce.expr.schema import Field, Schema


@dataclass(frozen=True)
class OfFold:
    """Work: prepared rows as one fold's features read them: FOLD is 0 for rows that train, else 3.

    keep: columns features read. Rows in no block of the fold's repetition are left out.
    """

    input: Schema
    fold: Fold
    keep: tuple[str, ...]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return (*self.keep, TARGET, WEIGHT, INNER_FOLD, block_name(self.fold.repeat))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        return Schema((*self.input.select(self.columns), Field(FOLD, "integer")))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The rows of the batch that are in a block, in their order."""
        block = batch.get_column(block_name(self.fold.repeat)).to_numpy()
        inside = block != NO_BLOCK
        fold = pl.Series(np.where(np.isin(block, self.fold.taught), TRAIN, SCORES)[inside])
        kept = batch if inside.all() else batch.filter(pl.Series(inside))
        return pl.DataFrame({**{name: kept.get_column(name) for name in self.columns}, FOLD: fold})

    def __reduce__(self) -> tuple[Any, ...]:
        return OfFold, tuple(getattr(self, one.name) for one in fields(self))


@dataclass(frozen=True)
class SideBySide:
    """Work: TARGET, WEIGHT and the blocks of every repetition, then the features of each entry of `made`.

    made: for a fold, the work that gives its rows and the one that gives their features; one entry where all
    folds share their features. Features are called as `column` says.
    """

    input: Schema
    made: tuple[tuple[OfFold, Projection], ...]
    repeats: int

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        read = (name for rows, _ in self.made for name in rows.columns)
        return tuple(dict.fromkeys((*read, *self._blocks)))

    @property
    def _blocks(self) -> tuple[str, ...]:
        return tuple(block_name(repeat) for repeat in range(self.repeats))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        names = (name for place in range(len(self.made)) for name in self.names(place))
        own = self.input.select((TARGET, WEIGHT, *self._blocks))
        return Schema((*own, *(Field(name, "float") for name in names)))

    def names(self, place: int) -> tuple[str, ...]:
        """What the features of an entry of `made` are called."""
        return tuple(f"__feature_{place}_{at}__" for at in range(len(self.made[place][1].outputs)))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The rows in a block, in their order; every repetition has blocks for the same rows."""
        inside = pl.Series(batch.get_column(block_name(0)).to_numpy() != NO_BLOCK)
        kept = batch if inside.all() else batch.filter(inside)
        found = {name: kept.get_column(name) for name in (TARGET, WEIGHT, *self._blocks)}
        for place, (rows, features) in enumerate(self.made):
            made = features(rows(kept))
            for name, output in zip(self.names(place), features.outputs, strict=True):
                found[name] = made.get_column(output.name).cast(pl.Float64)
        return pl.DataFrame(found)

    def __reduce__(self) -> tuple[Any, ...]:
        return SideBySide, tuple(getattr(self, one.name) for one in fields(self))


def fold_features(
    schema: Schema, folds: Sequence[Fold], *, fitted: Sequence[FittedFeatures]
) -> tuple[tuple[OfFold, Projection], ...]:
    """What makes each fold's features of prepared rows of `schema`; one entry where all folds share them.

    Features are shared where their numbers are the same on every fold and none depends on what a row is for.
    """
    made = [[(one.name, one.expression) for one in own.features] for own in fitted]
    plain = all(one.expression == one.training_expression for one in fitted[0].features)
    shared = plain and all(one == made[0] for one in made)
    found = []
    for fold, own in zip(folds, fitted, strict=True):
        keep = tuple(name for name in schema.names if name in own.required)
        rows = OfFold(schema, fold, keep)
        found.append((rows, own.training_projection(rows.schema)))
    return tuple(found[:1] if shared else found)
