"""Candidates are judged as scikit-learn would judge them, on rows they have not seen, and the run goes on."""

from __future__ import annotations

import csv
import json
import math
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import xgboost
from finished_runs import board, run
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import cauce
from cauce.core.boosting_rows import POSITION
from cauce.core.candidates.leaderboard import Leaderboard
from cauce.core.columns import TARGET
from cauce.core.evaluation_rows import BUCKET
from cauce.core.out_of_fold import SCORED_FOLD, said_name
from cauce.errors import CauceError
from cauce.planning.step import Step
from cauce.running.observer import Silent
from cauce.running.project_run import Results, run_project, states_of
from cauce.running.trials.records import read_frame
from cauce.running.workspace import open_workspace


def project_in(folder: Path, table: pl.DataFrame, *, target: str, data: str = "", more: str = "") -> Path:
    """A project over `table`, without tracking."""
    folder.mkdir(parents=True, exist_ok=True)
    table.write_csv(folder / "table.csv", quote_style="non_numeric")
    text = f"""
schema = 1
name = "tuned"
[data]
source = "table.csv"
{data}
[target]
column = "{target}"
[tracking]
enabled = false
{more}
"""
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    return folder


def out_of_fold(results: Results) -> pl.DataFrame:
    return read_frame(results.work.store, str(results.records["tune"].outputs["scores"].value))


def people(rows: int = 600, *, seed: int = 1) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    a, b = draw.normal(size=(2, rows))
    label = draw.random(rows) < 1 / (1 + np.exp(-1.5 * a - b))
    town = [f"t{number}" for number in draw.integers(0, 150, rows)]
    noise = draw.random(rows) < 0.5
    return pl.DataFrame(
        {"id": np.arange(rows), "a": a.round(4), "b": b.round(4), "town": town, "y": label, "noise": noise}
    ).with_columns(pl.col("y", "noise").replace_strict({True: "yes", False: "no"}))


KEYED = 'key = "id"'
TWO = '[[models]]\nrounds = 15\nmax_depth = 2\n[[models]]\nlearner = "logistic"\n'
PLAIN = '[features]\ninclude = ["a", "b"]\n'


def scores_of(found: Leaderboard, number: int = 0) -> list[float]:
    return [one.score for one in found[number].folds]


# --- against scikit-learn with the same folds ---


def test_wine_scores_are_those_of_scikit_learns_cross_validate(shared_data: Path, tmp_path: Path) -> None:
    """A number called rmse on 5 folds would be something else."""
    (file,) = (shared_data / "wine_quality_white").glob("*.csv")
    with file.open(encoding="utf-8") as stream:
        mark = csv.Sniffer().sniff(stream.readline(), ";,").delimiter
    table = pl.read_csv(file, separator=mark).rename(lambda name: name.replace(" ", "_"))
    more = '[[models]]\nlearner = "linear"\n[choose]\nfolds = { k = 5 }\n'
    folder = project_in(tmp_path, table, target="quality", more="[features]\n" + more)
    text = (
        (folder / "cauce.toml")
        .read_text(encoding="utf-8")
        .replace('column = "quality"', 'column = "quality"\ntask = "regression"')
    )
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    results = run(folder, until="tune")
    rows = out_of_fold(results)
    used = table[rows[POSITION].to_numpy()]
    assert used["quality"].cast(pl.Float64).to_list() == rows[TARGET].to_list()
    values = used.drop("quality").to_numpy()
    peer = cross_validate(
        LinearRegression(),
        values,
        rows[TARGET].to_numpy(),
        cv=PredefinedSplit(rows[SCORED_FOLD].to_numpy()),
        scoring="neg_root_mean_squared_error",
        return_train_score=True,
    )
    found = board(results)
    assert scores_of(found) == pytest.approx((-peer["test_score"]).tolist(), rel=1e-6)
    trained = [one.train_score for one in found[0].folds]
    assert trained == pytest.approx((-peer["train_score"]).tolist(), rel=1e-6)
    assert results.work.engine.rows_scanned > 0


class Penalised(LogisticRegression):
    """scikit-learn's, with the penalty beside the mean loss and not beside the sum."""

    def fit(self, X: Any, y: Any) -> Penalised:  # noqa: N803 - its signature
        self.C = 1 / (0.01 * len(y))
        return super().fit(X, y)


