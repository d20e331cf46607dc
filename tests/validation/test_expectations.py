"""What the project expects of its data is judged exactly, on any values and any engine."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauce.core.numbering import ROW, Numbered
from cauce.core.profile import Profiling
from cauce.core.validation.expected import expected_of, refuse_misfits
from cauce.core.validation.judging import Judgement, judge
from cauce.core.validation.marking import Failures, RepeatedKeys, Sift, reasons_of
from cauce.core.validation.suggesting import suggested
from cauce.core.validation.verdict import Outcome, Verdict
from cauce.core.validation.wording import sentence
from cauce.engines.local.engine import LocalEngine
from cauce.errors import CauceErrors
from cauce.expr.schema import Field, Schema
from cauce.running.steps.profile import profiled
from cauce.spec import project_from_mapping, project_from_text
from cauce.spec.validate import Validate
from cauce.spec.writing import write_validate
from cauce.testing.engines import FrameSource
from cauce.testing.summaries import check_laws

SCHEMA = Schema(
    (
        Field("whole", "integer"),
        Field("real", "float"),
        Field("word", "text"),
        Field("day", "date"),
        Field("^moment.*$", "datetime"),
        Field("flag", "boolean"),
        Field("money", "decimal", scale=2),
    )
)
WORDS = ("a", "b", "año", "", "x1", "long word", "\U0001f600")
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "whole": st.integers(-5, 5) | st.sampled_from([2**63 - 1, -(2**63)]),
    "real": st.floats(-3, 3) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0]),
    "word": st.sampled_from(WORDS),
    "day": st.dates(date(2024, 12, 30), date(2025, 1, 3)),
    "^moment.*$": st.datetimes(datetime(2024, 12, 31), datetime(2025, 1, 3)),
    "flag": st.booleans(),
    "money": st.integers(-300, 300).map(lambda cents: Decimal(cents) / 100),
}
rows = st.lists(st.fixed_dictionaries({name: st.none() | cell for name, cell in CELLS.items()}), max_size=30)


FEWER = settings(max_examples=settings().max_examples * 2 // 5)


def project(section: dict[str, Any]) -> Validate:
    return _project(json.dumps(section))


@lru_cache
def _project(text: str) -> Validate:
    section = json.loads(text)
    mapping = {"name": "a", "data": {"source": "a"}, "target": {"column": "y"}, "validate": section}
    return project_from_mapping(mapping).validate


def frame(cells: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(
        {field.name: pl.Series([row[field.name] for row in cells], dtype=field.dtype) for field in SCHEMA}
    )


def verdict_on(
    section: dict[str, Any], table: pl.DataFrame, *, schema: Schema = SCHEMA, profile: bool = False
) -> tuple[Judgement, float]:
    """The judgement, and how often the rows were read for it."""
    source, engine = FrameSource(table, schema, rows=7), LocalEngine()

    def look(work: Any, *summaries: Any) -> tuple[Any, ...]:
        return engine.summarise(engine.map(engine.scan(Numbered(source)), work), *summaries)

    known = profiled(LocalEngine(), source, profiling=Profiling(schema)) if profile else None
    found = judge(expected_of(project(section), schema), look, profile=known)
    return found, engine.rows_scanned / max(table.height, 1)


def outcome(section: dict[str, Any], table: pl.DataFrame, *, schema: Schema = SCHEMA) -> Outcome:
    (only,) = verdict_on(section, table, schema=schema)[0].verdict.outcomes
    return only


def absent(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


# One column's settings, and what a cell must be, said in plain Python.
Rule = tuple[str, dict[str, Any], Callable[[Any], bool]]
JANUARY = datetime(2025, 1, 1)
RULES: list[Rule] = [
    ("whole", {"min": -2, "max": 3}, lambda x: -2 <= x <= 3),
    ("whole", {"above": -2, "below": 3}, lambda x: -2 < x < 3),
    ("whole", {"min": -1.5, "max": 2.5}, lambda x: -1.5 <= x <= 2.5),
    ("whole", {"above": -1.5, "below": 2.5}, lambda x: -1.5 < x < 2.5),
    ("whole", {"min": -(2**70), "max": 2**70}, lambda x: True),
    ("whole", {"min": 2**70}, lambda x: False),
    ("whole", {"max": -(2**70)}, lambda x: False),
    ("whole", {"max": 2**63 - 2}, lambda x: x <= 2**63 - 2),
    ("whole", {"levels": [1, 2.0, 5]}, lambda x: x in (1, 2, 5)),
    ("real", {"min": -1, "max": 2.5}, lambda x: -1 <= x <= 2.5),
    ("real", {"above": 0, "below": 1e300}, lambda x: 0 < x < 1e300),
    ("real", {"min": -(10**400)}, lambda x: True),
    ("real", {"levels": [0, 1.5]}, lambda x: x in (0, 1.5)),
    ("money", {"min": -1.005, "max": 1}, lambda x: Decimal("-1.005") <= x <= 1),
    ("money", {"above": -1, "below": 0.5}, lambda x: -1 < x < Decimal("0.5")),
    ("money", {"levels": [0.25, 1]}, lambda x: x in (Decimal("0.25"), 1)),
    ("word", {"levels": ["a", "año"]}, lambda x: x in ("a", "año")),
    ("word", {"pattern": "[a-z]+|x1"}, lambda x: re.fullmatch("[a-z]+|x1", x) is not None),
    ("word", {"pattern": r"\w*"}, lambda x: re.fullmatch(r"\w*", x) is not None),
    ("word", {"min_length": 1, "max_length": 3}, lambda x: 1 <= len(x) <= 3),
    ("day", {"min": "2025-01-01", "max": "2025-01-02"}, lambda x: date(2025, 1, 1) <= x <= date(2025, 1, 2)),
    ("day", {"above": "2025-01-01", "below": "2025-01-02"}, lambda x: False),
    ("day", {"min": "2025-01-01T00:00:01"}, lambda x: x >= date(2025, 1, 2)),
    ("day", {"levels": ["2025-01-01"]}, lambda x: x == date(2025, 1, 1)),
    ("^moment.*$", {"max": "2025-01-01"}, lambda x: x.date() <= date(2025, 1, 1)),
    ("^moment.*$", {"above": "2025-01-01"}, lambda x: x.date() > date(2025, 1, 1)),
    ("^moment.*$", {"min": "2025-01-01"}, lambda x: x >= JANUARY),
    ("^moment.*$", {"below": "2025-01-01"}, lambda x: x < JANUARY),
    ("^moment.*$", {"min": "2025-01-01T03:00:00+02:00"}, lambda x: x >= JANUARY + timedelta(hours=1)),
    ("flag", {"levels": True}, lambda x: x is True),
]


@given(rows, st.lists(st.sampled_from(RULES), min_size=8, max_size=8))
def test_a_column_fails_in_exactly_the_rows_that_plain_python_says(
    cells: list[dict[str, Any]], rules: list[Rule]
) -> None:
    """A rule that is judged almost rightly lets bad rows into training, or stops good ones."""
    table = frame(cells)
    for name, declared, holds in rules:
        found = outcome({"columns": {name: declared}}, table)
        failing = [k for k, row in enumerate(cells, 1) if not absent(row[name]) and not holds(row[name])]
        assert found.failed == len(failing), (name, declared)
        assert list(found.places) == failing[:10], (name, declared)
        assert found.passed == (not failing)


@given(rows, st.floats(0, 1))
def test_missing_cells_are_null_or_nan_and_judged_by_their_share(
    cells: list[dict[str, Any]], most: float
) -> None:
    for name in CELLS:
        found = outcome({"columns": {name: {"nulls": most}}}, frame(cells))
        missing = [k for k, row in enumerate(cells, 1) if absent(row[name])]
        assert (found.failed, list(found.places)) == (len(missing), missing[:10])
        assert found.passed == (not cells or len(missing) / len(cells) <= most)


@given(rows, st.sampled_from([("word",), ("whole", "flag"), ("real",), ("^moment.*$", "day", "money")]))
def test_every_row_that_shares_a_key_fails_and_missing_parts_are_left_out(
    cells: list[dict[str, Any]], key: tuple[str, ...]
) -> None:
    """Nothing says which of two rows with one key is the right one."""
    found = outcome({"unique": {"columns": list(key)}}, frame(cells))
    keys = [tuple(row[name] for name in key) for row in cells]
    whole = [one for one in keys if not any(map(absent, one))]
    failing = [k for k, one in enumerate(keys, 1) if whole.count(one) > 1 and one in whole]
    assert (found.failed, list(found.places)) == (len(failing), failing[:10])


@pytest.mark.parametrize(("null", "failing"), [("pass", [2]), ("fail", [2, 3])])
def test_a_formula_that_gives_null_passes_or_fails_as_declared(null: str, failing: list[int]) -> None:
    schema = Schema((Field("start", "date"), Field("end", "date")))
    days = [date(2025, 1, k) for k in (1, 2, 3)]
    table = pl.DataFrame({"start": days, "end": [days[1], days[0], None]}, schema=schema.dtypes)
    section = {"formulas": {"ends": {"formula": "end >= start", "null": null}}}
    assert list(outcome(section, table, schema=schema).places) == failing


def test_the_number_of_rows_and_a_tolerated_share_count_their_bounds_in() -> None:
    table = frame([dict.fromkeys(CELLS) | {"whole": k} for k in range(10)])
    for name, bound, holds in (("min", 10, True), ("max", 10, True), ("min", 11, False), ("max", 9, False)):
        assert outcome({"rows": {name: bound}}, table).passed is holds
    for tolerated, holds in ((0.3, True), (0.29, False)):
        assert outcome({"columns": {"whole": {"min": 3, "tolerated": tolerated}}}, table).passed is holds


FRESH = {"freshness": {"column": "^moment.*$", "within": "36 hours"}}


@pytest.mark.parametrize(
    ("column", "now", "fresh"),
    [
        ("^moment.*$", datetime(2025, 1, 3, 0, 0), True),
        ("^moment.*$", datetime(2025, 1, 3, 0, 0, 0, 1), False),
        ("^moment.*$", datetime(2024, 1, 1), True),
        ("day", datetime(2025, 1, 3, 11, 59), True),
        ("day", datetime(2025, 1, 3, 12, 1), False),
    ],
)
def test_freshness_is_judged_by_the_clock_and_kept_without(column: str, now: datetime, fresh: bool) -> None:
    """Yesterday's verdict must not stand for data that have grown old, nor today's be another value."""
    newest = {"^moment.*$": datetime(2025, 1, 1, 12), "day": date(2025, 1, 1)}
    table = frame([dict.fromkeys(CELLS) | newest, dict.fromkeys(CELLS)])
    section = {"freshness": {"column": column, "within": "36 hours"}}
    kept = verdict_on(section, table)[0].verdict
    assert kept.outcomes[0].passed is None
    assert kept.at(now.replace(tzinfo=UTC)).outcomes[0].passed is fresh
    assert verdict_on(section, table, profile=True)[0].verdict == kept


def test_data_without_any_moment_are_never_fresh() -> None:
    kept = verdict_on(FRESH, frame([dict.fromkeys(CELLS)]))[0].verdict
    assert kept.at(datetime(2025, 1, 1, tzinfo=UTC)).holds is False


EVERYTHING: dict[str, Any] = {
    "columns": {
        "whole": [{"type": ["integer", "float"], "min": -4}, {"nulls": 0.2, "on_failure": "warn"}],
        "word": {"levels": list(WORDS[:4]), "pattern": ".*", "max_length": 4, "on_failure": "quarantine"},
        "real": {"max": 2, "tolerated": 0.1},
        "day": {"min": "2025-01-01", "unique": True, "on_failure": "quarantine"},
    },
    "unique": {"columns": ["flag", "word"], "on_failure": "warn"},
    "rows": {"min": 3},
    "freshness": {"column": "day", "within": "1 week"},
}


@FEWER
@given(rows)
def test_the_profile_saves_reading_and_changes_no_verdict(cells: list[dict[str, Any]]) -> None:
    """Two routes to a verdict that differ would make it depend on what happened to run before."""
    table = frame(cells)
    scanned, _ = verdict_on(EVERYTHING, table)
    known, _ = verdict_on(EVERYTHING, table, profile=True)
    assert known.verdict == scanned.verdict
    assert [name for name, _ in known.quarantine] == [name for name, _ in scanned.quarantine]
    read_back = Verdict.from_json(json.loads(json.dumps(known.verdict.to_json())))
    assert read_back == known.verdict


def test_what_the_profile_shows_to_hold_is_not_read_again() -> None:
    """The budget is two readings for profile and verdict together."""
    table = frame([{**dict.fromkeys(CELLS), "whole": k, "word": "ab"} for k in range(40)])
    section = {
        "columns": {
            "whole": {"type": "integer", "min": 0, "max": 39, "nulls": 0, "unique": True},
            "word": {"levels": ["ab"], "pattern": "a.", "min_length": 2},
            "real": {"nulls": 1.0},
        },
        "rows": {"max": 40},
    }
    section["columns"].pop("real")
    found, scans = verdict_on(section, table, profile=True)
    assert found.verdict.holds
    assert scans == 0
    section["columns"]["whole"]["max"] = 38
    found, scans = verdict_on(section, table, profile=True)
    assert (found.verdict.holds, scans) == (False, 1)


@FEWER
@given(rows)
def test_rows_set_aside_and_rows_kept_are_all_the_rows_once(cells: list[dict[str, Any]]) -> None:
    table = frame(cells)
    found, _ = verdict_on(EVERYTHING, table)
    whole = pl.concat(
        [
            *Numbered(FrameSource(table, SCHEMA, 7)).batches(),
            table.clear().with_columns(pl.Series(ROW, [], dtype=pl.Int64)),
        ]
    )
    kept = Sift(SCHEMA, found.quarantine)(whole)
    aside = Sift(SCHEMA, found.quarantine, failed=True)(whole)
    assert kept.height + aside.height == table.height
    assert aside.height == found.verdict.quarantined
    places = set(aside[ROW].to_list())
    expected = table.filter(
        pl.Series([k not in places for k in range(1, table.height + 1)], dtype=pl.Boolean)
    )
    assert kept.equals(expected)
    names = {name for name, _ in found.quarantine}
    assert all(set(text.split("; ")) <= names and text for text in reasons_of(aside))


@FEWER
@given(rows)
def test_suggested_expectations_hold_on_the_data_they_come_from(cells: list[dict[str, Any]]) -> None:
    """A suggestion that fails at once teaches its reader to delete it."""
    table = frame(cells)
    source = FrameSource(table, SCHEMA)
    section = suggested(profiled(LocalEngine(), source, profiling=Profiling(SCHEMA, key=("word", "flag"))))
    declared = project(section)
    text = write_validate(declared)
    head = "name = 'a'\n[data]\nsource = 'a'\n[target]\ncolumn = 'y'\n"
    assert project_from_text(head + text).validate == declared
    found, _ = verdict_on(section, table)
    failed = [sentence(one, table.height) for one in found.verdict.failures]
    assert failed == []


@given(st.lists(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=20), min_size=1, max_size=4))
def test_counting_failures_obeys_the_laws_of_summaries(batches: list[list[tuple[bool, bool]]]) -> None:
    """Else partitions of a cluster would count other failures than one machine."""
    frames, done = [], 0
    for marks in batches:
        numbers = range(done + 1, done + len(marks) + 1)
        done += len(marks)
        columns = {"m": [one for one, _ in marks], "n": [two for _, two in marks], ROW: list(numbers)}
        frames.append(pl.DataFrame(columns, schema={"m": pl.Boolean, "n": pl.Boolean, ROW: pl.Int64}))
    found = check_laws(Failures(("m", "n")), frames)
    every = [pair for marks in batches for pair in marks]
    assert found.rows == len(every)
    assert found.counts == (sum(one for one, _ in every), sum(two for _, two in every))


@given(st.lists(st.lists(st.none() | st.integers(-3, 3), max_size=20), min_size=1, max_size=4))
def test_finding_repeated_keys_obeys_the_laws_of_summaries(batches: list[list[int | None]]) -> None:
    schema = {"a": pl.Int64, "b": pl.Int64}
    frames = [pl.DataFrame({"a": keys, "b": keys}, schema=schema) for keys in batches]
    found = check_laws(RepeatedKeys(("a", "b")), frames)
    every = [key for keys in batches for key in keys if key is not None]
    assert sorted(found.first.view("int64").tolist()) == sorted(
        {one for one in every if every.count(one) > 1}
    )


def test_expectations_that_do_not_fit_the_data_are_all_refused_at_once() -> None:
    """One error at a time makes ten runs of one mistake."""
    section = {
        "columns": {
            "wrod": {"nulls": 0},
            "word": {"min": 3},
            "whole": {"pattern": "a", "levels": ["x"]},
            "flag": {"max_length": 3},
            "day": {"max": 3},
            "real": {"min": "2025-01-01"},
        },
        "formulas": {"number": "whole + 1", "nobody": "nobody > 1", "broken": "whole >"},
        "unique": {"columns": ["word", "nobody"]},
        "freshness": {"column": "word", "within": "1 day"},
    }
    with pytest.raises(CauceErrors) as caught:
        refuse_misfits(project(section), SCHEMA)
    codes = sorted(error.code for error in caught.value.errors)
    assert codes == ["E0110", "E0111", "E1401", "E1401", "E1702", *["E1703"] * 7]
    assert "word" in caught.value.errors[0].hint


def test_a_column_without_any_value_is_of_every_kind() -> None:
    """A delivery in which nobody has filled the column yet is not one of another format."""
    table = frame([dict.fromkeys(CELLS)] * 3)
    for profile in (False, True):
        found, _ = verdict_on({"columns": {"word": {"type": "float", "min": 0}}}, table, profile=profile)
        assert found.verdict.holds
    filled = frame([dict.fromkeys(CELLS), dict.fromkeys(CELLS) | {"word": "a"}])
    assert not verdict_on({"columns": {"word": {"type": "float"}}}, filled)[0].verdict.holds
