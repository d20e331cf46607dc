"""What one scan gathers for a profile."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cauce.core.columns import HASH_A, HASH_B, TARGET
from cauce.core.suspects import NUMBERS, WORDS
from cauce.core.task import MOST_CLASSES, TargetColumn
from cauce.expr import nodes as n
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Field, Schema
from cauce.stats import Counts, DayFacts, Levels, NumberFacts, Summary, TextFacts, Thinned
from cauce.stats.row_hash import row_hashes

SAMPLE_ROWS = 65_536
"""The most different rows in the sample."""
REPEAT_ROWS = 262_144
"""The most different rows up to which repeated ones are counted exactly."""
_NUMBERS = ("integer", "float", "decimal", "boolean")
_DAYS = ("date", "datetime")


@dataclass(frozen=True)
class Profiling:
    """What is profiled: the columns of `schema`, and where they are declared target, key and time."""

    schema: Schema
    target: TargetColumn | None = None
    key: tuple[str, ...] = ()
    time: str | None = None

    @property
    def work(self) -> ProfileWork:
        """What is done to each batch before it is summarised."""
        return ProfileWork(self.schema, self.target, self.key)

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """What one scan over the worked rows gathers; its results go to `make_profile`."""
        sampled = (*self.schema.names, *((TARGET,) if self.target else ()))
        found: tuple[Summary, ...] = (
            NumberFacts(self.of_kinds(*_NUMBERS), marks=NUMBERS),
            TextFacts(self.of_kinds("text"), marks=WORDS),
            DayFacts(self.of_kinds(*_DAYS)),
            Thinned(HASH_A, SAMPLE_ROWS, sampled),
            Thinned(HASH_A, REPEAT_ROWS),
        )
        of_target = (Levels((TARGET,), MOST_CLASSES), Counts((TARGET,))) if self.target else ()
        of_key = (Thinned(HASH_B, REPEAT_ROWS),) if self.key else ()
        return (*found, *of_target, *of_key)

    def of_kinds(self, *kinds: str) -> tuple[str, ...]:
        """The columns of these kinds, in order."""
        return tuple(one.name for one in self.schema if one.kind in kinds)


@dataclass(frozen=True)
class ProfileWork:
    """Work: every column, then the target's own values, the hash of the row and that of the key."""

    input: Schema
    target: TargetColumn | None
    key: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.input.names

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        target = self._target.schema.fields if self._target else ()
        key = (Field(HASH_B, "integer"),) if self.key else ()
        return Schema((*self.input, *target, Field(HASH_A, "integer"), *key))

    @cached_property
    def _target(self) -> Projection | None:
        if self.target is None:
            return None
        value: n.Expression = self.target.expression
        if self.target.kind == "decimal":
            value = n.Cast(value, "float")
        return Projection((Output(TARGET, value),), self.input)

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        made = {name: batch.get_column(name) for name in self.input.names}
        if self._target is not None:
            made[TARGET] = self._target(batch).get_column(TARGET)
        made[HASH_A] = pl.Series(row_hashes(batch, self.input)[0].view(np.int64))
        if self.key:
            made[HASH_B] = pl.Series(row_hashes(batch, self.input, columns=self.key)[0].view(np.int64))
        return pl.DataFrame(made)

    def __reduce__(self) -> tuple[Any, ...]:
        return ProfileWork, tuple(getattr(self, one.name) for one in fields(self))