def test_penguins_scores_are_those_of_scikit_learns_cross_validate(shared_data: Path, tmp_path: Path) -> None:
    (file,) = list((shared_data / "penguins").glob("*.csv"))[:1]
    table = pl.read_csv(file, null_values=["NA", "", "."])
    numbers = [name for name, kind in table.schema.items() if kind.is_float() or name.endswith("_g")]
    label = next(name for name in table.columns if name.lower() == "species")
    table = table.select([label, *numbers]).drop_nulls()
    more = (
        '[[models]]\nlearner = "logistic"\npenalty = { lambda = 0.01 }\n[split]\nkind = "stratified"\n'
        '[choose]\nmetric = "log_loss"\nfolds = { k = 4, repeats = 2 }\n'
    )
    results = run(project_in(tmp_path, table, target=label, more=more), until="tune")
    rows, found = out_of_fold(results), board(results)
    used = table[rows[POSITION].to_numpy()]
    peer = cross_validate(
        make_pipeline(StandardScaler(), Penalised(max_iter=5000, tol=1e-8)),
        used.select(numbers).to_numpy(),
        rows[TARGET].to_numpy(),
        cv=PredefinedSplit(rows[SCORED_FOLD].to_numpy()),
        scoring="neg_log_loss",
    )
    assert len(found[0].folds) == 8
    assert scores_of(found)[:4] == pytest.approx((-peer["test_score"]).tolist(), rel=2e-3)
    assert found.folds == {"by": "stratified", "k": 4, "repeats": 2}


def test_patients_stay_whole_and_scores_are_those_of_plain_xgboost(shared_data: Path, tmp_path: Path) -> None:
    """A patient of the training rows would be recognised, not predicted."""
    (file,) = (shared_data / "diabetes130").glob("*.csv")
    wanted = [
        "number_inpatient",
        "number_emergency",
        "time_in_hospital",
        "num_medications",
        "number_diagnoses",
    ]
    table = (
        pl.read_csv(file, infer_schema_length=0)
        .select("patient_nbr", *wanted, "readmitted")
        .head(9000)
        .with_columns(pl.col(wanted).cast(pl.Int64))
        .with_columns(
            pl.when(pl.col("readmitted") == "NO").then(pl.lit("no")).otherwise(pl.lit("yes")).alias("again")
        )
        .drop("readmitted")
    )
    more = (
        "[[models]]\nrounds = 30\nmax_depth = 3\nearly_stopping = 0\n"
        '[split]\nkind = "group"\n[choose]\nfolds = { k = 3, by = "group" }\n'
    )
    folder = project_in(tmp_path, table, target="again", data='group = "patient_nbr"', more=more)
    results = run(folder, until="tune")
    rows, found = out_of_fold(results), board(results)
    used = table[rows[POSITION].to_numpy()]
    patients = used.with_columns(rows[SCORED_FOLD], rows[BUCKET]).group_by("patient_nbr")
    assert patients.agg(pl.col(SCORED_FOLD, BUCKET).n_unique()).drop("patient_nbr").max().row(0) == (1, 1)
    peer = cross_validate(
        xgboost.XGBClassifier(n_estimators=30, max_depth=3, learning_rate=0.1, n_jobs=1),
        used.select(wanted).to_numpy(),
        (used["again"] == "yes").to_numpy().astype(int),
        cv=PredefinedSplit(rows[SCORED_FOLD].to_numpy()),
        scoring="roc_auc",
    )
    assert scores_of(found) == pytest.approx(peer["test_score"].tolist(), abs=0.004)


# --- nothing leaks ---


def test_a_target_mean_of_noise_is_worth_nothing(tmp_path: Path) -> None:
    """Its best number of many would be chosen, and fail on the first new row."""
    more = (
        '[features]\nauto = false\n[features.columns]\ntown = "target_mean"\n'
        "[[models]]\nrounds = 30\n[[models]]\nrounds = 30\nearly_stopping = 0\n[choose]\nfolds = { k = 5 }\n"
    )
    folder = project_in(tmp_path, people(4000).drop("y"), target="noise", data=KEYED, more=more)
    results = run(folder)
    found = board(results)
    for one in found.trials:
        assert one.mean == pytest.approx(0.5, abs=0.035)
    judged = results.evaluation.datasets["validation"].metrics[0].value
    assert judged == pytest.approx(0.5, abs=0.035)


