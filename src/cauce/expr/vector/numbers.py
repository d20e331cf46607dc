"""Arithmetic and numeric functions over batches."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import polars as pl

from cauce.expr import nodes as n
from cauce.expr.vector.binding import bind, quotient
from cauce.expr.vector.compiler import Builder, Compiler

LOG10_OF_E = 0.4342944819032518
WHOLE_FROM = float(2**52)


def _arithmetic(of: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Builder:
    def build(c: Compiler, node: n.Add | n.Subtract | n.Multiply) -> pl.Expr:
        if c.types.of(node).kind == "integer":
            return _narrow(of(c.wide(node.left), c.wide(node.right)))
        left, right = c.number(node.left), c.number(node.right)
        # Polars rewrites x + 0.0 to x, which loses the sign of -0.0 + 0.0: a bound zero is out of its sight.
        hidden = _is_zero(c, node.left) or _is_zero(c, node.right)
        return bind(of, left, right) if hidden else of(left, right)

    return build


def _is_zero(c: Compiler, node: n.Expression) -> bool:
    return not c.constants.varies(node) and bool(c.constants.value(node) == 0)


def _narrow(wide: pl.Expr) -> pl.Expr:
    return wide.cast(pl.Int64, strict=False)


def _divide(c: Compiler, node: n.Divide) -> pl.Expr:
    return quotient(c.number(node.left), c.number(node.right))


def _floor_divide(c: Compiler, node: n.FloorDivide) -> pl.Expr:
    return _narrow(c.wide(node.left) // c.wide(node.right))


def _modulo(c: Compiler, node: n.Modulo) -> pl.Expr:
    return _narrow(c.wide(node.left) % c.wide(node.right))


def _power(c: Compiler, node: n.Power) -> pl.Expr:
    whole = c.types.of(node).kind == "integer"
    operand = c.compile(node.operand) if whole else c.number(node.operand)
    if node.exponent == 0:
        one = pl.lit(1, dtype=pl.Int64) if whole else pl.lit(1.0)
        return pl.when(operand.is_not_null()).then(one)

    def body(x: pl.Expr) -> pl.Expr:
        made = _powered(x, abs(node.exponent), whole)
        return pl.lit(1.0) / made if node.exponent < 0 else made

    return c.let(body, (node.operand, operand))


def _powered(x: pl.Expr, exponent: int, whole: bool) -> pl.Expr:
    made = x
    for bit in bin(exponent)[3:]:
        made = bind(lambda half: _product(half, half, whole), made)
        made = _product(made, x, whole) if bit == "1" else made
    return made


def _product(left: pl.Expr, right: pl.Expr, whole: bool) -> pl.Expr:
    return _narrow(left.cast(pl.Int128) * right.cast(pl.Int128)) if whole else left * right


def _negate(c: Compiler, node: n.Negate) -> pl.Expr:
    if c.types.of(node).kind == "integer":
        return _narrow(pl.lit(0, dtype=pl.Int128) - c.wide(node.operand))
    return -c.number(node.operand)


def _absolute(c: Compiler, node: n.Absolute) -> pl.Expr:
    if c.types.of(node).kind == "integer":
        return _narrow(c.wide(node.operand).abs())
    return c.number(node.operand).abs()


def _extreme(replaces: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Builder:
    def whole(best: pl.Expr, other: pl.Expr) -> pl.Expr:
        nulls = best.is_null() | other.is_null()
        return pl.when(nulls).then(None).when(replaces(other, best)).then(other).otherwise(best)

    def real(best: pl.Expr, other: pl.Expr) -> pl.Expr:
        nulls = best.is_null() | other.is_null()
        kept = pl.when(nulls).then(None).when(best.is_nan()).then(best)
        return kept.when(other.is_nan() | replaces(other, best)).then(other).otherwise(best)

    def build(c: Compiler, node: n.Minimum | n.Maximum) -> pl.Expr:
        if c.types.of(node).kind == "integer":
            return reduce(lambda a, b: bind(whole, a, b), (c.compile(part) for part in node.operands))
        return reduce(lambda a, b: bind(real, a, b), (c.number(part) for part in node.operands))

    return build


def _clip(c: Compiler, node: n.Clip) -> pl.Expr:
    return c.number(node.operand).clip(node.lower, node.upper)


def _function(of: Callable[[pl.Expr], pl.Expr]) -> Builder:
    return lambda c, node: of(c.number(node.operand))


def _expm1(c: Compiler, node: n.Expm1) -> pl.Expr:
    def near(x: pl.Expr, u: pl.Expr) -> pl.Expr:
        small = pl.when(u == 1.0).then(x).otherwise((u - 1.0) * x / u.log())
        return pl.when((x.abs() < 1.0) & x.is_not_nan()).then(small).otherwise(u - 1.0)

    return c.let(lambda x: near(x, x.exp()), (node.operand, c.number(node.operand)))


def _rounded(of: Callable[[pl.Expr], pl.Expr]) -> Builder:
    def build(c: Compiler, node: n.Floor | n.Ceiling) -> pl.Expr:
        if c.types.of(node).kind == "integer":
            return c.compile(node.operand)
        return of(c.number(node.operand))

    return build


def _round(c: Compiler, node: n.Round) -> pl.Expr:
    if c.types.of(node).kind == "integer":
        return c.compile(node.operand)
    factor = 10.0**node.digits

    def body(x: pl.Expr) -> pl.Expr:
        scaled = x * factor
        rounded = quotient(scaled.round(0, mode="half_to_even"), pl.lit(factor))
        return pl.when(scaled.abs() < WHOLE_FROM).then(rounded).otherwise(x)

    return c.let(body, (node.operand, c.number(node.operand)))


def _linear(c: Compiler, node: n.Linear) -> pl.Expr:
    terms = [c.number(part) * weight for part, weight in zip(node.operands, node.weights, strict=True)]
    while len(terms) > 1:
        blocks = (terms[k : k + 16] for k in range(0, len(terms), 16))
        terms = [reduce(lambda a, b: a + b, block) for block in blocks]
    return bind(lambda a, b: a + b, pl.lit(node.intercept), terms[0])


BUILDERS: dict[type, Builder] = {
    n.Add: _arithmetic(lambda a, b: a + b),
    n.Subtract: _arithmetic(lambda a, b: a - b),
    n.Multiply: _arithmetic(lambda a, b: a * b),
    n.Divide: _divide,
    n.FloorDivide: _floor_divide,
    n.Modulo: _modulo,
    n.Power: _power,
    n.Negate: _negate,
    n.Absolute: _absolute,
    n.Minimum: _extreme(lambda other, best: other < best),
    n.Maximum: _extreme(lambda other, best: other > best),
    n.Clip: _clip,
    n.Log: _function(lambda x: x.log()),
    n.Log1p: _function(lambda x: x.log1p()),
    n.Log10: _function(lambda x: x.log() * LOG10_OF_E),
    n.Exp: _function(lambda x: x.exp()),
    n.Expm1: _expm1,
    n.SquareRoot: _function(lambda x: x.sqrt()),
    n.Floor: _rounded(lambda x: x.floor()),
    n.Ceiling: _rounded(lambda x: x.ceil()),
    n.Round: _round,
    n.Linear: _linear,
}
