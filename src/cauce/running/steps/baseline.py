"""What the training rows looked like, as summary states a monitor can compare with."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from cauce.core.bundle.baseline import Gathered
from cauce.core.profile.personal import SHOWN_OF_PEOPLE, named_personal, personal_values
from cauce.expr.schema import Schema
from cauce.planning.step import Reference
from cauce.ports.store import Store
from cauce.running.steps.objects import keep_json, read_json
from cauce.stats import Counts, Levels, Quantiles, Summary
from cauce.stats.kept import Kept
from cauce.stats.levels import LevelState

LEVELS = 1000


@dataclass(frozen=True)
class Baseline:
    """The summaries of the columns a model reads: counts, quantiles of numbers, levels of the rest."""

    schema: Schema

    @cached_property
    def declared(self) -> dict[str, Summary]:
        """The summaries by name; one without columns is left out."""
        numbers = tuple(one.name for one in self.schema if one.kind in ("integer", "float"))
        levels = tuple(one.name for one in self.schema if one.kind in ("boolean", "text"))
        found: dict[str, Summary] = {}
        if len(self.schema):
            found["counts"] = Counts(self.schema.names)
        if numbers:
            found["quantiles"] = Quantiles(numbers)
        if levels:
            found["levels"] = Levels(levels, LEVELS)
        return found

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """The summaries, each with its state kept."""
        return tuple(Kept(one) for one in self.declared.values())

    def states(self, results: tuple[Any, ...]) -> Mapping[str, bytes]:
        """Their states by name."""
        return {name: one.state for name, one in zip(self.declared, results, strict=True)}


def keep_baseline(store: Store, schema: Schema, *, states: Mapping[str, bytes]) -> Reference:
    """Store the states of the baseline over `schema` as one object."""
    texts = {name: base64.b64encode(one).decode("ascii") for name, one in states.items()}
    return keep_json(store, {"schema": schema.to_json(), "states": texts})


def read_baseline(store: Store, key: str) -> tuple[Gathered, ...]:
    """The summaries with their states, as a bundle takes them: of columns that look as if they held persons'
    data, the levels are forgotten ("overflow"). A bundle travels, and such a level is somebody's own."""
    value = read_json(store, key)
    declared = Baseline(Schema.from_json(value["schema"])).declared
    loaded = {name: declared[name].load(base64.b64decode(text)) for name, text in value["states"].items()}
    if "levels" in loaded:
        both = zip(declared["levels"].columns, loaded["levels"], strict=True)
        loaded["levels"] = tuple(_without_persons(column, known) for column, known in both)
    return tuple(Gathered(name, declared[name], state) for name, state in loaded.items())


def _without_persons(column: str, known: LevelState) -> LevelState:
    if known.levels is None or known.levels["value"].dtype != pl.String:
        return known
    named = named_personal(column) not in (None, *SHOWN_OF_PEOPLE)
    if not named and personal_values(known.levels["value"]) is None:
        return known
    return LevelState(None, overflow=True, nulls=known.nulls)