def test_test_rows_change_no_score_and_no_choice(tmp_path: Path) -> None:
    """What is chosen by the rows it is judged on in the end is judged by nothing."""
    table = people().with_columns(day=pl.int_range(600))
    data = 'key = "id"\ntime = "day"'
    more = (
        '[features]\ninclude = ["a", "b"]\n' + TWO + '[split]\nkind = "time"\n[choose]\nfolds = { k = 3 }\n'
    )
    before = run(project_in(tmp_path / "a", table, target="y", data=data, more=more))
    late = pl.col("day") >= 480
    changed = table.with_columns(
        pl.when(late).then(-100 * pl.col("a")).otherwise(pl.col("a")).alias("a"),
        pl.when(late).then(pl.lit("no")).otherwise(pl.col("y")).alias("y"),
    )
    after = run(project_in(tmp_path / "b", changed, target="y", data=data, more=more))
    assert before.snapshot != after.snapshot
    assert board(before) == board(after)
    for output in ("chosen", "scores"):
        assert before.records["tune"].outputs[output] == after.records["tune"].outputs[output]
    assert before.records["fit"].outputs["model"] == after.records["fit"].outputs["model"]


# --- what the run makes of it ---


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Results:
    more = PLAIN + TWO + '[choose]\nfolds = { k = [4, 2] }\n[evaluate]\nslices = "town"\n'
    return run(project_in(tmp_path_factory.mktemp("chosen"), people(), target="y", data=KEYED, more=more))


def test_validation_figures_are_of_rows_each_model_had_not_seen(chosen: Results) -> None:
    """The model that is kept has learned from all of them: its own scores would flatter it."""
    found, rows = chosen.evaluation.datasets, out_of_fold(chosen)
    assert found["train"].rows == found["validation"].rows == rows.height
    positive = rows[said_name(1)].to_numpy()
    label = rows[TARGET].to_numpy()
    brier = next(one.value for one in found["validation"].metrics if str(one.name) == "brier")
    assert brier == pytest.approx(float(np.mean((positive - label) ** 2)), rel=1e-6)
    assert set(chosen.evaluation.datasets) == {"train", "validation", "test"}
    assert chosen.evaluation.thresholds is not None


def test_columns_are_shuffled_for_a_model_that_had_not_seen_the_rows(chosen: Results) -> None:
    """A column that the model learned by heart would look indispensable."""
    found = chosen.evaluation.permutation
    assert found is not None
    rows = out_of_fold(chosen).filter(pl.col(SCORED_FOLD) == 0)
    assert found.rows == rows.height
    assert {one.column for one in found.columns} == {"a", "b"}
    assert found.columns[0].column == "a"


def test_the_winner_is_fitted_to_training_and_validation_rows(chosen: Results) -> None:
    """A fifth of the rows would be thrown away."""
    found = board(chosen)
    facts = json.loads(chosen.work.store.get(str(chosen.records["fit"].outputs["training"].value)))
    assert facts["folds"]["train"] == out_of_fold(chosen).height
    assert "validation" not in facts["folds"]
    model: Any = chosen.records["tune"].outputs["chosen"].value
    assert model["number"] == found.chosen == found.trials[0].candidate.number
    assert found.trials[0].mean >= found.trials[1].mean


def test_each_number_of_folds_is_reported_beside_the_holdout(chosen: Results) -> None:
    found = board(chosen)
    assert [one.folds for one in found.by_count] == [4, 2, 0]
    assert [len(one.trial.folds) for one in found.by_count] == [4, 2, 1]
    assert found.by_count[0].trial == found.winner


def test_the_leaderboard_says_whether_the_first_two_can_be_told_apart(chosen: Results) -> None:
    found = board(chosen)
    (rival,) = found.rivals
    assert {rival.first, rival.second} == {0, 1}
    assert rival.rows == out_of_fold(chosen).height
    sentence = rival.sentence("B", "A")
    assert ("cannot be told apart" in sentence) == (rival.metric.verdict == "none")
    assert Leaderboard.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_boosting_keeps_the_folds_rounds_for_as_many_rows_more(tmp_path: Path) -> None:
    """Without rows to stop on, too many rounds learn by heart and too few learn too little."""
    more = PLAIN + "[[models]]\nrounds = 200\neta = 0.1\nearly_stopping = 5\n[choose]\nfolds = { k = 4 }\n"
    results = run(project_in(tmp_path, people(), target="y", data=KEYED, more=more))
    folds, rows = board(results).winner.folds, out_of_fold(results).height
    assert all(one.trained + one.stopped + one.rows == rows for one in folds)
    scaled = sorted(one.rounds * rows / one.trained for one in folds)
    model: Any = results.records["tune"].outputs["chosen"].value
    assert model["model"]["rounds"] == math.ceil((scaled[1] + scaled[2]) / 2) < 200
    assert model["model"]["early_stopping"] == 0
    assert results.records["fit"].facts["rounds"] == model["model"]["rounds"]


