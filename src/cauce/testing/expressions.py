"""The contract of the expression language: edge values, an example of every node, and their comparison."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from cauce.expr import choices
from cauce.expr import nodes as n
from cauce.expr.kinds import field_of
from cauce.expr.nodes import Column, Expression, literal
from cauce.expr.projection import Output, Projection
from cauce.expr.row import to_row
from cauce.expr.schema import Field, Schema

FLOATS: tuple[float | None, ...] = (
    *(
        None,
        math.nan,
        math.inf,
        -math.inf,
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        1.5,
        2.5,
        -2.5,
        0.1,
        0.285,
        1.005,
    ),
    *(1e-300, -1e-300, 5e-324, 1.7976931348623157e308, 1e-9, -1e-9, 1e22, 709.8, -745.2, 1e3, 1e-5),
    *(
        2.0**53,
        -(2.0**53),
        2.0**63,
        -(2.0**63),
        9223372036854774784.0,
        4503599627370495.5,
        3.4e38,
        1e39,
        1e-46,
    ),
)
INTEGERS: tuple[int | None, ...] = (
    *(None, 0, 1, -1, 2, -2, 3, 7, -7, 10, 100, 2**31, -(2**31), 3037000500, 2**53, 2**53 + 1, -(2**53) - 1),
    *(2**62, 2**63 - 1, -(2**63), -(2**63) + 1),
)
DECIMALS: tuple[Decimal | None, ...] = (
    None,
    *map(Decimal, ("0.00", "0.01", "-0.01", "1.00", "1.50", "-1.50", "2.00", "0.10", "9007199254740993.00")),
    *map(Decimal, ("9223372036854775807.99", "9223372036854775808.00", "-9223372036854775809.00")),
    Decimal("9" * 36 + ".99"),
)
_WORDS = (
    "",
    " ",
    "a",
    "A",
    " a ",
    "abc",
    "ABC",
    "true",
    " TRUE",
    "sí",
    "SÍ",
    "No",
    "ß",
    "ẞ",
    "İ",
    "ı",
    "ΑΣ",
    "ς",
)
_UNICODE = (
    "e\u0301",
    "é",
    "\u00a0x\u00a0",
    "\ufeffx",
    "\u200bx",
    "a\x00b",
    "\x00",
    "👩‍👩‍👧",
    "🇨🇴",
    "ﬁ",
    "Å",
    "Å",
    "가",
    "한",
    "\x1fx",
)
_NUMBERS = (
    "5",
    "+5",
    "-5",
    " 5 ",
    "−5",
    ".5",
    "5.",
    "-.5",
    ".",
    "-",
    "+",
    "",
    "1e5",
    "1E+5",
    "1e",
    "e5",
    "1e999",
)
_ODD = (
    "1e-999",
    "inf",
    "nan",
    "Infinity",
    "-inf",
    "0x10",
    "1_000",
    "１２",
    "٣",
    "5\x00",
    "007",
    "-0",
    "00",
    "5.0",
)
_LONG = (
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "9" * 400,
    "0" * 400 + "7",
    "1" + "0" * 25,
)
_EXACT = ("2.4703282292062327208e-324", "1.7976931348623159e308", "0.1", "123456789012345678", "1e22", "1e23")
_GROUPED = (
    "1.234.567,50",
    "$1.234.567,50",
    "1,234.5",
    "1,234,567",
    "1.23.4",
    "12,5",
    "$ 5",
    "-$5",
    "$-5",
    "5 $",
    "5€",
)
_MARKED = (
    "12 %",
    "12%",
    "-1,5%",
    "%",
    "12 % %",
    "$",
    "1 234",
    "1\u00a0234,5",
    "1\u202f234",
    "$1e3",
    "1,2345",
    ",5",
    "5,",
)
_DATES = (
    "2024-02-29",
    "2023-02-29",
    "0000-01-01",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "1582-10-10",
    "1/2/2024",
)
_DATES_TOO = (
    "31/12/1999",
    "01/02/69",
    "01/02/70",
    "1/1/00",
    "00/01/2020",
    "2024-13-01",
    "2024-1-5",
    "29/02/1900",
)
_TIMES = (
    "2024-02-29T23:59:59",
    "2024-02-29T24:00:00",
    "2024-02-29T23:59:60",
    "2024-02-29T23:60:00",
    "2024-02-29",
)
_FRACTIONS = (
    "2026-02-05T00:00:00.000",
    "2026-02-05T00:00:00.1234567",
    "1969-12-31T23:59:59.9999999",
    "0001-01-01T00:00:00.0",
)
_ZONED = (
    "2024-01-01T00:00:00Z",
    "2024-01-01T00:00:00+05:30",
    "2024-01-01T00:00:00-0500",
    "0001-01-01T00:00:00+05:00",
)
_HALVES = (
    "02/05/2026 12:00:00 AM",
    "02/05/2026 12:30:00 pm",
    "02/05/2026 00:30:00 AM",
    "9999-12-31T23:59:59-01:00",
)
_DURATIONS = (
    "100 Hora(s)",
    "1 Mes(es)",
    "2,5 dia(s)",
    "2.5 DIA(S)",
    "3hora(s)",
    "- 3 hora(s)",
    "-3 hora(s)",
    "5 años",
    "1e3 mes(es)",
)
TEXTS: tuple[str | None, ...] = (
    *(None, *_WORDS, *_UNICODE, *_NUMBERS, *_ODD, *_LONG, *_EXACT, *_GROUPED, *_MARKED),
    *(*_DATES, *_DATES_TOO, *_TIMES, *_FRACTIONS, *_ZONED, *_HALVES, *_DURATIONS),
)
BOOLEANS: tuple[bool | None, ...] = (None, True, False)
DAYS: tuple[date | None, ...] = (
    *(None, date(1, 1, 1), date(1582, 10, 4), date(1582, 10, 10), date(1600, 2, 29), date(1899, 12, 31)),
    *(date(1969, 12, 31), date(1970, 1, 1), date(2000, 2, 29), date(2024, 12, 30), date(2262, 4, 12)),
    date(9999, 12, 31),
)
MOMENTS: tuple[datetime | None, ...] = (
    *(None, datetime(1, 1, 1), datetime(1, 1, 1, 0, 0, 0, 1), datetime(1582, 10, 10, 5, 59, 59, 999999)),
    *(datetime(1969, 12, 31, 23, 59, 59, 999999), datetime(1970, 1, 1), datetime(2016, 12, 31, 23, 59, 59)),
    *(datetime(2262, 4, 12, 3, 4, 5, 7), datetime(9999, 12, 31, 23, 59, 59, 999999)),
)
EDGES: dict[str, tuple[Any, ...]] = {
    "float": FLOATS,
    "integer": INTEGERS,
    "decimal": DECIMALS,
    "text": TEXTS,
    "boolean": BOOLEANS,
    "date": DAYS,
    "datetime": MOMENTS,
}
SCHEMA = Schema(
    (
        *(Field("x", "float"), Field("y", "float"), Field("i", "integer"), Field("j", "integer")),
        *(Field("money", "decimal", scale=2), Field("cost", "decimal", scale=2)),
        *(Field("s", "text"), Field("t", "text"), Field("b", "boolean"), Field("c", "boolean")),
        *(
            Field("day", "date"),
            Field("other_day", "date"),
            Field("at", "datetime"),
            Field("until", "datetime"),
        ),
        *(Field("instant", "datetime", zone="UTC"), Field("^.*$", "float"), Field("*", "text")),
    )
)


def edge_batch() -> pl.DataFrame:
    """A batch of SCHEMA in which two columns of a kind meet in every pair of edge values."""
    pairs = {kind: list(product(values, values)) for kind, values in EDGES.items() if kind != "text"}
    # Pairs of texts matter to few nodes: shifted copies meet often enough.
    pairs["text"] = [(a, TEXTS[(k * 7 + s) % len(TEXTS)]) for s in range(9) for k, a in enumerate(TEXTS)]
    height = max(len(found) for found in pairs.values())
    seen: dict[str, int] = {}
    data = {}
    for field in SCHEMA:
        side = seen[field.kind] = seen.get(field.kind, -1) + 1
        values = [pair[side % 2] for pair in pairs[field.kind]]
        data[field.name] = [values[k % len(values)] for k in range(height)]
    return pl.DataFrame(data, schema=SCHEMA.dtypes)


def disagreements(expression: Expression, schema: Schema, batch: pl.DataFrame) -> list[tuple[int, Any, Any]]:
    """The rows (index, by batch, by row) where the two evaluators differ; empty where they agree.

    Floats agree when they are the same float32, any NaN being NaN; everything else must be the same value
    of the same Python type. The batch's column must have the dtype of the expression's kind.
    """
    field = field_of(expression, schema, "result")
    by_batch = Projection((Output("result", expression),), schema)(batch).get_column("result")
    if by_batch.dtype != field.dtype or len(by_batch) != batch.height:
        return [(-1, by_batch.dtype, field.dtype)]
    closure = to_row(expression, schema)
    found = []
    for index, (left, row) in enumerate(zip(by_batch.to_list(), batch.iter_rows(named=True), strict=True)):
        right = closure(row)
        if not same(left, right):
            found.append((index, left, right))
    return found


def same(left: Any, right: Any) -> bool:
    """Whether two values of a result are the same: floats as float32, the rest exactly."""
    if type(left) is not type(right):
        return False
    if not isinstance(left, float):
        return bool(left == right)
    if left != left or right != right:
        return left != left and right != right
    with np.errstate(over="ignore", under="ignore"):
        return np.float32(left).tobytes() == np.float32(right).tobytes()


X, Y, I, J, S, T = (Column(name) for name in ("x", "y", "i", "j", "s", "t"))  # noqa: E741
MONEY, COST, B, C = (Column(name) for name in ("money", "cost", "b", "c"))
DAY, OTHER_DAY, AT, UNTIL, INSTANT = (Column(name) for name in ("day", "other_day", "at", "until", "instant"))
_NUMERIC_PAIRS = (
    (X, Y),
    (I, J),
    (X, I),
    (I, X),
    (MONEY, COST),
    (MONEY, X),
    (X, literal(3.0)),
    (I, literal(-3)),
)
_UNITS = (("hora(s)", 1.0), ("Día(s)", 24.0), ("dia(s)", 24.0), ("mes(es)", 720.0), ("", 0.5))


def _numbers() -> list[Expression]:
    two = (n.Add, n.Subtract, n.Multiply, n.Divide)
    one = (n.Negate, n.Absolute, n.Floor, n.Ceiling, n.Log, n.Log1p, n.Log10, n.Exp, n.Expm1, n.SquareRoot)
    found: list[Expression] = [node(a, b) for node in two for a, b in _NUMERIC_PAIRS]
    found += [
        node(a, b)
        for node in (n.FloorDivide, n.Modulo)
        for a, b in ((I, J), (I, literal(-3)), (literal(7), I))
    ]
    constants = (0.0, -0.0, 1.0, -1.0, math.inf, math.nan, 0, 1)
    found += [node(*pair) for node in two for k in constants for pair in ((X, literal(k)), (literal(k), X))]
    found += [node(*pair) for node in two for k in (0, 1) for pair in ((I, literal(k)), (literal(k), I))]
    found += [node(n.Negate(X), literal(0.0)) for node in two]
    found += [node(a) for node in one for a in (X, I, MONEY, n.Add(X, Y))]
    found += [n.Power(a, k) for a in (X, I, MONEY, n.Add(X, Y)) for k in (0, 1, 2, 3, 7, 64, -1, -2, -64)]
    found += [n.Round(a, k) for a in (X, I, MONEY, n.Multiply(X, Y)) for k in (0, 1, 2, 15)]
    found += [
        node(parts)
        for node in (n.Minimum, n.Maximum)
        for parts in ((X, Y), (I, J), (X, I, MONEY), (X, literal(0.0), Y))
    ]
    bounds = ((0.0, 2.0), (-0.0, None), (None, 0.0), (None, None), (-math.inf, math.inf), (1.5, 1.5))
    found += [n.Clip(a, low, high) for a in (X, I, MONEY) for low, high in bounds]
    found += [
        n.Linear((X, I, MONEY), (0.1, -2.0, 1e-3), 0.7),
        n.Linear((X,) * 40, (0.1,) * 40),
        n.Linear((X, Y), (1.0, 1.0), -0.0),
    ]
    return found


def _logic() -> list[Expression]:
    pairs = ((X, Y), (I, J), (X, I), (MONEY, COST), (MONEY, I), (S, T), (B, C), (DAY, OTHER_DAY), (AT, UNTIL))
    sums = (n.Add(X, Y), n.Divide(Y, X))
    found: list[Expression] = [
        n.Compare(a, b, sign) for sign in choices.COMPARISONS for a, b in (*pairs, sums)
    ]
    found += [
        n.Compare(Column("^.*$"), X, "<"),
        n.Compare(Column("*"), S, "=="),
        n.Compare(INSTANT, INSTANT, "=="),
    ]
    found += [
        node(parts)
        for node in (n.And, n.Or)
        for parts in ((B, C), (B,), (B, C, n.Not(B)), (n.Compare(X, Y, "<"), C))
    ]
    found += [
        node(pair)
        for node in (n.And, n.Or)
        for k in (True, False)
        for pair in ((B, literal(k)), (literal(k), B))
    ]
    found += [node((B, n.Literal(None, "boolean"))) for node in (n.And, n.Or)]
    found += [
        n.Not(n.Not(B)),
        n.Not(n.And((B, C))),
        n.Compare(B, literal(True), "=="),
        n.Compare(B, literal(False), "!="),
    ]
    found += [
        n.Compare(X, literal(k), sign) for k in (0.0, math.nan, math.inf) for sign in choices.COMPARISONS
    ]
    found += [n.Compare(X, X, sign) for sign in choices.COMPARISONS] + [
        n.Compare(I, I, "=="),
        n.Subtract(X, X),
        n.Divide(X, X),
    ]
    found += [n.Not(B), n.Not(n.Compare(X, I, ">"))]
    everything = (X, I, MONEY, S, B, DAY, AT, n.Divide(X, Y))
    found += [node(a) for node in (n.IsNull, n.IsMissing) for a in everything]
    found += [n.IsNan(X), n.IsNan(n.Divide(X, Y))]
    found += [
        n.Coalesce(parts)
        for parts in (*pairs, (X,), (X, literal(1.5)), (I, literal(2.5)), (S, literal("")), sums)
    ]
    found += [n.Coalesce((MONEY, literal(Decimal("0.00")))), n.Coalesce((MONEY, literal(1)))]
    found += [n.IfElse(B, a, b) for a, b in pairs] + [n.IfElse(n.Compare(X, Y, "<"), n.Add(X, I), J)]
    found += [n.IfElse(B, X, n.Literal(None, "float")), n.IfElse(n.Literal(None, "boolean"), X, Y)]
    found += [
        n.IsIn(X, (0.0, 2.5, math.inf)),
        n.IsIn(X, ()),
        n.IsIn(I, (0, 2**53 + 1)),
        n.IsIn(S, ("", "a", "é")),
    ]
    found += [
        n.IsIn(B, (True,)),
        n.IsIn(DAY, (date(1, 1, 1),)),
        n.IsIn(AT, (datetime(1970, 1, 1),)),
        n.IsIn(S, ()),
    ]
    found += [n.IsIn(MONEY, (Decimal("1.5"), Decimal("0.01"))), n.IsIn(n.Divide(X, Y), (1.0,))]
    found += [n.Cast(a, kind) for kind in ("integer", "float", "boolean") for a in (X, I, MONEY, B)]
    found += [n.Cast(a, "text") for a in (I, MONEY, B, S, DAY, AT, INSTANT)]
    found += [n.Cast(a, kind) for kind in ("date", "datetime") for a in (DAY, AT, INSTANT)]
    return found


def _texts() -> list[Expression]:
    found: list[Expression] = [
        n.ParseInteger(S, g, c) for g in ("", ".", ",", " ", "'") for c in ("", "$", "€")
    ]
    marks = ((".", ""), (",", ""), (",", "."), (".", ","), (",", " "))
    found += [n.ParseFloat(S, d, g, c, p) for d, g in marks for c in ("", "$") for p in (False, True)]
    found += [n.ParseInteger(n.Strip(S)), n.ParseFloat(n.Lower(S))]
    found += [
        n.ParseBoolean(S),
        n.ParseBoolean(S, ("sí", "A", " 5 "), ("no", "ß", "")),
        n.ParseBoolean(S, (), ()),
    ]
    found += [
        n.ParseDate(S, f) for f in ("%Y-%m-%d", "%d/%m/%Y", "%-d/%-m/%Y", "%d/%m/%y", "%-m/%-d/%y", "%Y%m%d")
    ]
    found += [n.ParseDatetime(S), n.ParseDatetime(S, "%Y-%m-%dT%H:%M:%S.%f"), n.ParseDatetime(S, "%Y-%m-%d")]
    found += [n.ParseDatetime(S, "%Y-%m-%dT%H:%M:%S%z"), n.ParseDatetime(S, "%m/%d/%Y %I:%M:%S %p")]
    found += [n.ParseDatetime(S, "%Y-%m-%dT%-H:%M"), n.ParseDatetime(S, "%m/%d/%Y %-I:%M:%S %p")]
    found += [n.ParseDuration(S, _UNITS), n.ParseDuration(S, _UNITS, ","), n.ParseDuration(S, ())]
    found += [
        node(a) for node in (n.Strip, n.Lower, n.Upper, n.Length, n.Normalise) for a in (S, Column("*"))
    ]
    found += [n.Slice(S, start, length) for start in (0, 1, 3, 500) for length in (None, 0, 1, 2)]
    found += [
        node(S, a)
        for node in (n.Contains, n.StartsWith, n.EndsWith)
        for a in ("", "a", ".", "$", "\x00", "é", "\u0301")
    ]
    found += [
        n.Replace(S, old, new)
        for old, new in (("a", "aa"), (".", ""), ("$", "$1"), ("5", "\\1"), ("\x00", ""))
    ]
    found += [
        n.Concatenate(parts) for parts in ((S, T), (S,), (S, literal(" - "), T), (n.Cast(I, "text"), S))
    ]
    return found


def _dates() -> list[Expression]:
    timed = ("hour", "minute", "second")
    found: list[Expression] = [
        n.DatePart(a, p) for p in choices.PARTS for a in (DAY, AT, INSTANT) if a is not DAY or p not in timed
    ]
    ends = ((DAY, OTHER_DAY), (AT, UNTIL), (INSTANT, INSTANT), (DAY, literal(date(2000, 1, 1))))
    found += [n.Elapsed(a, b, unit) for unit in choices.ELAPSED_UNITS for a, b in ends]
    found += [
        n.Truncate(a, u)
        for u in choices.TRUNCATE_UNITS
        for a in (DAY, AT, INSTANT)
        if a is not DAY or u != "hour"
    ]
    return found


def _learned() -> list[Expression]:
    levels = (
        (("", "a", "é", "5"), S),
        ((0, -7, 2**63 - 1), I),
        ((True, False), B),
        ((date(1970, 1, 1),), DAY),
        ((), S),
    )
    found: list[Expression] = []
    for names, a in levels:
        numbers = (0.5, -0.0, math.nan, math.inf)[: len(names)]
        found += [
            n.LookupNumber(a, names, numbers, unseen, missing)
            for unseen, missing in ((None, None), (9.0, -1.0))
        ]
        found += [
            n.LookupCode(a, names, unseen, missing) for unseen, missing in ((None, None), (9, -1), (None, 4))
        ]
        found += [n.LevelEquals(a, level) for level in names]
    edges = ((), (0.0,), (-0.0, 1.0), (-math.inf, -1.0, 0.0, 2.5, math.inf))
    found += [
        n.Bins(a, e, side) for a in (X, I, MONEY, n.Add(X, Y)) for e in edges for side in ("left", "right")
    ]
    found += [
        n.LookupNumber(n.Lower(n.Strip(S)), ("a", "5"), (1.0, 2.0), 0.0),
        n.LookupCode(n.DatePart(AT, "weekday"), (1, 7)),
    ]
    found += [n.LevelEquals(n.Strip(S), "a")]
    return found


def _whole_features() -> list[Expression]:
    imputed = n.Coalesce((X, literal(0.1)))
    scaled = n.Divide(n.Subtract(imputed, literal(2.5)), literal(0.3))
    found: list[Expression] = [scaled, n.Multiply(n.Subtract(imputed, literal(2.5)), literal(0.3)), imputed]
    found += [
        n.Divide(n.Subtract(a, literal(2.5)), literal(0.3))
        for a in (X, I, MONEY, n.Coalesce((I, literal(0.5))))
    ]
    found += [
        n.Multiply(n.Subtract(a, literal(2.5)), literal(0.3))
        for a in (X, I, MONEY, n.Coalesce((MONEY, literal(0.5))))
    ]
    found += [n.Divide(n.Subtract(X, literal(2.5)), literal(0.0)), n.Coalesce((X, literal(math.nan)))]
    found += [
        n.Log1p(n.Clip(scaled, 0.0, 1e9)),
        literal(3),
        n.Literal(None, "text"),
        n.Divide(literal(1.0), literal(0.0)),
    ]
    found += [X, I, MONEY, S, B, DAY, AT, INSTANT, Column("^.*$"), Column("*")]
    return found


def examples() -> list[Expression]:
    """Expressions over SCHEMA in which every node of the language stands with its telling settings."""
    return [*_numbers(), *_logic(), *_texts(), *_dates(), *_learned(), *_whole_features()]
