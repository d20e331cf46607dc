"""Features whose numbers are known: expressions for new rows and for training rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cauce.core.features.components import Components
from cauce.core.features.describing import describe_dropped, describe_feature
from cauce.core.features.stream import Facts
from cauce.errors import CauceError, CauceErrors
from cauce.expr.codec import decode, encode
from cauce.expr.kinds import columns_of
from cauce.expr.nodes import Expression
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Schema

VERSION = 1


@dataclass(frozen=True)
class Feature:
    """One column the learner sees.

    expression: for new rows. training_expression: for rows that have FOLD and INNER_FOLD; another one only
    where the target was used. source: the column or formula it is made of; columns: all it reads. levels:
    the names of its categories by code, None for a number. told: the steps taken and what they learned.
    """

    name: str
    expression: Expression
    training_expression: Expression
    source: str
    levels: tuple[str, ...] | None = None
    told: tuple[tuple[str, Facts], ...] = ()

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The user's columns it reads."""
        return columns_of(self.expression)

    def describe(self) -> str:
        """What it is, in one line of the language in use."""
        return describe_feature(self.source, self.told, levels=self.levels)


@dataclass(frozen=True)
class Dropped:
    """A column or feature left out. why: constant, no_levels, variance."""

    name: str
    why: str

    def describe(self) -> str:
        """Why, in one sentence of the language in use."""
        return describe_dropped(self.name, self.why)


@dataclass(frozen=True)
class FittedFeatures:
    """The features in order. required: the columns a new row must have. scans: looks taken to fit them.

    components: the principal components that features are, one for each declaration.
    """

    features: tuple[Feature, ...]
    required: Schema
    dropped: tuple[Dropped, ...] = ()
    scans: int = 0
    components: tuple[Components, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What the features are called: unique, stable, readable."""
        return tuple(feature.name for feature in self.features)

    @property
    def width(self) -> int:
        """How many features there are."""
        return len(self.features)

    @property
    def levels(self) -> tuple[tuple[str, int], ...]:
        """The features that are native categories, with their number of levels."""
        found = ((feature.name, feature.levels) for feature in self.features)
        return tuple((name, len(levels)) for name, levels in found if levels is not None)

    @property
    def sources(self) -> dict[str, str]:
        """The column or formula behind each feature's name."""
        return {feature.name: feature.source for feature in self.features}

    def projection(self, schema: Schema, keep: tuple[str, ...] = ()) -> Projection:
        """The work that makes features of new rows; E1009 for each column absent or of another kind."""
        self._require(schema)
        outputs = tuple(Output(one.name, one.expression) for one in self.features)
        return Projection(outputs, schema, keep=keep)

    def training_projection(self, schema: Schema, keep: tuple[str, ...] = ()) -> Projection:
        """The same for prepared rows: those that train get their out-of-fold encodings."""
        self._require(schema)
        outputs = tuple(Output(one.name, one.training_expression) for one in self.features)
        return Projection(outputs, schema, keep=keep)

    def _require(self, schema: Schema) -> None:
        faults = [
            CauceError(
                "E1009",
                column=field.name,
                kind=field.kind,
                found=schema[field.name].kind if field.name in schema else "-",
            )
            for field in self.required
            if field.name not in schema or schema[field.name] != field
        ]
        if faults:
            raise faults[0] if len(faults) == 1 else CauceErrors(faults)

    def to_json(self) -> dict[str, Any]:
        """A JSON value that `from_json` reads back equal."""
        components = [one.to_json() for one in self.components]
        return {
            **({"components": components} if components else {}),
            "version": VERSION,
            "features": [_written(feature) for feature in self.features],
            "required": self.required.to_json(),
            "dropped": [[one.name, one.why] for one in self.dropped],
            "scans": self.scans,
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> FittedFeatures:
        """What `to_json` gave. Raises E0105 to E0107 for an expression that cannot be read."""
        return FittedFeatures(
            tuple(_read(feature) for feature in value["features"]),
            Schema.from_json(value["required"]),
            tuple(Dropped(*one) for one in value["dropped"]),
            value["scans"],
            tuple(Components.from_json(one) for one in value.get("components", ())),
        )


def _written(feature: Feature) -> dict[str, Any]:
    training = feature.training_expression
    return {
        "name": feature.name,
        "expression": encode(feature.expression),
        "training": None if training == feature.expression else encode(training),
        "source": feature.source,
        "levels": None if feature.levels is None else list(feature.levels),
        "told": [[step, facts] for step, facts in feature.told],
    }


def _read(value: dict[str, Any]) -> Feature:
    expression = decode(value["expression"])
    training = value["training"]
    return Feature(
        value["name"],
        expression,
        expression if training is None else decode(training),
        value["source"],
        None if value["levels"] is None else tuple(value["levels"]),
        tuple((step, dict(facts)) for step, facts in value["told"]),
    )
