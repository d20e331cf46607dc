"""Stratified and time splits are exact for their rows, as a sorted list shows, or refused with the reason."""

from __future__ import annotations

import math
from datetime import date, datetime
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from numpy.typing import NDArray
from split_rows import fitted, folds, looker, prepared, schema_of, settings, target_of

from cauce.core.preparation import Placement
from cauce.core.splits import SplitSettings, StratifiedSplit, TimeSplit, fit_split
from cauce.core.splits import fitting as fitting_module
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.expr.nodes import Column
from cauce.stats.row_hash import row_hashes, unit_interval

SHARES = st.sampled_from([(0.6, 0.2), (0.7, 0.15), (0.34, 0.33), (0.8, 0.0), (0.5, 0.0), (0.9, 0.05)])
Floats = NDArray[np.float64]


def asked(kind: str, shares: tuple[float, float], **changes: Any) -> SplitSettings:
    return settings(kind, train=shares[0], validation=shares[1], **changes)


def ideal(count: int, shares: tuple[float, float]) -> list[float]:
    return [share * count for share in (*shares, 1 - sum(shares))]


def worst(counts: list[int], shares: tuple[float, float]) -> float:
    return max(abs(a - b) for a, b in zip(counts, ideal(sum(counts), shares), strict=True))


def refused(code: str, frame: pl.DataFrame, what: SplitSettings, target: Target | None = None) -> CauceError:
    with pytest.raises(CauceError) as caught:
        folds(frame, what, target=target)
    assert caught.value.code == code
    return caught.value


# --- stratified ---


@given(
    sizes=st.lists(st.integers(3, 60), min_size=2, max_size=4),
    nulls=st.integers(0, 5),
    shares=SHARES,
    seed=st.integers(0, 99),
)
@limits(max_examples=60)
def test_each_class_is_cut_where_its_sorted_places_are(
    sizes: list[int], nulls: int, shares: tuple[float, float], seed: int
) -> None:
    """A stratified split that is off is what hand-made ones are: a random one with another name."""
    names = [f"c{number}" for number, size in enumerate(sizes) for _ in range(size)] + [None] * nulls
    frame = pl.DataFrame({"id": range(len(names)), "y": names})
    what = asked("stratified", shares, key=("id",), seed=seed)
    found = folds(frame, what)
    place = unit_interval(row_hashes(frame, schema_of(frame), columns=("id",))[0], seed)
    label = np.array([-1 if name is None else int(name[1:]) for name in names])
    assert (found[label < 0] == -1).all()
    for number, size in enumerate(sizes):
        own = label == number
        in_order = found[own][np.argsort(place[own])]
        assert (np.diff(in_order) >= 0).all()
        counts = [int((in_order == fold).sum()) for fold in range(3)]
        wanted = ideal(size, shares)
        assert all(count > 0 for count, one in zip(counts, wanted, strict=True) if one > 1e-9)
        assert worst(counts, shares) <= 1 or min(one for one in wanted if one > 1e-9) < 0.5


@pytest.mark.parametrize("count", [1, 2])
def test_a_class_too_small_for_every_fold_is_refused(count: int) -> None:
    """With one member, a class is in one fold alone; "stratified" would be untrue."""
    frame = pl.DataFrame({"id": range(20), "y": ["a"] * count + ["b"] * (20 - count)})
    error = refused("E1110", frame, settings("stratified", key=("id",)))
    assert f"class a has {count} row" in str(error)
    if count == 2:
        two = folds(frame, settings("stratified", key=("id",), train=0.8, validation=0.0))
        assert sorted(two[:2]) == [0, 2]


