"""Expressions as Python closures over one row: the evaluator of the service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cauce.expr.nodes import Expression
from cauce.expr.scalar import dates, fused, learned, logic, numbers, texts
from cauce.expr.scalar.compiler import Builder, Compiler, Row
from cauce.expr.schema import Schema

BUILDERS: dict[type, Builder] = {
    **numbers.BUILDERS,
    **logic.BUILDERS,
    **texts.BUILDERS,
    **dates.BUILDERS,
    **learned.BUILDERS,
    **fused.over({**numbers.BUILDERS, **logic.BUILDERS}),
}


def to_row(expression: Expression, schema: Schema) -> Callable[[Row], Any]:
    """`expression` as a function of one row; E0101 to E0105 and E0120.

    A row maps every column the expression reads to None or to a value of exactly the column's kind: bool,
    int (64-bit), float, Decimal, str (no lone surrogates), date, or a datetime without zone.
    """
    return Compiler(schema, BUILDERS).compile(expression)


def to_rows(expressions: Sequence[Expression], schema: Schema) -> Callable[[Row], list[Any]]:
    """All `expressions` as one function of one row, giving their values in order."""
    compiler = Compiler(schema, BUILDERS)
    closures = [compiler.compile(expression) for expression in expressions]
    return lambda row: [closure(row) for closure in closures]
