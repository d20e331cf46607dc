"""Projections give exactly the promised columns, whatever the names; kinds are found and refused in words."""

from __future__ import annotations

import pickle

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.expr.kinds import columns_of, field_of, kind_of
from cauce.expr.nodes import Column, literal
from cauce.expr.projection import Output, Projection
from cauce.expr.row import to_rows
from cauce.expr.schema import Field, Schema
from cauce.testing.expressions import SCHEMA

SMALL = Schema((Field("a", "float"), Field("b", "float"), Field("s", "text")))
ROWS = pl.DataFrame({"a": [1.0, 2.0], "b": [3.0, None], "s": ["x", None]})


def test_kept_columns_come_first_then_the_outputs():
    work = Projection((Output("sum", n.Add(Column("a"), Column("b"))),), SMALL, keep=("s",))
    assert work.columns == ("s", "a", "b")
    assert work.schema == Schema((Field("s", "text"), Field("sum", "float")))
    assert_frame_equal(work(ROWS), pl.DataFrame({"s": ["x", None], "sum": [4.0, None]}))


def test_outputs_may_take_the_names_of_the_columns_they_read():
    work = Projection((Output("a", Column("b")), Output("b", Column("a"))), SMALL)
    assert_frame_equal(work(ROWS), pl.DataFrame({"a": [3.0, None], "b": [1.0, 2.0]}))


@pytest.mark.parametrize("name", ["*", "^.*$", "", "a\nb", "{x}", "\0", "índice 🦆", "a" * 1000])
def test_hostile_names_are_only_names(name):
    schema = Schema((Field(name, "float"), Field("other", "float")))
    table = pl.DataFrame({name: [1.0], "other": [2.0]})
    work = Projection((Output(f"{name}!", n.Add(Column(name), literal(1.0))),), schema, keep=(name,))
    assert work(table).to_dict(as_series=False) == {name: [1.0], f"{name}!": [2.0]}


@pytest.mark.parametrize("height", [0, 1, 3])
def test_constants_have_the_rows_of_the_batch(height):
    work = Projection((Output("one", literal(1)), Output("none", n.Literal(None, "text"))), SMALL)
    made = work(pl.concat([ROWS, ROWS]).head(height))
    assert made.height == height
    assert made.schema == {"one": pl.Int64, "none": pl.String}


def test_further_columns_of_a_batch_are_ignored_and_wrong_ones_refused():
    work = Projection((Output("a", Column("a")),), SMALL)
    assert work(ROWS.with_columns(more=pl.lit(1))).columns == ["a"]
    for wrong in (ROWS.drop("a"), ROWS.with_columns(pl.col("a").cast(pl.Int64))):
        with pytest.raises(CauceError) as caught:
            work(wrong)
        assert caught.value.code == "E0131"
        assert caught.value.values["column"] == "a"


def test_two_results_of_one_name_are_refused():
    with pytest.raises(CauceError) as caught:
        Projection((Output("a", Column("b")),), SMALL, keep=("a",))
    assert caught.value.code == "E0130"


def test_a_projection_travels_to_workers():
    work = Projection((Output("a", n.Add(Column("a"), literal(0.5))),), SMALL)
    work(ROWS)
    assert_frame_equal(pickle.loads(pickle.dumps(work))(ROWS), work(ROWS))


def test_columns_are_listed_once_in_order_of_appearance():
    made = n.Add(n.Add(Column("b"), Column("a")), n.Multiply(Column("b"), literal(2.0)))
    assert columns_of(made) == ("b", "a")


def test_decimals_and_zones_stay_in_the_fields_of_results():
    assert field_of(Column("money"), SCHEMA, name="m") == Field("m", "decimal", scale=2)
    assert field_of(n.Truncate(Column("instant"), "day"), SCHEMA, name="d") == Field(
        "d", "datetime", zone="UTC"
    )
    zoned = n.ParseDatetime(Column("s"), "%Y-%m-%dT%H:%M:%S%z")
    assert field_of(zoned, SCHEMA, name="d") == Field("d", "datetime", zone="UTC")
    assert kind_of(n.Coalesce((Column("money"), literal(1))), SCHEMA) == "float"


@pytest.mark.parametrize(
    ("made", "code", "says"),
    [
        (Column("nope"), "E0101", "Column nope does not exist here."),
        (n.Log(Column("s")), "E0102", "log cannot take s, which is of kind text."),
        (
            n.Lower(n.Add(Column("x"), literal(1.0))),
            "E0102",
            "lower cannot take x + 1.0, which is of kind float.",
        ),
        (
            n.Compare(Column("at"), Column("instant"), "<"),
            "E0103",
            "compare cannot bring at (datetime) and instant",
        ),
        (n.Cast(Column("x"), "text"), "E0102", "cast cannot take x"),
        (n.Cast(Column("s"), "float"), "E0102", "cast cannot take s"),
        (n.Power(Column("x"), 65), "E0104", "power: exponent cannot be 65."),
        (n.Bins(Column("x"), (1.0, 1.0)), "E0104", "bins: edges"),
        (n.Bins(Column("x"), (0.0, -0.0)), "E0104", "bins: edges"),
        (n.LookupNumber(Column("s"), ("a", "a"), (1.0, 2.0)), "E0104", "lookup_number: levels"),
        (n.LookupNumber(Column("s"), ("a",), ()), "E0104", "lookup_number: numbers"),
        (n.LookupNumber(Column("x"), (), ()), "E0102", "lookup_number cannot take x"),
        (n.LevelEquals(Column("b"), 1), "E0104", "level_equals: level"),
        (n.IsIn(Column("x"), (float("nan"),)), "E0104", "is_in: values"),
        (n.Clip(Column("x"), 2.0, 1.0), "E0104", "clip: lower"),
        (n.Literal(2**63, "integer"), "E0104", "literal: value"),
        (n.Literal("\ud800", "text"), "E0104", "literal: value"),
        (n.ParseFloat(Column("s"), ".", "."), "E0104", "number: grouping"),
        (n.ParseInteger(Column("s"), "", "5"), "E0104", "number: currency"),
        (n.ParseDecimal(Column("s"), 39), "E0104", "parse_decimal: scale"),
        (n.ParseDecimal(Column("s"), 2, ""), "E0104", "parse_decimal: decimal"),
        (n.ParseDate(Column("s"), "%d/%m"), "E0120", "The date format %d/%m cannot be used"),
        (n.ParseDate(Column("s"), "%Y-%m-%d %H"), "E0120", "The date format"),
        (n.ParseDate(Column("s"), "%-d%-m%Y"), "E0120", "The date format"),
        (n.Minimum(()), "E0104", "minimum: operands"),
        (n.Replace(Column("s"), "", "x"), "E0104", "replace: old"),
    ],
)
def test_expressions_without_a_meaning_are_refused_in_words(made, code, says):
    with pytest.raises(CauceError) as caught:
        kind_of(made, SCHEMA)
    assert caught.value.code == code
    assert caught.value.message.startswith(says)
    assert caught.value.hint


def test_many_expressions_make_one_list_of_a_row():
    made = to_rows((n.Add(Column("a"), literal(1.0)), n.LevelEquals(Column("s"), "x")), SMALL)
    assert made({"a": 1.0, "s": "x"}) == [2.0, True]
    assert made({"a": None, "s": None}) == [None, False]
