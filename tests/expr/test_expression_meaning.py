"""What operations mean, against sources that are not Cauce: numpy, math, decimal, datetime, hand tables."""

from __future__ import annotations

import calendar
import math
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauce.expr import nodes as n
from cauce.expr.nodes import Column, literal
from cauce.expr.polars import to_polars
from cauce.expr.row import to_row
from cauce.expr.schema import Field, Schema
from cauce.testing.expression_edges import DAYS, FLOATS, INTEGERS, MOMENTS, SCHEMA
from cauce.testing.expressions import disagreements

X, I, S, T, MONEY = Column("x"), Column("i"), Column("s"), Column("t"), Column("money")  # noqa: E741
NUMBERS = [value for value in FLOATS if value is not None]


def by_batch(made, **data):
    """The values of an expression over a small table of some of SCHEMA's columns."""
    schema = SCHEMA.select(tuple(data))
    table = pl.DataFrame(data, schema=schema.dtypes)
    assert disagreements(made, schema, batch=table) == []
    return table.select(to_polars(made, schema).alias("r"))["r"].to_list()


@pytest.mark.parametrize(
    ("node", "of"),
    [
        (n.Log, np.log),
        (n.Log1p, np.log1p),
        (n.Log10, np.log10),
        (n.Exp, np.exp),
        (n.Expm1, np.expm1),
        (n.SquareRoot, np.sqrt),
        (n.Floor, np.floor),
        (n.Ceiling, np.ceil),
        (n.Round, np.round),
        (n.Absolute, np.abs),
        (n.Negate, np.negative),
    ],
)
def test_functions_of_numbers_are_numpys(node, of):
    with np.errstate(all="ignore"):
        expected = of(np.array(NUMBERS))
    np.testing.assert_allclose(by_batch(node(X), x=NUMBERS), expected, rtol=4e-16, atol=0)


@pytest.mark.parametrize(
    ("node", "of"),
    [(n.Add, np.add), (n.Subtract, np.subtract), (n.Multiply, np.multiply), (n.Divide, np.divide)],
)
def test_arithmetic_of_floats_is_ieee_754(node, of):
    left = [a for a in NUMBERS for _ in NUMBERS]
    right = [b for _ in NUMBERS for b in NUMBERS]
    with np.errstate(all="ignore"):
        expected = of(np.array(left), np.array(right))
    found = np.array(by_batch(node(X, Column("y")), x=left, y=right))
    np.testing.assert_array_equal(found, expected)
    zero = expected == 0
    np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(expected[zero]))