def test_a_holdout_judges_several_models_where_no_folds_are_given(tmp_path: Path) -> None:
    results = run(project_in(tmp_path, people(), target="y", data=KEYED, more=PLAIN + TWO))
    found = board(results)
    assert found.folds["by"] == "holdout"
    assert found.winner.deviation is None
    rows = out_of_fold(results).height
    assert found.winner.folds[0].rows == rows
    assert results.evaluation.datasets["validation"].rows == rows
    assert results.evaluation.datasets["train"].rows > 3 * rows


def test_a_candidate_that_fails_is_listed_and_the_run_goes_on(tmp_path: Path) -> None:
    """One learner that does not fit the data would end a night of searching."""
    more = PLAIN + TWO + '[[models]]\nlearner = "linear"\n[choose]\nfolds = { k = 3 }\n'
    results = run(project_in(tmp_path, people(), target="y", data=KEYED, more=more), until="tune")
    found = board(results)
    assert found.trials[-1].code == "E0830"
    assert "linear" in found.trials[-1].failure.message
    assert found.chosen in (0, 1)


def test_where_all_fail_the_run_says_why(tmp_path: Path) -> None:
    models = '[[models]]\nlearner = "logistic"\n[features.columns]\na = "log"\n'
    more = f"{PLAIN}{models}[choose]\nfolds = {{ k = 3 }}\n"
    with pytest.raises(CauceError) as caught:
        run(project_in(tmp_path, people(), target="y", data=KEYED, more=more))
    assert caught.value.code == "E2101"
    assert "E0833" in caught.value.message


def test_a_learner_that_cannot_learn_the_target_is_refused_once_the_rows_are_known(tmp_path: Path) -> None:
    """Waiting for the fit to hear that least squares learn no classes wastes everything before it."""
    more = PLAIN + '[[models]]\nlearner = "linear"\n'
    folder = project_in(tmp_path, people(), target="y", data=KEYED, more=more)
    with pytest.raises(CauceError, match="E0830"):
        run(folder)
    assert "split" not in {state.step.name for state in states_of(open_workspace(folder)) if state.finished}
    with pytest.raises(CauceError, match="E0830"):
        cauce.plan(folder)


def test_a_large_grid_of_logistic_models_tells_how_far_it_is(tmp_path: Path) -> None:
    """Minutes without a sign of life look like a program that hangs."""
    models = '[[models]]\nlearner = "logistic"\npenalty = { lambda = { path = 12 } }\n'
    more = f"{PLAIN}{models}[choose]\nfolds = {{ k = 3 }}\n"
    work = open_workspace(project_in(tmp_path, people(), target="y", data=KEYED, more=more))
    seen: list[tuple[float, float | None]] = []

    class Watching(Silent):
        def progressed(self, step: Step, done: float, *, total: float | None) -> None:
            if step.name == "tune":
                seen.append((done, total))

    run_project(work, observer=Watching(), until="tune")
    done = [one for one, _ in seen]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(36)
    assert {total for _, total in seen} == {36}
    assert sum(one < 18 for one in done) > 5


def test_amounts_on_a_log_scale_are_judged_on_their_own(tmp_path: Path) -> None:
    """An error of log units beside one of money would choose between incomparable things."""
    table = (
        people().with_columns(amount=(pl.col("a") + 0.3 * pl.col("b") + 5).exp().round(2)).drop("y", "noise")
    )
    models = '[[models]]\nrounds = 20\n[[models]]\nlearner = "linear"\n'
    more = PLAIN + models + '[choose]\nmetric = "rmse"\nfolds = { k = 3 }\n'
    folder = project_in(tmp_path, table, target="amount", data=KEYED, more=more)
    text = (folder / "cauce.toml").read_text(encoding="utf-8")
    (folder / "cauce.toml").write_text(
        text.replace('column = "amount"', 'column = "amount"\ntransform = "log1p"')
    )
    results = run(folder)
    rows, found = out_of_fold(results), board(results)
    said = np.expm1(rows[said_name(0)].to_numpy().astype(float))
    own = [
        float(np.sqrt(np.mean((said[part] - rows[TARGET].to_numpy()[part]) ** 2)))
        for part in (rows[SCORED_FOLD].to_numpy() == fold for fold in range(3))
    ]
    assert [one.score for one in found.winner.folds] == pytest.approx(own, rel=1e-5)
    assert found.winner.mean > 1


