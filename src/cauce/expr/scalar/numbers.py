"""Arithmetic and numeric functions of one row."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

from cauce.expr import nodes as n
from cauce.expr.scalar.compiler import Builder, Closure, Compiler
from cauce.expr.value_types import INTEGER_MAX, INTEGER_MIN

LOG10_OF_E = 0.4342944819032518
WHOLE_FROM = float(2**52)
_NAN, _INFINITY = math.nan, math.inf


def narrow(value: int) -> int | None:
    """`value`, or None where 64 bits do not hold it."""
    return value if INTEGER_MIN <= value <= INTEGER_MAX else None


def _two(of: Callable[[Any, Any], Any], left: Closure, right: Closure) -> Closure:
    def closure(row: Any) -> Any:
        a, b = left(row), right(row)
        return None if a is None or b is None else of(a, b)

    return closure


def _one(of: Callable[[Any], Any], operand: Closure) -> Closure:
    def closure(row: Any) -> Any:
        a = operand(row)
        return None if a is None else of(a)

    return closure


def _arithmetic(of: Callable[[Any, Any], Any]) -> Builder:
    def build(c: Compiler, node: n.Add | n.Subtract | n.Multiply) -> Closure:
        if c.types.of(node).kind == "integer":
            return _two(lambda a, b: narrow(of(a, b)), c.compile(node.left), c.compile(node.right))
        return _two(of, c.number(node.left), c.number(node.right))

    return build


def divided(a: float, b: float) -> float:
    """a / b as IEEE 754 has it, with zero divisors."""
    if b != 0.0:
        return a / b
    if a == 0.0 or a != a:
        return _NAN
    return math.copysign(_INFINITY, a) * math.copysign(1.0, b)


def _divide(c: Compiler, node: n.Divide) -> Closure:
    return _two(divided, c.number(node.left), c.number(node.right))


def _floor_divide(c: Compiler, node: n.FloorDivide) -> Closure:
    left, right = c.compile(node.left), c.compile(node.right)
    return _two(lambda a, b: narrow(a // b) if b else None, left, right)


def _modulo(c: Compiler, node: n.Modulo) -> Closure:
    return _two(lambda a, b: a % b if b else None, c.compile(node.left), c.compile(node.right))


def _power(c: Compiler, node: n.Power) -> Closure:
    exponent = node.exponent
    if c.types.of(node).kind == "integer":
        return _one(lambda a: _whole_power(a, exponent), c.compile(node.operand))
    operand = c.number(node.operand)
    if exponent < 0:
        return _one(lambda a: divided(1.0, _real_power(a, -exponent)), operand)
    return _one(lambda a: _real_power(a, exponent), operand)


def _real_power(x: float, exponent: int) -> float:
    if exponent == 0:
        return 1.0
    made = x
    for bit in bin(exponent)[3:]:
        made = made * made
        made = made * x if bit == "1" else made
    return made


def _whole_power(x: int, exponent: int) -> int | None:
    if exponent == 0:
        return 1
    made: int | None = x
    for bit in bin(exponent)[3:]:
        made = None if made is None else narrow(made * made)
        made = narrow(made * x) if bit == "1" and made is not None else made
    return made


def _negate(c: Compiler, node: n.Negate) -> Closure:
    if c.types.of(node).kind == "integer":
        return _one(lambda a: narrow(-a), c.compile(node.operand))
    return _one(lambda a: -a, c.number(node.operand))


def _absolute(c: Compiler, node: n.Absolute) -> Closure:
    if c.types.of(node).kind == "integer":
        return _one(lambda a: narrow(abs(a)), c.compile(node.operand))
    return _one(abs, c.number(node.operand))


def _smaller(best: Any, other: Any) -> Any:
    if best != best:
        return best
    return other if other != other or other < best else best


def _larger(best: Any, other: Any) -> Any:
    if best != best:
        return best
    return other if other != other or other > best else best


def _extreme(of: Callable[[Any, Any], Any]) -> Builder:
    def build(c: Compiler, node: n.Minimum | n.Maximum) -> Closure:
        whole = c.types.of(node).kind == "integer"
        parts = [c.compile(part) if whole else c.number(part) for part in node.operands]
        return reduce(lambda left, right: _two(of, left, right), parts)

    return build


def _clip(c: Compiler, node: n.Clip) -> Closure:
    lower = -_INFINITY if node.lower is None else node.lower
    upper = _INFINITY if node.upper is None else node.upper

    def of(x: float) -> float:
        if x < lower:
            return lower
        return upper if x > upper else x

    return _one(of, c.number(node.operand))


def logarithm(x: float) -> float:
    """ln(x): -∞ at zero, NaN below it."""
    if x > 0.0:
        return math.log(x)
    return -_INFINITY if x == 0.0 else _NAN


def _log1p(x: float) -> float:
    if x > -1.0:
        return math.log1p(x)
    return -_INFINITY if x == -1.0 else _NAN


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return _INFINITY


def _expm1(x: float) -> float:
    u = _exp(x)
    if not abs(x) < 1.0:
        return u - 1.0
    return x if u == 1.0 else (u - 1.0) * x / math.log(u)


def _square_root(x: float) -> float:
    return math.sqrt(x) if x >= 0.0 else _NAN


def _function(of: Callable[[float], float]) -> Builder:
    return lambda c, node: _one(of, c.number(node.operand))


def _rounded(of: Callable[[float], int]) -> Builder:
    def real(x: float) -> float:
        return math.copysign(float(of(x)), x) if abs(x) < WHOLE_FROM else x

    def build(c: Compiler, node: n.Floor | n.Ceiling) -> Closure:
        if c.types.of(node).kind == "integer":
            return c.compile(node.operand)
        return _one(real, c.number(node.operand))

    return build


def _round(c: Compiler, node: n.Round) -> Closure:
    if c.types.of(node).kind == "integer":
        return c.compile(node.operand)
    factor = 10.0**node.digits

    def of(x: float) -> float:
        scaled = x * factor
        return round(scaled, 0) / factor if abs(scaled) < WHOLE_FROM else x

    return _one(of, c.number(node.operand))


def _linear(c: Compiler, node: n.Linear) -> Closure:
    parts = [(c.number(part), weight) for part, weight in zip(node.operands, node.weights, strict=True)]
    intercept = node.intercept

    def closure(row: Any) -> float | None:
        terms: list[float] = []
        for part, weight in parts:
            value = part(row)
            if value is None:
                return None
            terms.append(value * weight)
        while len(terms) > 1:
            terms = [_added(terms[k : k + 16]) for k in range(0, len(terms), 16)]
        return intercept + terms[0]

    return closure


def _added(block: list[float]) -> float:
    # Not sum(): since Python 3.12 it compensates its rounding.
    total = block[0]
    for term in block[1:]:
        total += term
    return total


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
    n.Minimum: _extreme(_smaller),
    n.Maximum: _extreme(_larger),
    n.Clip: _clip,
    n.Log: _function(logarithm),
    n.Log1p: _function(_log1p),
    n.Log10: _function(lambda x: logarithm(x) * LOG10_OF_E),
    n.Exp: _function(_exp),
    n.Expm1: _function(_expm1),
    n.SquareRoot: _function(_square_root),
    n.Floor: _rounded(math.floor),
    n.Ceiling: _rounded(math.ceil),
    n.Round: _round,
    n.Linear: _linear,
}
