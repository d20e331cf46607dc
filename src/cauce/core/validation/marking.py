"""Batches to marks of failing rows, and the marks counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cauce.core.numbering import ROW
from cauce.core.validation.checks import Check, whole_keys
from cauce.core.validation.verdict import EXAMPLES
from cauce.expr.batch import take
from cauce.expr.schema import Field, Schema
from cauce.stats.mergeable import Mergeable, column
from cauce.stats.mixing import Words
from cauce.stats.row_hash import key_hashes

_REASONS = "__expectations__"
_MOST_PIECES = 64


@dataclass(frozen=True)
class Marks:
    """Work: for each check a boolean, true where it fails (`mark_names`); for each key its hash, null where
    a part is missing (`lane_names`); the columns in `keep`; ROW."""

    input: Schema
    checks: tuple[Check, ...] = ()
    keys: tuple[tuple[str, ...], ...] = ()
    keep: tuple[str, ...] = ()

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        checked = (name for check in self.checks for name in check.columns)
        keyed = (name for key in self.keys for name in key)
        return tuple(dict.fromkeys((*checked, *keyed, *self.keep, ROW)))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        marks = (Field(name, "boolean") for name in mark_names(len(self.checks)))
        lanes = (Field(name, "integer") for k in range(len(self.keys)) for name in lane_names(k))
        return Schema((*marks, *lanes, *self.input.select(self.keep), Field(ROW, "integer")))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`."""
        names = zip(mark_names(len(self.checks)), self.checks, strict=True)
        made: dict[str, pl.Series] = {name: one.failing(batch) for name, one in names}
        for k, key in enumerate(self.keys):
            lanes = key_hashes(batch, self.input, columns=key)
            whole = whole_keys(batch, key)
            for name, lane in zip(lane_names(k), lanes, strict=True):
                made[name] = pl.Series(lane.view(np.int64)).set(~whole, None)
        kept = {name: batch.get_column(name) for name in (*self.keep, ROW)}
        return pl.DataFrame({**made, **kept})

    def __reduce__(self) -> tuple[Any, ...]:
        return Marks, (self.input, self.checks, self.keys, self.keep)


def lane_names(key: int) -> tuple[str, str]:
    """The columns of the hash of the key of this number."""
    return f"__key {key} first__", f"__key {key} second__"


def mark_names(checks: int) -> tuple[str, ...]:
    """The columns of the marks of so many checks."""
    return tuple(f"__fails {k}__" for k in range(checks))


@dataclass(frozen=True)
class Sift:
    """Work: the rows that pass every check, or (`failed`) those that fail one, with the names and ROW."""

    input: Schema
    checks: tuple[tuple[str, Check], ...]
    failed: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads: all."""
        return (*self.input.names, ROW)

    @property
    def schema(self) -> Schema:
        """What it returns."""
        if not self.failed:
            return self.input
        return Schema((*self.input, Field(_REASONS, "text"), Field(ROW, "integer")))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The rows in their order."""
        marks = [one.failing(batch).alias(str(k)) for k, (_, one) in enumerate(self.checks)]
        anyway = pl.repeat(False, batch.height, eager=True)
        for mark in marks:
            anyway |= mark
        if not self.failed:
            return take(batch, self.input.names).filter(~anyway)
        named = [
            pl.DataFrame({"mark": mark}).select(pl.when("mark").then(pl.lit(name)))["literal"]
            for (name, _), mark in zip(self.checks, marks, strict=True)
        ]
        frame = pl.DataFrame({"": pl.repeat(None, batch.height, dtype=pl.String, eager=True)})
        reasons = frame.with_columns(one.alias(str(k)) for k, one in enumerate(named)).select(
            pl.concat_str(pl.all(), separator="; ", ignore_nulls=True).alias(_REASONS)
        )[_REASONS]
        own = {name: batch.get_column(name) for name in self.input.names}
        return pl.DataFrame({**own, _REASONS: reasons, ROW: batch.get_column(ROW)}).filter(anyway)


