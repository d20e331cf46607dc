"""Linear and logistic candidates of a run are solved on all folds at once, in two scans of the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import ElasticNet

from cauce.core.boosting_rows import POSITION
from cauce.core.candidates.leaderboard import Leaderboard
from cauce.core.out_of_fold import SCORED_FOLD
from cauce.running.project_run import Results, run_project
from cauce.running.trials.records import read_frame
from cauce.running.tuning import read_leaderboard
from cauce.running.workspace import open_workspace

NUMBERS = ("a", "b", "c")


def _run(folder: Path, table: pl.DataFrame, models: str, *, data: str = "") -> tuple[Results, Leaderboard]:
    table.write_csv(folder / "table.csv", quote_style="non_numeric")
    head = 'schema = 1\nname = "summed"\ntracking.enabled = false\ntarget.column = "y"\n'
    text = f'{head}[data]\nsource = "table.csv"\n{data}\n{models}'
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    work = open_workspace(folder)
    results = Results(work, run_project(work, until="tune").records)
    return results, read_leaderboard(work.store, results.records["tune"])


def _table(rows: int = 400) -> pl.DataFrame:
    draw = np.random.default_rng(4)
    numbers = draw.normal(size=(rows, 3)).round(4) * [1, 30, 0.01]
    label = numbers[:, 0] - numbers[:, 1] / 30 + draw.normal(size=rows)
    columns = {name: numbers[:, place] for place, name in enumerate(NUMBERS)}
    return pl.DataFrame({"id": np.arange(rows), **columns, "y": label.round(4)})


def _told(results: Results) -> Any:
    return results.records["tune"].facts


KEYED = 'key = "id"'
GRID = '[[models]]\nlearner = "linear"\npenalty = {{ lambda = {{ path = 12 }}, l1_ratio = [0.2, 1.0] }}\n'
FOLDS = "[choose]\nfolds = {{ k = 4 }}\n{more}"


def test_a_grid_of_elastic_nets_is_judged_in_two_scans_and_as_scikit_learn_judges_it(tmp_path: Path) -> None:
    """One scan learns the features, one adds up products; then no penalty costs a scan or a digit."""
    table = _table()
    results, board = _run(tmp_path, table, (GRID + FOLDS).format(more='metric = "rmse"\n'), data=KEYED)
    assert len(board.trials) == 24
    assert _told(results)["rows_read"] == (2 + 4) * table.height
    assert sum(one["scans"] for one in _told(results)["costs"].values()) == pytest.approx(1)
    key = str(results.records["tune"].outputs["scores"].value)
    scored = read_frame(results.work.store, key).sort(POSITION)
    place, fold = scored[POSITION].to_numpy(), scored[SCORED_FOLD].to_numpy()
    rows = table.select(NUMBERS).to_numpy()[place].astype(np.float32).astype(np.float64)
    label = table["y"].to_numpy()[place]
    for trial in board.trials[::5]:
        penalty: Any = trial.candidate.model.penalty  # type: ignore[union-attr]
        for one in trial.folds:
            train, seen = fold != one.fold, fold == one.fold
            scaled = (rows - rows[train].mean(0)) / rows[train].std(0)
            model = ElasticNet(alpha=penalty.strength, l1_ratio=penalty.l1_ratio, tol=1e-13, max_iter=10**5)
            guess = model.fit(scaled[train], label[train]).predict(scaled)
            assert one.score == pytest.approx(np.sqrt(np.mean((guess - label)[seen] ** 2)), rel=1e-7)
            assert one.train_score == pytest.approx(np.sqrt(np.mean((guess - label)[train] ** 2)), rel=1e-7)


def test_the_route_over_rows_and_the_one_over_sums_give_the_same_scores(tmp_path: Path) -> None:
    """Repetitions, holes, levels and means by class make features that differ by fold; both routes agree."""
    draw = np.random.default_rng(8)
    table = _table(500).with_columns(
        c=pl.when(pl.int_range(500) % 9 == 0).then(None).otherwise(pl.col("c")),
        town=pl.Series(draw.choice(["x", "y", "z"], 500)),
    )
    steps = '[features.columns]\ntown = ["target_mean"]\n'
    models = '[[models]]\nlearner = "linear"\npenalty = {{ lambda = [0.3, 0.01], l1_ratio = 1.0 }}\n'
    folds = "[choose]\nfolds = {{ k = 3, repeats = 2 }}\n{more}"
    found = {}
    for metric in ("rmse", "mae"):
        folder = tmp_path / metric
        folder.mkdir()
        more = f'metric = "{metric}"\n'
        results, board = _run(folder, table, (steps + models + folds).format(more=more), data=KEYED)
        key = str(results.records["tune"].outputs["scores"].value)
        found[metric] = (read_frame(results.work.store, key), board)
    frame, board = found["rmse"]
    label, guess = frame["__target__"].to_numpy(), frame["__said_0__"].to_numpy()
    for one in board.winner.folds[:3]:
        own = frame[SCORED_FOLD].to_numpy() == one.fold
        assert one.score == pytest.approx(float(np.sqrt(np.mean((label - guess)[own] ** 2))), rel=1e-6)
    other = found["mae"][1]
    assert [one.candidate.model for one in other.trials] == [one.candidate.model for one in board.trials]


def test_a_class_that_a_fold_does_not_teach_fails_the_candidate_by_name_and_not_the_run(
    tmp_path: Path,
) -> None:
    """A logistic model without rows of a class would never predict it; trees beside it are still judged."""
    table = _table(300).with_columns(
        y=pl.when(pl.col("id") < 4)
        .then(pl.lit("rare"))
        .when(pl.col("y") > 0)
        .then(pl.lit("up"))
        .otherwise(pl.lit("down")),
        group=pl.when(pl.col("id") < 4).then(pl.lit("one")).otherwise(pl.col("id").cast(pl.String)),
    )
    models = '[[models]]\nlearner = "logistic"\n[[models]]\nrounds = 5\nmax_depth = 2\n'
    more = '[choose]\nmetric = "accuracy"\nfolds = { k = 3, by = "group" }\n'
    split = '[split]\nkind = "group"\ntrain = 0.98\nvalidation = 0.01\ntest = 0.01\n'
    _, board = _run(tmp_path, table, models + more + split, data=f'{KEYED}\ngroup = "group"')
    failed = next(one for one in board.trials if one.failed)
    assert failed.code == "E2163"
    assert failed.values["label"] == "rare"
    assert not board.winner.failed


@pytest.mark.parametrize("learner", ["linear", "logistic"])
def test_degenerate_tables_give_finite_scores(tmp_path: Path, learner: str) -> None:
    """Repeated columns, a nearly constant one and more features than rows end in scores, never in NaN."""
    draw = np.random.default_rng(2)
    wide = {f"n{place}": draw.normal(size=40).round(3) for place in range(45)}
    table = (
        _table(40)
        .with_columns(**{name: pl.Series(one) for name, one in wide.items()})
        .with_columns(again=pl.col("a") * 2, still=pl.when(pl.col("id") == 3).then(1).otherwise(0))
    )
    if learner == "logistic":
        table = table.with_columns(y=pl.when(pl.col("y") > 0).then(pl.lit("up")).otherwise(pl.lit("down")))
    models = (
        f'[[models]]\nlearner = "{learner}"\npenalty = {{ lambda = {{ path = 6 }}, l1_ratio = [0, 1.0] }}\n'
    )
    _, board = _run(tmp_path, table, models + "[choose]\nfolds = { k = 2 }\n", data=KEYED)
    assert len(board.trials) == 12
    for trial in board.trials:
        assert not trial.failed
        assert np.isfinite(trial.mean)


def test_a_path_of_logistic_strengths_is_the_same_on_every_fold(tmp_path: Path) -> None:
    """Candidates are compared at the same strengths; the strongest leaves nothing but the classes' shares."""
    table = _table().with_columns(y=pl.when(pl.col("y") > 0).then(pl.lit("up")).otherwise(pl.lit("down")))
    models = '[[models]]\nlearner = "logistic"\npenalty = { lambda = { path = 9 }, l1_ratio = 1.0 }\n'
    results, board = _run(
        tmp_path, table, models + '[choose]\nmetric = "log_loss"\nfolds = { k = 3 }\n', data=KEYED
    )
    assert [len(one.folds) for one in board.trials] == [3] * 9
    assert 5 <= sum(one["scans"] for one in _told(results)["costs"].values()) <= 25
    strongest = max(board.trials, key=lambda one: one.candidate.model.penalty.strength)  # type: ignore[union-attr]
    share = float((table["y"] == "up").mean())  # type: ignore[arg-type]
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    assert strongest.mean == pytest.approx(entropy, abs=0.02)
    assert board.winner.mean < entropy - 0.05
