"""What turns nodes into closures, given a builder for each kind of node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

from cauce.expr import nodes as n
from cauce.expr.kinds import types_over
from cauce.expr.nodes import Expression
from cauce.expr.schema import Schema

Row = Mapping[str, Any]
Closure = Callable[[Any], Any]
Builder = Callable[[Any, Any], Closure]


class Compiler:
    """Compiles expressions over one schema, sharing what is known about their types."""

    def __init__(self, schema: Schema, builders: Mapping[type, Builder]) -> None:
        self.types = types_over(schema)
        self._builders = builders

    def compile(self, node: Expression) -> Closure:
        """`node` as a closure whose values are of exactly its kind."""
        self.types.of(node)
        if isinstance(node, n.Column):
            return itemgetter(node.name)
        if isinstance(node, n.Literal):
            value = node.value
            return lambda _: value
        return self._builders[type(node)](self, node)

    def number(self, node: Expression) -> Closure:
        """`node`, a number, as a closure of floats."""
        made = self.compile(node)
        if self.types.of(node).kind == "float":
            return made

        def convert(row: Row) -> float | None:
            value = made(row)
            return None if value is None else float(value)

        return convert