def reasons_of(batch: pl.DataFrame) -> list[str]:
    """What each row of a batch of failed rows fails: names joined with "; "."""
    found: list[str] = batch.get_column(_REASONS).to_list()
    return found


@dataclass(frozen=True)
class FailureState:
    """rows seen; for each check the rows that failed, and the lowest places of some."""

    rows: int = 0
    counts: tuple[int, ...] = ()
    places: tuple[tuple[int, ...], ...] = ()

    def placed(self, place: Callable[[int], int | None]) -> FailureState:
        """With other places; without those that are None."""
        found = (tuple(other for one in own if (other := place(one)) is not None) for own in self.places)
        return replace(self, places=tuple(found))


@dataclass(frozen=True)
class Failures(Mergeable[FailureState, FailureState]):
    """How many rows each of `marks` is true for, and the first EXAMPLES places."""

    marks: tuple[str, ...]
    state_type = FailureState

    @property
    def columns(self) -> tuple[str, ...]:
        """The marks and the places."""
        return (*self.marks, ROW)

    def start(self) -> FailureState:
        return FailureState(0, (0,) * len(self.marks), ((),) * len(self.marks))

    def of(self, batch: pl.DataFrame) -> FailureState:
        marks = [column(batch, name) for name in self.marks]
        counts = tuple(int(mark.sum()) for mark in marks)
        numbers = column(batch, ROW)
        places = tuple(
            tuple(numbers.filter(mark).bottom_k(EXAMPLES).sort().to_list()) if count else ()
            for mark, count in zip(marks, counts, strict=True)
        )
        return FailureState(batch.height, counts, places)

    def merge(self, left: FailureState, right: FailureState) -> FailureState:
        counts = tuple(one + other for one, other in zip(left.counts, right.counts, strict=True))
        pairs = zip(left.places, right.places, strict=True)
        places = tuple(tuple(sorted((*one, *other))[:EXAMPLES]) for one, other in pairs)
        return FailureState(left.rows + right.rows, counts, places)

    def result(self, state: FailureState) -> FailureState:
        return state


@dataclass(frozen=True)
class KeyState:
    """The lanes of the keys seen, piece by piece, in any order."""

    first: tuple[Words, ...] = ()
    second: tuple[Words, ...] = ()


@dataclass(frozen=True, eq=False)
class RepeatedLanes:
    """The lanes of keys that come more than once, each once, ascending by `first`."""

    first: Words
    second: Words


@dataclass(frozen=True)
class RepeatedKeys(Mergeable[KeyState, RepeatedLanes]):
    """The keys that come more than once. Exact; memory: 16 bytes for each row.

    names: the columns of the hash's two lanes; rows where they are null are left out.
    """

    names: tuple[str, str]
    state_type = KeyState

    @property
    def columns(self) -> tuple[str, ...]:
        """The two lanes."""
        return self.names

    def start(self) -> KeyState:
        return KeyState()

    def of(self, batch: pl.DataFrame) -> KeyState:
        first, second = (_words(batch, name) for name in self.names)
        return KeyState((first,), (second,)) if len(first) else KeyState()

    def merge(self, left: KeyState, right: KeyState) -> KeyState:
        first, second = (*left.first, *right.first), (*left.second, *right.second)
        if len(first) <= _MOST_PIECES:
            return KeyState(first, second)
        return KeyState((np.concatenate(first),), (np.concatenate(second),))

    def result(self, state: KeyState) -> RepeatedLanes:
        none = np.empty(0, np.uint64)
        first, second = np.concatenate((none, *state.first)), np.concatenate((none, *state.second))
        order = np.lexsort((second, first))
        first, second = first[order], second[order]
        again = np.zeros(len(first), bool)
        again[1:] = (first[1:] == first[:-1]) & (second[1:] == second[:-1])
        once = again.copy()
        once[1:] &= ~again[:-1]
        return RepeatedLanes(first[once], second[once])


def _words(batch: pl.DataFrame, name: str) -> Words:
    words: Words = column(batch, name).drop_nulls().to_numpy().view(np.uint64)
    return words