def test_a_declared_rest_is_a_class_of_its_own() -> None:
    """<30 against the rest is stratified as two classes, not as three."""
    frame = pl.DataFrame({"id": range(60), "y": ["a", "b", "c"] * 20})
    target = target_of(frame, positive="a")
    rule = fitted(frame, settings("stratified", key=("id",)), target)
    assert isinstance(rule, StratifiedSplit)
    assert len(rule.limits) == 2
    found = folds(frame, settings("stratified", key=("id",)), target=target, rule=rule)
    assert np.bincount(found[frame["y"].to_numpy() != "a"]).tolist() == [24, 8, 8]


def test_a_number_has_no_classes_to_stratify() -> None:
    """Strata of a regression would be one class a value."""
    frame = pl.DataFrame({"y": [0.5, 1.5, 2.5]})
    refused("E1109", frame, settings("stratified"))


def test_copies_put_no_class_off_by_more_than_a_row() -> None:
    """Copies stay together; where that breaks the promised shares, the promise is not kept silently."""
    rows = [*("a",) * 12, *(f"b{n}" for n in range(40))]
    frame = pl.DataFrame({"x": rows, "y": [row[0] for row in rows]})
    error = refused("E1111", frame, settings("stratified"))
    assert "class a" in str(error)
    triples = pl.DataFrame({"x": [n // 3 for n in range(24)], "y": [n // 3 % 2 for n in range(24)]})
    refused("E1111", triples, settings("stratified"))  # of 12 rows 6, 3, 3 at best, where 7.2 should train
    pairs = pl.DataFrame({"x": [n // 2 for n in range(200)], "y": [n // 2 % 2 for n in range(200)]})
    found = prepared(pairs, settings("stratified")).with_row_index()
    assert found.group_by("x").agg(pl.col("__fold__").n_unique())["__fold__"].max() == 1
    counts = found.group_by("y", "__fold__").len()["len"]
    assert sorted(counts) == [20, 20, 20, 20, 60, 60]


def test_a_key_in_two_classes_is_not_torn_apart() -> None:
    """Limits of two classes differ, so a patient with rows in both could be trained on and tested."""
    key = np.arange(3000)
    patients = pl.DataFrame({"patient": [*key, *key], "y": [0] * 3000 + [1] * 2000 + [0] * 1000})
    for changes in ({"key": ("patient",)}, {"group": "patient"}):
        error = refused("E1117", patients, settings("stratified", **changes))
        assert "patient" in str(error)
    apart = pl.DataFrame({"patient": [*key, *key], "y": [n % 2 for n in [*key, *key]]})
    made = prepared(apart, settings("stratified", key=("patient",)))
    assert made.group_by("patient").agg(pl.col("__fold__").n_unique())["__fold__"].max() == 1


def test_a_thousand_classes_and_null_are_stratified() -> None:
    """The limit of classes must not be one less where a target is null."""
    names = [f"c{n % 1000}" for n in range(3000)] + [None]
    frame = pl.DataFrame({"id": range(3001), "y": names})
    found = folds(frame, settings("stratified", key=("id",)))
    assert np.bincount(found[:-1]).tolist() == [1000, 1000, 1000]


@pytest.mark.parametrize("shares", [(0.6, 0.2), (0.8, 0.0)])
def test_classes_beyond_one_scan_are_cut_in_a_second_one(
    shares: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a class has more rows than one scan tells apart, the split must be as exact, in two scans."""
    frame = pl.DataFrame({"id": range(3000), "y": [n % 3 for n in range(3000)]})
    what = asked("stratified", shares, key=("id",))
    expected = fitted(frame, what)
    monkeypatch.setattr(fitting_module, "EXACT_VALUES", 64)
    target = target_of(frame)
    look, scans = looker(frame, Placement(schema_of(frame), target, what))
    rule = fit_split(what, target, schema=schema_of(frame), look=look)
    assert len(scans) == 3  # places, cuts, and whether a key is in two classes
    assert (folds(frame, what, rule=rule) == folds(frame, what, rule=expected)).all()


# --- time ---

TIMES: dict[str, Any] = {
    "integer": st.integers(-20, 20),
    "float": st.floats(-4, 4, width=16),
    "date": st.dates(date(1960, 1, 1), date(1990, 1, 1)),
    "datetime": st.datetimes(datetime(1969, 12, 31, 23), datetime(1970, 1, 1, 1)),
}
TYPES = {"integer": pl.Int64, "float": pl.Float64, "date": pl.Date, "datetime": pl.Datetime("us")}


def by_time(kind: str, times: list[Any], names: list[Any] | None = None) -> pl.DataFrame:
    known = names or [("a", "b")[n % 2] for n in range(len(times))]
    return pl.DataFrame({"when": pl.Series(times, dtype=TYPES[kind]), "y": known, "n": range(len(times))})


def best_possible(times: list[Any], shares: tuple[float, float]) -> float | None:
    """The worst fold of the best cuts between different times, by trying all; None where there are none."""
    ends = [sum(time <= end for time in times) for end in sorted(set(times))[:-1]]
    two = shares[1] == 0
    pairs = [(end, end) for end in ends] if two else list(combinations(ends, 2))
    return min((worst([a, b - a, len(times) - b], shares) for a, b in pairs), default=None)


@pytest.mark.parametrize("kind", TIMES)
@given(data=st.data(), shares=SHARES)
@limits(max_examples=60)
def test_training_is_before_validation_is_before_test(
    kind: str, data: st.DataObject, shares: tuple[float, float]
) -> None:
    """A model tested on days it was trained on knows the future; the shares are the best ties allow."""
    times = data.draw(st.lists(TIMES[kind], min_size=2, max_size=40))
    frame = by_time(kind, times)
    best = best_possible([time + 0.0 if kind == "float" else time for time in times], shares)
    if best is None:
        refused("E1114", frame, asked("time", shares, time="when"))
        return
    found = folds(frame, asked("time", shares, time="when"))
    parts = [[time for time, fold in zip(times, found, strict=True) if fold == wanted] for wanted in range(3)]
    filled = [part for part in parts if part]
    assert len(filled) == (2 if shares[1] == 0 else 3)
    assert all(max(one) < min(other) for one, other in pairwise(filled))
    assert worst([len(part) for part in parts], shares) == pytest.approx(best)


def test_rows_without_a_target_do_not_shift_the_cuts() -> None:
    """The latest rows often have no outcome yet: counted, they would be the whole test."""
    frame = by_time("integer", list(range(100)), ["a", "b"] * 25 + [None] * 50)
    found = folds(frame, settings("time", time="when"))
    assert np.bincount(found[:50]).tolist() == [30, 10, 10]
    assert (found[50:] == -1).all()


@pytest.mark.parametrize("missing", [None, math.nan])
def test_a_time_that_is_missing_is_refused_unless_the_target_is(missing: float | None) -> None:
    """A row of no time is neither past nor future: NaN sorts last, and would be tested on."""
    times: list[Any] = [missing, 1.0, 2.0, 3.0, 4.0, 5.0]
    error = refused("E1112", by_time("float", times), settings("time", time="when"))
    assert "1 row " in str(error)
    found = folds(by_time("float", times, [None, *"ababa"]), settings("time", time="when"))
    assert found.tolist() == [-1, 0, 0, 0, 1, 2]


def test_a_rule_of_another_snapshot_refuses_rows_without_a_time() -> None:
    """A rule is kept; applied to rows it was not fitted on it must not guess."""
    rule = fitted(by_time("float", [1.0, 2.0, 3.0]), settings("time", time="when"))
    refused_rows = by_time("float", [1.0, math.nan, None])
    with pytest.raises(CauceError, match="2 rows"):
        folds(refused_rows, settings("time", time="when"), rule=rule)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (by_time("integer", [5, 5, 5, 5]), "E1114"),
        (by_time("integer", [5, 6, 5, 6]), "E1114"),
        (by_time("integer", [5, 6]), "E1114"),
        (by_time("float", [-math.inf, 1.0, 2.0]), "E1114"),
        (by_time("integer", [1, 2, 3]).with_columns(pl.col("when").cast(pl.String)), "E1113"),
        (by_time("integer", [1, 2, 3]).with_columns(pl.col("when") > 1), "E1113"),
    ],
)
def test_columns_that_give_no_order_are_refused(frame: pl.DataFrame, code: str) -> None:
    """An empty fold, or an order by spelling ("10" < "9"), is no split by time."""
    refused(code, frame, settings("time", time="when"))


def test_infinite_times_are_first_and_last() -> None:
    """An infinite time has its place in the order, and is never a limit JSON cannot hold."""
    frame = by_time("float", [-math.inf, 1.0, 2.0, 3.0, math.inf])
    rule = fitted(frame, settings("time", time="when"))
    assert isinstance(rule, TimeSplit)
    assert (rule.train_until, rule.validation_until) == (2.0, 3.0)
    assert folds(frame, settings("time", time="when"), rule=rule).tolist() == [0, 0, 0, 1, 2]


def test_an_instant_is_cut_by_its_place_in_time(tmp_path: Any) -> None:
    """Zones live in the schema: rows written in two zones must be ordered as instants."""
    from cauce.sources import ReadOptions, open_source  # noqa: PLC0415

    stamps = pl.datetime_range(datetime(2024, 3, 31), datetime(2024, 3, 31, 9), "1h", eager=True)
    frame = pl.DataFrame({"when": stamps.dt.replace_time_zone("UTC"), "y": ["a", "b"] * 5})
    frame.write_parquet(tmp_path / "utc.parquet")
    moved = frame.with_columns(pl.col("when").dt.convert_time_zone("America/Bogota"))
    moved.write_parquet(tmp_path / "bogota.parquet")
    for name in ("utc", "bogota"):
        source = open_source(ReadOptions(paths=(str(tmp_path / f"{name}.parquet"),)))
        what, schema = settings("time", time="when"), source.schema
        batch = pl.concat(list(source.batches()))
        assert schema["when"].zone == "UTC"
        target = Target("y", Column("y"), "text", "binary", ("a", "b"))
        look, _ = looker(batch, Placement(schema, target, what))
        rule = fit_split(what, target, schema=schema, look=look)
        assert isinstance(rule, TimeSplit)
        assert rule.train_until == int(datetime(2024, 3, 31, 5).timestamp() * 1e6) + _offset()


def _offset() -> int:
    """Microseconds by which this machine's zone puts a naive timestamp off UTC."""
    naive = datetime(2024, 3, 31, 5)
    return round((naive - datetime(1970, 1, 1)).total_seconds() * 1e6) - int(naive.timestamp() * 1e6)


@given(seed=st.integers(0, 2**32 - 1), tied=st.sampled_from([0, 40, 400]), clusters=st.booleans())
@limits(max_examples=20)
def test_many_different_times_are_cut_as_few_are(seed: int, tied: int, clusters: bool) -> None:
    """Beyond one scan's distinct times the cuts stay where the sorted list has them, or nearly."""
    chance = np.random.default_rng(seed)
    times = chance.integers(0, 10**12, 300) * (chance.integers(0, 2, 300) if clusters else 1) + np.arange(300)
    frame = by_time("integer", [*times.tolist(), *[int(times[0])] * tied])
    what, target = settings("time", time="when"), target_of(by_time("integer", [1, 2]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting_module, "EXACT_VALUES", 32)
        look, _ = looker(frame, Placement(schema_of(frame), target, what))
        rule = fit_split(what, target, schema=schema_of(frame), look=look)
    counts = np.bincount(folds(frame, what, target=target, rule=rule), minlength=3)
    best = best_possible(frame["when"].to_list(), (0.6, 0.2))
    assert best is not None
    assert counts.min() > 0
    assert worst(counts.tolist(), (0.6, 0.2)) <= best + 1
