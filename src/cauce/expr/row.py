"""Expressions as Python closures over one row: the evaluator of the service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cauce.expr.nodes import Expression
from cauce.expr.scalar import components, dates, fused, learned, logic, numbers, texts
from cauce.expr.scalar.compiler import Builder, Compiler, Row
from cauce.expr.schema import Schema

BUILDERS: dict[type, Builder] = {
    **numbers.BUILDERS,
    **logic.BUILDERS,
    **texts.BUILDERS,
    **dates.BUILDERS,
    **learned.BUILDERS,
    **components.BUILDERS,
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
    groups = components.together(compiler, expressions)
    if not groups:
        closures = [compiler.compile(expression) for expression in expressions]
        return lambda row: [closure(row) for closure in closures]
    apart = {place for places, _ in groups for place in places}
    others = [(at, compiler.compile(one)) for at, one in enumerate(expressions) if at not in apart]

    def values(row: Row) -> list[Any]:
        found: list[Any] = [None] * len(expressions)
        for at, closure in others:
            found[at] = closure(row)
        for places, sums in groups:
            for at, value in zip(places, sums(row), strict=True):
                found[at] = value
        return found

    return values
