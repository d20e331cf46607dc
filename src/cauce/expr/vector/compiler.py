"""What turns nodes into Polars expressions, given a builder for each kind of node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from cauce.expr import nodes as n
from cauce.expr.kinds import types_over
from cauce.expr.nodes import Expression
from cauce.expr.row import to_row
from cauce.expr.schema import Schema
from cauce.expr.tree import children
from cauce.expr.vector.binding import bind, column, constant

Builder = Callable[[Any, Any], pl.Expr]


class Compiler:
    """Compiles expressions over one schema, sharing what is known about their types."""

    def __init__(self, schema: Schema, builders: Mapping[type, Builder]) -> None:
        self.schema = schema
        self.types = types_over(schema)
        self._builders = builders

    def compile(self, node: Expression) -> pl.Expr:
        """`node`, of exactly the dtype of its kind."""
        found = self.types.of(node)
        if isinstance(node, n.Column):
            return column(node.name)
        known, value = self.constant_of(node)
        return constant(value, found) if known else self._builders[type(node)](self, node)

    def constant_of(self, node: Expression) -> tuple[bool, Any]:
        """Whether `node` reads no column, and its value if so."""
        if isinstance(node, n.Literal):
            return True, node.value
        return (True, to_row(node, self.schema)({})) if _is_constant(node) else (False, None)

    def number(self, node: Expression) -> pl.Expr:
        """`node`, a number, as a float column."""
        compiled = self.compile(node)
        return compiled if self.types.of(node).kind == "float" else compiled.cast(pl.Float64)

    def wide(self, node: Expression) -> pl.Expr:
        """`node`, an integer, with room for the result of one operation."""
        return self.compile(node).cast(pl.Int128)

    def let(self, body: Callable[..., pl.Expr], *parts: tuple[Expression, pl.Expr]) -> pl.Expr:
        """`body` over the compiled parts, each computed once however often `body` names it."""
        simple = frozenset(k for k, (node, _) in enumerate(parts) if _is_simple(node))
        return bind(body, *(made for _, made in parts), inline=simple)


def _is_simple(node: Expression) -> bool:
    return isinstance(node, (n.Column, n.Literal)) or _is_constant(node)


def _is_constant(node: Expression) -> bool:
    stack = [node]
    while stack:
        found = stack.pop()
        if isinstance(found, n.Column):
            return False
        stack.extend(children(found))
    return True
