"""Dates and datetimes over batches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import polars as pl

from cauce.expr import nodes as n
from cauce.expr.date_format import DateGrammar, date_grammar
from cauce.expr.vector.binding import bind, quotient
from cauce.expr.vector.compiler import Builder, Compiler
from cauce.expr.vector.texts import stripped

MICROSECONDS: dict[str, float] = {"days": 86_400e6, "hours": 3_600e6, "minutes": 60e6, "seconds": 1e6}
_FIRST, _LAST = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)
_UNITS = {"year": "1y", "quarter": "1q", "month": "1mo", "week": "1w", "day": "1d", "hour": "1h"}
_PARTS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "year": lambda x: x.dt.year(),
    "quarter": lambda x: x.dt.quarter(),
    "month": lambda x: x.dt.month(),
    "day": lambda x: x.dt.day(),
    "weekday": lambda x: x.dt.weekday(),
    "day_of_year": lambda x: x.dt.ordinal_day(),
    "hour": lambda x: x.dt.hour(),
    "minute": lambda x: x.dt.minute(),
    "second": lambda x: x.dt.second(),
}


def _matched(text: pl.Expr, grammar: DateGrammar) -> pl.Expr:
    whole = f"^(?:{grammar.pattern})$"
    return bind(lambda t: pl.when(t.str.contains(whole)).then(t), text)


def _parse_date(c: Compiler, node: n.ParseDate) -> pl.Expr:
    grammar = date_grammar(node.format, times=False)
    read = _matched(stripped(c, node), grammar).str.to_date(grammar.polars, strict=False, exact=True)
    return bind(lambda x: pl.when(x >= pl.lit(_FIRST.date())).then(x), read)


def _parse_datetime(c: Compiler, node: n.ParseDatetime) -> pl.Expr:
    grammar = date_grammar(node.format, times=True)
    text = _matched(stripped(c, node), grammar)
    if grammar.zoned:
        text = text.str.replace("[Zz]$", "+00:00")
    read = text.str.to_datetime(grammar.polars, strict=False, exact=True, time_unit="us")
    if grammar.zoned:
        read = read.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return bind(lambda x: pl.when((x >= pl.lit(_FIRST)) & (x <= pl.lit(_LAST))).then(x), read)


def _part(c: Compiler, node: n.DatePart) -> pl.Expr:
    return _PARTS[node.part](c.compile(node.operand)).cast(pl.Int64)


def _elapsed(c: Compiler, node: n.Elapsed) -> pl.Expr:
    start, end = (c.compile(part).cast(pl.Datetime("us")).cast(pl.Int64) for part in (node.start, node.end))
    return quotient((end - start).cast(pl.Float64), pl.lit(MICROSECONDS[node.unit]))


def _truncate(c: Compiler, node: n.Truncate) -> pl.Expr:
    return c.compile(node.operand).dt.truncate(_UNITS[node.unit])


BUILDERS: dict[type, Builder] = {
    n.ParseDate: _parse_date,
    n.ParseDatetime: _parse_datetime,
    n.DatePart: _part,
    n.Elapsed: _elapsed,
    n.Truncate: _truncate,
}