@pytest.mark.parametrize(
    ("node", "of"),
    [
        (n.Add, lambda a, b: a + b),
        (n.Subtract, lambda a, b: a - b),
        (n.Multiply, lambda a, b: a * b),
        (n.FloorDivide, lambda a, b: a // b if b else None),
        (n.Modulo, lambda a, b: a % b if b else None),
    ],
)
def test_arithmetic_of_integers_is_exact_or_null(node, of):
    whole = [value for value in INTEGERS if value is not None]
    pairs = [(a, b) for a in whole for b in whole]
    exact = [of(a, b) for a, b in pairs]
    expected = [value if value is not None and -(2**63) <= value < 2**63 else None for value in exact]
    assert by_batch(node(I, Column("j")), i=[a for a, _ in pairs], j=[b for _, b in pairs]) == expected


def test_whole_powers_are_pythons_where_64_bits_hold_them():
    for exponent in range(65):
        exact = [value**exponent for value in (0, 1, -1, 2, -2, 3, 7, 10, 3037000499)]
        expected = [value if -(2**63) <= value < 2**63 else None for value in exact]
        assert by_batch(n.Power(I, exponent), i=[0, 1, -1, 2, -2, 3, 7, 10, 3037000499]) == expected


@given(st.floats(-1e6, 1e6), st.integers(-20, 20))
def test_powers_of_floats_are_near_the_exact_ones(base, exponent):
    if base == 0 and exponent < 0:
        return
    exact = float(Decimal(base) ** exponent) if base else float(exponent == 0)
    found = to_row(n.Power(X, exponent), SCHEMA)({"x": base})
    assert math.isclose(found, exact, rel_tol=1e-13, abs_tol=1e-300) or abs(exact) > 1e300


def test_casts_follow_decimal_and_ieee():
    cents = [Decimal("1.99"), Decimal("-1.99"), Decimal("9223372036854775807.99"), Decimal("0.10")]
    truncated = [int(value.to_integral_value(ROUND_DOWN)) for value in cents]
    assert by_batch(n.Cast(MONEY, "integer"), money=cents) == truncated
    assert by_batch(n.Cast(MONEY, "float"), money=cents) == [float(value) for value in cents]
    assert by_batch(n.Cast(MONEY, "text"), money=[Decimal("1.5"), Decimal("-0.07")]) == ["1.50", "-0.07"]
    assert by_batch(n.Cast(X, "integer"), x=[1.9, -1.9, 2.0**63, math.nan]) == [1, -1, None, None]
    assert by_batch(n.Cast(I, "float"), i=[2**53 + 1]) == [2.0**53]
    assert by_batch(n.Cast(X, "boolean"), x=[0.0, -0.0, 0.1, math.nan, None]) == [
        False,
        False,
        True,
        None,
        None,
    ]


# The text; what ParseInteger says; what ParseFloat says.
PLAIN = [
    ("5", 5, 5.0),
    ("+5", 5, 5.0),
    (" \t5\xa0", 5, 5.0),
    ("007", 7, 7.0),
    ("-0", 0, -0.0),
    (".5", None, 0.5),
    ("5.", None, 5.0),
    ("1e3", None, 1000.0),
    ("1E-3", None, 0.001),
    ("9223372036854775808", None, 9223372036854775808.0),
    ("0" * 500 + "7", 7, 7.0),
    ("", None, None),
    (" ", None, None),
    (".", None, None),
    ("−5", None, None),
    ("1_000", None, None),
    ("0x10", None, None),
    ("１２", None, None),
    ("inf", None, None),
    ("NaN", None, None),
    ("1e999", None, None),
    ("1,5", None, None),
    ("5 5", None, None),
    ("5\0", None, None),
    ("--5", None, None),
]


@pytest.mark.parametrize(("text", "whole", "real"), PLAIN)
def test_plain_numbers_are_read_by_the_stated_grammar(text, whole, real):
    assert by_batch(n.ParseInteger(S), s=[text]) == [whole]
    assert repr(by_batch(n.ParseFloat(S), s=[text])) == repr([real])


# The text, decimal mark, grouping mark, currency, percent; the number.
LOCAL = [
    ("$1.234.567,50", ",", ".", "$", False, 1234567.5),
    ("1.234.567,50 $", ",", ".", "$", False, 1234567.5),
    ("-$ 1.234", ",", ".", "$", False, -1234.0),
    ("$-1.234", ",", ".", "$", False, -1234.0),
    ("1234567,5", ",", ".", "", False, 1234567.5),
    ("1,234.5", ".", ",", "", False, 1234.5),
    ("1.23.4", ",", ".", "", False, None),
    ("1.2345", ",", ".", "", False, None),
    ("12.34", ",", ".", "", False, None),
    ("1.234,5.6", ",", ".", "", False, None),
    ("12 %", ".", "", "", True, 0.12),
    ("-1,5%", ",", ".", "", True, -0.015),
    ("12", ".", "", "", True, 12.0),
    ("12 %", ".", "", "", False, None),
    ("%", ".", "", "", True, None),
    ("$", ",", ".", "$", False, None),
    ("5€", ",", ".", "€", False, 5.0),
    ("COP 5", ",", ".", "COP", False, 5.0),
    ("1 234\xa0567,5", ",", " ", "", False, 1234567.5),
    ("1'234.5", ".", "'", "", False, 1234.5),
    ("$$5", ",", ".", "$", False, None),
    ("$5$", ",", ".", "$", False, None),
]


@pytest.mark.parametrize(("text", "decimal", "grouping", "currency", "percent", "expected"), LOCAL)
def test_local_numbers_are_read_with_their_marks(text, decimal, grouping, currency, percent, expected):
    made = n.ParseFloat(S, decimal, grouping, currency, percent)
    assert by_batch(made, s=[text]) == [expected]


# The text, scale, decimal mark, grouping mark; the decimal.
DECIMALS = [
    ("12.50", 2, ".", "", "12.50"),
    (" +12.5 ", 2, ".", "", "12.50"),
    ("12", 2, ".", "", "12.00"),
    ("12.", 2, ".", "", "12.00"),
    (".5", 2, ".", "", "0.50"),
    ("-.5", 1, ".", "", "-0.5"),
    ("12.5000", 1, ".", "", "12.5"),
    ("12.505", 2, ".", "", None),
    ("0.1", 0, ".", "", None),
    ("5.0", 0, ".", "", "5"),
    (".0", 0, ".", "", "0"),
    ("-0.00", 2, ".", "", "0.00"),
    ("0" * 50 + "7", 2, ".", "", "7.00"),
    ("9" * 36 + ".99", 2, ".", "", "9" * 36 + ".99"),
    ("1" + "0" * 36, 2, ".", "", None),
    ("-" + "9" * 38, 0, ".", "", "-" + "9" * 38),
    ("9" * 39, 0, ".", "", None),
    ("." + "9" * 38, 38, ".", "", "0." + "9" * 38),
    ("0", 38, ".", "", "0." + "0" * 38),
    ("1", 38, ".", "", None),
    ("1.234,50", 2, ",", ".", "1234.50"),
    ("1.23,5", 2, ",", ".", None),
    ("1 234 567", 0, ".", " ", "1234567"),
    ("1e3", 2, ".", "", None),
    ("1,5", 2, ".", "", None),
    (".", 2, ".", "", None),
    (".", 0, ".", "", None),
    ("", 2, ".", "", None),
    ("NaN", 2, ".", "", None),
    ("１", 2, ".", "", None),
    ("--1", 2, ".", "", None),
]


@pytest.mark.parametrize(("text", "scale", "decimal", "grouping", "expected"), DECIMALS)
def test_decimals_are_read_exactly_or_not_at_all(text, scale, decimal, grouping, expected):
    made = n.ParseDecimal(S, scale, decimal, grouping)
    found = [*by_batch(made, s=[text]), to_row(made, SCHEMA)({"s": text})]
    assert [None if one is None else format(one, "f") for one in found] == [expected] * 2


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, max_value=10**30, min_value=-(10**30)))
def test_every_printed_decimal_reads_back_to_the_same_number(value):
    text = format(value, "f")
    assert by_batch(n.ParseDecimal(S, 4), s=[text]) == [value]
    assert to_row(n.ParseDecimal(S, 4), SCHEMA)({"s": text}) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_printed_float_reads_back_to_the_same_bits(value):
    assert repr(to_row(n.ParseFloat(S), SCHEMA)({"s": repr(value)})) == repr(value)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_every_integer_reads_back_from_local_digits(values):
    texts = [f"{value:,}".replace(",", ".") for value in values]
    assert by_batch(n.ParseInteger(S, "."), s=texts) == values


