"""Formulas say what they mean, and refuse with a place and a suggestion."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.expr.codec import decode, encode
from cauce.expr.describe import column_text, describe
from cauce.expr.formula import parse_formula
from cauce.expr.nodes import Column, literal
from cauce.expr.polars import to_polars
from cauce.expr.row import to_row
from cauce.expr.schema import Field, Schema

SCHEMA = Schema(
    (
        *(Field("arr_delay", "float"), Field("valor", "float"), Field("plazo", "integer")),
        *(
            Field("unit price", "float"),
            Field("año", "integer"),
            Field("ﬁjo", "float"),
            Field("log", "float"),
        ),
        *(Field("class", "text"), Field("t", "text"), Field("day", "date"), Field("at", "datetime")),
        *(Field("ok", "boolean"), Field("money", "decimal", scale=2)),
    )
)
DELAY, VALUE, TERM = Column("arr_delay"), Column("valor"), Column("plazo")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arr_delay > 15", n.Compare(DELAY, literal(15), ">")),
        ("valor / (plazo + 1)", n.Divide(VALUE, n.Add(TERM, literal(1)))),
        ("  \n `unit price` * 2 ", n.Multiply(Column("unit price"), literal(2))),
        ("año + 1", n.Add(Column("año"), literal(1))),
        ("ﬁjo", Column("ﬁjo")),
        ('col("class") == "x"', n.Compare(Column("class"), literal("x"), "==")),
        ("log + log(log)", n.Add(Column("log"), n.Log(Column("log")))),
        ("-plazo ** 2", n.Negate(n.Power(TERM, 2))),
        ("valor ** 0.5", n.SquareRoot(VALUE)),
        ("valor ** -1", n.Power(VALUE, -1)),
        ("-9223372036854775808", literal(-(2**63))),
        (
            "1 < plazo <= 3",
            n.And((n.Compare(literal(1), TERM, "<"), n.Compare(TERM, literal(3), "<="))),
        ),
        ("plazo not in (1, 2)", n.Not(n.IsIn(TERM, (1, 2)))),
        ("valor in [1, 2.5]", n.IsIn(VALUE, (1.0, 2.5))),
        ("valor if ok else None", n.IfElse(Column("ok"), VALUE, n.Literal(None, "float"))),
        ("not ok or ok and ok", n.Or((n.Not(Column("ok")), n.And((Column("ok"), Column("ok")))))),
        ("min(valor, plazo, 3)", n.Minimum((VALUE, TERM, literal(3)))),
        ("round(valor, 2)", n.Round(VALUE, 2)),
        ("clip(valor, 0, 1)", n.Clip(VALUE, 0.0, 1.0)),
        ("year(day)", n.DatePart(Column("day"), "year")),
        ("length(t)", n.Length(Column("t"))),
        ('replace(t, "a", "b")', n.Replace(Column("t"), "a", "b")),
        ("coalesce(valor, 0)", n.Coalesce((VALUE, literal(0)))),
        ("date(at)", n.Cast(Column("at"), "date")),
        ("plazo % 2", n.Modulo(TERM, literal(2))),
    ],
)
def test_formulas_read_as_they_look(text, expected):
    assert repr(parse_formula(text, SCHEMA)) == repr(expected)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("", "E0110", 1, 1),
        ("valor +", "E0110", 1, 1),
        ("(valor", "E0110", 1, 1),
        ("valor = 1", "E0110", 1, 7),
        ("valor; 1", "E0110", 1, 6),
        ("class == 1", "E0110", 1, 1),
        ("valor +\n  “x”", "E0110", 2, 3),
        ('t == "abc', "E0110", 1, 6),
        ("`abc", "E0110", 1, 1),
        ("valor.__class__", "E0110", 1, 1),
        ("[v for v in valor]", "E0110", 1, 1),
        ("lambda: 1", "E0110", 1, 1),
        ('f"{t}"', "E0110", 1, 1),
        ("(valor := 1)", "E0110", 1, 2),
        ("valor @ plazo", "E0110", 1, 9),
        ("valor ** plazo", "E0110", 1, 10),
        ("valor is None", "E0110", 1, 10),
        ("9223372036854775808", "E0110", 1, 1),
        ("1e999", "E0110", 1, 1),
        ("valor\0", "E0110", 1, 6),
        ("valor + " * 2000 + "1", "E0110", 1, 10_001),
        ("1 +\n arr_delai", "E0111", 2, 2),
        ("1 + col('nope')", "E0111", 1, 5),
        ("1 + yeer(day)", "E0112", 1, 5),
        ('__import__("os")', "E0112", 1, 1),
        ("print(1)", "E0112", 1, 1),
        ("abs()", "E0113", 1, 1),
        ("clip(valor, 0)", "E0113", 1, 1),
        ("contains(t, t)", "E0113", 1, 1),
        ('date("2024-13-01")', "E0113", 1, 1),
    ],
)
def test_refusals_name_the_place(text, code, line, column):
    with pytest.raises(CauceError) as caught:
        parse_formula(text, SCHEMA)
    assert (caught.value.code, caught.value.values["line"], caught.value.values["column"]) == (
        code,
        line,
        column,
    )
    assert caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("year(t)", "E0102"),
        ("valor and ok", "E0102"),
        ("t + t", "E0102"),
        ('day > "2024-01-01"', "E0103"),
        ("at == day", "E0103"),
        ("valor ** 65", "E0104"),
        ('truncate(at, "mont")', "E0104"),
        ("+".join(["valor"] * 200), "E0105"),
        ("-" * 5000 + "valor", "E0105"),
        ('parse_date(t, "%q")', "E0120"),
    ],
)
def test_formulas_that_mean_nothing_are_refused(text, code):
    with pytest.raises(CauceError) as caught:
        parse_formula(text, SCHEMA)
    assert caught.value.code == code


def test_misspelt_names_get_the_nearest_one():
    with pytest.raises(CauceError) as caught:
        parse_formula("arr_delai > 15", SCHEMA)
    assert caught.value.hint == "Did you mean: arr_delay?"
    with pytest.raises(CauceError) as caught:
        parse_formula("yeer(day)", SCHEMA)
    assert "year" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "arr_delay > 15",
        "valor / (plazo + 1) - (valor - plazo)",
        "(valor - 1) * -2.5 ** 2",
        "not (ok and not ok) or ok",
        "1 if ok else (2 if not ok else 3)",
        "(1 if ok else 2) + 3",
        '(t == "a\\n\\"b") == ok',
        'days_between(day, date("2024-02-29"))',
        'at > datetime("2024-02-29T10:00:00")',
        'coalesce(money, decimal("0.00"))',
        "money in [1, 2.5]",
        "slice(t, 1) == slice(t, 1, 2)",
        "integer(valor) // 3 % 2",
    ],
)
def test_described_formulas_read_back_to_the_same_expression(text):
    made = parse_formula(text, SCHEMA)
    assert repr(parse_formula(describe(made), SCHEMA)) == repr(made)
    assert repr(decode(encode(made))) == repr(made)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters=""), min_size=0, max_size=12))
def test_a_column_of_any_name_can_be_named(name):
    schema = Schema((Field(name, "float"),))
    assert parse_formula(column_text(name) + " + 1", schema) == n.Add(Column(name), literal(1))


@settings(max_examples=300, deadline=None)
@given(st.text("valorplazot ()[]{}`'\"+-*/%<>=!.,:;#\\\n0123456789e@~_", max_size=40))
def test_any_text_is_read_or_refused_with_a_code(text):
    refusal = _refusal(text)
    if refusal is None:
        describe(parse_formula(text, SCHEMA))
    else:
        assert refusal.code.startswith("E01")
        assert refusal.message
        assert refusal.hint


def _refusal(text):
    try:
        parse_formula(text, SCHEMA)
    except CauceError as error:
        return error
    return None


def test_a_null_delay_gives_a_null_target_and_never_class_zero():
    """Rows without a label must be left out, not counted as on time."""
    made = parse_formula("arr_delay > 15", SCHEMA)
    table = pl.DataFrame({"arr_delay": [16.0, 15.0, None, float("nan")]})
    assert table.select(to_polars(made, SCHEMA).alias("r"))["r"].to_list() == [True, False, None, None]
    assert [to_row(made, SCHEMA)(row) for row in table.iter_rows(named=True)] == [True, False, None, None]
    chosen = parse_formula("1 if arr_delay > 15 else 0", SCHEMA)
    assert table.select(to_polars(chosen, SCHEMA).alias("r"))["r"].to_list() == [1, 0, None, None]
