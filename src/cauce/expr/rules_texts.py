"""The types and rules of the nodes that read texts, change texts and look at dates."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from cauce.expr import choices
from cauce.expr import nodes as n
from cauce.expr.date_format import date_grammar
from cauce.expr.grammar import decimal_grammar, float_grammar, integer_grammar, word
from cauce.expr.value_types import (
    BOOLEAN,
    DATE,
    FLOAT,
    INTEGER,
    MOMENTS,
    TEXT,
    Types,
    ValueType,
    require,
    require_some,
)
from cauce.expr.values import DIGITS, is_of, is_whole
from cauce.language import translate


def _parse_integer(node: n.ParseInteger, types: Types) -> ValueType:
    integer_grammar(node.grouping, node.currency)
    types.need(node, node.operand, "text")
    return INTEGER


def _parse_float(node: n.ParseFloat, types: Types) -> ValueType:
    float_grammar(node.decimal, node.grouping, currency=node.currency, percent=node.percent)
    _need_mark(node)
    types.need(node, node.operand, "text")
    return FLOAT


def _parse_decimal(node: n.ParseDecimal, types: Types) -> ValueType:
    fits = is_whole(node.scale, low=0, high=DIGITS)
    require(fits, node, setting="scale", value=node.scale, rule=translate("a whole number from 0 to 38"))
    decimal_grammar(node.decimal, node.grouping, scale=node.scale)
    _need_mark(node)
    types.need(node, node.operand, "text")
    return ValueType("decimal", node.scale)


def _need_mark(node: n.ParseFloat | n.ParseDecimal) -> None:
    rule = translate("a decimal mark is needed")
    require(node.decimal != "", node, setting="decimal", value=node.decimal, rule=rule)


def _parse_boolean(node: n.ParseBoolean, types: Types) -> ValueType:
    true, false = {word(text) for text in node.true}, {word(text) for text in node.false}
    require(
        not true & false,
        node,
        setting="false",
        value=sorted(true & false),
        rule=translate("a word means one thing"),
    )
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
    require(
        len(set(words)) == len(words),
        node,
        setting="units",
        value=len(words),
        rule=translate("a unit appears once"),
    )
    finite = all(isinstance(factor, float) and math.isfinite(factor) for _, factor in node.units)
    require(finite, node, setting="units", value=len(words), rule=translate("factors are finite floats"))
    require(node.decimal in (".", ","), node, setting="decimal", value=node.decimal, rule=". ,")
    types.need(node, node.operand, "text")
    return FLOAT


def _text(node: Any, types: Types) -> ValueType:
    types.need(node, node.operand, "text")
    return TEXT


def _length(node: n.Length, types: Types) -> ValueType:
    types.need(node, node.operand, "text")
    return INTEGER


def _slice(node: n.Slice, types: Types) -> ValueType:
    require(
        is_whole(node.start, low=0, high=2**31),
        node,
        setting="start",
        value=node.start,
        rule=translate("0 or more"),
    )
    fits = node.length is None or is_whole(node.length, low=0, high=2**31)
    require(fits, node, setting="length", value=node.length, rule=translate("0 or more"))
    return _text(node, types)


def _affix(node: n.Contains | n.StartsWith | n.EndsWith, types: Types) -> ValueType:
    require(
        is_of(node.text, "text"),
        node,
        setting="text",
        value=type(node.text).__name__,
        rule=translate("a text"),
    )
    types.need(node, node.operand, "text")
    return BOOLEAN


def _replace(node: n.Replace, types: Types) -> ValueType:
    require(
        node.old != "",
        node,
        setting="old",
        value=node.old,
        rule=translate("the text to replace is not empty"),
    )
    return _text(node, types)


def _concatenate(node: n.Concatenate, types: Types) -> ValueType:
    require_some(node, node.operands)
    for part in node.operands:
        types.need(node, part, "text")
    return TEXT


def _part(node: n.DatePart, types: Types) -> ValueType:
    require(node.part in choices.PARTS, node, setting="part", value=node.part, rule=", ".join(choices.PARTS))
    timed = node.part in ("hour", "minute", "second")
    types.need(node, node.operand, *(("datetime",) if timed else MOMENTS))
    return INTEGER


def _elapsed(node: n.Elapsed, types: Types) -> ValueType:
    require(
        node.unit in choices.ELAPSED_UNITS,
        node,
        setting="unit",
        value=node.unit,
        rule=", ".join(choices.ELAPSED_UNITS),
    )
    types.need(node, node.start, *MOMENTS)
    types.need(node, node.end, *MOMENTS)
    types.unified(node, (node.start, node.end))
    return FLOAT


def _truncate(node: n.Truncate, types: Types) -> ValueType:
    require(
        node.unit in choices.TRUNCATE_UNITS,
        node,
        setting="unit",
        value=node.unit,
        rule=", ".join(choices.TRUNCATE_UNITS),
    )
    return types.need(node, node.operand, *(("datetime",) if node.unit == "hour" else MOMENTS))


RULES: dict[type, Callable[[Any, Types], ValueType]] = {
    n.ParseInteger: _parse_integer,
    n.ParseFloat: _parse_float,
    n.ParseDecimal: _parse_decimal,
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
}