@given(st.lists(st.datetimes(datetime(1, 1, 1)), min_size=1, max_size=20))
def test_dates_read_back_from_their_formats(moments):
    texts = [f"{m.day:02}/{m.month:02}/{m.year:04}" for m in moments]
    assert by_batch(n.ParseDate(S, "%d/%m/%Y"), s=texts) == [m.date() for m in moments]
    iso = [m.isoformat(timespec="microseconds") for m in moments]
    assert by_batch(n.ParseDatetime(S, "%Y-%m-%dT%H:%M:%S.%f"), s=iso) == [m.replace(fold=0) for m in moments]


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("2023-02-29", "%Y-%m-%d", None),
        ("1900-02-29", "%Y-%m-%d", None),
        ("5/3/2024", "%-d/%-m/%Y", date(2024, 3, 5)),
        ("5/3/2024", "%d/%m/%Y", None),
        ("05/03/69", "%d/%m/%y", date(2069, 3, 5)),
        ("05/03/70", "%d/%m/%y", date(1970, 3, 5)),
        (" 20240305 ", "%Y%m%d", date(2024, 3, 5)),
        ("2024-03-05T00:00:00", "%Y-%m-%d", None),
        ("100 %05/03/2024", "100 %%%d/%m/%Y", date(2024, 3, 5)),
    ],
)
def test_dates_are_read_strictly(text, form, expected):
    assert by_batch(n.ParseDate(S, form), s=[text]) == [expected]


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("2024-01-01T00:00:00+05:30", "%Y-%m-%dT%H:%M:%S%z", datetime(2023, 12, 31, 18, 30)),
        ("2024-01-01T00:00:00Z", "%Y-%m-%dT%H:%M:%S%z", datetime(2024, 1, 1)),
        ("0001-01-01T00:00:00+00:01", "%Y-%m-%dT%H:%M:%S%z", None),
        ("9999-12-31T23:59:59-00:01", "%Y-%m-%dT%H:%M:%S%z", None),
        ("12/31/2024 12:00:00 AM", "%m/%d/%Y %I:%M:%S %p", datetime(2024, 12, 31)),
        ("12/31/2024 12:00:00 pm", "%m/%d/%Y %I:%M:%S %p", datetime(2024, 12, 31, 12)),
        ("12/31/2024 13:00:00 PM", "%m/%d/%Y %I:%M:%S %p", None),
        ("2024-01-01T23:59:60", "%Y-%m-%dT%H:%M:%S", None),
        ("2024-01-01T24:00:00", "%Y-%m-%dT%H:%M:%S", None),
        ("1969-12-31T23:59:59.1234567", "%Y-%m-%dT%H:%M:%S.%f", datetime(1969, 12, 31, 23, 59, 59, 123456)),
        ("1/2/2024 7:05", "%-d/%-m/%Y %-H:%M", datetime(2024, 2, 1, 7, 5)),
    ],
)
def test_datetimes_are_read_strictly(text, form, expected):
    assert by_batch(n.ParseDatetime(S, form), s=[text]) == [expected]


