"""Folds are a function of the row: no order, batch, format or new row moves one, and groups stay whole."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from split_rows import folds, inner, schema_of, settings, target_of

from cauce.core.columns import INNER_FOLDS
from cauce.core.preparation import Preparation
from cauce.core.splits import RandomSplit, SplitSettings, check_folds
from cauce.errors import CauceError
from cauce.sources import ReadOptions, open_source

ROWS = 4000
WAYS: dict[str, SplitSettings] = {
    "random": settings(),
    "key": settings(key=("id",)),
    "two-part key": settings(key=("id", "city")),
    "group": settings("group", group="city"),
    "stratified": settings("stratified", key=("id",)),
    "time": settings("time", time="day"),
    "time and group": settings("time", time="day", group="city"),
}
NEVER_MOVING = ("random", "key", "two-part key", "group")


def rows(count: int = ROWS, seed: int = 1) -> pl.DataFrame:
    chance = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "id": np.arange(seed * 10**6, seed * 10**6 + count),
            "city": [f"c{n}" for n in chance.integers(0, 700, count)],
            "price": chance.normal(size=count),
            "day": pl.Series(chance.integers(15_000, 16_000, count)).cast(pl.Int32).cast(pl.Date),
            "y": chance.choice(["no", "yes"], count, p=[0.8, 0.2]),
        }
    )


TABLE = rows()
KNOWN = {way: folds(TABLE, asked) for way, asked in WAYS.items()}


@pytest.mark.parametrize("way", WAYS)
@given(order=st.integers(0, 2**32 - 1), size=st.integers(300, 5000))
@limits(max_examples=4)
def test_the_order_of_rows_and_batches_moves_no_row(way: str, order: int, size: int) -> None:
    """The same table with 2 and with 5 partitions would train on different rows."""
    shuffled = np.random.default_rng(order).permutation(ROWS)
    found = folds(TABLE[shuffled.tolist()], WAYS[way], size=size)
    assert (found == KNOWN[way][shuffled]).all()


@pytest.mark.parametrize("way", NEVER_MOVING)
def test_new_rows_move_no_old_one(way: str) -> None:
    """A row that wanders from training into the test makes next month's test too good."""
    grown = pl.concat([rows(900, seed=2), TABLE, rows(800, seed=3)])
    assert (folds(grown, WAYS[way])[900 : 900 + ROWS] == KNOWN[way]).all()


@pytest.mark.parametrize("way", WAYS)
def test_shares_are_those_asked_for(way: str) -> None:
    """60 % must not mean 55 %: five standard errors by group, or what exactness promises."""
    asked, found = WAYS[way], KNOWN[way]
    independent = 700 if asked.group and asked.kind != "time" else ROWS
    for fold, share in enumerate((0.6, 0.2, 0.2)):
        error = 5 * math.sqrt(share * (1 - share) / independent)
        assert abs((found == fold).mean() - share) < error


@pytest.mark.parametrize("way", ["group", "time and group"])
def test_a_group_is_never_in_two_parts(way: str) -> None:
    """A patient in training and test is recognised, not predicted; so in inner folds."""
    parts = inner(TABLE, WAYS[way])
    assert TABLE.with_columns(part=parts).group_by("city").agg(pl.col("part").n_unique())["part"].max() == 1
    if way == "group":
        found = TABLE.with_columns(fold=KNOWN[way]).group_by("city").agg(pl.col("fold").n_unique())
        assert found["fold"].max() == 1


def test_copies_of_a_row_share_a_fold() -> None:
    """Without a key, a full duplicate of a training row in the test is the training row."""
    twice = pl.concat([TABLE, TABLE])
    found = folds(twice, settings())
    assert (found[:ROWS] == found[ROWS:]).all()
    changed = TABLE.with_columns(pl.col("price") + 1.0)
    assert (folds(changed, settings()) != KNOWN["random"]).any()
    assert (folds(changed, WAYS["key"]) == KNOWN["key"]).all()


@pytest.mark.parametrize("way", ["random", "key", "group", "stratified"])
def test_another_seed_is_another_split(way: str) -> None:
    """Two seeds agree on Σ share² = 44 % of rows, as independent splits do."""
    asked = SplitSettings(**{**vars(WAYS[way]), "seed": 8})
    agreeing = (folds(TABLE, asked) == KNOWN[way]).mean()
    assert abs(agreeing - 0.44) < (0.1 if way == "group" else 0.04)


