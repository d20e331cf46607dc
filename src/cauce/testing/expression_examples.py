"""An example of every node of the expression language, with its telling settings."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal

from cauce.expr import choices
from cauce.expr import nodes as n
from cauce.expr.nodes import Column, Expression, literal

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
_PAIRS = ((X, Y), (I, J), (X, I), (MONEY, COST), (MONEY, I), (S, T), (B, C), (DAY, OTHER_DAY), (AT, UNTIL))
_SUMS = (n.Add(X, Y), n.Divide(Y, X))
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
        n.Component((X, I, MONEY), (0.5, -1.0, 1e-3), (0.1, -2.0, 1e3)),
        n.Component((X, Y) * 150, (1.0, -0.0) * 150, tuple(0.1 * (k - 150) for k in range(300))),
        n.Component((X,), (0.0,), (-0.0,)),
        n.Multiply(n.Component((n.Add(X, Y), literal(2), X), (0.0, 1.0, 3.0), (0.5, -1.0, 2.0)), X),
    ]
    return found


def _comparisons() -> list[Expression]:
    found: list[Expression] = [
        n.Compare(a, b, sign) for sign in choices.COMPARISONS for a, b in (*_PAIRS, _SUMS)
    ]
    found += [
        n.Compare(Column("^.*$"), X, "<"),
        n.Compare(Column("*"), S, "=="),
        n.Compare(INSTANT, INSTANT, "=="),
    ]
    return found


def _logic() -> list[Expression]:
    found: list[Expression] = [
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
    return found


def _known_answers() -> list[Expression]:
    found: list[Expression] = [
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
    return found


def _missing() -> list[Expression]:
    found: list[Expression] = [
        n.Coalesce(parts)
        for parts in (*_PAIRS, (X,), (X, literal(1.5)), (I, literal(2.5)), (S, literal("")), _SUMS)
    ]
    found += [n.Coalesce((MONEY, literal(Decimal("0.00")))), n.Coalesce((MONEY, literal(1)))]
    found += [n.IfElse(B, a, b) for a, b in _PAIRS] + [n.IfElse(n.Compare(X, Y, "<"), n.Add(X, I), J)]
    hidden: tuple[Expression, ...] = (
        n.Coalesce((literal(0.0), X)),
        n.Coalesce((n.Literal(None, "float"), literal(-0.0), Y)),
        n.IfElse(n.And((B, literal(False))), Y, literal(0.0)),
        n.IfElse(literal(True), X, literal(1.0)),
    )
    found += [
        node(*pair) for node in (n.Add, n.Subtract, n.Divide) for k in hidden for pair in ((X, k), (k, X))
    ]
    found += [n.Coalesce((n.Literal(None, "float"), X)), n.Coalesce((literal(math.nan), I, X))]
    found += [n.IfElse(B, X, n.Literal(None, "float")), n.IfElse(n.Literal(None, "boolean"), X, Y)]
    return found


def _members_and_kinds() -> list[Expression]:
    found: list[Expression] = [
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
    found += [n.ParseDecimal(S, digits, d, g) for d, g in marks for digits in (0, 2, 37, 38)]
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
    return [
        *_numbers(),
        *_comparisons(),
        *_logic(),
        *_known_answers(),
        *_missing(),
        *_members_and_kinds(),
        *_texts(),
        *_dates(),
        *_learned(),
        *_whole_features(),
    ]
