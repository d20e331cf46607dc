"""Random well-typed expressions of every node, and random batches to try them on.

The source of chance is a `random.Random`: a seeded one for long runs, or the one that hypothesis gives
(`st.randoms(use_true_random=False)`), which it can shrink.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl

from cauce.expr import choices
from cauce.expr import nodes as n
from cauce.expr.nodes import Expression
from cauce.expr.schema import Schema
from cauce.testing.expression_edges import EDGES, SCHEMA

KINDS = (*EDGES, "instant")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "float": ("x", "y", "^.*$"),
    "integer": ("i", "j"),
    "decimal": ("money", "cost"),
    "text": ("s", "t", "*"),
    "boolean": ("b", "c"),
    "date": ("day", "other_day"),
    "datetime": ("at", "until"),
    "instant": ("instant",),
}
_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%-d/%-m/%y", "%m-%d-%Y", "%Y%m%d")
_TIMES = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%d/%m/%Y %-H:%M", "%m/%d/%Y %I:%M:%S %p")
_PIECES = ("", "a", ".", "$1", "é", "\u0301", "5", "\x00", " ")
_UNITS = (("hora(s)", 1.0), ("día(s)", 24.0), ("", 0.5))
_ALPHABETS = ("0123456789.,+-eE% $\xa0'", "aAbßİıΣσςéE\u0301 \t\x00Ǆǅ한", "0123456789/-:T ")


class Draw:
    """Draws parts of expressions that are at most `depth` operations deep."""

    def __init__(self, random: Random, depth: int) -> None:
        self.random = random
        self._depth = depth

    def of(self, kind: str) -> Expression:
        """An expression whose values are of `kind` ("instant": datetimes in UTC)."""
        if self._depth <= 0 or self.random.random() < 0.1:
            return self._leaf(kind)
        deeper = Draw(self.random, self._depth - 1)
        makers = _MAKERS[kind]
        chosen = self.random.randrange(len(makers) + 2)
        if chosen < len(makers):
            return makers[chosen](deeper)
        part = deeper.number if kind == "float" else lambda: deeper.of(kind)
        first = deeper.of(kind)
        if chosen == len(makers):
            return n.Coalesce((first, part()))
        return n.IfElse(deeper.of("boolean"), first, part())

    def _leaf(self, kind: str) -> Expression:
        if kind == "instant" or self.random.random() < 0.75:
            return n.Column(self.pick(_COLUMNS[kind]))
        # A null decimal has no digits after the mark: beside a column that has some it would be a float.
        return n.Literal(value(self.random, kind, null=kind != "decimal"), kind)  # type: ignore[arg-type]

    def any(self) -> Expression:
        return self.of(self.pick(KINDS))

    def number(self) -> Expression:
        return self.of(self.pick(("float", "float", "integer", "decimal")))

    def pick(self, choices_: Sequence[Any]) -> Any:
        return choices_[self.random.randrange(len(choices_))]

    def whole(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def maybe(self, made: Callable[[], Any]) -> Any:
        return made() if self.random.random() < 0.6 else None

    def real(self) -> float:
        return float(value(self.random, "float", null=False))

    def edges(self) -> tuple[float, ...]:
        found = {self.real() + 0.0 for _ in range(self.whole(0, 5))}
        return tuple(sorted(edge for edge in found if edge == edge))

    def some(self, part: Callable[[], Any], most: int = 3) -> tuple[Any, ...]:
        return tuple(part() for _ in range(self.whole(1, most)))

    def two(self) -> tuple[Expression, Expression]:
        """Two expressions that may be compared."""
        kind = self.pick(KINDS)
        if kind in ("float", "integer", "decimal"):
            return self.number(), self.number()
        return self.of(kind), self.of(kind)


def expression(random: Random, depth: int = 3) -> Expression:
    """A well-typed expression over SCHEMA, at most `depth` operations deep."""
    return Draw(random, depth).any()


def batch(random: Random, height: int, *, schema: Schema = SCHEMA) -> pl.DataFrame:
    """A batch of `schema` with `height` rows, edge values among them."""
    data = {f.name: [value(random, f.kind) for _ in range(height)] for f in schema}
    return pl.DataFrame(data, schema=schema.dtypes)


def value(random: Random, kind: str, *, null: bool = True) -> Any:
    """A value of a kind: an edge value as often as any other."""
    if random.random() < 0.5:
        edges = EDGES[kind] if null else EDGES[kind][1:]
        return edges[random.randrange(len(edges))]
    return _ANY[kind](random)


def _float(random: Random) -> float:
    way = random.randrange(4)
    if way == 0:
        return float(struct.unpack("<d", random.getrandbits(64).to_bytes(8, "little"))[0])
    if way == 1:
        return float(random.randint(-9, 9))
    return random.uniform(-1, 1) * math.ldexp(1.0, random.randint(-60, 60) if way == 2 else 5)


def _integer(random: Random) -> int:
    return random.randint(-(2**63), 2**63 - 1) >> random.randint(0, 63)


def _decimal(random: Random) -> Decimal:
    return Decimal(random.randint(-(10**20), 10**20) // 10 ** random.randint(0, 20)).scaleb(-2)


def _moment(random: Random) -> datetime:
    first = datetime(1, 1, 1)
    return first + timedelta(days=random.randint(0, 3652058), microseconds=random.randint(0, 86_399_999_999))


def _date(random: Random) -> date:
    return _moment(random).date()


def _text(random: Random) -> str:
    way = random.randrange(6)
    if way == 0:
        return repr(_float(random))
    if way == 1:
        return format(_integer(random), "," if random.random() < 0.5 else "d").replace(",", ".")
    if way == 2:
        form = random.choice((*_FORMATS, *_TIMES)).replace("%-", "%")
        return _moment(random).replace(year=random.randint(1000, 9999), day=1).strftime(form)
    alphabet = _ALPHABETS[way - 3]
    return "".join(alphabet[random.randrange(len(alphabet))] for _ in range(random.randint(0, 12)))


_ANY: dict[str, Callable[[Random], Any]] = {
    "float": _float,
    "integer": _integer,
    "decimal": _decimal,
    "text": _text,
    "boolean": lambda random: random.random() < 0.5,
    "date": _date,
    "datetime": _moment,
}
Maker = Callable[[Draw], Expression]


def _ones(kind: str, *nodes: Callable[[Expression], Expression]) -> list[Maker]:
    return [lambda d, node=node: node(d.of(kind)) for node in nodes]  # type: ignore[misc]


def _instants(d: Draw) -> tuple[Expression, Expression]:
    kind = d.pick(("date", "datetime", "instant"))
    return d.of(kind), d.of(kind)


def _lookup(d: Draw) -> Expression:
    levels = tuple(dict.fromkeys(d.pick(("", "a", "é", "5", "sí")) for _ in range(d.whole(0, 4))))
    return n.LookupNumber(
        d.of("text"), levels, tuple(d.real() for _ in levels), d.maybe(d.real), d.maybe(d.real)
    )


def _code(d: Draw) -> Expression:
    levels = tuple(dict.fromkeys(d.whole(-3, 3) for _ in range(d.whole(0, 4))))
    code = lambda: d.whole(-(2**63), 2**63 - 1)  # noqa: E731
    return n.LookupCode(d.of("integer"), levels, d.maybe(code), d.maybe(code))


def _linear(d: Draw) -> Expression:
    operands = d.some(d.number, 20)
    return n.Linear(operands, tuple(d.real() for _ in operands), d.real())


def _component(d: Draw) -> Expression:
    operands = d.some(d.number, 20)
    finite = [k for k in EDGES["float"] if k is not None and math.isfinite(k)]
    centres, weights = (tuple(d.pick(finite) for _ in operands) for _ in range(2))
    return n.Component(operands, centres, weights)


def _clip(d: Draw) -> Expression:
    low, high = sorted(d.pick([k for k in EDGES["float"] if k is not None and k == k]) for _ in range(2))
    return n.Clip(d.number(), d.maybe(lambda: low), d.maybe(lambda: high))


_FLOATS: list[Maker] = [
    *(lambda d, node=node: node(d.of("float"), d.number()) for node in (n.Add, n.Subtract, n.Multiply)),
    *(lambda d, node=node: node(d.number(), d.of("float")) for node in (n.Add, n.Subtract, n.Multiply)),
    lambda d: n.Divide(d.number(), d.number()),
    lambda d: n.Log(d.number()),
    lambda d: n.Log1p(d.number()),
    lambda d: n.Log10(d.number()),
    lambda d: n.Exp(d.number()),
    lambda d: n.Expm1(d.number()),
    lambda d: n.SquareRoot(d.number()),
    *_ones("float", n.Negate, n.Absolute, n.Floor, n.Ceiling),
    lambda d: n.Power(d.of("float"), d.whole(-64, 64)),
    lambda d: n.Power(d.number(), d.whole(-3, -1)),
    lambda d: n.Round(d.of("float"), d.whole(0, 15)),
    lambda d: n.Minimum((d.of("float"), d.number())),
    lambda d: n.Maximum((d.of("float"), d.number(), d.number())),
    _clip,
    lambda d: n.Cast(d.pick((d.number, lambda: d.of("boolean")))(), "float"),
    lambda d: n.ParseFloat(d.of("text")),
    lambda d: n.ParseFloat(
        d.of("text"), ",", d.pick(("", ".", " ", "'")), d.pick(("", "$")), d.whole(0, 1) == 1
    ),
    lambda d: n.ParseDuration(d.of("text"), _UNITS, d.pick((".", ","))),
    lambda d: n.Elapsed(*_instants(d), d.pick(choices.ELAPSED_UNITS)),
    _lookup,
    _linear,
    _component,
]
_INTEGERS: list[Maker] = [
    *(
        lambda d, node=node: node(d.of("integer"), d.of("integer"))
        for node in (n.Add, n.Subtract, n.Multiply, n.FloorDivide, n.Modulo)
    ),
    *_ones("integer", n.Negate, n.Absolute, n.Floor, n.Ceiling, n.Round),
    lambda d: n.Power(d.of("integer"), d.whole(0, 64)),
    lambda d: n.Minimum(d.some(lambda: d.of("integer"))),
    lambda d: n.Maximum(d.some(lambda: d.of("integer"))),
    lambda d: n.Cast(d.pick((d.number, lambda: d.of("boolean")))(), "integer"),
    lambda d: n.ParseInteger(d.of("text"), d.pick(("", ".", ",", " ", "'")), d.pick(("", "$"))),
    lambda d: n.Length(d.of("text")),
    lambda d: n.DatePart(d.of(d.pick(("datetime", "instant"))), d.pick(choices.PARTS)),
    lambda d: n.DatePart(d.of("date"), d.pick(choices.PARTS[:6])),
    _code,
    lambda d: n.Bins(d.number(), d.edges(), d.pick(("left", "right"))),
]
_TEXTS: list[Maker] = [
    *_ones("text", n.Strip, n.Lower, n.Upper, n.Normalise),
    lambda d: n.Slice(d.of("text"), d.whole(0, 5), d.maybe(lambda: d.whole(0, 5))),
    lambda d: n.Replace(d.of("text"), d.pick(_PIECES[1:]), d.pick(_PIECES)),
    lambda d: n.Concatenate(d.some(lambda: d.of("text"))),
    lambda d: n.Cast(d.of(d.pick([kind for kind in KINDS if kind != "float"])), "text"),
]
_BOOLEANS: list[Maker] = [
    lambda d: n.Compare(*d.two(), d.pick(choices.COMPARISONS)),
    lambda d: n.And(d.some(lambda: d.of("boolean"))),
    lambda d: n.Or(d.some(lambda: d.of("boolean"))),
    *_ones("boolean", n.Not),
    lambda d: n.IsNull(d.any()),
    lambda d: n.IsMissing(d.any()),
    *_ones("float", n.IsNan),
    lambda d: n.IsIn(d.of("float"), d.edges()),
    lambda d: n.IsIn(d.of("text"), d.some(lambda: d.pick(_PIECES))),
    lambda d: n.Cast(d.pick((d.number, lambda: d.of("boolean")))(), "boolean"),
    lambda d: n.ParseBoolean(d.of("text"), ("sí", "true", "1"), ("no", "ß", "")),
    *(
        lambda d, node=node: node(d.of("text"), d.pick(_PIECES))
        for node in (n.Contains, n.StartsWith, n.EndsWith)
    ),
    lambda d: n.LevelEquals(d.of("text"), d.pick(_PIECES)),
    lambda d: n.LevelEquals(d.of("integer"), d.whole(-3, 3)),
]
_DATES: list[Maker] = [
    lambda d: n.ParseDate(d.of("text"), d.pick(_FORMATS)),
    lambda d: n.Cast(d.of(d.pick(("date", "datetime", "instant"))), "date"),
    lambda d: n.Truncate(d.of("date"), d.pick(choices.TRUNCATE_UNITS[:5])),
]
_DATETIMES: list[Maker] = [
    lambda d: n.ParseDatetime(d.of("text"), d.pick(_TIMES)),
    lambda d: n.Cast(d.of("date"), "datetime"),
    lambda d: n.Truncate(d.of("datetime"), d.pick(choices.TRUNCATE_UNITS)),
]
_INSTANTS: list[Maker] = [
    lambda d: n.ParseDatetime(d.of("text"), "%Y-%m-%dT%H:%M:%S%z"),
    lambda d: n.Truncate(d.of("instant"), d.pick(choices.TRUNCATE_UNITS)),
]
_MAKERS: dict[str, list[Maker]] = {
    "float": _FLOATS,
    "integer": _INTEGERS,
    "decimal": [lambda d: n.ParseDecimal(d.of("text"), 2, ",", d.pick(("", ".", " ", "'")))],
    "text": _TEXTS,
    "boolean": _BOOLEANS,
    "date": _DATES,
    "datetime": _DATETIMES,
    "instant": _INSTANTS,
}
