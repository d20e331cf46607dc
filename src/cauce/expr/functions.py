"""The functions a formula may call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from cauce.expr import choices
from cauce.expr import nodes as n
from cauce.expr.nodes import Expression

Made = Callable[[tuple[Expression, ...], tuple[Any, ...]], Expression]


@dataclass(frozen=True)
class Function:
    """How a function is called: how many expressions, then how many constants (at least, at most)."""

    usage: str
    expressions: tuple[int, int]
    constants: tuple[type | tuple[type, ...], ...]
    needed: int
    make: Made


def _one(name: str, node: Callable[[Expression], Expression]) -> Function:
    return Function(f"{name}(x)", (1, 1), (), 0, lambda parts, _: node(parts[0]))


def _many(name: str, node: Callable[[tuple[Expression, ...]], Expression]) -> Function:
    return Function(f"{name}(x, y, …)", (1, 1000), (), 0, lambda parts, _: node(parts))


def _set(usage: str, node: Callable[..., Expression], *constants: Any, needed: int | None = None) -> Function:
    least = len(constants) if needed is None else needed
    return Function(usage, (1, 1), constants, least, lambda parts, given: node(parts[0], *given))


def _clip(operand: Expression, low: float, high: float) -> Expression:
    return n.Clip(operand, float(low), float(high))


def _between(unit: choices.ElapsedUnit) -> Function:
    usage = f"{unit}_between(start, end)"
    return Function(usage, (2, 2), (), 0, lambda parts, _: n.Elapsed(parts[0], parts[1], unit))


def _decimal(_: tuple[Expression, ...], given: tuple[Any, ...]) -> Expression:
    try:
        return n.Literal(Decimal(given[0]), "decimal")
    except InvalidOperation as error:
        raise ValueError from error


def _moment(name: str, kind: choices.Moment) -> Function:
    read = date.fromisoformat if kind == "date" else datetime.fromisoformat

    def make(parts: tuple[Expression, ...], _: tuple[Any, ...]) -> Expression:
        if isinstance(parts[0], n.Literal) and isinstance(parts[0].value, str):
            return n.Literal(read(parts[0].value), kind)
        return n.Cast(parts[0], kind)

    return Function(f"{name}(x)", (1, 1), (), 0, make)


_NUMBER = (int, float)
_ONE: dict[str, Callable[[Expression], Expression]] = {
    "abs": n.Absolute,
    "log": n.Log,
    "log1p": n.Log1p,
    "log10": n.Log10,
    "exp": n.Exp,
    "expm1": n.Expm1,
    "sqrt": n.SquareRoot,
    "floor": n.Floor,
    "ceil": n.Ceiling,
    "is_null": n.IsNull,
    "is_nan": n.IsNan,
    "is_missing": n.IsMissing,
    "strip": n.Strip,
    "lower": n.Lower,
    "upper": n.Upper,
    "length": n.Length,
    "normalise": n.Normalise,
    "integer": partial(n.Cast, kind="integer"),
    "float": partial(n.Cast, kind="float"),
    "boolean": partial(n.Cast, kind="boolean"),
    "text": partial(n.Cast, kind="text"),
}
_MANY: dict[str, Callable[[tuple[Expression, ...]], Expression]] = {
    "min": n.Minimum,
    "max": n.Maximum,
    "coalesce": n.Coalesce,
    "concatenate": n.Concatenate,
}


def _part(name: choices.Part) -> Function:
    return _one(name, lambda operand: n.DatePart(operand, name))


FUNCTIONS: dict[str, Function] = {
    **{name: _one(name, node) for name, node in _ONE.items()},
    **{name: _many(name, node) for name, node in _MANY.items()},
    **{part: _part(part) for part in choices.PARTS},
    **{f"{unit}_between": _between(unit) for unit in choices.ELAPSED_UNITS},
    "date": _moment("date", "date"),
    "datetime": _moment("datetime", "datetime"),
    "decimal": Function('decimal("12.50")', (0, 0), (str,), 1, _decimal),
    "clip": _set("clip(x, low, high)", _clip, _NUMBER, _NUMBER),
    "round": _set("round(x, digits)", n.Round, int, needed=0),
    "slice": _set("slice(x, start, length)", n.Slice, int, int, needed=1),
    "contains": _set('contains(x, "text")', n.Contains, str),
    "starts_with": _set('starts_with(x, "text")', n.StartsWith, str),
    "ends_with": _set('ends_with(x, "text")', n.EndsWith, str),
    "replace": _set('replace(x, "old", "new")', n.Replace, str, str),
    "truncate": _set('truncate(x, "month")', n.Truncate, str),
    "parse_integer": _set('parse_integer(x, "grouping", "currency")', n.ParseInteger, str, str, needed=0),
    "parse_float": _set(
        'parse_float(x, "decimal", "grouping", "currency", percent)',
        n.ParseFloat,
        *(str, str, str, bool),
        needed=0,
    ),
    "parse_date": _set('parse_date(x, "%d/%m/%Y")', n.ParseDate, str, needed=0),
    "parse_datetime": _set('parse_datetime(x, "%d/%m/%Y %H:%M")', n.ParseDatetime, str, needed=0),
}
