"""Folds hold what they promise: no key in two, exact strata, nothing from the future, never a test row."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, TimeSeriesSplit
from split_rows import cut, fitted, looker, schema_of, settings, target_of

from cauce.core.candidates import fold_fitting
from cauce.core.candidates.fold_fitting import FoldPlacement, FoldSettings, fit_folds
from cauce.core.candidates.folds import FoldPlan
from cauce.core.columns import FOLD, TEST, TRAIN, VALIDATION
from cauce.core.preparation import Preparation
from cauce.core.splits.blocks import block_name
from cauce.errors import CauceError


class Folded:
    """What became of a table's rows. split: their folds of the split; block: by repetition."""

    def __init__(self, frame: pl.DataFrame, asked: FoldSettings, *, size: int | None = None) -> None:
        target, schema = target_of(frame), schema_of(frame)
        rule = fitted(frame, asked.split, target)
        prepared = Preparation(schema, target, rule, key=asked.split.key)
        placement = FoldPlacement(prepared, asked)
        look, self.scans = looker(frame, placement, size=size)
        self.plan = fit_folds(asked, target, look=look)
        assert FoldPlan.from_json(self.plan.to_json()) == self.plan
        work = Preparation(schema, target, rule, key=asked.split.key, blocks=self.plan.rule)
        made = pl.concat([work(batch) for batch in cut(frame, size)])
        assert dict(made.schema) == work.schema.dtypes
        self.split = made[FOLD].to_numpy()
        self.block = [made[block_name(one)].to_numpy() for one in range(self.plan.repeats)]

    def rows(self, number: int, use: str) -> NDArray[np.intp]:
        """The places of the rows that this fold uses so."""
        fold = self.plan.folds[number]
        return np.flatnonzero(np.isin(self.block[fold.repeat], getattr(fold, use)))


def asked(by: str, k: int = 5, *, repeats: int = 1, **split: Any) -> FoldSettings:
    kind = split.pop("kind", "random")
    return FoldSettings(by=by, k=k, repeats=repeats, split=settings(kind, **split))


def people(rows: int = 600, *, each: int = 1) -> pl.DataFrame:
    draw = np.random.default_rng(4)
    return pl.DataFrame(
        {
            "id": np.arange(rows) // each,
            "day": draw.integers(0, 200, rows),
            "y": draw.choice(["a", "b", "b", "c"], rows),
        }
    )


def check_rows(found: Folded) -> None:
    """Every row outside the test scores once in each repetition, of its own kind, and no test row is used."""
    counted = found.split >= 0
    for repeat in range(found.plan.repeats):
        own = [fold for fold in found.plan.folds if fold.repeat == repeat]
        scored = np.concatenate([found.rows(fold.number, "score") for fold in own])
        assert len(np.unique(scored)) == len(scored)
        if found.plan.by not in ("time", "holdout"):
            assert set(scored) == set(np.flatnonzero(counted & (found.split != TEST)))
    for fold in found.plan.folds:
        parts = [found.rows(fold.number, use) for use in ("train", "stop", "score")]
        every = np.concatenate(parts)
        assert len(np.unique(every)) == len(every)
        assert not (found.split[every] == TEST).any()
        assert all(len(part) for part in parts)


@pytest.mark.parametrize(("by", "repeats"), [("random", 1), ("group", 2), ("stratified", 3), ("time", 1)])
def test_no_row_is_judged_by_what_it_taught(by: str, repeats: int) -> None:
    found = Folded(people(), asked(by, repeats=repeats, key=("id",), group="id", time="day"))
    check_rows(found)
    assert len(found.plan.folds) == 5 * repeats


@pytest.mark.parametrize("by", ["random", "group"])
def test_rows_of_one_key_are_never_divided(by: str) -> None:
    """A patient would teach what it judges, or stop what it teaches."""
    frame = people(900, each=6)
    found = Folded(frame, asked(by, key=("id",), group="id" if by == "group" else None, repeats=2))
    check_rows(found)
    ids = frame["id"].to_numpy()
    for fold in found.plan.folds:
        parts = [set(ids[found.rows(fold.number, use)]) for use in ("train", "stop", "score")]
        assert len(set.union(*parts)) == sum(map(len, parts))


def test_folds_do_not_depend_on_batches_and_old_rows_stay() -> None:
    frame = people(1200)
    whole, again = Folded(frame, asked("random")), Folded(frame, asked("random"), size=77)
    assert (whole.block[0] == again.block[0]).all()
    fewer = Folded(frame.head(700), asked("random"))
    assert (whole.block[0][:700] == fewer.block[0]).all()


