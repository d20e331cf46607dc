"""A stored expression reads back to itself, and nothing else reads at all."""

from __future__ import annotations

import copy
import json
import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.expr.codec import decode, encode
from cauce.expr.nodes import Column, literal
from cauce.expr.tree import MAX_DEPTH
from cauce.testing.expression_random import expression
from cauce.testing.expressions import examples

SIMPLE = encode(n.Add(Column("x"), literal(1.5)))


@pytest.mark.parametrize("example", examples(), ids=lambda e: type(e).__name__)
def test_every_node_reads_back_to_itself_through_json_text(example):
    text = json.dumps(encode(example), allow_nan=False)
    assert repr(decode(json.loads(text))) == repr(example)


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_nested_expressions_read_back_to_themselves(random: Random):
    made = expression(random, 4)
    assert repr(decode(json.loads(json.dumps(encode(made), allow_nan=False)))) == repr(made)


def test_the_stored_form_is_the_documented_one():
    """Bundles of every release must read: a change here is a new version."""
    made = n.LookupNumber(n.Strip(Column("s")), ("a",), (math.inf,), None, -0.0)
    assert json.dumps(encode(made)) == (
        '{"version": 1, "expression": {"node": "lookup_number", '
        '"operand": {"node": "strip", "operand": {"node": "column", "name": "s"}}, '
        '"levels": ["a"], "numbers": ["inf"], "unseen": null, "missing": -0.0}}'
    )


def _changed(**changes):
    made = copy.deepcopy(SIMPLE)
    made["expression"].update(changes)
    return made


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "E0106"),
        ([], "E0106"),
        ({"version": 1}, "E0106"),
        ({**SIMPLE, "more": 1}, "E0106"),
        ({**SIMPLE, "version": True}, "E0106"),
        ({**SIMPLE, "version": "1"}, "E0106"),
        ({**SIMPLE, "version": 2}, "E0107"),
        (_changed(node="system"), "E0106"),
        (_changed(node=["add"]), "E0106"),
        (_changed(extra=1), "E0106"),
        (_changed(left=None), "E0106"),
        (_changed(left={"node": "column", "name": 5}), "E0106"),
        (_changed(left={"node": "column", "name": "\ud800"}), "E0106"),
        (_changed(left={"node": "column"}), "E0106"),
        (_changed(left={"node": "literal", "value": 2**63, "kind": "integer"}), "E0106"),
        (_changed(left={"node": "literal", "value": 1.5, "kind": "float"}), "E0106"),
        (_changed(left={"node": "literal", "value": {"float": "NaN"}, "kind": "float"}), "E0106"),
        (_changed(left={"node": "literal", "value": {"date": "2024-13-01"}, "kind": "date"}), "E0106"),
        (_changed(left={"node": "literal", "value": {"pickle": "x"}, "kind": "date"}), "E0106"),
        (_changed(left={"node": "literal", "value": {"decimal": "1_0"}, "kind": "decimal"}), "E0106"),
        (_changed(left={"node": "literal", "value": 1, "kind": "complex"}), "E0106"),
        (_changed(left={"node": "clip", "operand": SIMPLE["expression"], "lower": math.nan}), "E0106"),
        (_changed(left={"node": "and", "operands": "xy"}), "E0106"),
        (_changed(left={"node": "power", "operand": SIMPLE["expression"], "exponent": True}), "E0106"),
        (_changed(left={"node": "level_equals", "operand": {}, "level": None}), "E0106"),
    ],
)
def test_anything_else_is_refused_with_a_code(value, code):
    with pytest.raises(CauceError) as caught:
        decode(value)
    assert caught.value.code == code
    assert caught.value.hint


def test_hostile_depth_is_refused_before_the_stack_is():
    inner: dict = {"node": "column", "name": "b"}
    for _ in range(MAX_DEPTH * 50):
        inner = {"node": "not", "operand": inner}
    with pytest.raises(CauceError) as caught:
        decode({"version": 1, "expression": inner})
    assert caught.value.code == "E0105"


def test_hostile_width_is_refused():
    inner = {"node": "and", "operands": [{"node": "column", "name": "b"}] * 100_001}
    with pytest.raises(CauceError) as caught:
        decode({"version": 1, "expression": inner})
    assert caught.value.code == "E0105"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_expression_is_read_or_refused_and_never_crashes(data):
    """One changed value anywhere either still is an expression or is E0105 to E0107."""
    example = data.draw(st.sampled_from(EXAMPLES))
    value = json.loads(json.dumps(encode(example)))
    place: object = value
    while isinstance(place, (dict, list)) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], (dict, list)) or data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = place[key]
    assert _code_of(lambda: decode(value)) in (None, "E0105", "E0106", "E0107")


def _code_of(run):
    try:
        run()
    except CauceError as error:
        return error.code
    return None


EXAMPLES = examples()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