@pytest.mark.parametrize("way", ["random", "key", "stratified"])
def test_inner_folds_say_nothing_of_folds(way: str) -> None:
    """Dependent inner folds would leave some of them out of training. χ² of independence, 8 degrees."""
    parts, found = inner(TABLE, WAYS[way]), KNOWN[way]
    expected = np.outer(np.bincount(found), np.full(INNER_FOLDS, 1 / INNER_FOLDS))
    seen = np.histogram2d(found, parts, bins=(3, INNER_FOLDS))[0]
    assert ((seen - expected) ** 2 / expected).sum() < 45
    assert set(parts) == set(range(INNER_FOLDS))


@pytest.mark.parametrize("way", WAYS)
def test_without_a_validation_share_nothing_validates(way: str) -> None:
    """Rows of a fold nobody reads are rows lost."""
    asked = SplitSettings(**{**vars(WAYS[way]), "train": 0.8, "validation": 0.0})
    found = folds(TABLE, asked)
    assert set(found) == {0, 2}
    assert abs((found == 0).mean() - 0.8) < 0.1


@pytest.mark.parametrize("way", WAYS)
def test_csv_and_parquet_give_the_same_folds(way: str, tmp_path: Path) -> None:
    """Saving a table in another format must not be another experiment."""
    small = TABLE.head(500)
    small.write_csv(tmp_path / "rows.csv")
    small.write_parquet(tmp_path / "rows.parquet")
    found = []
    for name in ("rows.csv", "rows.parquet"):
        source = open_source(ReadOptions(paths=(str(tmp_path / name),)))
        assert source.schema == schema_of(small)
        found.append(folds(pl.concat(list(source.batches())), WAYS[way]))
    assert (found[0] == found[1]).all()


@given(st.integers(1, 3), st.sampled_from(["random", "group"]))
def test_a_table_too_small_for_its_folds_is_refused(count: int, kind: str) -> None:
    """A model judged on no row has no metric, and says nothing about it."""
    table = rows(count)
    table = table.with_columns(y=pl.Series(["no", "yes", "no"][:count]))
    target = target_of(pl.DataFrame({"y": ["no", "yes"]}))
    asked = settings(kind, group="city" if kind == "group" else None)
    found = np.bincount(folds(table, asked, target=target), minlength=3)
    counts = {fold: int(number) for fold, number in enumerate(found) if number}
    if len(counts) == 3:
        check_folds(counts, asked)
        return
    with pytest.raises(CauceError) as caught:
        check_folds(counts, asked)
    assert caught.value.code == "E1406"


def test_rows_left_out_fill_no_fold() -> None:
    """Rows without a target are counted under -1: they must not pass for test rows."""
    with pytest.raises(CauceError, match="test"):
        check_folds({-1: 9, 0: 4, 1: 2}, settings())
    check_folds({0: 4, 2: 2}, settings(train=0.8, validation=0.0))


def overlap(frame: pl.DataFrame, asked: SplitSettings) -> float:
    """The share of test rows whose patient is in training, counted by a join outside the code under test."""
    target = target_of(frame, "readmitted")
    rule = RandomSplit(asked.hashed, asked.seed, asked.train, asked.validation)
    keep = ("patient_nbr",)
    made = Preparation(schema_of(frame), target, rule, key=asked.key, keep=keep)(frame)
    train, test = (made.filter(pl.col("__fold__") == fold) for fold in (0, 2))
    return test.join(train, on="patient_nbr", how="semi").height / test.height


def test_patients_of_the_diabetes_set_are_kept_apart_by_group_alone(shared_data: Path) -> None:
    """41.7 % of test rows have a patient seen in training under a row split of 80/20; by group, none."""
    frame = pl.read_parquet(shared_data / "diabetes130" / "diabetic_data.zstd.parquet")
    shares: dict[str, Any] = {"train": 0.8, "validation": 0.0}
    by_row = overlap(frame, settings(**shares))
    assert by_row == pytest.approx(0.417, abs=0.01)
    assert overlap(frame, settings(**shares, key=("encounter_id",))) == pytest.approx(0.417, abs=0.01)
    assert overlap(frame, settings("group", group="patient_nbr", **shares)) == 0.0