def test_repetitions_draw_the_folds_anew() -> None:
    found = Folded(people(), asked("random", repeats=2))
    kept = found.split != TEST
    assert np.mean(found.block[0][kept] // 2 == found.block[1][kept] // 2) == pytest.approx(0.2, abs=0.06)


@given(
    sizes=st.lists(st.integers(10, 80), min_size=2, max_size=4), k=st.integers(2, 6), seed=st.integers(0, 50)
)
@limits(max_examples=25, deadline=None)
def test_each_fold_has_its_share_of_each_class(sizes: list[int], k: int, seed: int) -> None:
    """Folds that are only called stratified give scores that vary for no reason."""
    names = [f"c{number}" for number, size in enumerate(sizes) for _ in range(size)]
    frame = pl.DataFrame({"id": range(len(names)), "y": names})
    what = asked("stratified", k, kind="stratified", key=("id",), seed=seed)
    found = Folded(frame, what)
    kept = found.split != TEST
    label = np.array([int(name[1:]) for name in names])
    expected = StratifiedKFold(k).split(np.zeros(kept.sum()), label[kept])
    sizes_of_folds = [np.bincount(label[kept][test], minlength=len(sizes)) for _, test in expected]
    own = [np.bincount(label[found.rows(number, "score")], minlength=len(sizes)) for number in range(k)]
    ideal = np.bincount(label[kept]) / k
    assert np.abs(np.array(own) - ideal).max() <= 1
    assert np.sum(own) == np.sum(sizes_of_folds)


def test_strata_of_more_places_than_one_scan_counts_are_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = people(3000)
    exact = Folded(frame, asked("stratified", key=("id",)))
    monkeypatch.setattr(fold_fitting, "EXACT_VALUES", 64)
    coarse = Folded(frame, asked("stratified", key=("id",)))
    assert (exact.block[0] == coarse.block[0]).all()
    assert len(coarse.scans) > len(exact.scans) == 1


@pytest.mark.parametrize("k", [2, 5, 9])
def test_forward_folds_are_those_of_scikit_learn(k: int) -> None:
    """Each fold learns from everything before the part it scores, and from nothing after."""
    rows = 4000
    order = np.random.default_rng(2).permutation(rows)
    frame = pl.DataFrame({"id": range(rows), "day": order, "y": order * 0.5})
    found = Folded(frame, asked("time", k, kind="time", time="day"))
    kept = np.flatnonzero(found.split != TEST)
    ranked = kept[np.argsort(order[kept])]
    pairs = TimeSeriesSplit(k).split(ranked)
    for number, (train, test) in enumerate(pairs):
        taught = np.concatenate([found.rows(number, "train"), found.rows(number, "stop")])
        scored = found.rows(number, "score")
        assert len(set(ranked[train]) ^ set(taught)) <= k
        assert len(set(ranked[test]) ^ set(scored)) <= 2 * k
        assert order[taught].max() < order[scored].min()
        assert order[found.rows(number, "train")].max() < order[found.rows(number, "stop")].min()
        assert len(found.rows(number, "stop")) == pytest.approx(0.2 * len(taught), abs=2)


def test_few_times_stay_whole() -> None:
    """Rows of one day would teach what other rows of that day judge."""
    frame = people().with_columns((pl.col("day") % 12).alias("day"))
    found = Folded(frame, asked("time", 5, time="day"))
    check_rows(found)
    days = frame["day"].to_numpy()
    for fold in found.plan.folds:
        parts = [days[found.rows(fold.number, use)] for use in ("train", "stop", "score")]
        assert parts[0].max() < parts[1].min()
        assert parts[1].max() < parts[2].min()


@pytest.mark.parametrize("kind", ["random", "time"])
def test_a_holdout_stops_on_rows_that_do_not_judge(kind: str) -> None:
    """The score of the candidate that was stopped by luck would win."""
    frame = people()
    found = Folded(frame, asked("holdout", 1, kind=kind, key=("id",), time="day"))
    check_rows(found)
    assert set(found.rows(0, "score")) == set(np.flatnonzero(found.split == VALIDATION))
    taught = np.concatenate([found.rows(0, "train"), found.rows(0, "stop")])
    assert set(taught) == set(np.flatnonzero(found.split == TRAIN))
    assert 0.1 < len(found.rows(0, "stop")) / len(taught) < 0.3
    if kind == "time":
        days = frame["day"].to_numpy()
        assert days[found.rows(0, "train")].max() < days[found.rows(0, "stop")].min()


@pytest.mark.parametrize(
    ("code", "frame", "what"),
    [
        (
            "E2102",
            pl.DataFrame({"id": range(30), "y": ["a"] * 27 + ["b"] * 3}),
            asked("stratified", key=("id",)),
        ),
        (
            "E2103",
            people(600, each=60).with_columns(
                pl.when(pl.col("id") < 5).then(pl.lit("a")).otherwise(pl.lit("b")).alias("y")
            ),
            asked("stratified", key=("id",)),
        ),
        ("E2104", people().with_columns((pl.col("day") % 5).alias("day")), asked("time", 5, time="day")),
        (
            "E2108",
            people(600, each=2).with_columns(y=pl.Series(["a", "b"] * 300)).filter(pl.int_range(600) % 7 > 0),
            asked("stratified", key=("id",)),
        ),
        ("E2109", pl.DataFrame({"id": range(90), "y": np.arange(90) * 0.3}), asked("stratified")),
        (
            "E1112",
            people().with_columns(
                pl.when(pl.col("id") == 9).then(None).otherwise(pl.col("day")).alias("day")
            ),
            asked("time", 3, time="day", seed=1),
        ),
    ],
)
def test_what_cannot_be_kept_is_refused(code: str, frame: pl.DataFrame, what: FoldSettings) -> None:
    with pytest.raises(CauceError) as caught:
        Folded(frame, what)
    assert caught.value.code == code
    assert caught.value.message
    assert caught.value.hint
