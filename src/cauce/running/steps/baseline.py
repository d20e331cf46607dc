"""What the training rows looked like, as summary states a monitor can compare with."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cauce.core.bundle.baseline import Gathered
from cauce.expr.schema import Schema
from cauce.planning.step import Reference
from cauce.ports.store import Store
from cauce.running.steps.objects import keep_json, read_json
from cauce.stats import Counts, Levels, Quantiles, Summary
from cauce.stats.kept import Kept

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
    """The summaries with their states, as a bundle takes them."""
    value = read_json(store, key)
    declared = Baseline(Schema.from_json(value["schema"])).declared
    return tuple(
        Gathered(name, declared[name], declared[name].load(base64.b64decode(text)))
        for name, text in value["states"].items()
    )
