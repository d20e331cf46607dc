"""Learned lookups, bins and one-hot cells over batches."""

from __future__ import annotations

import polars as pl

from cauce.expr import nodes as n
from cauce.expr.choices import Side
from cauce.expr.schema import Field
from cauce.expr.vector.binding import constant
from cauce.expr.vector.compiler import Builder, Compiler


def _lookup(c: Compiler, node: n.LookupNumber | n.LookupCode, values: pl.Series) -> pl.Expr:
    keys = pl.Series([*node.levels, None], dtype=Field("", c.types.of(node.operand).kind).dtype)
    operand, unseen = c.compile(node.operand), pl.lit(node.unseen, dtype=values.dtype)
    return operand.replace_strict(keys, values, default=unseen, return_dtype=values.dtype)


def _lookup_number(c: Compiler, node: n.LookupNumber) -> pl.Expr:
    return _lookup(c, node, pl.Series([*node.numbers, node.missing], dtype=pl.Float64))


def _lookup_code(c: Compiler, node: n.LookupCode) -> pl.Expr:
    return _lookup(c, node, pl.Series([*range(len(node.levels)), node.missing], dtype=pl.Int64))


def _bins(c: Compiler, node: n.Bins) -> pl.Expr:
    edges = pl.Series(list(node.edges), dtype=pl.Float64)
    side: Side = "right" if node.closed == "left" else "left"

    def body(x: pl.Expr) -> pl.Expr:
        found = pl.lit(edges).search_sorted(x, side=side).cast(pl.Int64)
        return pl.when(x.is_not_nan()).then(found)

    return c.let(body, (node.operand, c.number(node.operand)))


def _level_equals(c: Compiler, node: n.LevelEquals) -> pl.Expr:
    return c.compile(node.operand).eq_missing(constant(node.level, c.types.of(node.operand)))


BUILDERS: dict[type, Builder] = {
    n.LookupNumber: _lookup_number,
    n.LookupCode: _lookup_code,
    n.Bins: _bins,
    n.LevelEquals: _level_equals,
}
