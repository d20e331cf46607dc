"""What turns nodes into Polars expressions, given a builder for each kind of node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from cauce.expr import nodes as n
from cauce.expr.kinds import types_over
from cauce.expr.nodes import Expression
from cauce.expr.schema import Schema
from cauce.expr.vector.binding import bind, column, constant
from cauce.expr.vector.constants import Constants

Builder = Callable[[Any, Any], pl.Expr]


class Compiler:
    """Compiles expressions over one schema, sharing what is known about their types."""

    def __init__(self, schema: Schema, builders: Mapping[type, Builder]) -> None:
        self.constants = Constants(schema)
        self.types = types_over(schema)
        self._builders = builders

    def compile(self, node: Expression) -> pl.Expr:
        """`node`, of exactly the dtype of its kind."""
        found = self.types.of(node)
        if isinstance(node, n.Column):
            return column(node.name)
        if not self.constants.varies(node):
            return constant(self.constants.value(node), found)
        return self._builders[type(node)](self, node)

    def number(self, node: Expression) -> pl.Expr:
        """`node`, a number, as a float column."""
        if not self.constants.varies(node):
            value = self.constants.value(node)
            return pl.lit(None if value is None else float(value), dtype=pl.Float64)
        compiled = self.compile(node)
        return compiled if self.types.of(node).kind == "float" else compiled.cast(pl.Float64)

    def wide(self, node: Expression) -> pl.Expr:
        """`node`, an integer, with room for the result of one operation."""
        return self.compile(node).cast(pl.Int128)

    def let(self, body: Callable[..., pl.Expr], *parts: tuple[Expression, pl.Expr]) -> pl.Expr:
        """`body` over the compiled parts, each computed once however often `body` names it."""
        simple = frozenset(k for k, (node, _) in enumerate(parts) if self.is_simple(node))
        return bind(body, *(made for _, made in parts), inline=simple)

    def is_simple(self, node: Expression) -> bool:
        """Whether naming `node` twice costs nothing."""
        return isinstance(node, n.Column) or not self.constants.varies(node)
