"""Expressions as readable text: the formula language where it has a word, function calls elsewhere."""

from __future__ import annotations

import json
import keyword
from dataclasses import fields
from typing import Any

from cauce.expr import nodes as n
from cauce.expr.nodes import Expression
from cauce.expr.tree import children

_INFIX: dict[type, tuple[str, int]] = {
    n.Add: ("+", 5),
    n.Subtract: ("-", 5),
    n.Multiply: ("*", 6),
    n.Divide: ("/", 6),
    n.FloorDivide: ("//", 6),
    n.Modulo: ("%", 6),
    n.And: ("and", 2),
    n.Or: ("or", 1),
}
FUNCTIONS: dict[type, str] = {
    n.Absolute: "abs",
    n.Minimum: "min",
    n.Maximum: "max",
    n.Clip: "clip",
    n.Log: "log",
    n.Log1p: "log1p",
    n.Log10: "log10",
    n.Exp: "exp",
    n.Expm1: "expm1",
    n.SquareRoot: "sqrt",
    n.Floor: "floor",
    n.Ceiling: "ceil",
    n.Round: "round",
    n.IsNull: "is_null",
    n.IsNan: "is_nan",
    n.IsMissing: "is_missing",
    n.Coalesce: "coalesce",
    n.Strip: "strip",
    n.Lower: "lower",
    n.Upper: "upper",
    n.Length: "length",
    n.Slice: "slice",
    n.Contains: "contains",
    n.StartsWith: "starts_with",
    n.EndsWith: "ends_with",
    n.Replace: "replace",
    n.Concatenate: "concatenate",
    n.Normalise: "normalise",
}
_LISTED = 5


def describe(expression: Expression) -> str:
    """`expression` as text. What the formula language can say reads back to the same expression."""
    return _text(expression, 0)


def _text(node: Expression, outer: int, depth: int = 0) -> str:
    if depth > 160:
        return "…"
    made, level = _piece(node, depth + 1)
    return f"({made})" if level < outer else made


def _piece(node: Expression, depth: int) -> tuple[str, int]:
    if isinstance(node, n.Column):
        return column_text(node.name), 9
    if isinstance(node, n.Literal):
        return value_text(node.value), 7 if _is_negative(node.value) else 9
    if type(node) in _INFIX:
        return _infix(node, depth)
    return _phrase(node, depth) or (_call(node, depth), 9)


def _phrase(node: Expression, depth: int) -> tuple[str, int] | None:
    found: tuple[str, int] | None = None
    match node:
        case n.Compare(left, right, operator):
            found = f"{_text(left, 5, depth)} {operator} {_text(right, 5, depth)}", 4
        case n.IfElse(condition, then, otherwise):
            texts = _text(then, 1, depth), _text(condition, 1, depth), _text(otherwise, 0, depth)
            found = "{} if {} else {}".format(*texts), 0
        case n.Not(operand):
            found = f"not {_text(operand, 3, depth)}", 3
        case n.Negate(operand):
            found = f"-({_text(operand, 0, depth)})", 7
        case n.Power(operand, exponent):
            found = f"{_text(operand, 9, depth)} ** {exponent}", 8
        case n.IsIn(operand, values):
            found = f"{_text(operand, 5, depth)} in {_listing(values)}", 4
    return found


def _infix(node: Any, depth: int) -> tuple[str, int]:
    sign, level = _INFIX[type(node)]
    parts = children(node)
    texts = [_text(part, level + (k > 0), depth) for k, part in enumerate(parts)]
    if isinstance(node, (n.And, n.Or)):
        texts = [_text(part, level + 1, depth) for part in parts]
    return f" {sign} ".join(texts), level


def _call(node: Any, depth: int) -> str:
    if isinstance(node, n.DatePart):
        return f"{node.part}({_text(node.operand, 0, depth)})"
    parts = [_text(part, 0, depth) for part in children(node)]
    if isinstance(node, (n.Elapsed, n.Cast)):
        return f"{call_name(node)}({', '.join(parts)})"
    settings = [getattr(node, item.name) for item in fields(node) if item.name not in ("operand", "operands")]
    if isinstance(node, n.Slice) and node.length is None:
        settings.pop()
    return f"{call_name(node)}({', '.join([*parts, *(_setting(item) for item in settings)])})"


def call_name(node: Expression) -> str:
    """The function that makes this node in a formula, or the node's own name in snake case."""
    if isinstance(node, n.Elapsed):
        return f"{node.unit}_between"
    if isinstance(node, n.Cast):
        return node.kind
    if type(node) in FUNCTIONS:
        return FUNCTIONS[type(node)]
    text = type(node).__name__
    return "".join(f"_{c.lower()}" if c.isupper() and k else c.lower() for k, c in enumerate(text))


def _setting(value: Any) -> str:
    if isinstance(value, tuple):
        return _listing(value)
    return value_text(value)


def _listing(values: tuple[Any, ...]) -> str:
    texts = [_setting(value) for value in values[:_LISTED]]
    return f"[{', '.join(texts)}{', …' if len(values) > _LISTED else ''}]"


def column_text(name: str) -> str:
    """A column's name as a formula writes it: bare, in back quotes, or in col("…")."""
    if name.isidentifier() and name.isascii() and not keyword.iskeyword(name):
        return name
    if name and name.isprintable() and "`" not in name:
        return f"`{name}`"
    return f"col({value_text(name)})"


def value_text(value: Any) -> str:
    """A constant as a formula writes it."""
    match value:
        case bool() | None:
            return str(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case int() | float():
            return repr(value)
    name = type(value).__name__.lower()
    return f'{name}("{value.isoformat() if hasattr(value, "isoformat") else value}")'


def _is_negative(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and str(value).startswith("-")
