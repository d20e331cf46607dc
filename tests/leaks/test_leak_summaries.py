"""What the gate gathers depends on the rows alone, and what it says can be written as it stands."""

from __future__ import annotations

import tomllib

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauce.core.leaks.findings import Finding, setting_lines
from cauce.core.leaks.sampling import NullPairs, SampledRows
from cauce.core.preparation import Preparation
from cauce.core.splits.rules import RandomSplit
from cauce.core.task import Target
from cauce.expr.nodes import Column
from cauce.expr.schema import Field, Schema
from cauce.testing.summaries import check_laws

SCHEMA = Schema((Field("key", "integer"), Field("x", "float"), Field("^t$", "text"), Field("y", "float")))
TARGET = Target("y", Column("y"), "float", "regression")
WORK = Preparation(SCHEMA, TARGET, RandomSplit((), 1, 0.6, 0.2), keep=("x", "^t$"))
ROWS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from([None, 0.0, -0.0, 1.5, float("nan"), float("inf")]),
        st.sampled_from([None, "", "a", "é"]),
        st.sampled_from([None, 0.0, 2.0]),
    ),
    min_size=1,
    max_size=12,
)


def batches(rows: list[tuple[object, ...]]) -> list[pl.DataFrame]:
    frame = pl.DataFrame(rows, schema=SCHEMA.dtypes, orient="row")
    return [frame.head(3), frame.slice(3, 4), frame.slice(7)]


@settings(max_examples=10)
@given(ROWS)
def test_the_sample_depends_on_the_rows_alone(rows: list[tuple[object, ...]]) -> None:
    for share, limit in ((1.0, 4), (0.5, 100), (1.0, 100)):
        for hashed in (("key",), SCHEMA.names):
            check_laws(SampledRows(hashed, share, limit, WORK, content=("x", "^t$")), batches(rows))


@settings(max_examples=20)
@given(ROWS)
def test_nulls_beside_the_target_are_counted_alike_on_every_way(rows: list[tuple[object, ...]]) -> None:
    check_laws(NullPairs(("x", "^t$", "key"), TARGET, SCHEMA), batches(rows))


def test_nulls_beside_the_target_are_those_of_a_hand_made_table() -> None:
    """Five rows: the last lacks everything and says nothing of single columns."""
    frame = pl.DataFrame(
        {
            "key": [1, 2, 3, 4, None],
            "x": [None, 1.0, float("nan"), 2.0, None],
            "^t$": ["a", None, "b", "c", None],
            "y": [None, 1.0, None, 2.0, None],
        },
        schema=SCHEMA.dtypes,
    )
    pairs = NullPairs(("key", "x", "^t$"), TARGET, SCHEMA)
    found = pairs.result(pairs.update(pairs.start(), frame))
    assert (found.rows, found.missing) == (4, 2)
    assert found.nulls == {"key": 0, "x": 2, "^t$": 1}
    assert found.both == {"key": 0, "x": 2, "^t$": 0}


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True))
def test_the_lines_to_write_are_toml_whatever_columns_are_called(names: list[str]) -> None:
    """A name with quotes, line feeds or controls would break the project file of whoever copies it."""
    clean = [name for name in names if not any("\ud800" <= one <= "\udfff" for one in name)]
    lines = setting_lines([*(("data.known_after", name) for name in clean), ("data.group", names[0])])
    read = tomllib.loads("\n".join(lines)) if clean == names else {}
    if read:
        assert read["data"] == {"known_after": names, "group": names[0]}


@pytest.mark.parametrize(
    ("levels", "any_but", "said"),
    [
        (["11", None], False, "is 11, missing,"),
        ([None], True, "is not missing,"),
        (["0.0"], True, "is anything but 0.0,"),
    ],
)
def test_levels_are_said_in_words(levels: list[str | None], any_but: bool, said: str) -> None:
    values = {"column": "c", "target": "y", "levels": levels, "any_but": any_but, "outcome": "NO"}
    figures = {"rows": 120, "exceptions": 0, "expected": 31, "share": 50.0, "list": '["c"]', "one": '"c"'}
    found = Finding(kind="level", severity="warn", code="W1805", columns=("c",), values={**values, **figures})
    assert said in found.message
    assert Finding.from_json(found.to_json()) == found
