"""Formulas as users write them, read into expressions; nothing is ever evaluated."""

from __future__ import annotations

import ast
import difflib
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.expr.formula_text import Formula, read
from cauce.expr.functions import FUNCTIONS, Function
from cauce.expr.kinds import kind_of
from cauce.expr.nodes import Expression
from cauce.expr.schema import Kind, Schema
from cauce.expr.tree import MAX_DEPTH, MAX_NODES
from cauce.expr.value_types import INTEGER_MAX, INTEGER_MIN
from cauce.language import translate


def parse_formula(text: str, schema: Schema) -> Expression:
    """The expression that `text` writes over tables of `schema`.

    E0110 to E0113 with line and column of the formula where it cannot be read; E0102 to E0105 and E0120
    where its kinds or settings do not fit.
    """
    formula, tree = read(text)
    found = _Reader(formula, schema).expression(tree, 1)
    kind_of(found, schema)
    return found


_OPERATORS: dict[type, Callable[[Expression, Expression], Expression]] = {
    ast.Add: n.Add,
    ast.Sub: n.Subtract,
    ast.Mult: n.Multiply,
    ast.Div: n.Divide,
    ast.FloorDiv: n.FloorDivide,
    ast.Mod: n.Modulo,
}
_COMPARISONS: dict[type, str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


class _Reader:
    """Turns the tree of one formula into nodes."""

    def __init__(self, formula: Formula, schema: Schema) -> None:
        self._formula = formula
        self._schema = schema

    def expression(self, node: ast.expr, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise CauceError("E0105", depth=MAX_DEPTH, nodes=MAX_NODES)
        reader = _READERS.get(type(node))
        if reader is None:
            raise self.refuse(node, translate("this is not part of the language"))
        return reader(self, node, depth + 1)

    def refuse(self, node: ast.AST, reason: str) -> CauceError:
        return self._formula.refuse(self._formula.start(node), reason)

    def kind(self, found: Expression) -> Kind:
        return kind_of(found, self._schema)

    def column(self, node: ast.AST, name: str) -> Expression:
        if name in self._schema:
            return n.Column(name)
        names = self._schema.names
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5) or names[:5]
        where = self._formula.where(self._formula.start(node))
        raise CauceError("E0111", name=name, suggestions=", ".join(near), **where)

    def name(self, node: ast.Name, _: int) -> Expression:
        quoted = self._formula.quoted.get(self._formula.start(node))
        return self.column(node, self._formula.source(node) if quoted is None else quoted)

    def constant(self, node: ast.Constant, _: int) -> Expression:
        value = node.value
        if isinstance(value, (bool, str)):
            return n.literal(value)
        return self.number(node, value)

    def number(self, node: ast.AST, value: object) -> Expression:
        if value is None:
            raise self.refuse(node, translate("None fits only in if … else; ask with is_null(x)"))
        if not isinstance(value, (int, float)):
            raise self.refuse(node, translate("this is not a number, a text, True or False"))
        if isinstance(value, int) and not INTEGER_MIN <= value <= INTEGER_MAX:
            raise self.refuse(node, translate("the number does not fit 64 bits; write it with a point"))
        if isinstance(value, float) and not math.isfinite(value):
            raise self.refuse(node, translate("the number is too large"))
        return n.literal(value)

    def unary(self, node: ast.UnaryOp, depth: int) -> Expression:
        inner = node.operand
        value = inner.value if isinstance(inner, ast.Constant) else None
        if isinstance(node.op, ast.USub) and isinstance(value, (int, float)) and not isinstance(value, bool):
            return self.number(node, -value)
        operand = self.expression(inner, depth)
        if isinstance(node.op, ast.Not):
            return n.Not(operand)
        if isinstance(node.op, ast.USub):
            return n.Negate(operand)
        if isinstance(node.op, ast.UAdd) and self.kind(operand) in ("integer", "float", "decimal"):
            return operand
        raise self.refuse(node, translate("this is not part of the language"))

    def binary(self, node: ast.BinOp, depth: int) -> Expression:
        left = self.expression(node.left, depth)
        if isinstance(node.op, ast.Pow):
            return self.power(node, left, exponent=self.expression(node.right, depth))
        made = _OPERATORS.get(type(node.op))
        if made is None:
            raise self.refuse(node.right, translate("this operator is not part of the language"))
        return made(left, self.expression(node.right, depth))

    def power(self, node: ast.BinOp, base: Expression, *, exponent: Expression) -> Expression:
        if isinstance(exponent, n.Literal):
            if isinstance(exponent.value, int) and exponent.kind == "integer":
                return n.Power(base, exponent.value)
            if exponent.value == 0.5:
                return n.SquareRoot(base)
        raise self.refuse(node.right, translate("a power must be a whole number, or 0.5"))

    def junction(self, node: ast.BoolOp, depth: int) -> Expression:
        parts = tuple(self.expression(value, depth) for value in node.values)
        return n.And(parts) if isinstance(node.op, ast.And) else n.Or(parts)

    def comparison(self, node: ast.Compare, depth: int) -> Expression:
        left = self.expression(node.left, depth)
        found: list[Expression] = []
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, (ast.In, ast.NotIn)):
                inside = self.membership(left, right)
                found.append(n.Not(inside) if isinstance(operator, ast.NotIn) else inside)
                continue
            sign = _COMPARISONS.get(type(operator))
            if sign is None:
                raise self.refuse(
                    right, translate("compare with == or !=, and ask for nulls with is_null(x)")
                )
            then = self.expression(right, depth)
            found.append(n.Compare(left, then, sign))  # type: ignore[arg-type]
            left = then
        return found[0] if len(found) == 1 else n.And(tuple(found))

    def membership(self, operand: Expression, node: ast.expr) -> Expression:
        if not isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            raise self.refuse(node, translate("after in comes a list of constants, as in [1, 2]"))
        kind = self.kind(operand)
        values = []
        for item in node.elts:
            found = self.expression(item, 1)
            if not isinstance(found, n.Literal):
                raise self.refuse(item, translate("after in comes a list of constants, as in [1, 2]"))
            values.append(_fitted(found.value, kind))
        return n.IsIn(operand, tuple(values))

    def choice(self, node: ast.IfExp, depth: int) -> Expression:
        condition = self.expression(node.test, depth)
        sides = [
            None if _is_none(side) else self.expression(side, depth) for side in (node.body, node.orelse)
        ]
        known = [side for side in sides if side is not None]
        if not known:
            raise self.refuse(node, translate("at least one side must have a value"))
        then, otherwise = (n.Literal(None, self.kind(known[0])) if side is None else side for side in sides)
        return n.IfElse(condition, then, otherwise)

    def call(self, node: ast.Call, depth: int) -> Expression:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise self.refuse(node, translate("only functions of the language are called, without keywords"))
        name = self._formula.source(node.func)
        where = self._formula.where(self._formula.start(node))
        if name == "col" and len(node.args) == 1 and isinstance(node.args[0], ast.Constant):
            return self.column(node, str(node.args[0].value))
        function = FUNCTIONS.get(name)
        if function is None or self._formula.start(node.func) in self._formula.quoted:
            near = difflib.get_close_matches(name, FUNCTIONS, n=3, cutoff=0.4) or sorted(FUNCTIONS)[:5]
            raise CauceError("E0112", name=name, suggestions=", ".join(near), **where)
        parts = [self.expression(argument, depth) for argument in node.args]
        try:
            return _called(function, parts)
        except (TypeError, ValueError):
            reason = translate("its arguments are too few, too many, or of the wrong kind")
            raise CauceError("E0113", name=name, usage=function.usage, reason=reason, **where) from None


def _called(function: Function, parts: list[Expression]) -> Expression:
    least, most = function.expressions
    split = min(len(parts), most)
    expressions, rest = tuple(parts[:split]), parts[split:]
    if len(expressions) < least or not function.needed <= len(rest) <= len(function.constants):
        raise TypeError
    values = [_constant(part, wanted) for part, wanted in zip(rest, function.constants, strict=False)]
    return function.make(expressions, tuple(values))


def _constant(part: Expression, wanted: Any) -> Any:
    if not isinstance(part, n.Literal) or not isinstance(part.value, wanted):
        raise TypeError
    if isinstance(part.value, bool) and wanted is not bool:
        raise TypeError
    return part.value


def _fitted(value: Any, kind: Kind) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if kind == "float":
        return float(value)
    return Decimal(str(value)) if kind == "decimal" else value


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


_READERS: dict[type, Callable[[_Reader, Any, int], Expression]] = {
    ast.Name: _Reader.name,
    ast.Constant: _Reader.constant,
    ast.UnaryOp: _Reader.unary,
    ast.BinOp: _Reader.binary,
    ast.BoolOp: _Reader.junction,
    ast.Compare: _Reader.comparison,
    ast.IfExp: _Reader.choice,
    ast.Call: _Reader.call,
}
