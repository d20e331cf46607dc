"""The type of every node, and the rules its settings obey."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

from cauce.expr import choices, rules_texts
from cauce.expr import nodes as n
from cauce.expr.tree import children
from cauce.expr.value_types import (
    BOOLEAN,
    FLOAT,
    INTEGER,
    INTEGER_MAX,
    INTEGER_MIN,
    LEVELS,
    MOMENTS,
    NUMBERS,
    Types,
    ValueType,
    require,
    require_some,
)
from cauce.expr.values import decimal_scale, is_of, is_whole
from cauce.language import translate

_MAX_POWER = 64


def _literal(node: n.Literal, _: Types) -> ValueType:
    rule = translate("the value must be of the literal's kind")
    require(is_of(node.value, node.kind), node, setting="value", value=type(node.value).__name__, rule=rule)
    if isinstance(node.value, Decimal):
        return ValueType("decimal", decimal_scale(node.value))
    return ValueType(node.kind, 0 if node.kind == "decimal" else None)


def _arithmetic(node: n.Add | n.Subtract | n.Multiply, types: Types) -> ValueType:
    kinds = {types.need(node, part, *NUMBERS).kind for part in (node.left, node.right)}
    return INTEGER if kinds == {"integer"} else FLOAT


def _divide(node: n.Divide, types: Types) -> ValueType:
    types.need(node, node.left, *NUMBERS)
    types.need(node, node.right, *NUMBERS)
    return FLOAT


def _integers(node: n.FloorDivide | n.Modulo, types: Types) -> ValueType:
    types.need(node, node.left, "integer")
    types.need(node, node.right, "integer")
    return INTEGER


def _power(node: n.Power, types: Types) -> ValueType:
    rule = translate("a whole number from -64 to 64")
    require(
        is_whole(node.exponent, low=-_MAX_POWER, high=_MAX_POWER),
        node,
        setting="exponent",
        value=node.exponent,
        rule=rule,
    )
    kind = types.need(node, node.operand, *NUMBERS).kind
    return INTEGER if kind == "integer" and node.exponent >= 0 else FLOAT


def _sign(node: n.Negate | n.Absolute, types: Types) -> ValueType:
    return INTEGER if types.need(node, node.operand, *NUMBERS).kind == "integer" else FLOAT


def _extreme(node: n.Minimum | n.Maximum, types: Types) -> ValueType:
    require_some(node, node.operands)
    kinds = {types.need(node, part, *NUMBERS).kind for part in node.operands}
    return INTEGER if kinds == {"integer"} else FLOAT


def _clip(node: n.Clip, types: Types) -> ValueType:
    for setting, bound in (("lower", node.lower), ("upper", node.upper)):
        rule = translate("a float that is not NaN, or nothing")
        require(bound is None or _bound(bound), node, setting=setting, value=bound, rule=rule)
    ordered = node.lower is None or node.upper is None or node.lower <= node.upper
    require(
        ordered,
        node,
        setting="lower",
        value=node.lower,
        rule=translate("the lower bound is not above the upper"),
    )
    types.need(node, node.operand, *NUMBERS)
    return FLOAT


def _bound(value: object) -> bool:
    return isinstance(value, float) and not math.isnan(value)


def _function(node: Any, types: Types) -> ValueType:
    types.need(node, node.operand, *NUMBERS)
    return FLOAT


def _rounding(node: n.Floor | n.Ceiling | n.Round, types: Types) -> ValueType:
    if isinstance(node, n.Round):
        require(
            is_whole(node.digits, low=0, high=15),
            node,
            setting="digits",
            value=node.digits,
            rule=translate("0 to 15"),
        )
    return INTEGER if types.need(node, node.operand, *NUMBERS).kind == "integer" else FLOAT


def _compare(node: n.Compare, types: Types) -> ValueType:
    require(
        node.operator in choices.COMPARISONS,
        node,
        setting="operator",
        value=node.operator,
        rule=", ".join(choices.COMPARISONS),
    )
    types.unified(node, (node.left, node.right))
    return BOOLEAN


def _logic(node: n.And | n.Or | n.Not, types: Types) -> ValueType:
    parts = children(node)
    require_some(node, parts)
    for part in parts:
        types.need(node, part, "boolean")
    return BOOLEAN


def _test(_: n.Expression, __: Types) -> ValueType:
    return BOOLEAN


def _is_nan(node: n.IsNan, types: Types) -> ValueType:
    types.need(node, node.operand, "float")
    return BOOLEAN


def _coalesce(node: n.Coalesce, types: Types) -> ValueType:
    return types.unified(node, node.operands)


def _if_else(node: n.IfElse, types: Types) -> ValueType:
    types.need(node, node.condition, "boolean")
    return types.unified(node, (node.then, node.otherwise))


def _is_in(node: n.IsIn, types: Types) -> ValueType:
    kind = types.of(node.operand).kind
    rule = translate("each value is of the operand's kind, and neither null nor NaN")
    for value in node.values:
        fits = value is not None and value == value and is_of(value, kind)
        require(fits, node, setting="values", value=type(value).__name__, rule=rule)
    return BOOLEAN


_CASTS: dict[str, tuple[str, ...]] = {
    "integer": ("integer", "float", "decimal", "boolean"),
    "float": ("integer", "float", "decimal", "boolean"),
    "boolean": ("integer", "float", "decimal", "boolean"),
    "text": ("integer", "decimal", "boolean", "text", "date", "datetime"),
    "date": MOMENTS,
    "datetime": MOMENTS,
}


def _cast(node: n.Cast, types: Types) -> ValueType:
    require(node.kind in _CASTS, node, setting="kind", value=node.kind, rule=", ".join(_CASTS))
    found = types.need(node, node.operand, *_CASTS[node.kind])
    return found if found.kind == node.kind else ValueType(node.kind)


def _levels(node: n.LookupNumber | n.LookupCode, types: Types) -> None:
    kind = types.need(node, node.operand, *LEVELS).kind
    rule = translate("each level is of the operand's kind and appears once")
    require(
        all(_is_level(level, kind) for level in node.levels),
        node,
        setting="levels",
        value=len(node.levels),
        rule=rule,
    )
    require(
        len(set(node.levels)) == len(node.levels), node, setting="levels", value=len(node.levels), rule=rule
    )


def _is_level(level: object, kind: str) -> bool:
    return level is not None and is_of(level, kind)


def _lookup_number(node: n.LookupNumber, types: Types) -> ValueType:
    _levels(node, types)
    same = len(node.numbers) == len(node.levels)
    require(
        same, node, setting="numbers", value=len(node.numbers), rule=translate("one number for each level")
    )
    numbers = [number for number in (*node.numbers, node.unseen, node.missing) if number is not None]
    floats = None not in node.numbers and all(isinstance(number, float) for number in numbers)
    require(
        floats, node, setting="numbers", value=len(node.numbers), rule=translate("every number is a float")
    )
    return FLOAT


def _lookup_code(node: n.LookupCode, types: Types) -> ValueType:
    _levels(node, types)
    for setting, code in (("unseen", node.unseen), ("missing", node.missing)):
        fits = code is None or is_whole(code, low=INTEGER_MIN, high=INTEGER_MAX)
        require(fits, node, setting=setting, value=code, rule=translate("a 64-bit integer, or nothing"))
    return INTEGER


def _bins(node: n.Bins, types: Types) -> ValueType:
    rule = translate("increasing floats, none of them NaN")
    require(all(_bound(edge) for edge in node.edges), node, setting="edges", value=len(node.edges), rule=rule)
    rising = all(low < high for low, high in pairwise(node.edges))
    require(rising, node, setting="edges", value=len(node.edges), rule=rule)
    require(node.closed in ("left", "right"), node, setting="closed", value=node.closed, rule="left, right")
    types.need(node, node.operand, *NUMBERS)
    return INTEGER


def _level_equals(node: n.LevelEquals, types: Types) -> ValueType:
    kind = types.need(node, node.operand, *LEVELS).kind
    fits = _is_level(node.level, kind)
    require(
        fits,
        node,
        setting="level",
        value=type(node.level).__name__,
        rule=translate("a level of the operand's kind"),
    )
    return BOOLEAN


def _linear(node: n.Linear, types: Types) -> ValueType:
    require_some(node, node.operands)
    same = len(node.weights) == len(node.operands)
    require(
        same, node, setting="weights", value=len(node.weights), rule=translate("one weight for each operand")
    )
    floats = all(isinstance(weight, float) for weight in (*node.weights, node.intercept))
    require(floats, node, setting="weights", value=len(node.weights), rule=translate("weights are floats"))
    for part in node.operands:
        types.need(node, part, *NUMBERS)
    return FLOAT


def _component(node: n.Component, types: Types) -> ValueType:
    require_some(node, node.operands)
    rule = translate("one finite float for each operand")
    for setting in ("centres", "weights"):
        given = getattr(node, setting)
        fits = all(isinstance(one, float) and math.isfinite(one) for one in given)
        fits = fits and len(given) == len(node.operands)
        require(fits, node, setting=setting, value=len(given), rule=rule)
    for part in node.operands:
        types.need(node, part, *NUMBERS)
    return FLOAT


def _column(node: n.Column, types: Types) -> ValueType:
    return types.column(node.name)


RULES: dict[type, Callable[[Any, Types], ValueType]] = {
    n.Column: _column,
    n.Literal: _literal,
    **dict.fromkeys((n.Add, n.Subtract, n.Multiply), _arithmetic),
    n.Divide: _divide,
    **dict.fromkeys((n.FloorDivide, n.Modulo), _integers),
    n.Power: _power,
    **dict.fromkeys((n.Negate, n.Absolute), _sign),
    **dict.fromkeys((n.Minimum, n.Maximum), _extreme),
    n.Clip: _clip,
    **dict.fromkeys((n.Log, n.Log1p, n.Log10, n.Exp, n.Expm1, n.SquareRoot), _function),
    **dict.fromkeys((n.Floor, n.Ceiling, n.Round), _rounding),
    n.Compare: _compare,
    **dict.fromkeys((n.And, n.Or, n.Not), _logic),
    **dict.fromkeys((n.IsNull, n.IsMissing), _test),
    n.IsNan: _is_nan,
    n.Coalesce: _coalesce,
    n.IfElse: _if_else,
    n.IsIn: _is_in,
    n.Cast: _cast,
    **rules_texts.RULES,
    n.LookupNumber: _lookup_number,
    n.LookupCode: _lookup_code,
    n.Bins: _bins,
    n.LevelEquals: _level_equals,
    n.Linear: _linear,
    n.Component: _component,
}
