"""A model for each batch of the rows is compared with the one of all rows, on rows none of them has seen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from finished_runs import board, run
from sklearn.linear_model import LinearRegression

from cauce.core.candidates.batches import PartBlocks
from cauce.core.candidates.folds import FoldPlan
from cauce.core.candidates.leaderboard import Leaderboard
from cauce.core.candidates.telling import words
from cauce.core.columns import FOLD, TRAIN, VALIDATION
from cauce.core.linear.coefficients import Coefficients
from cauce.core.preparation import Preparation
from cauce.core.splits import decode_rule
from cauce.core.splits.blocks import NO_BLOCK, block_name
from cauce.core.splits.parts import OTHER_PART, Part
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.running.project_run import Results
from cauce.running.steps.objects import read_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.steps.tune import _batches
from cauce.spec import project_from_text

LINEAR = '[[models]]\nlearner = "linear"\nsubset = { batches = 150 }\n[choose]\nfolds = { k = 3 }\n'


def table(rows: int = 700, *, signal: float = 1.0) -> pl.DataFrame:
    draw = np.random.default_rng(4)
    a, b, noise = draw.normal(size=(3, rows)).round(4)
    return pl.DataFrame(
        {
            "id": np.arange(rows),
            "who": [f"p{one}" for one in draw.integers(0, rows // 4, rows)],
            "a": a,
            "b": b,
            "y": signal * (2 * a - b) + noise,
        }
    )


def project_in(folder: Path, rows: pl.DataFrame, *, more: str, data: str = 'key = "id"') -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows.write_csv(folder / "table.csv")
    text = f"""
