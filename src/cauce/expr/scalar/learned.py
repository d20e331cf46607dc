"""Learned lookups, bins and one-hot cells of one row."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any

from cauce.expr import nodes as n
from cauce.expr.scalar.compiler import Builder, Closure, Compiler


def _lookup(operand: Closure, table: dict[Any, Any], unseen: Any) -> Closure:
    get = table.get
    return lambda row: get(operand(row), unseen)


def _lookup_number(c: Compiler, node: n.LookupNumber) -> Closure:
    table: dict[Any, Any] = dict(zip(node.levels, node.numbers, strict=True))
    return _lookup(c.compile(node.operand), {**table, None: node.missing}, node.unseen)


def _lookup_code(c: Compiler, node: n.LookupCode) -> Closure:
    table: dict[Any, Any] = {level: code for code, level in enumerate(node.levels)}
    return _lookup(c.compile(node.operand), {**table, None: node.missing}, node.unseen)


def _bins(c: Compiler, node: n.Bins) -> Closure:
    operand, edges = c.number(node.operand), node.edges
    search = bisect_right if node.closed == "left" else bisect_left

    def closure(row: Any) -> int | None:
        value = operand(row)
        return None if value is None or value != value else search(edges, value)

    return closure


def _level_equals(c: Compiler, node: n.LevelEquals) -> Closure:
    operand, level = c.compile(node.operand), node.level
    return lambda row: operand(row) == level


BUILDERS: dict[type, Builder] = {
    n.LookupNumber: _lookup_number,
    n.LookupCode: _lookup_code,
    n.Bins: _bins,
    n.LevelEquals: _level_equals,
}