def test_calibration_is_fitted_on_scores_out_of_fold(tmp_path: Path) -> None:
    more = PLAIN + TWO + '[choose]\nfolds = { k = 4 }\ncalibration = "platt"\n'
    results = run(project_in(tmp_path, people(), target="y", data=KEYED, more=more))
    assert results.records["calibrate"].outputs
    brier = [
        one.value for one in results.evaluation.datasets["validation"].metrics if str(one.name) == "brier"
    ]
    assert brier[0] < 0.25


# --- the same each time ---


def test_one_core_and_two_give_the_same_leaderboard_and_bundle(tmp_path: Path) -> None:
    """A colleague's machine would choose another model."""
    forest = '[[models]]\nlearner = "forest"\ntrees = 10\n'
    more = PLAIN + TWO + forest + "[choose]\nfolds = {{ k = 3 }}\n[engine]\nthreads = {threads}\n"
    found = [
        run(
            project_in(
                tmp_path / str(threads), people(), target="y", data=KEYED, more=more.format(threads=threads)
            )
        )
        for threads in (1, 2)
    ]
    assert board(found[0]) == board(found[1])
    assert found[0].records["tune"].outputs == found[1].records["tune"].outputs
    assert found[0].bundle == found[1].bundle


def test_a_killed_run_repeats_no_finished_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours of fits would be lost to a power cut."""
    from cauce.running.trials import rounds as module

    more = PLAIN + TWO + "[[models]]\nrounds = 12\n[choose]\nfolds = { k = 3 }\n"
    expected = run(project_in(tmp_path / "whole", people(), target="y", data=KEYED, more=more), until="tune")
    folder = project_in(tmp_path / "killed", people(), target="y", data=KEYED, more=more)
    judged: list[tuple[int, int]] = []
    original = module.judge_fold

    def dies(folded: Any, candidate: Any, *, number: int, how: Any) -> Any:
        judged.append((candidate.number, number))
        if (candidate.number, number) == (2, 1):
            raise KeyboardInterrupt
        return original(folded, candidate, number=number, how=how)

    def lives(folded: Any, candidate: Any, *, number: int, how: Any) -> Any:
        judged.append((candidate.number, number))
        return original(folded, candidate, number=number, how=how)

    monkeypatch.setattr(module, "judge_fold", dies)
    with pytest.raises(CauceError) as caught:
        run(folder, until="tune")
    assert caught.value.code == "E0601"
    judged.clear()
    monkeypatch.setattr(module, "judge_fold", lives)
    results = run(folder, until="tune")
    assert {number for number, _ in judged} == {2}
    assert results.records["tune"].outputs == expected.records["tune"].outputs


_KILLED = """
import sys
from cauce.failpoints import watch
watch(sys.argv[2], "")
from cauce.running.project_run import run_project
from cauce.running.workspace import open_workspace
run_project(open_workspace(sys.argv[1]), until="tune")
"""


@pytest.mark.parametrize("point", ["trial.record:1", "trial.recorded:2"])
def test_a_run_killed_between_trials_ends_in_the_same_leaderboard(tmp_path: Path, point: str) -> None:
    """A power cut at the wrong moment would leave a trial that is half there, and believed."""
    more = PLAIN + TWO + "[choose]\nfolds = { k = 3 }\n"
    expected = run(project_in(tmp_path / "whole", people(), target="y", data=KEYED, more=more), until="tune")
    folder = project_in(tmp_path / "killed", people(), target="y", data=KEYED, more=more)
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(folder), point], capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert len(list((folder / ".cauce").glob("trials/*.json"))) == (2 if point.endswith("2") else 0)
    results = run(folder, until="tune")
    assert results.records["tune"].outputs == expected.records["tune"].outputs