def test_durations_are_read_by_number_and_unit():
    units = (("hora(s)", 1.0), ("Mes(es)", 720.0), ("día(s)", 24.0))
    texts = ["100 Hora(s)", "1 Mes(es)", "2,5 DÍA(S)", "3hora(s)", "4 años", "hora(s)", "1e3 hora(s)", None]
    expected = [100.0, 720.0, 60.0, 3.0, None, None, None, None]
    assert by_batch(n.ParseDuration(S, units, ","), s=texts) == expected


def test_parts_of_dates_are_the_calendars():
    days = [day for day in DAYS if day is not None]
    expected = {
        "year": [d.year for d in days],
        "quarter": [math.ceil(d.month / 3) for d in days],
        "weekday": [calendar.weekday(d.year, d.month, d.day) + 1 for d in days],
        "day_of_year": [d.timetuple().tm_yday for d in days],
    }
    for part, wanted in expected.items():
        assert by_batch(n.DatePart(Column("day"), part), day=days) == wanted


def test_time_between_moments_is_python_s_timedelta():
    moments = [moment for moment in MOMENTS if moment is not None]
    pairs = [(a, b) for a in moments for b in moments]
    made = n.Elapsed(Column("at"), Column("until"), "hours")
    expected = [(b - a) / timedelta(hours=1) for a, b in pairs]
    found = by_batch(made, at=[a for a, _ in pairs], until=[b for _, b in pairs])
    np.testing.assert_allclose(found, expected, rtol=3e-16)


