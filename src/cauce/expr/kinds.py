"""What kind of value an expression gives, and which columns it reads."""

from __future__ import annotations

from cauce.expr.nodes import Expression
from cauce.expr.rules import RULES
from cauce.expr.schema import Field, Kind, Schema
from cauce.expr.tree import columns_of
from cauce.expr.value_types import Types

__all__ = ["columns_of", "field_of", "kind_of", "types_over"]


def types_over(schema: Schema) -> Types:
    """Finds the types of the nodes of expressions over `schema`, each once."""
    return Types(schema, RULES)


def kind_of(expression: Expression, schema: Schema) -> Kind:
    """The kind of its values over tables of `schema`; E0101 to E0105 and E0120 where it has none."""
    return types_over(schema).of(expression).kind


def field_of(expression: Expression, schema: Schema, *, name: str) -> Field:
    """The field its values make under `name`."""
    found = types_over(schema).of(expression)
    return Field(name, found.kind, found.scale, found.zone)
