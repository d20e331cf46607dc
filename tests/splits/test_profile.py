"""A profile says what a table holds, keeps no rows, and comes back from JSON."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from split_rows import cut, schema_of

from cauce.core.canonical import canonical_json
from cauce.core.profile import Profile, Profiling, make_profile, notices_of
from cauce.core.suspects import NUMBERS, WORDS
from cauce.core.task import target_column
from cauce.expr.nodes import Column
from cauce.stats import NumberFacts, TextFacts
from cauce.testing.summaries import check_laws


def profile_of(frame: pl.DataFrame, target: str, *, size: int | None = None) -> Profile:
    schema = schema_of(frame)
    asked = Profiling(schema, target_column(target, Column(target), schema=schema))
    work, summaries = asked.work, asked.summaries
    states: list[Any] = [one.start() for one in summaries]
    for batch in cut(frame, size):
        made = work(batch)
        states = [one.update(state, made) for one, state in zip(summaries, states, strict=True)]
    results = tuple(one.result(state) for one, state in zip(summaries, states, strict=True))
    return make_profile(asked, results)


def test_a_profile_counts_what_is_there() -> None:
    """Hand-counted cells of a small table, one batch or several."""
    frame = pl.DataFrame(
        {
            "x": [1.0, None, float("nan"), math.inf, -999.0, 1.0],
            "t": ["?", " No Definido ", "b", None, "?", "a"],
            "n": [1, 1, 1, None, 1, 1],
            "y": [0.5, None, float("nan"), 1.5, -math.inf, 0.5],
        }
    )
    for size in (None, 1, 4):
        found = profile_of(frame, "y", size=size)
        x, t, n, _ = found.columns
        assert (found.rows, found.target_nulls, found.target_infinities) == (6, 2, 1)
        assert (x.nulls, x.nans, x.infinities, x.suspects) == (1, 1, 1, {"-999": 1})
        assert (t.nulls, t.distinct, t.suspects) == (1, 4, {"?": 2, " No Definido ": 1})
        assert (n.nulls, n.distinct, n.constant) == (1, 1, True)
        again = Profile.from_json(json.loads(canonical_json(found.to_json())))
        assert repr(again) == repr(found)  # NaN among the levels is not equal to itself


def test_every_notice_names_the_column_and_what_to_do() -> None:
    """A "?" in half the cells is a category to a model unless somebody says so."""
    frame = pl.DataFrame(
        {
            "code": [f"k{n}" for n in range(200)],
            "kind": ["?", "a"] * 100,
            "same": ["s"] * 200,
            "y": [0, 1] * 99 + [None, None],
        }
    )
    said = notices_of(profile_of(frame, "y"))
    assert len(said) == 4
    assert "code" in said[0]
    assert "features.exclude" in said[0]
    assert "100 cells hold '?'" in said[1]
    assert "data.missing" in said[1]
    assert "same has one single value" in said[2]
    assert "2 of 200 rows have no target" in said[3]
    assert len(notices_of(profile_of(frame, "y"), declared=("code",))) == 3


def test_markers_are_found_in_columns_of_many_values(shared_data: Path) -> None:
    """The diabetes set writes ? for missing also in columns of hundreds of codes; its page lists them."""
    frame = pl.read_parquet(shared_data / "diabetes130" / "diabetic_data.zstd.parquet")
    found = {column.name: column for column in profile_of(frame, "readmitted", size=40_000).columns}
    counts = {name: column.suspects.get("?") for name, column in found.items()}
    assert (counts["weight"], counts["medical_specialty"], counts["payer_code"]) == (98_569, 49_949, 40_256)
    assert counts["diag_3"] == (frame["diag_3"] == "?").sum() > 0
    constant = {name for name, column in found.items() if column.constant}
    assert constant == {"examide", "citoglipton"}
    assert [name for name, column in found.items() if column.identifier] == ["encounter_id"]


CELLS = st.sampled_from(["?", " ? ", "N/A", "n/a", "None", "fine", "", "-999", "nanana", "ÑANDÚ", None])


@given(st.lists(st.tuples(CELLS, st.sampled_from([-999, 0, None]))), st.integers(1, 4))
def test_counts_of_markers_keep_the_laws_of_summaries(rows: list[Any], parts: int) -> None:
    """Counted in other batches, the advice would be another."""
    types = {"t": pl.String, "n": pl.Int64}
    frame = pl.DataFrame(rows, schema=types, orient="row")
    batches = [frame[part::parts] for part in range(parts)]
    texts = check_laws(TextFacts(("t",), WORDS), batches)["t"].marked
    expected = [cell for cell, _ in rows if cell is not None and cell.strip().lower() in KNOWN]
    assert texts == {cell: expected.count(cell) for cell in expected}
    numbers = check_laws(NumberFacts(("n",), NUMBERS), batches, scale=999.0 * len(rows))["n"].marked
    assert numbers == (sum(cell == -999 for _, cell in rows), 0, 0)


KNOWN = {"?", "n/a", "none", "-999"}
