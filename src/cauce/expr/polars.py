"""Expressions as Polars expressions: the evaluator of batches."""

from __future__ import annotations

import polars as pl

from cauce.expr.nodes import Expression
from cauce.expr.schema import Schema
from cauce.expr.vector import components, dates, learned, logic, numbers, texts
from cauce.expr.vector.compiler import Builder, Compiler

BUILDERS: dict[type, Builder] = {
    **numbers.BUILDERS,
    **logic.BUILDERS,
    **texts.BUILDERS,
    **dates.BUILDERS,
    **learned.BUILDERS,
    **components.BUILDERS,
}


def to_polars(expression: Expression, schema: Schema) -> pl.Expr:
    """`expression` over batches of `schema`, of exactly the dtype of its kind; E0101 to E0105 and E0120.

    A part that reads no column is computed once, by the row evaluator, and becomes a constant: a selection
    of constants alone has one row (`Projection` gives it the batch's rows). Collect with Polars'
    simplifications off, as `Projection` does: they may lose the sign of a zero.
    """
    return compiler(schema).compile(expression)


def compiler(schema: Schema) -> Compiler:
    """Compiles several expressions over `schema`, finding each type once."""
    return Compiler(schema, BUILDERS)
