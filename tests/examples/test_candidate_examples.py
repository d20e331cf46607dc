"""The examples that compare models end as their pages say, run as a user runs them."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import r2_score

import cauce
from cauce.api.run import RunReport
from cauce.examples.copying import copy_example
from cauce.spec import Project, Tracking, read_project

DIABETES = ("diabetes130", "diabetic_data.csv")
CONTRACTS = ("secop2", "contratos_100k.csv")


def folder_of(name: str, source: Path, folder: Path, rows: int | None) -> Path:
    """The example's folder with the first `rows` rows of its data, or all."""
    copy_example(name, folder)
    project = read_project(folder / "candidates.toml")
    with source.open("rb") as lines:
        head = islice(lines, None if rows is None else rows + 1)
        (folder / project.data.source[0]).write_bytes(b"".join(head))
    return folder


def untracked(folder: Path) -> Project:
    project = read_project(folder / "candidates.toml")
    return replace(project, tracking=Tracking(enabled=False))


def learners(report: RunReport) -> list[str]:
    assert report.leaderboard is not None
    return [one.candidate.model.learner for one in report.leaderboard.trials if not one.failed]


def test_candidates_for_diabetes_are_judged_by_patients_and_decide_by_cost(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A candidate that fails, or a threshold that ignores the costs, would make the example mislead.

    Where a miss costs eight needless calls, calling pays from a true probability of 1 / (1 + 8) on.
    """
    monkeypatch.chdir(folder_of("diabetes", shared_data.joinpath(*DIABETES), tmp_path, 2500))
    report = cauce.run(untracked(tmp_path))
    assert sorted(learners(report)) == ["boosting"] * 6 + ["forest"] + ["logistic"] * 8
    board = report.leaderboard
    assert board is not None
    assert (str(board.metric), board.folds["by"]) == ("roc_auc[positive=<30]", "group")
    judged = sum(fold.rows for fold in board.winner.folds)
    assert judged == report.rows - report.evaluation.datasets["test"].rows
    assert 1 / 9 / 2 < report.evaluation.threshold < 2 / 9
    assert report.evaluation.answers is not None
    cauce.predict("diabetic_data.csv", out="scored.parquet", project=untracked(tmp_path))
    scored = pl.read_parquet("scored.parquet")
    called = scored["prediction"] == "<30"
    assert (called == (scored["probability_<30"] >= report.evaluation.threshold)).all()


def test_candidates_for_contracts_predict_pesos_and_are_judged_on_both_scales(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads only the R² of the logarithm would take it for one of pesos."""
    monkeypatch.chdir(folder_of("contracts", shared_data.joinpath(*CONTRACTS), tmp_path, 2500))
    report = cauce.run(untracked(tmp_path))
    names = learners(report)
    assert (names.count("linear"), names.count("boosting")) == (100, 6)
    assert names[0] == "boosting"
    assert report.metric == "r2[log1p]"
    assert {"r2", "r2[log1p]"} <= {str(one.name) for one in report.evaluation.datasets["test"].metrics}
    kept = ["valor_del_contrato"]
    cauce.predict("contracts.csv", out="scored.parquet", project=untracked(tmp_path), key=kept)
    scored = pl.read_parquet("scored.parquet")
    actual, predicted = (
        scored[name].cast(pl.Float64).to_numpy() for name in ("valor_del_contrato", "prediction")
    )
    assert predicted.min() >= 0
    assert r2_score(np.log1p(actual), np.log1p(predicted)) > 0.5


@pytest.mark.slow
def test_candidates_on_the_whole_tables_reach_the_floors(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The leaderboards of the documentation are of the whole tables; models below the plain ones are none."""
    for name, source, floor in (
        ("diabetes", DIABETES, 0.66),
        ("contracts", CONTRACTS, 0.54),
    ):
        folder = folder_of(name, shared_data.joinpath(*source), tmp_path / name, None)
        monkeypatch.chdir(folder)
        found = cauce.run(untracked(folder)).values["test"]
        assert found is not None
        assert found >= floor
