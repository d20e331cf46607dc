"""Comparisons, three-valued logic, missing values and casts over batches."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import polars as pl

from cauce.expr import nodes as n
from cauce.expr.value_types import ValueType
from cauce.expr.values import decimal_scale
from cauce.expr.vector.binding import bind, constant, known
from cauce.expr.vector.compiler import Builder, Compiler

_COMPARED: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _compare(c: Compiler, node: n.Compare) -> pl.Expr:
    found = c.types.unified(node, (node.left, node.right))
    sides = [_as(c, side, found) for side in (node.left, node.right)]
    simple = [c.is_simple(side) for side in (node.left, node.right)]
    left, right = (known(side, found.kind, simple=k) for side, k in zip(sides, simple, strict=True))
    return _COMPARED[node.operator](left, right)


def _as(c: Compiler, node: n.Expression, wanted: ValueType) -> pl.Expr:
    return c.number(node) if wanted.kind == "float" else c.compile(node)


def _and(c: Compiler, node: n.And) -> pl.Expr:
    return reduce(lambda a, b: a & b, (c.compile(part) for part in node.operands))


def _or(c: Compiler, node: n.Or) -> pl.Expr:
    return reduce(lambda a, b: a | b, (c.compile(part) for part in node.operands))


def _not(c: Compiler, node: n.Not) -> pl.Expr:
    return ~c.compile(node.operand)


def _is_null(c: Compiler, node: n.IsNull) -> pl.Expr:
    return c.compile(node.operand).is_null()


def _is_nan(c: Compiler, node: n.IsNan) -> pl.Expr:
    return c.compile(node.operand).is_nan().fill_null(value=False)


def _is_missing(c: Compiler, node: n.IsMissing) -> pl.Expr:
    operand = c.compile(node.operand)
    if c.types.of(node.operand).kind == "float":
        return ~operand.is_not_nan().fill_null(value=False)
    return operand.is_null()


def _coalesce(c: Compiler, node: n.Coalesce) -> pl.Expr:
    found = c.types.of(node)
    parts = [known(_as(c, part, found), found.kind, simple=c.is_simple(part)) for part in _possible(c, node)]
    return pl.coalesce(*parts) if len(parts) > 1 else parts[0]


def _possible(c: Compiler, node: n.Coalesce) -> tuple[n.Expression, ...]:
    # A missing constant in front would make Polars carry the rest as it carries constants.
    first = next(k for k, part in enumerate(node.operands) if c.constants.varies(part))
    return node.operands[first:]


def _if_else(c: Compiler, node: n.IfElse) -> pl.Expr:
    found = c.types.of(node)
    if not c.constants.varies(node.condition):
        return _as(c, node.then if c.constants.value(node.condition) else node.otherwise, found)

    def body(condition: pl.Expr, then: pl.Expr, otherwise: pl.Expr) -> pl.Expr:
        return pl.when(condition).then(then).when(condition.is_not_null()).then(otherwise)

    parts = [(part, _as(c, part, found)) for part in (node.then, node.otherwise)]
    return c.let(body, (node.condition, c.compile(node.condition)), *parts)


def _is_in(c: Compiler, node: n.IsIn) -> pl.Expr:
    found = c.types.of(node.operand)
    operand = known(c.compile(node.operand), found.kind, simple=c.is_simple(node.operand))
    if not node.values:
        return operand.is_null().replace(True, None)
    if found.kind in ("integer", "text", "boolean", "float", "date"):
        return operand.is_in(list(node.values))
    tests = [constant(value, _own(value, found)) for value in node.values]
    return bind(lambda x: reduce(lambda a, b: a | b, (x == test for test in tests)), operand)


def _own(value: Any, found: ValueType) -> ValueType:
    return ValueType("decimal", decimal_scale(value)) if found.kind == "decimal" else found


def _cast(c: Compiler, node: n.Cast) -> pl.Expr:
    source, operand = c.types.of(node.operand), c.compile(node.operand)
    if source.kind == node.kind:
        return operand
    return _CASTS[node.kind](operand, source)


def _to_boolean(x: pl.Expr, source: ValueType) -> pl.Expr:
    if source.kind == "decimal":
        return x.cast(pl.Float64) != 0.0
    return known(x, source.kind) != 0


def _to_text(x: pl.Expr, source: ValueType) -> pl.Expr:
    if source.kind == "date":
        return x.dt.to_string("%Y-%m-%d")
    if source.kind == "datetime":
        return x.dt.to_string("%Y-%m-%dT%H:%M:%S%.6f")
    return x.cast(pl.String)


_CASTS: dict[str, Callable[[pl.Expr, ValueType], pl.Expr]] = {
    "integer": lambda x, _: x.cast(pl.Int64, strict=False),
    "float": lambda x, _: x.cast(pl.Float64),
    "boolean": _to_boolean,
    "text": _to_text,
    "date": lambda x, _: x.cast(pl.Date),
    "datetime": lambda x, _: x.cast(pl.Datetime("us")),
}

BUILDERS: dict[type, Builder] = {
    n.Compare: _compare,
    n.And: _and,
    n.Or: _or,
    n.Not: _not,
    n.IsNull: _is_null,
    n.IsNan: _is_nan,
    n.IsMissing: _is_missing,
    n.Coalesce: _coalesce,
    n.IfElse: _if_else,
    n.IsIn: _is_in,
    n.Cast: _cast,
}
