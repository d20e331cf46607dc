"""Dates and datetimes of one row."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from cauce.expr import nodes as n
from cauce.expr.date_format import date_grammar, read_date, read_datetime
from cauce.expr.grammar import STRIPPED
from cauce.expr.scalar.compiler import Builder, Closure, Compiler
from cauce.expr.scalar.texts import mapped

_MICROSECONDS = {"days": 86_400e6, "hours": 3_600e6, "minutes": 60e6, "seconds": 1e6}
_PARTS: dict[str, Callable[[Any], int]] = {
    "year": lambda x: x.year,
    "quarter": lambda x: (x.month + 2) // 3,
    "month": lambda x: x.month,
    "day": lambda x: x.day,
    "weekday": lambda x: x.isoweekday(),
    "day_of_year": lambda x: x.toordinal() - date(x.year, 1, 1).toordinal() + 1,
    "hour": lambda x: x.hour,
    "minute": lambda x: x.minute,
    "second": lambda x: x.second,
}


def _parsed(c: Compiler, node: n.ParseDate | n.ParseDatetime, *, times: bool) -> Closure:
    grammar = date_grammar(node.format, times=times)
    pattern, fields, read = re.compile(grammar.pattern), grammar.fields, read_datetime if times else read_date

    def of(text: str) -> date | None:
        found = pattern.fullmatch(text.strip(STRIPPED))
        return read(found.groups(), fields) if found else None

    return mapped(of, c.compile(node.operand))


def _parse_date(c: Compiler, node: n.ParseDate) -> Closure:
    return _parsed(c, node, times=False)


def _parse_datetime(c: Compiler, node: n.ParseDatetime) -> Closure:
    return _parsed(c, node, times=True)


def _part(c: Compiler, node: n.DatePart) -> Closure:
    return mapped(_PARTS[node.part], c.compile(node.operand))


def _elapsed(c: Compiler, node: n.Elapsed) -> Closure:
    start, end, unit = c.compile(node.start), c.compile(node.end), _MICROSECONDS[node.unit]

    def closure(row: Any) -> float | None:
        a, b = start(row), end(row)
        if a is None or b is None:
            return None
        gap = b - a
        return float((gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds) / unit

    return closure


def _truncate(c: Compiler, node: n.Truncate) -> Closure:
    timed = c.types.of(node).kind == "datetime"
    first = _STARTS[node.unit]

    def of(moment: Any) -> Any:
        if node.unit == "hour":
            return moment.replace(minute=0, second=0, microsecond=0)
        day = first(moment.date() if timed else moment)
        return datetime(day.year, day.month, day.day) if timed else day

    return mapped(of, c.compile(node.operand))


_STARTS: dict[str, Callable[[date], date]] = {
    "year": lambda day: day.replace(month=1, day=1),
    "quarter": lambda day: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
    "month": lambda day: day.replace(day=1),
    "week": lambda day: day - timedelta(days=day.weekday()),
    "day": lambda day: day,
    "hour": lambda day: day,
}

BUILDERS: dict[type, Builder] = {
    n.ParseDate: _parse_date,
    n.ParseDatetime: _parse_datetime,
    n.DatePart: _part,
    n.Elapsed: _elapsed,
    n.Truncate: _truncate,
}
