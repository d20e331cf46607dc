"""Which columns become features, by which steps, before any data is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from cauce.core.columns import FOLD, INNER_FOLD, TARGET, WEIGHT
from cauce.core.features.components import ComponentsPlan
from cauce.core.features.rules import RULES, fuses, kind_after, learns, width
from cauce.core.features.stream import Setting, Stream, begin
from cauce.expr.kinds import columns_of
from cauce.expr.nodes import Expression
from cauce.expr.schema import Field, Schema
from cauce.spec.features import Elapsed, Impute

_RESERVED = (
    Field(TARGET, "float"),
    Field(WEIGHT, "float"),
    Field(FOLD, "integer"),
    Field(INNER_FOLD, "integer"),
)


@dataclass(frozen=True)
class Chain:
    """A column or formula and the steps it goes through.

    auto: nobody declared it, so it is left out where it never changes in training.
    """

    source: str
    expression: Expression
    steps: tuple[Any, ...]
    auto: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        others = [step.column for step in self.steps if isinstance(step, Elapsed) and step.column]
        return tuple(dict.fromkeys((*columns_of(self.expression), *others)))


@dataclass(frozen=True)
class FeaturePlan:
    """The chains in order, over tables of `schema` (the user's columns). Made by `plan_features`.

    variance_filter: number features whose variance is not above it are dropped; None keeps them.
    components: principal components, after the features of the chains.
    """

    chains: tuple[Chain, ...]
    schema: Schema
    setting: Setting
    variance_filter: float | None = None
    components: tuple[ComponentsPlan, ...] = ()

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The user's columns that features read, in the order of the schema."""
        read = {name for chain in self.chains for name in chain.columns}
        read |= {name for one in self.components for _, cell in one.columns for name in columns_of(cell)}
        return tuple(name for name in self.schema.names if name in read)

    @property
    def scans(self) -> tuple[int, int]:
        """The fewest and the most looks at the training rows that fitting takes."""
        pairs = [_rounds(chain, self.setting) for chain in self.chains]
        guarded = any(chain.auto for chain in self.chains) or self.variance_filter is not None
        least = max((pair[0] for pair in pairs), default=0)
        most = max((pair[1] for pair in pairs), default=0)
        if self.components:
            least, most = max(least, 1), max(most, 2)
        learned = most > 0 and self.variance_filter is not None
        return max(least, int(guarded)), max(most, int(guarded)) + int(learned)

    def width_bounds(self) -> tuple[int, int]:
        """The fewest and the most features there can be."""
        pairs = [chain_width(chain, self.setting) for chain in self.chains]
        loose = self.variance_filter is not None
        most = sum(pair[1] for pair in pairs) + sum(one.most for one in self.components)
        return 0 if loose else sum(pair[0] for pair in pairs), most


def prepared(schema: Schema) -> Schema:
    """The schema of the tables features are fitted on: the user's columns and the reserved ones."""
    return Schema((*schema, *_RESERVED))


def chain_width(chain: Chain, setting: Setting) -> tuple[int, int]:
    """The fewest and the most features of a chain."""
    least = most = 1
    beside = 0
    kind = begin(chain.source, chain.expression, schema=setting.schema).kind
    for step in chain.steps:
        beside += most if isinstance(step, Impute) and step.indicator else 0
        few, many = width(step, kind, setting=setting)
        least, most = least * few, most * many
        kind = kind_after(step, kind)
    return 0 if chain.auto else least + beside, most + beside


def _rounds(chain: Chain, setting: Setting) -> tuple[int, int]:
    stream = begin(chain.source, chain.expression, schema=setting.schema)
    steps, count = list(chain.steps), 0
    while steps:
        step = steps.pop(0)
        stream = RULES[step.step].start(step, stream)
        learned = learns(step, stream, setting=setting)
        count += learned
        if learned and steps and fuses(step, steps[0], kind=stream.kind):
            stream = after(step, stream)
            step = steps.pop(0)
        stream = after(step, stream)
    automatic = any(step.step == "auto_text" for step in chain.steps)
    count += any(step.step == "auto_moment" for step in chain.steps)
    return count, count + automatic


def after(step: Any, stream: Stream) -> Stream:
    """A stand-in of the stream after a step: of the right kind, with another expression."""
    return replace(stream, kind=kind_after(step, stream.kind))
