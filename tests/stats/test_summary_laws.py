"""Every summary keeps the laws: no order of rows, batches or merges changes a number."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from inspect import isclass

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cauce.stats as public
from cauce.errors import CauceError
from cauce.expr.formula import parse_formula
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Field, Schema
from cauce.stats import (
    Comoments,
    Confusion,
    Counts,
    DayFacts,
    Distinct,
    Extremes,
    Filtered,
    Gram,
    Grouped,
    Histogram,
    Identity,
    Levels,
    LevelSums,
    LogisticSums,
    LowestRows,
    Moments,
    NumberFacts,
    OrderedCounts,
    Quantiles,
    ResidualBins,
    ScoreBins,
    Several,
    Summary,
    TextFacts,
    TextLengths,
    Thinned,
    Unions,
    WeightedNumbers,
    Worked,
    hash_quantile,
)
from cauce.testing.summaries import check_laws

SCHEMA = Schema(
    (
        Field("flag", "boolean"),
        Field("whole", "integer"),
        Field("wild", "float"),
        Field("tame", "float"),
        Field("price", "decimal", scale=2),
        Field("text", "text"),
        Field("day", "date"),
        Field("time", "datetime"),
        Field("fold", "integer"),
        Field("score", "float"),
        Field("class", "text"),
        Field("weight", "float"),
    )
)
TYPES = {**SCHEMA.dtypes, "hash": pl.UInt64()}
EDGES = st.sampled_from(
    [0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, -5e-324, 1e308, -1e308, 2.0**-1030]
)
TAME = st.integers(-64, 64).map(lambda n: n / 8)
ROW = st.tuples(
    st.none() | st.booleans(),
    st.none() | st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1),
    st.none() | EDGES | st.floats(),
    st.none() | TAME,
    st.none() | st.integers(-500, 500).map(lambda n: Decimal(n).scaleb(-2)),
    st.none() | st.sampled_from(["", "a", "ñ", "n\u0303", "NO", "zz"]) | st.text(max_size=4),
    st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
    st.none() | st.integers(0, 2),
    st.none() | st.sampled_from([0.0, 0.5, 1.0, math.nan]) | st.floats(0, 1),
    st.none() | st.sampled_from(["a", "b", "c"]),
    st.none() | st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    st.integers(0, 3) | st.integers(0, 2**64 - 1),
)
BATCHES = st.lists(
    st.lists(ROW, max_size=6).map(lambda rows: pl.DataFrame(rows, schema=TYPES, orient="row")),
    min_size=1,
    max_size=4,
)
ALL = SCHEMA.names
NUMBERS = ("flag", "whole", "wild", "tame", "price", "day", "time")
HALF = Projection((Output("half", parse_formula("tame / 2", SCHEMA)),), SCHEMA)
QUARTER = Projection((Output("quarter", parse_formula("half / 2", HALF.schema)),), HALF.schema)
CASES: dict[str, tuple[Summary, float | None]] = {
    "Identity": (Identity(SCHEMA), None),
    "Counts": (Counts(ALL), None),
    "Moments": (Moments(("tame", "price", "flag")), 10_000.0),
    "Moments of wild values": (Moments(NUMBERS), math.inf),
    "Extremes": (Extremes(ALL), None),
    "Quantiles": (Quantiles(NUMBERS), None),
    "Quantiles in bins": (Quantiles(NUMBERS, limit=3, bits=3), None),
    "Distinct": (Distinct(ALL), None),
    "Distinct beyond the limit": (Distinct(ALL, limit=2), None),
    "Levels": (Levels(ALL), None),
    "Levels beyond the limit": (Levels(ALL, limit=2), None),
    "TextLengths": (TextLengths(("text", "class")), None),
    "LevelSums": (LevelSums("text", "tame"), 1_000.0),
    "LevelSums by fold": (LevelSums("class", "tame", "fold"), 1_000.0),
    "LevelSums of wild levels and values": (LevelSums("wild", "wild"), math.inf),
    "LevelSums beyond the limit": (LevelSums("text", "tame", "fold", limit=2), 1_000.0),
    "Gram": (Gram(("tame", "price", "flag"), (1.0, 2.0, 0.5), (2.0, 3.0, 1.0), "weight", "fold"), 10_000.0),
    "Gram of all rows": (Gram(("tame", "score")), 10_000.0),
    "ScoreBins": (ScoreBins("score", "flag", weight="weight"), 100.0),
    "ScoreBins in bins": (ScoreBins("score", "class", "b", limit=2, bits=2), 100.0),
    "ScoreBins of any number": (ScoreBins("wild", "flag", limit=3, bits=4), math.inf),
    "Confusion": (Confusion("text", "class", ("a", "b"), "weight"), None),
    "Confusion of flags": (Confusion("flag", "flag", (False, True)), None),
    "ResidualBins": (ResidualBins("price", "tame", "weight"), 10_000.0),
    "ResidualBins in bins": (ResidualBins("wild", "tame", limit=2, bits=3), math.inf),
    "LowestRows": (LowestRows(("hash",), 3, ("text", "tame", "hash")), None),
    "LowestRows by two lanes": (LowestRows(("hash", "hash"), 100, ("class",)), None),
    "Histogram": (Histogram("wild", (-1.0, 0.0, 1.0, 1e300)), None),
    "OrderedCounts": (OrderedCounts("time"), None),
    "OrderedCounts in bins": (OrderedCounts("whole", limit=2), None),
    "OrderedCounts of wild values": (OrderedCounts("wild", limit=3), None),
    "OrderedCounts in a window": (OrderedCounts("whole", lowest_key=-2, highest_key=1), None),
    "hash_quantile": (hash_quantile("class", "hash", limit=2), None),
    "Grouped": (Grouped("fold", Several((Counts(ALL), Levels(("class",))))), None),
    "Grouped beyond the limit": (Grouped("text", Counts(("tame",)), limit=2), None),
    "Grouped by day": (Grouped("day", Moments(("tame",))), 10_000.0),
    "Unions": (Unions("fold", ((0, 1), (1, 2), ()), Several((Counts(ALL), Levels(("class",))))), None),
    "Unions of sums": (Unions("fold", ((1, 2), (0,)), Moments(("tame",))), 10_000.0),
    "Filtered": (Filtered("fold", (0, None), Quantiles(("wild",), limit=2)), None),
    "Filtered by nothing": (Filtered("class", (), Counts(("wild",))), None),
    "Several": (Several((Identity(SCHEMA), Counts(ALL), Extremes(("text",)))), None),
    "LogisticSums": (
        LogisticSums(("tame",), "flag", ((0.1, 0.2),), (0.5,), (100.0,), "weight"),
        1_000_000.0,
    ),
    "NumberFacts": (NumberFacts(("tame", "price", "flag"), (1.0, 0.5)), 10_000.0),
    "NumberFacts in bins": (NumberFacts(("flag", "whole", "wild", "price"), (0.0,), 3, 3), math.inf),
    "TextFacts": (TextFacts(("text", "class"), ("no", "a")), None),
    "TextFacts beyond the limit": (TextFacts(("text", "class"), limit=2), None),
    "DayFacts": (DayFacts(("day", "time")), None),
    "DayFacts in bins": (DayFacts(("day", "time"), limit=2), None),
    "Thinned": (Thinned("hash", 3), None),
    "Thinned rows": (Thinned("hash", 2, ("hash",)), None),
    "Thinned to nothing left out": (Thinned("hash", 100, ("hash",)), None),
    "Several of nothing": (Several(()), None),
    "Comoments": (Comoments(("tame", "price", "flag"), "score", "weight", "fold"), 10_000.0),
    "Comoments of all rows": (Comoments(("tame",), "flag"), 10_000.0),
    "Worked": (Worked((HALF, QUARTER), Moments(("quarter",))), 10_000.0),
    "WeightedNumbers": (WeightedNumbers("tame", "weight"), 10_000.0),
    "WeightedNumbers in bins": (WeightedNumbers("tame", "weight", limit=2, bits=3), 10_000.0),
}


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=8, deadline=None)
@given(batches=BATCHES)
def test_laws(name: str, batches: list[pl.DataFrame]) -> None:
    """The same rows would have other statistics on another engine or after a restart."""
    summary, scale = CASES[name]
    check_laws(summary, batches, scale=scale)


def test_every_public_summary_has_its_laws_tested() -> None:
    """A new summary could break the promise of equal numbers unseen."""
    found = (getattr(public, name) for name in public.__all__ if name != "Summary")
    summaries = {own.__name__ for own in found if isclass(own) and hasattr(own, "merge")}
    tested = {type(summary).__name__ for summary, _ in CASES.values()}
    assert summaries == tested


@pytest.mark.parametrize("name", CASES)
def test_a_damaged_or_foreign_state_is_refused(name: str) -> None:
    """Numbers of another declaration, or of a torn file, would be taken for these."""
    summary, _ = CASES[name]
    batch = pl.DataFrame(
        [(True, 1, 1.0, 1.0, Decimal(1), "a", date(2020, 1, 1), datetime(2020, 1, 1), 0, 0.5, "a", 1.0, 7)],
        schema=TYPES,
        orient="row",
    )
    data = summary.dump(summary.update(summary.start(), batch))
    for broken in (b"", data[:-1], data[:20], data[:-9] + b"x" + data[-8:], b"x" + data):
        with pytest.raises(CauceError, match="E0205"):
            summary.load(broken)
    other = Counts(("another",))
    with pytest.raises(CauceError, match="E0203"):
        summary.load(other.dump(other.start()))
    assert isinstance(hash(summary), int)
    assert set(summary.columns) <= set(TYPES)


def test_a_state_of_another_version_or_declaration_is_refused() -> None:
    """A state written by a later Cauce would be misread."""
    data = Quantiles(("tame",)).dump(Quantiles(("tame",)).start())
    with pytest.raises(CauceError, match="E0203"):
        Quantiles(("tame",), limit=5).load(data)

    class Later(Quantiles):
        version = 2

    Later.__name__ = "Quantiles"
    with pytest.raises(CauceError, match="E0204"):
        Later(("tame",)).load(data)


def test_a_broken_summary_is_found_out() -> None:
    """The checks themselves would pass anything."""

    class LastBatch(Counts):
        def merge_column(self, left: object, right: object) -> object:  # type: ignore[override]
            return right

    batch = pl.DataFrame({"x": [1.0, 2.0]})
    with pytest.raises(AssertionError, match="LastBatch"):
        check_laws(LastBatch(("x",)), [batch, batch[:1]])
