"""Texts over batches: reading numbers, booleans and durations, and changing texts."""

from __future__ import annotations

from typing import Any

import polars as pl

from cauce.expr import nodes as n
from cauce.expr.grammar import (
    STRIPPED,
    NumberGrammar,
    decimal_grammar,
    duration_pattern,
    float_grammar,
    integer_grammar,
    word,
)
from cauce.expr.values import DIGITS
from cauce.expr.vector.binding import bind, quotient
from cauce.expr.vector.compiler import Builder, Compiler

# Up to so many texts, replacing one after the other is faster than all at once.
_FEW = 4


def stripped(c: Compiler, node: Any) -> pl.Expr:
    """The operand without outer blanks."""
    return c.compile(node.operand).str.strip_chars(STRIPPED)


def lowered(text: pl.Expr) -> pl.Expr:
    """Lower case, each character by itself."""
    return text.str.replace_all("Σ", "σ", literal=True).str.to_lowercase()


def _plain(text: pl.Expr, grammar: NumberGrammar) -> pl.Expr:
    if grammar.pattern is None:
        return text
    whole = f"^(?:{grammar.pattern})$"
    matched = bind(lambda t: pl.when(t.str.contains(whole)).then(t), text)
    if len(grammar.replaced) > _FEW:
        return matched.str.replace_many(list(grammar.replaced), list(grammar.by))
    for old, new in zip(grammar.replaced, grammar.by, strict=True):
        matched = matched.str.replace_all(old, new, literal=True)
    return matched


def _parse_integer(c: Compiler, node: n.ParseInteger) -> pl.Expr:
    grammar = integer_grammar(node.grouping, node.currency)
    return _plain(stripped(c, node), grammar).cast(pl.Int64, strict=False)


def _finite(number: pl.Expr) -> pl.Expr:
    return bind(lambda x: pl.when(x.is_finite()).then(x), number)


def _parse_float(c: Compiler, node: n.ParseFloat) -> pl.Expr:
    grammar = float_grammar(node.decimal, node.grouping, currency=node.currency, percent=node.percent)
    if not node.percent:
        return _finite(_plain(stripped(c, node), grammar).cast(pl.Float64, strict=False))

    def body(text: pl.Expr) -> pl.Expr:
        number = _plain(text, grammar).cast(pl.Float64, strict=False)
        return pl.when(text.str.ends_with("%")).then(quotient(number, pl.lit(100.0))).otherwise(number)

    return _finite(bind(body, stripped(c, node)))


def _parse_decimal(c: Compiler, node: n.ParseDecimal) -> pl.Expr:
    grammar = decimal_grammar(node.decimal, node.grouping, scale=node.scale)
    return _plain(stripped(c, node), grammar).cast(pl.Decimal(DIGITS, node.scale), strict=False)


def _parse_boolean(c: Compiler, node: n.ParseBoolean) -> pl.Expr:
    meanings = {**{word(text): True for text in node.true}, **{word(text): False for text in node.false}}
    text = lowered(stripped(c, node))
    keys = pl.Series(list(meanings), dtype=pl.String)
    values = pl.Series(list(meanings.values()), dtype=pl.Boolean)
    return text.replace_strict(keys, values, default=None, return_dtype=pl.Boolean)


def _parse_duration(c: Compiler, node: n.ParseDuration) -> pl.Expr:
    factors = {word(unit): factor for unit, factor in node.units}
    pattern = f"^(?:{duration_pattern(node.decimal)})$"

    def body(text: pl.Expr) -> pl.Expr:
        number = text.str.extract(pattern, 1).str.replace_all(",", ".", literal=True)
        unit = lowered(text.str.extract(pattern, 2).str.strip_chars(STRIPPED))
        keys = pl.Series(list(factors), dtype=pl.String)
        found = pl.Series(list(factors.values()), dtype=pl.Float64)
        factor = unit.replace_strict(keys, found, default=None, return_dtype=pl.Float64)
        return number.cast(pl.Float64, strict=False) * factor

    return _finite(bind(body, stripped(c, node)))


def _strip(c: Compiler, node: n.Strip) -> pl.Expr:
    return stripped(c, node)


def _lower(c: Compiler, node: n.Lower) -> pl.Expr:
    return lowered(c.compile(node.operand))


def _upper(c: Compiler, node: n.Upper) -> pl.Expr:
    return c.compile(node.operand).str.to_uppercase()


def _length(c: Compiler, node: n.Length) -> pl.Expr:
    return c.compile(node.operand).str.len_chars().cast(pl.Int64)


def _slice(c: Compiler, node: n.Slice) -> pl.Expr:
    return c.compile(node.operand).str.slice(node.start, node.length)


def _contains(c: Compiler, node: n.Contains) -> pl.Expr:
    return c.compile(node.operand).str.contains(node.text, literal=True)


def _starts_with(c: Compiler, node: n.StartsWith) -> pl.Expr:
    return c.compile(node.operand).str.starts_with(node.text)


def _ends_with(c: Compiler, node: n.EndsWith) -> pl.Expr:
    return c.compile(node.operand).str.ends_with(node.text)


def _replace(c: Compiler, node: n.Replace) -> pl.Expr:
    return c.compile(node.operand).str.replace_all(node.old, node.new, literal=True)


def _concatenate(c: Compiler, node: n.Concatenate) -> pl.Expr:
    return pl.concat_str([c.compile(part) for part in node.operands], ignore_nulls=False)


def _normalise(c: Compiler, node: n.Normalise) -> pl.Expr:
    return c.compile(node.operand).str.normalize("NFC")


BUILDERS: dict[type, Builder] = {
    n.ParseInteger: _parse_integer,
    n.ParseFloat: _parse_float,
    n.ParseDecimal: _parse_decimal,
    n.ParseBoolean: _parse_boolean,
    n.ParseDuration: _parse_duration,
    n.Strip: _strip,
    n.Lower: _lower,
    n.Upper: _upper,
    n.Length: _length,
    n.Slice: _slice,
    n.Contains: _contains,
    n.StartsWith: _starts_with,
    n.EndsWith: _ends_with,
    n.Replace: _replace,
    n.Concatenate: _concatenate,
    n.Normalise: _normalise,
}