def test_bins_are_numpys_on_both_sides():
    edges = [-1.0, 0.0, 2.5]
    values = [value for value in NUMBERS if not math.isnan(value)]
    assert by_batch(n.Bins(X, tuple(edges)), x=values) == np.digitize(values, edges).tolist()
    right = np.digitize(values, edges, right=True).tolist()
    assert by_batch(n.Bins(X, tuple(edges), "right"), x=values) == right


def test_three_valued_logic_is_kleenes():
    values = [True, False, None]
    pairs = [(a, b) for a in values for b in values]
    columns = {"b": [a for a, _ in pairs], "c": [b for _, b in pairs]}
    both = [False if False in p else None if None in p else True for p in pairs]
    either = [True if True in p else None if None in p else False for p in pairs]
    assert by_batch(n.And((Column("b"), Column("c"))), **columns) == both
    assert by_batch(n.Or((Column("b"), Column("c"))), **columns) == either


def test_missing_and_unseen_levels_have_their_own_answers():
    table = {"s": ["a", "b", "z", None]}
    assert by_batch(n.LookupNumber(S, ("a", "b"), (0.5, 0.25), 9.0, -1.0), **table) == [0.5, 0.25, 9.0, -1.0]
    assert by_batch(n.LookupNumber(S, ("a",), (0.5,)), **table) == [0.5, None, None, None]
    assert by_batch(n.LookupCode(S, ("b", "a"), 2, 3), **table) == [1, 0, 2, 3]
    assert by_batch(n.LevelEquals(S, "a"), **table) == [True, False, False, False]


def test_texts_are_measured_and_cut_in_code_points():
    family = "👩‍👩‍👧"
    assert by_batch(n.Length(S), s=[family, "e\u0301", "é", "\0", "İ"]) == [5, 2, 1, 1, 1]
    assert by_batch(n.Slice(S, 0, 1), s=[family, "e\u0301", ""]) == ["👩", "e", ""]
    assert by_batch(n.Upper(S), s=["straße", "ı"]) == ["STRASSE", "I"]
    assert by_batch(n.Lower(S), s=["İ", "ẞ", "ΑΣ"]) == ["i̇", "ß", "ας".replace("ς", "σ")]
    assert by_batch(n.Normalise(S), s=["e\u0301", "ﬁ"]) == ["é", "ﬁ"]
    assert by_batch(n.Strip(S), s=["\u00a0\ufeff x\u3000\n", "\u200bx", "\x1fx"]) == ["x", "\u200bx", "\x1fx"]


def test_a_linear_combination_is_numpys_dot_product():
    random = np.random.default_rng(0)
    names = tuple(f"c{k}" for k in range(300))
    schema = Schema(tuple(Field(name, "float") for name in names))
    table = pl.DataFrame({name: random.normal(size=50) for name in names})
    weights = random.normal(size=300)
    made = n.Linear(tuple(map(Column, names)), tuple(weights.tolist()), 0.5)
    assert disagreements(made, schema, batch=table) == []
    found = table.select(to_polars(made, schema).alias("r"))["r"].to_numpy()
    np.testing.assert_allclose(found, table.to_numpy() @ weights + 0.5, rtol=1e-10, atol=1e-12)


def test_imputing_replaces_nan_as_well_as_null():
    made = n.Coalesce((X, literal(7.0)))
    assert by_batch(made, x=[None, math.nan, math.inf, 1.0]) == [7.0, 7.0, math.inf, 1.0]
    assert by_batch(n.IsMissing(X), x=[None, math.nan, math.inf, 1.0]) == [True, True, False, False]
    assert by_batch(n.IsNull(X), x=[None, math.nan]) == [True, False]
    assert by_batch(n.IsNan(X), x=[None, math.nan]) == [False, True]
