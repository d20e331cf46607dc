"""Comparisons, three-valued logic, missing values and casts of one row."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from cauce.expr import nodes as n
from cauce.expr.scalar.compiler import Builder, Closure, Compiler
from cauce.expr.scalar.numbers import narrow
from cauce.expr.value_types import ValueType

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _as(c: Compiler, node: n.Expression, wanted: ValueType) -> Closure:
    return c.number(node) if wanted.kind == "float" else c.compile(node)


def _compare(c: Compiler, node: n.Compare) -> Closure:
    found = c.types.unified(node, (node.left, node.right))
    left, right, of = _as(c, node.left, found), _as(c, node.right, found), _COMPARED[node.operator]

    def closure(row: Any) -> Any:
        a, b = left(row), right(row)
        if a is None or b is None or a != a or b != b:
            return None
        return of(a, b)

    return closure


def _junction(stop: bool) -> Builder:
    def build(c: Compiler, node: n.And | n.Or) -> Closure:
        parts = [c.compile(part) for part in node.operands]

        def closure(row: Any) -> Any:
            made: bool | None = not stop
            for part in parts:
                value = part(row)
                if value is stop:
                    return stop
                if value is None:
                    made = None
            return made

        return closure

    return build


def _not(c: Compiler, node: n.Not) -> Closure:
    operand = c.compile(node.operand)

    def closure(row: Any) -> bool | None:
        value = operand(row)
        return None if value is None else not value

    return closure


def _is_null(c: Compiler, node: n.IsNull) -> Closure:
    operand = c.compile(node.operand)
    return lambda row: operand(row) is None


def _is_nan(c: Compiler, node: n.IsNan) -> Closure:
    operand = c.compile(node.operand)

    def closure(row: Any) -> bool:
        value = operand(row)
        return bool(value != value)

    return closure


def _is_missing(c: Compiler, node: n.IsMissing) -> Closure:
    operand = c.compile(node.operand)

    def closure(row: Any) -> bool:
        value = operand(row)
        return value is None or bool(value != value)

    return closure


def _coalesce(c: Compiler, node: n.Coalesce) -> Closure:
    found = c.types.of(node)
    parts = [_as(c, part, found) for part in node.operands]

    def closure(row: Any) -> Any:
        for part in parts:
            value = part(row)
            if value is not None and value == value:
                return value
        return None

    return closure


def _if_else(c: Compiler, node: n.IfElse) -> Closure:
    found = c.types.of(node)
    condition, then, otherwise = (
        c.compile(node.condition),
        _as(c, node.then, found),
        _as(c, node.otherwise, found),
    )

    def closure(row: Any) -> Any:
        chosen = condition(row)
        if chosen is None:
            return None
        return then(row) if chosen else otherwise(row)

    return closure


def _is_in(c: Compiler, node: n.IsIn) -> Closure:
    operand, values = c.compile(node.operand), frozenset(node.values)

    def closure(row: Any) -> bool | None:
        value = operand(row)
        return None if value is None or value != value else value in values

    return closure


def _cast(c: Compiler, node: n.Cast) -> Closure:
    source, operand = c.types.of(node.operand), c.compile(node.operand)
    if source.kind == node.kind:
        return operand
    of = _CASTS[node.kind](source)

    def closure(row: Any) -> Any:
        value = operand(row)
        return None if value is None else of(value)

    return closure


def _to_integer(value: Any) -> int | None:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return narrow(int(value))


def _to_boolean(value: Any) -> bool | None:
    return None if value != value else bool(value)


def _to_text(source: ValueType) -> Callable[[Any], str]:
    match source.kind:
        case "boolean":
            return lambda value: "true" if value else "false"
        case "decimal":
            return lambda value: f"{value:.{source.scale or 0}f}"
        case "datetime":
            return lambda value: str(value.isoformat(timespec="microseconds"))
        case "date":
            return lambda value: str(value.isoformat())
    return str


def _midnight(value: date) -> datetime:
    return datetime(value.year, value.month, value.day)


_CASTS: dict[str, Callable[[ValueType], Callable[[Any], Any]]] = {
    "integer": lambda _: _to_integer,
    "float": lambda _: float,
    "boolean": lambda _: _to_boolean,
    "text": _to_text,
    "date": lambda _: datetime.date,
    "datetime": lambda _: _midnight,
}

BUILDERS: dict[type, Builder] = {
    n.Compare: _compare,
    n.And: _junction(False),
    n.Or: _junction(True),
    n.Not: _not,
    n.IsNull: _is_null,
    n.IsNan: _is_nan,
    n.IsMissing: _is_missing,
    n.Coalesce: _coalesce,
    n.IfElse: _if_else,
    n.IsIn: _is_in,
    n.Cast: _cast,
}
