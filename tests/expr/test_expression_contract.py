"""The two evaluators give the same value: on every node, every edge value, and random expressions."""

from __future__ import annotations

import json
import sys
import unicodedata
from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cauce.expr import nodes as n
from cauce.expr.codec import decode, encode
from cauce.expr.describe import describe
from cauce.expr.grammar import lower, upper
from cauce.expr.nodes import NODES, Column, literal
from cauce.expr.polars import to_polars
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Field, Schema
from cauce.expr.tree import walk
from cauce.testing.expression_random import batch, expression
from cauce.testing.expressions import SCHEMA, disagreements, edge_batch, examples

EXAMPLES = examples()
TABLE = edge_batch()


def _of(node: type) -> list[n.Expression]:
    return [example for example in EXAMPLES if type(example) is node]


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_every_node_means_the_same_in_a_batch_and_in_a_row_on_every_edge_value(node):
    found = {describe(e): disagreements(e, SCHEMA, batch=TABLE)[:3] for e in _of(node)}
    assert found, "no example of this node"
    assert {text: rows for text, rows in found.items() if rows} == {}


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_a_batch_of_one_row_and_an_empty_one_mean_the_same(node):
    for example in _of(node)[:6]:
        for size in (0, 1):
            for start in (0, 57, 733):
                assert disagreements(example, SCHEMA, batch=TABLE.slice(start, size)) == [], describe(example)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_nested_expressions_agree_and_shrink_when_they_do_not(random: Random):
    made = expression(random, 3)
    assert disagreements(made, SCHEMA, batch=batch(random, 5)) == [], describe(made)


def _agree_at_random(seed: int, count: int, rows: int) -> None:
    random = Random(seed)
    table = batch(random, rows)
    for _ in range(count):
        made = expression(random, 3)
        assert disagreements(made, SCHEMA, batch=table) == [], describe(made)
        assert repr(decode(json.loads(json.dumps(encode(made))))) == repr(made)


@pytest.mark.parametrize("seed", range(4))
def test_nested_expressions_agree_on_seeded_tables_and_survive_storing(seed):
    _agree_at_random(seed, 250, 80)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 140))
def test_a_million_values_a_node_agree(seed):
    _agree_at_random(seed, 5_000, 300)


# Each of these once gave two answers, or would have with the obvious translation.
X, I, S = Column("x"), Column("i"), Column("s")  # noqa: E741
COUNTER_EXAMPLES = {
    "polars drops the addition of a zero": (n.Add(X, literal(0.0)), {"x": [-0.0]}, [0.0]),
    "polars drops the subtraction of a negative zero": (n.Subtract(X, literal(-0.0)), {"x": [-0.0]}, [0.0]),
    "polars negates for 0 - x": (n.Subtract(literal(0.0), X), {"x": [0.0]}, [0.0]),
    "polars multiplies by the reciprocal": (
        n.Floor(n.Divide(X, literal(49.0))),
        {"x": [49.0, 98.0]},
        [1.0, 2.0],
    ),
    "polars drops the sign of a zero it finds itself": (
        n.Subtract(n.Coalesce((literal(0.0), X)), X),
        {"x": [0.0]},
        [0.0],
    ),
    "polars orders NaN above everything": (n.Compare(X, literal(1.0), ">"), {"x": [float("nan")]}, [None]),
    "polars takes the else side for null": (
        n.IfElse(n.Compare(X, literal(1.0), ">"), literal(1), literal(0)),
        {"x": [None]},
        [None],
    ),
    "polars finds the place of NaN and null": (
        n.Bins(X, (0.0, 1.0)),
        {"x": [None, float("nan")]},
        [None, None],
    ),
    "polars wraps integers": (n.Add(I, literal(1)), {"i": [2**63 - 1]}, [None]),
    "polars wraps the absolute value": (n.Absolute(I), {"i": [-(2**63)]}, [None]),
    "python raises on division by zero": (n.Divide(I, literal(0)), {"i": [-1]}, [float("-inf")]),
    "polars reads inf and 1e999": (n.ParseFloat(S), {"s": ["inf", "nan", "1e999"]}, [None, None, None]),
    "python reads other scripts' digits": (
        n.ParseInteger(S),
        {"s": ["１２", "٣", "1_0"]},
        [None, None, None],
    ),
    "python has a final sigma": (n.Lower(S), {"s": ["ΑΣ"]}, ["ασ"]),
    "polars reads one digit for two": (n.ParseDate(S), {"s": ["2024-1-5", "+2024-01-05"]}, [None, None]),
    "polars has a year zero": (n.ParseDate(S), {"s": ["0000-01-01"]}, [None]),
    "a chain of 3,000 terms took polars 35 seconds": (
        n.Linear((X,) * 3000, (1.0,) * 3000),
        {"x": [1.0]},
        [3000.0],
    ),
}


@pytest.mark.parametrize("name", COUNTER_EXAMPLES)
def test_counter_examples_found_stay_solved(name):
    made, data, expected = COUNTER_EXAMPLES[name]
    schema = SCHEMA.select(tuple(data))
    table = pl.DataFrame(data, schema=schema.dtypes)
    assert disagreements(made, schema, batch=table) == []
    work = Projection((Output("r", made),), schema)
    assert str(work(table)["r"].to_list()) == str(expected)


def test_a_constant_column_divides_like_any_other():
    """A column Polars keeps as one repeated number would else be divided by its reciprocal."""
    table = pl.DataFrame({"x": [49.0, 98.0]}).with_columns(y=pl.lit(49.0))
    made = to_polars(n.Divide(X, Column("y")), SCHEMA)
    assert table.select(made.alias("r"))["r"].to_list() == [1.0, 2.0]


def test_letter_case_and_normal_form_agree_on_every_character_of_unicode():
    """A library with a newer Unicode would else score the same name as another level."""
    characters = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    table = pl.DataFrame({"s": characters})
    schema = Schema((Field("s", "text"),))
    made = table.select(
        lower=to_polars(n.Lower(S), schema),
        upper=to_polars(n.Upper(S), schema),
        normal=to_polars(n.Normalise(S), schema),
    )
    rows = zip(characters, made["lower"], made["upper"], made["normal"], strict=True)
    odd = [
        hex(ord(c))
        for c, low, up, normal in rows
        if low != lower(c) or up != upper(c) or normal != unicodedata.normalize("NFC", c)
    ]
    assert odd == []


def test_the_examples_and_the_random_expressions_reach_every_node():
    """A node that nobody tries could mean two things unnoticed."""
    random = Random(0)
    tried = {type(node) for _ in range(2_000) for node in walk(expression(random, 3))}
    assert set(NODES) - tried == set()
    assert set(NODES) - {type(example) for example in EXAMPLES} == set()
