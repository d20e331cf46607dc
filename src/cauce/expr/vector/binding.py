"""The pieces every Polars form is made of: columns, constants and values named once."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import polars.selectors as cs

from cauce.expr.choices import Value
from cauce.expr.schema import Field
from cauce.expr.value_types import ValueType


def bind(body: Callable[..., pl.Expr], *parts: pl.Expr, inline: frozenset[int] = frozenset()) -> pl.Expr:
    """`body` over `parts`, held in a struct so that each is computed once; those in `inline` are repeated.

    Without it an expression nested k deep would name its innermost part 2^k times.
    """
    held = [made.alias(str(k)) for k, made in enumerate(parts) if k not in inline]
    given = [made if k in inline else pl.field(str(k)) for k, made in enumerate(parts)]
    if not held:
        return body(*given)
    return pl.struct(*held).struct.with_fields(body(*given).alias("made")).struct.field("made")


def quotient(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """left / right, correctly rounded.

    Where Polars sees that the divisor is one number it multiplies by its reciprocal, and 49 / 49 falls
    short of 1. A field of a struct is a full column to it.
    """
    return bind(lambda a, b: a / b, left, right)


def column(name: str) -> pl.Expr:
    """The column of exactly this name, even where Polars would read the name as a pattern."""
    if name == "*" or (name.startswith("^") and name.endswith("$")):
        return cs.by_name(name).as_expr()
    return pl.col(name)


def constant(value: Value, found: ValueType) -> pl.Expr:
    """`value` as a literal of exactly the dtype of its type."""
    return pl.lit(value, dtype=Field("", found.kind, found.scale, found.zone).dtype)


def known(made: pl.Expr, kind: str, *, simple: bool = False) -> pl.Expr:
    """`made` with null in the place of NaN."""
    if kind != "float":
        return made
    return made.fill_nan(None) if simple else bind(lambda x: x.fill_nan(None), made)
