"""Texts of one row: reading numbers, booleans and durations, and changing texts."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any

from cauce.expr import nodes as n
from cauce.expr.grammar import (
    STRIPPED,
    NumberGrammar,
    decimal_grammar,
    duration_pattern,
    float_grammar,
    integer_grammar,
    lower,
    plain_number,
    upper,
    word,
)
from cauce.expr.scalar.compiler import Builder, Closure, Compiler
from cauce.expr.scalar.numbers import narrow
from cauce.expr.values import DIGITS

_EXACT = Context(prec=DIGITS + 1)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def mapped(of: Callable[[Any], Any], operand: Closure) -> Closure:
    """`of` over the operand's values, None kept."""

    def closure(row: Any) -> Any:
        value = operand(row)
        return None if value is None else of(value)

    return closure


def read_integer(text: str, grammar: NumberGrammar) -> int | None:
    """The integer the stripped `text` names, or None."""
    plain = text if grammar.pattern is None else plain_number(text, grammar)
    if plain is None or _INTEGER.fullmatch(plain) is None:
        return None
    if len(plain) > 20:
        plain = plain[0] + (plain[1:].lstrip("0") or "0") if plain[0] in "+-" else plain.lstrip("0") or "0"
    return narrow(int(plain)) if len(plain) <= 20 else None


def read_float(text: str, grammar: NumberGrammar) -> float | None:
    """The finite float the stripped `text` names, or None."""
    plain = text if grammar.pattern is None else plain_number(text, grammar)
    if plain is None or _FLOAT.fullmatch(plain) is None:
        return None
    number = float(plain)
    return number if math.isfinite(number) else None


def read_decimal(text: str, grammar: NumberGrammar, *, scale: int) -> Decimal | None:
    """The decimal the stripped `text` names, with exactly `scale` digits behind the mark, or None."""
    plain = plain_number(text, grammar)
    number = None if plain is None else Decimal(plain)
    if number is None or (number and number.adjusted() >= DIGITS - scale):
        return None
    found = number.quantize(Decimal(1).scaleb(-scale), context=_EXACT)
    return found or found.copy_abs()


def _parse_integer(c: Compiler, node: n.ParseInteger) -> Closure:
    grammar = integer_grammar(node.grouping, node.currency)
    return mapped(lambda text: read_integer(text.strip(STRIPPED), grammar), c.compile(node.operand))


def _parse_float(c: Compiler, node: n.ParseFloat) -> Closure:
    grammar = float_grammar(node.decimal, node.grouping, currency=node.currency, percent=node.percent)

    def of(text: str) -> float | None:
        bare = text.strip(STRIPPED)
        number = read_float(bare, grammar)
        return number / 100.0 if number is not None and bare.endswith("%") else number

    return mapped(of, c.compile(node.operand))


def _parse_decimal(c: Compiler, node: n.ParseDecimal) -> Closure:
    grammar, scale = decimal_grammar(node.decimal, node.grouping, scale=node.scale), node.scale
    return mapped(
        lambda text: read_decimal(text.strip(STRIPPED), grammar, scale=scale), c.compile(node.operand)
    )


def _parse_boolean(c: Compiler, node: n.ParseBoolean) -> Closure:
    meanings = {**{word(text): True for text in node.true}, **{word(text): False for text in node.false}}
    return mapped(lambda text: meanings.get(word(text)), c.compile(node.operand))


def _parse_duration(c: Compiler, node: n.ParseDuration) -> Closure:
    factors = {word(unit): factor for unit, factor in node.units}
    pattern = re.compile(duration_pattern(node.decimal))

    def of(text: str) -> float | None:
        found = pattern.fullmatch(text.strip(STRIPPED))
        factor = factors.get(word(found[2])) if found else None
        if found is None or factor is None:
            return None
        value = float(found[1].replace(",", ".")) * factor
        return value if math.isfinite(value) else None

    return mapped(of, c.compile(node.operand))


def _slice(c: Compiler, node: n.Slice) -> Closure:
    start, stop = node.start, None if node.length is None else node.start + node.length
    return mapped(lambda text: text[start:stop], c.compile(node.operand))


def _contains(c: Compiler, node: n.Contains) -> Closure:
    part = node.text
    return mapped(lambda text: part in text, c.compile(node.operand))


def _starts_with(c: Compiler, node: n.StartsWith) -> Closure:
    part = node.text
    return mapped(lambda text: text.startswith(part), c.compile(node.operand))


def _ends_with(c: Compiler, node: n.EndsWith) -> Closure:
    part = node.text
    return mapped(lambda text: text.endswith(part), c.compile(node.operand))


def _replace(c: Compiler, node: n.Replace) -> Closure:
    old, new = node.old, node.new
    return mapped(lambda text: text.replace(old, new), c.compile(node.operand))


def _concatenate(c: Compiler, node: n.Concatenate) -> Closure:
    parts = [c.compile(part) for part in node.operands]

    def closure(row: Any) -> str | None:
        texts = [part(row) for part in parts]
        return None if None in texts else "".join(texts)

    return closure


def _of(change: Callable[[str], Any]) -> Builder:
    return lambda c, node: mapped(change, c.compile(node.operand))


BUILDERS: dict[type, Builder] = {
    n.ParseInteger: _parse_integer,
    n.ParseFloat: _parse_float,
    n.ParseDecimal: _parse_decimal,
    n.ParseBoolean: _parse_boolean,
    n.ParseDuration: _parse_duration,
    n.Strip: _of(lambda text: text.strip(STRIPPED)),
    n.Lower: _of(lower),
    n.Upper: _of(upper),
    n.Length: _of(len),
    n.Slice: _slice,
    n.Contains: _contains,
    n.StartsWith: _starts_with,
    n.EndsWith: _ends_with,
    n.Replace: _replace,
    n.Concatenate: _concatenate,
    n.Normalise: _of(lambda text: unicodedata.normalize("NFC", text)),
}