schema = 1
name = "batched"
[data]
source = "table.csv"
{data}
[target]
column = "y"
task = "regression"
[features]
include = ["a", "b"]
[tracking]
enabled = false
{more}
"""
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    return folder


def placed(results: Results, *, rows: int) -> pl.DataFrame:
    """The rows with their split, their block of the folds, and the number of their batch."""
    store, step = results.work.store, results.records["tune"].step
    known = read_json(store, step.stored("split"))
    source, data = snapshot_source(results.work, step), results.work.project.data
    plan = FoldPlan.from_json(read_json(store, str(results.records["tune"].outputs["folds"].value)))
    target, rule = Target.from_json(known["target"]), decode_rule(known["rule"])
    plain = Preparation(source.schema, target, rule, data.key, None, source.schema.names, blocks=plan.rule)
    found = _batches(results.work, step, prepared=plain)[rows]
    numbers = np.zeros(source.manifest.rows, dtype=np.int64)
    for number in range(1, len(found.sizes) + 1):
        own: Any = PartBlocks(plan.rule, found.part(number))
        parts = pl.concat([replace(plain, blocks=own)(batch) for batch in source.batches()])
        numbers[
            (parts[block_name(0)] % 2 == 1).to_numpy() & (parts[block_name(0)] != NO_BLOCK).to_numpy()
        ] = number
    whole = pl.concat([plain(batch) for batch in source.batches()])
    return whole.with_columns(pl.Series("batch", numbers))


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return run(project_in(tmp_path_factory.mktemp("batches"), table(), more=LINEAR), until="tune")


def test_batches_have_the_rows_asked_for_and_the_last_one_what_is_left(tuned: Results) -> None:
    """Rows left over would never teach, and nobody would know."""
    rows = placed(tuned, rows=150).filter(pl.col(FOLD).is_in([TRAIN, VALIDATION]))
    counted = dict(rows["batch"].value_counts().iter_rows())
    (declared,) = board(tuned).batches
    assert 0 not in counted
    assert [counted[one] for one in sorted(counted)] == list(declared.sizes)
    assert declared.sizes[:-1] == (150,) * (len(declared.sizes) - 1)
    assert 0 < declared.sizes[-1] <= 150
    assert sum(declared.sizes) == rows.height


def test_a_batch_is_scored_as_scikit_learn_would_with_its_rows_alone(tuned: Results) -> None:
    """A batch that learned from other rows, or was judged on others, is compared with nothing."""
    rows, found = placed(tuned, rows=150), board(tuned)
    plan = FoldPlan.from_json(read_json(tuned.work.store, str(tuned.records["tune"].outputs["folds"].value)))
    block = rows[block_name(0)].to_numpy()
    x, y, batch = rows.select("a", "b").to_numpy(), rows["y"].to_numpy(), rows["batch"].to_numpy()
    assert len(found.trials) == 1 + len(found.batches[0].sizes)
    for trial in found.trials:
        subset = trial.candidate.model.subset
        own = np.ones(len(y), dtype=bool) if subset is None else batch == subset.batch
        for fold, score in zip(plan.folds, trial.folds, strict=True):
            taught = np.isin(block, fold.taught) & own
            judged = np.isin(block, fold.score)
            peer = LinearRegression().fit(x[taught], y[taught]).predict(x[judged])
            assert score.score == pytest.approx(float(np.sqrt(np.mean((peer - y[judged]) ** 2))), rel=1e-6)
            assert (score.rows, score.trained) == (judged.sum(), taught.sum())


def test_the_fit_on_all_rows_stands_beside_them_as_if_alone(tuned: Results, tmp_path: Path) -> None:
    """The price of learning from a batch is unknown where the whole is not tried."""
    alone = run(
        project_in(tmp_path, table(), more=LINEAR.replace("subset = { batches = 150 }\n", "")), until="tune"
    )
    (single,) = board(alone).trials
    assert board(tuned)[0].folds == single.folds
    assert board(tuned)[0].candidate.model == single.candidate.model
    said = " ".join(board(tuned).on_batches)
    own = [one.mean for one in board(tuned).trials if one.candidate.number]
    assert f"{np.mean(own):.4g}" in said
    assert f"{single.mean:.4g}" in said
    assert "loses" in said
    called = words([one.candidate for one in board(tuned).trials])
    assert called[0] == "linear: all rows"
    assert called[2] == "linear: batch 2 (of 150 rows)"


def test_the_leaderboard_survives_json(tuned: Results) -> None:
    found = board(tuned)
    assert Leaderboard.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_rows_in_another_order_are_in_the_same_batches(tuned: Results, tmp_path: Path) -> None:
    """A batch by place in the file would be another one after every export."""
    mixed = table().sample(fraction=1.0, shuffle=True, seed=9)
    again = board(run(project_in(tmp_path, mixed, more=LINEAR), until="tune"))
    known = {one.candidate.number: one.mean for one in board(tuned).trials}
    assert {one.candidate.number: one.mean for one in again.trials} == pytest.approx(known, rel=1e-9)


def test_boosted_batches_are_the_same_on_one_and_two_threads(tmp_path: Path) -> None:
    models = "[[models]]\nrounds = 12\nsubset = { batches = 250 }\n[choose]\nfolds = { k = 2 }\n"
    boards = [
        board(
            run(
                project_in(tmp_path / str(one), table(), more=f"{models}[engine]\nthreads = {one}\n"),
                until="tune",
            )
        )
        for one in (1, 2)
    ]
    assert boards[0] == boards[1]


def test_a_batch_that_wins_is_what_is_fitted_kept_and_judged(tmp_path: Path) -> None:
    """The model in the bundle would not be the one that was chosen."""
    folder = project_in(tmp_path, table(signal=0.0), more=LINEAR.replace("150", "100"))
    results = run(folder)
    found = board(results)
    subset = found.winner.candidate.model.subset
    assert subset is not None, "of noise alone, the best of many is one of the many"
    rows = placed(results, rows=100)
    outside = rows[FOLD].is_in([TRAIN, VALIDATION]).to_numpy()
    own = (rows["batch"] == subset.batch).to_numpy()
    x, y = rows.select("a", "b").to_numpy(), rows["y"].to_numpy()
    peer = LinearRegression().fit(x[own], y[own])
    training = read_json(results.work.store, str(results.records["fit"].outputs["training"].value))
    told = {one.feature: one.own for one in Coefficients.from_json(training["coefficients"]).rows}
    assert told["a"] == pytest.approx(peer.coef_[0], rel=1e-5)
    assert training["folds"]["train"] == own.sum()
    assert training["folds"]["other_batches"] == (outside & ~own).sum()
    assert results.evaluation.datasets["train"].rows == own.sum()
    assert results.evaluation.datasets["validation"].rows == outside.sum()
    kept: Any = results.records["tune"].outputs["chosen"].value
    assert Part.from_json(kept["part"]) == Part(**kept["part"])
    assert OTHER_PART not in (TRAIN, VALIDATION)


def test_one_batch_of_all_rows_is_the_single_fit_and_is_said(tmp_path: Path) -> None:
    found = board(run(project_in(tmp_path, table(80), more=LINEAR), until="tune"))
    assert len(found.trials) == 1
    assert len(found.batches[0].sizes) == 1
    (said,) = found.on_batches
    assert "it is the fit on all rows" in said


def test_a_patient_is_in_one_batch(tmp_path: Path) -> None:
    """Out-of-fold encodings of a batch would know the patient from the other side."""
    data = 'key = "id"\ngroup = "who"'
    rows = placed(run(project_in(tmp_path, table(), more=LINEAR, data=data), until="tune"), rows=150)
    outside = rows.filter(pl.col(FOLD).is_in([TRAIN, VALIDATION]))
    assert outside.group_by("who").agg(pl.col("batch").n_unique())["batch"].max() == 1
    sizes = outside["batch"].value_counts()["count"].sort().to_list()
    assert max(abs(one - 150) for one in sizes[1:]) < 25


def test_a_batch_alone_can_be_asked_for_and_finished_ones_are_not_fitted_again(tmp_path: Path) -> None:
    """A killed run would begin at the first batch again."""
    folder = project_in(tmp_path, table(), more=LINEAR.replace("150", "150, batch = 2"))
    first = board(run(folder, until="tune"))
    assert [one.candidate.model.subset is None for one in first.trials].count(False) == 1
    kept = {one.name: one.stat().st_mtime_ns for one in (folder / ".cauce" / "trials").glob("*.json")}
    assert len(kept) == 2
    project_in(tmp_path, table(), more=LINEAR)
    every = board(run(folder, until="tune"))
    after = {one.name: one.stat().st_mtime_ns for one in (folder / ".cauce" / "trials").glob("*.json")}
    assert kept.items() <= after.items()
    assert len(after) == len(every.trials)
    (batch,) = [one for one in first.trials if one.candidate.model.subset is not None]
    assert [one.mean for one in every.trials if one.candidate.model == batch.candidate.model] == [batch.mean]


@pytest.mark.parametrize(
    ("subset", "code"), [("150, batch = 99", "E2182"), ("700000, batch = 2", None), ("1", None)]
)
def test_numbers_of_rows_that_make_no_sense(tmp_path: Path, subset: str, code: str | None) -> None:
    rows = table(60)
    folder = project_in(tmp_path, rows, more=LINEAR.replace("150", subset) + 'rule = "one_standard_error"\n')
    if code is not None:
        with pytest.raises(CauceError) as caught:
            run(project_in(tmp_path, table(), more=LINEAR.replace("150", subset)), until="tune")
        assert caught.value.code == code
        return
    found = board(run(folder, until="tune"))
    assert found.winner.candidate.model.subset is None


def test_a_search_over_batches_is_refused(tmp_path: Path) -> None:
    text = project_in(tmp_path, table(20), more="").joinpath("cauce.toml").read_text(encoding="utf-8")
    search = 'search = { method = "grid", space = { max_depth = [2, 3] } }'
    models = f"[[models]]\nsubset = {{ batches = 10 }}\n{search}\n"
    with pytest.raises(CauceError) as caught:
        project_from_text(text + models)
    assert "E2180" in str(caught.value.code) or "E2180" in caught.value.message


@pytest.mark.parametrize(
    ("split", "folds"),
    [
        ('kind = "time"', '{ k = 2, by = "time" }'),
        ('kind = "time"', '"holdout"'),
        ('kind = "stratified"', '{ k = 2, by = "stratified", repeats = 2 }'),
    ],
)
def test_batches_go_with_every_kind_of_fold(tmp_path: Path, split: str, folds: str) -> None:
    """Rows before and after a day, or of rare classes, are cut by other rules than the batches."""
    rows = table().with_columns(
        date=pl.date(2024, 1, 1) + pl.duration(days=pl.col("id") // 10),
        y=pl.when(pl.col("y") > 0).then(pl.lit("up")).otherwise(pl.lit("down")),
    )
    data = 'key = "id"\ntime = "date"'
    more = (
        f"[split]\n{split}\n[[models]]\nrounds = 6\nsubset = {{ batches = 300 }}\n[choose]\nfolds = {folds}\n"
    )
    folder = project_in(tmp_path, rows, more=more, data=data)
    text = (folder / "cauce.toml").read_text(encoding="utf-8").replace("regression", "binary")
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    found = board(run(folder, until="tune"))
    assert not any(one.failed for one in found.trials)
    single, *batches = sorted(found.trials, key=lambda one: one.candidate.number)
    assert len(batches) == len(found.batches[0].sizes) == 2
    for place, whole in enumerate(single.folds):
        own = [one.folds[place] for one in batches]
        assert {one.rows for one in own} == {whole.rows}
        assert sum(one.trained + one.stopped for one in own) == whole.trained + whole.stopped
