"""The type of every node, and the rules its settings obey."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from cauce.expr import choices
from cauce.expr import nodes as n
from cauce.expr.date_format import date_grammar
from cauce.expr.grammar import float_grammar, integer_grammar, word
from cauce.expr.tree import children
from cauce.expr.value_types import (
    BOOLEAN,
    DATE,
    FLOAT,
    INTEGER,
    INTEGER_MAX,
    INTEGER_MIN,
    LEVELS,
    MOMENTS,
    NUMBERS,
    TEXT,
    Types,
    ValueType,
    require,
    require_some,
)
from cauce.language import translate

_MAX_POWER = 64


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _literal(node: n.Literal, _: Types) -> ValueType:
    rule = translate("the value must be of the literal's kind")
    require(_is_of(node.value, node.kind), node, "value", type(node.value).__name__, rule)
    if isinstance(node.value, Decimal):
        return ValueType("decimal", decimal_scale(node.value))
    return ValueType(node.kind, 0 if node.kind == "decimal" else None)


def decimal_scale(value: Decimal) -> int:
    """How many digits follow the mark."""
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _is_of(value: object, kind: str) -> bool:
    if value is None:
        return True
    return _IS_OF[kind](value)


def _is_decimal(value: object) -> bool:
    if not isinstance(value, Decimal) or not value.is_finite() or value.adjusted() >= 38:
        return False
    return max(0, value.adjusted() + 1) + decimal_scale(value) <= 38


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


_IS_OF: dict[str, Callable[[object], bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _whole(value, INTEGER_MIN, INTEGER_MAX),
    "float": lambda value: isinstance(value, float),
    "decimal": _is_decimal,
    "text": _is_text,
    "date": lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "datetime": lambda value: isinstance(value, datetime) and value.tzinfo is None,
}


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
    require(_whole(node.exponent, -_MAX_POWER, _MAX_POWER), node, "exponent", node.exponent, rule)
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
        require(bound is None or _bound(bound), node, setting, bound, rule)
    ordered = node.lower is None or node.upper is None or node.lower <= node.upper
    require(ordered, node, "lower", node.lower, translate("the lower bound is not above the upper"))
    types.need(node, node.operand, *NUMBERS)
    return FLOAT


def _bound(value: object) -> bool:
    return isinstance(value, float) and not math.isnan(value)


def _function(node: Any, types: Types) -> ValueType:
    types.need(node, node.operand, *NUMBERS)
    return FLOAT


def _rounding(node: n.Floor | n.Ceiling | n.Round, types: Types) -> ValueType:
    if isinstance(node, n.Round):
        require(_whole(node.digits, 0, 15), node, "digits", node.digits, translate("0 to 15"))
    return INTEGER if types.need(node, node.operand, *NUMBERS).kind == "integer" else FLOAT


def _compare(node: n.Compare, types: Types) -> ValueType:
    require(
        node.operator in choices.COMPARISONS, node, "operator", node.operator, ", ".join(choices.COMPARISONS)
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
        fits = value is not None and value == value and _is_of(value, kind)
        require(fits, node, "values", type(value).__name__, rule)
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
    require(node.kind in _CASTS, node, "kind", node.kind, ", ".join(_CASTS))
    found = types.need(node, node.operand, *_CASTS[node.kind])
    return found if found.kind == node.kind else ValueType(node.kind)


def _parse_integer(node: n.ParseInteger, types: Types) -> ValueType:
    integer_grammar(node.grouping, node.currency)
    types.need(node, node.operand, "text")
    return INTEGER


def _parse_float(node: n.ParseFloat, types: Types) -> ValueType:
    float_grammar(node.decimal, node.grouping, node.currency, node.percent)
    require(node.decimal != "", node, "decimal", node.decimal, translate("a decimal mark is needed"))
    types.need(node, node.operand, "text")
    return FLOAT


def _parse_boolean(node: n.ParseBoolean, types: Types) -> ValueType:
    true, false = {word(text) for text in node.true}, {word(text) for text in node.false}
    require(not true & false, node, "false", sorted(true & false), translate("a word means one thing"))
    types.need(node, node.operand, "text")
    return BOOLEAN


def _parse_date(node: n.ParseDate, types: Types) -> ValueType:
    date_grammar(node.format, times=False)
    types.need(node, node.operand, "text")
    return DATE


def _parse_datetime(node: n.ParseDatetime, types: Types) -> ValueType:
    types.need(node, node.operand, "text")
    return ValueType("datetime", zone="UTC" if date_grammar(node.format, times=True).zoned else None)


def _parse_duration(node: n.ParseDuration, types: Types) -> ValueType:
    words = [word(unit) for unit, _ in node.units]
    require(len(set(words)) == len(words), node, "units", len(words), translate("a unit appears once"))
    finite = all(isinstance(factor, float) and math.isfinite(factor) for _, factor in node.units)
    require(finite, node, "units", len(words), translate("factors are finite floats"))
    require(node.decimal in (".", ","), node, "decimal", node.decimal, ". ,")
    types.need(node, node.operand, "text")
    return FLOAT


def _text(node: Any, types: Types) -> ValueType:
    types.need(node, node.operand, "text")
    return TEXT


def _length(node: n.Length, types: Types) -> ValueType:
    types.need(node, node.operand, "text")
    return INTEGER


def _slice(node: n.Slice, types: Types) -> ValueType:
    require(_whole(node.start, 0, 2**31), node, "start", node.start, translate("0 or more"))
    fits = node.length is None or _whole(node.length, 0, 2**31)
    require(fits, node, "length", node.length, translate("0 or more"))
    return _text(node, types)


def _affix(node: n.Contains | n.StartsWith | n.EndsWith, types: Types) -> ValueType:
    require(_is_of(node.text, "text"), node, "text", type(node.text).__name__, translate("a text"))
    types.need(node, node.operand, "text")
    return BOOLEAN


def _replace(node: n.Replace, types: Types) -> ValueType:
    require(node.old != "", node, "old", node.old, translate("the text to replace is not empty"))
    return _text(node, types)


def _concatenate(node: n.Concatenate, types: Types) -> ValueType:
    require_some(node, node.operands)
    for part in node.operands:
        types.need(node, part, "text")
    return TEXT


def _part(node: n.DatePart, types: Types) -> ValueType:
    require(node.part in choices.PARTS, node, "part", node.part, ", ".join(choices.PARTS))
    timed = node.part in ("hour", "minute", "second")
    types.need(node, node.operand, *(("datetime",) if timed else MOMENTS))
    return INTEGER


def _elapsed(node: n.Elapsed, types: Types) -> ValueType:
    require(node.unit in choices.ELAPSED_UNITS, node, "unit", node.unit, ", ".join(choices.ELAPSED_UNITS))
    types.need(node, node.start, *MOMENTS)
    types.need(node, node.end, *MOMENTS)
    types.unified(node, (node.start, node.end))
    return FLOAT


def _truncate(node: n.Truncate, types: Types) -> ValueType:
    require(node.unit in choices.TRUNCATE_UNITS, node, "unit", node.unit, ", ".join(choices.TRUNCATE_UNITS))
    return types.need(node, node.operand, *(("datetime",) if node.unit == "hour" else MOMENTS))


def _levels(node: n.LookupNumber | n.LookupCode, types: Types) -> None:
    kind = types.need(node, node.operand, *LEVELS).kind
    rule = translate("each level is of the operand's kind and appears once")
    require(all(_is_level(level, kind) for level in node.levels), node, "levels", len(node.levels), rule)
    require(len(set(node.levels)) == len(node.levels), node, "levels", len(node.levels), rule)


def _is_level(level: object, kind: str) -> bool:
    return level is not None and _is_of(level, kind)


def _lookup_number(node: n.LookupNumber, types: Types) -> ValueType:
    _levels(node, types)
    same = len(node.numbers) == len(node.levels)
    require(same, node, "numbers", len(node.numbers), translate("one number for each level"))
    numbers = [number for number in (*node.numbers, node.unseen, node.missing) if number is not None]
    floats = None not in node.numbers and all(isinstance(number, float) for number in numbers)
    require(floats, node, "numbers", len(node.numbers), translate("every number is a float"))
    return FLOAT


def _lookup_code(node: n.LookupCode, types: Types) -> ValueType:
    _levels(node, types)
    for setting, code in (("unseen", node.unseen), ("missing", node.missing)):
        fits = code is None or _whole(code, INTEGER_MIN, INTEGER_MAX)
        require(fits, node, setting, code, translate("a 64-bit integer, or nothing"))
    return INTEGER


def _bins(node: n.Bins, types: Types) -> ValueType:
    rule = translate("increasing floats, none of them NaN")
    require(all(_bound(edge) for edge in node.edges), node, "edges", len(node.edges), rule)
    rising = all(low < high for low, high in pairwise(node.edges))
    require(rising, node, "edges", len(node.edges), rule)
    require(node.closed in ("left", "right"), node, "closed", node.closed, "left, right")
    types.need(node, node.operand, *NUMBERS)
    return INTEGER


def _level_equals(node: n.LevelEquals, types: Types) -> ValueType:
    kind = types.need(node, node.operand, *LEVELS).kind
    fits = _is_level(node.level, kind)
    require(fits, node, "level", type(node.level).__name__, translate("a level of the operand's kind"))
    return BOOLEAN


def _linear(node: n.Linear, types: Types) -> ValueType:
    require_some(node, node.operands)
    same = len(node.weights) == len(node.operands)
    require(same, node, "weights", len(node.weights), translate("one weight for each operand"))
    floats = all(isinstance(weight, float) for weight in (*node.weights, node.intercept))
    require(floats, node, "weights", len(node.weights), translate("weights are floats"))
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
    n.ParseInteger: _parse_integer,
    n.ParseFloat: _parse_float,
    n.ParseBoolean: _parse_boolean,
    n.ParseDate: _parse_date,
    n.ParseDatetime: _parse_datetime,
    n.ParseDuration: _parse_duration,
    **dict.fromkeys((n.Strip, n.Lower, n.Upper, n.Normalise), _text),
    n.Length: _length,
    n.Slice: _slice,
    **dict.fromkeys((n.Contains, n.StartsWith, n.EndsWith), _affix),
    n.Replace: _replace,
    n.Concatenate: _concatenate,
    n.DatePart: _part,
    n.Elapsed: _elapsed,
    n.Truncate: _truncate,
    n.LookupNumber: _lookup_number,
    n.LookupCode: _lookup_code,
    n.Bins: _bins,
    n.LevelEquals: _level_equals,
    n.Linear: _linear,
}
