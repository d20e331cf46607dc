"""Prepared batches: every row once, with its target, weight, folds and hash, small enough to send."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from split_rows import fitted, prepared, schema_of, settings, target_of

from cauce.core.columns import FOLD, HASH_A, HASH_B, INNER_FOLD, TARGET, WEIGHT
from cauce.core.features import Roles
from cauce.core.preparation import LEFT_OUT, Placement, Preparation
from cauce.core.roles import check_roles
from cauce.core.splits import RandomSplit, SplitRule, StratifiedSplit, TimeSplit, decode_rule, encode_rule
from cauce.core.task import Target
from cauce.errors import CauceError, CauceErrors
from cauce.expr.formula import parse_formula
from cauce.expr.nodes import Column
from cauce.expr.schema import Field, Schema
from cauce.stats.row_hash import row_hashes

FRAME = pl.DataFrame(
    {
        "id": [1, 2, 3, 4, 5, 6],
        "": ["a", "b", "c", "d", "e", "f"],
        "^x*$": [0.5, 1.5, None, 3.5, 4.5, 5.5],
        "*": [1, 2, 3, 4, 5, 6],
        "when": [date(2024, 1, day) for day in range(1, 7)],
        "w": [1, 0, 2, 1, 1, 3],
        "y": ["no", "yes", None, "no", "yes", "no"],
    }
)
SCHEMA = schema_of(FRAME)
TARGET_OF = target_of(FRAME)
RULES: list[SplitRule] = [
    RandomSplit((), 1, 0.6, 0.2),
    RandomSplit(("id", "*"), 2**31 - 1, 0.7, 0.15),
    StratifiedSplit(("id",), 1, 0.6, 0.2, ((0.1 + 0.2, 0.8), (-5e-324, 1 - 2**-53))),
    TimeSplit("when", 19_724, 19_726, (), 1),
    TimeSplit("when", -1.5, 0.25, ("id",), 1),
]
ADDED = (TARGET, WEIGHT, FOLD, INNER_FOLD, HASH_A, HASH_B)


@pytest.mark.parametrize("rule", RULES)
def test_rules_come_back_from_json_bit_for_bit(rule: SplitRule) -> None:
    """A limit that loses a digit moves a row between folds after a restart."""
    import json  # noqa: PLC0415

    from cauce.core.canonical import canonical_json  # noqa: PLC0415

    assert decode_rule(json.loads(canonical_json(encode_rule(rule)))) == rule


def test_columns_of_any_name_pass_through_and_rows_stay_in_order() -> None:
    """A column called "*" or "" must come out as itself, beside its own row."""
    made = prepared(FRAME, settings())
    assert made.select(pl.all().exclude("^__.*$")).equals(FRAME)
    assert tuple(made.columns[FRAME.width :]) == ADDED
    lanes = row_hashes(FRAME, SCHEMA)
    for name, lane in zip((HASH_A, HASH_B), lanes, strict=True):
        assert (made[name].to_numpy().view(np.uint64) == lane).all()
    assert made[TARGET].to_list() == [0.0, 1.0, None, 0.0, 1.0, 0.0]
    assert made[FOLD].to_list()[2] == LEFT_OUT
    assert made[WEIGHT].to_list() == [1.0] * 6


def test_weights_are_numbers_from_zero() -> None:
    """A guessed weight changes the model silently."""
    rule = RULES[0]
    made = Preparation(SCHEMA, TARGET_OF, rule, weight="w")(FRAME)
    assert made[WEIGHT].to_list() == [1.0, 0.0, 2.0, 1.0, 1.0, 3.0]
    assert made.columns == list(ADDED)
    for bad in (None, -1.0, float("nan"), float("inf")):
        spoiled = FRAME.with_columns(w=pl.Series([1.0, bad, 1.0, bad, 1.0, 1.0]))
        with pytest.raises(CauceError, match=r"E1115.* 2 rows"):
            Preparation(schema_of(spoiled), TARGET_OF, rule, weight="w")(spoiled)


@pytest.mark.parametrize(
    ("rule", "key", "read"),
    [
        (RandomSplit(("id",), 1, 0.6, 0.2), ("id",), {"id", "y", "*"}),
        (RandomSplit(("when",), 1, 0.6, 0.2), ("id",), {"id", "y", "*", "when"}),
        (RandomSplit(("when",), 1, 0.6, 0.2), (), set(FRAME.columns)),
        (RandomSplit((), 1, 0.6, 0.2), (), set(FRAME.columns)),
        (TimeSplit("when", 19_724, 19_726, ("id",), 1), ("id",), {"id", "y", "*", "when"}),
        (TimeSplit("when", 19_724, 19_726, (), 1), (), set(FRAME.columns)),
    ],
)
def test_only_the_columns_it_names_are_read(rule: SplitRule, key: tuple[str, ...], read: set[str]) -> None:
    """With a key, a model of three features must not read a table of three thousand columns."""
    work = Preparation(SCHEMA, TARGET_OF, rule, key=key, keep=("*",))
    assert set(work.columns) == read
    few = work(FRAME.select(pl.col("^(" + "|".join(map(_literal, work.columns)) + ")$")))
    assert few.equals(work(FRAME))


def _literal(name: str) -> str:
    return "".join(f"\\{sign}" if sign in "^*$" else sign for sign in name)


@pytest.mark.parametrize("rule", RULES)
def test_an_empty_batch_is_an_empty_batch(rule: SplitRule) -> None:
    """Spark has partitions without rows."""
    frame = FRAME.with_columns(pl.col("when").cast(pl.Float64)) if rule is RULES[-1] else FRAME
    work = Preparation(schema_of(frame), TARGET_OF, rule, keep=("id", ""))
    made = work(frame.clear())
    assert dict(made.schema) == work.schema.dtypes
    assert made.height == 0


def test_a_formula_target_reads_its_columns_though_nothing_keeps_them() -> None:
    """The target's columns are no features, so nobody else asks for them."""
    target = Target("w > 1", parse_formula("w > 1", SCHEMA), "boolean", "binary", (False, True))
    work = Preparation(SCHEMA, target, RandomSplit(("id",), 1, 0.6, 0.2), key=("id",))
    assert set(work.columns) == {"w", "id"}
    assert work(FRAME)[TARGET].to_list() == [0.0, 0.0, 1.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("kind", ["stratified", "time"])
def test_what_is_sent_to_workers_stays_small(kind: str) -> None:
    """Every task of a Spark job carries its work: compiled expressions would multiply it."""
    rows = pl.concat([FRAME] * 5)
    rows = rows.with_columns(id=pl.int_range(rows.height))
    asked = settings(kind, key=("id",), time="when")
    placement = Placement(schema_of(rows), TARGET_OF, asked)
    work = Preparation(schema_of(rows), TARGET_OF, fitted(rows, asked), key=("id",), keep=("w",))
    for one in (work, placement):
        before = len(pickle.dumps(one))
        expected = one(rows)
        data = pickle.dumps(one)
        assert len(data) == before < 2500
        again = pickle.loads(data)
        assert again == one
        assert again(rows).equals(expected)


def test_a_users_column_cannot_pass_for_one_of_ours() -> None:
    """A column called __fold__ in the data would say who trains and who tests."""
    schema = Schema((Field("__fold__", "integer"), Field("x", "float")))
    roles = Roles(key=(), group=None, time=None, weight=None, known_after=(), target=())
    with pytest.raises(CauceErrors) as caught:
        check_roles(roles, schema)
    assert [error.code for error in caught.value.errors] == ["E1402"]


@pytest.mark.slow
def test_preparing_costs_little_more_than_one_hash() -> None:
    """It is part of every scan of a fit; a hash taken twice would double it. 1 M x 28: 0.27 s on 2 cores."""
    chance = np.random.default_rng(0)
    data: dict[str, Any] = {f"x{n}": chance.normal(size=2**20) for n in range(27)}
    frame = pl.DataFrame({**data, "y": chance.integers(0, 2, 2**20)})
    target = Target("y", Column("y"), "integer", "binary", (0, 1))
    work = Preparation(schema_of(frame), target, RULES[0], keep=tuple(frame.columns))
    batches, prepared_in, hashed_in = list(frame.iter_slices(65_536)), [], []
    for _ in range(7):
        prepared_in.append(_seconds(lambda: [work(batch) for batch in batches]))
        hashed_in.append(_seconds(lambda: [row_hashes(batch, work.input) for batch in batches]))
    assert min(prepared_in) < 2.1 * min(hashed_in)  # 1.5; with a second hash 2.5


def _seconds(action: Callable[[], Any]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start
