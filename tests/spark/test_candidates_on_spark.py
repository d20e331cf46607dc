"""Candidates judged on folds on Spark: the same leaderboard, choice and model as on one machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from both_engines import close, project, snapshots_in_parts, stored, table

from cauce.core.candidates.leaderboard import Leaderboard
from cauce.engines.spark import nearby
from cauce.errors import CauceError
from cauce.running.project_run import Results, run_project
from cauce.running.tuning import read_leaderboard
from cauce.running.workspace import open_workspace

pytestmark = pytest.mark.spark

CANDIDATES = """
[[models]]
learner = "boosting"
rounds = 12
max_depth = 2
subsample = 0.7
early_stopping = 3
[[models]]
learner = "boosting"
rounds = 12
max_depth = 4
early_stopping = 0
[[models]]
learner = "forest"
trees = 8
max_depth = 5
[[models]]
learner = "logistic"
penalty = { lambda = [0.1, 0.001] }
[choose]
folds = { k = 2 }
calibration = "platt"
[evaluate]
slices = ["town"]
"""


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """The same project twice, each with a store of its own, whose snapshots have several parts."""
    source = table(tmp_path / "table.parquet")
    more = 'key = "id"\nweight = "weight"\ndrop = ["price"]'
    text = project(source, 'column = "bought"\npositive = "yes"', CANDIDATES, more)
    made = tmp_path / "local", tmp_path / "spark"
    for folder in made:
        folder.mkdir()
        (folder / "cauce.toml").write_text(text, encoding="utf-8")
    with snapshots_in_parts():
        yield made


def board(results: Results) -> Leaderboard:
    return read_leaderboard(results.work.store, results.records["tune"])


def test_the_leaderboard_and_the_model_are_the_same(folders: tuple[Path, Path], spark_session: Any) -> None:
    """A move to the cluster would choose another model."""
    run_project(open_workspace(folders[1]), until="ingest")
    works = open_workspace(folders[0]), open_workspace(folders[1], spark=spark_session)
    local, spark = (Results(work, run_project(work).records) for work in works)
    mine, theirs = board(spark).to_json(), board(local).to_json()
    assert close(mine, theirs, relative=1e-6)
    assert mine["chosen"] == theirs["chosen"]
    assert close(
        stored(spark, "calibrate", "answering"), stored(local, "calibrate", "answering"), relative=1e-6
    )
    assert close(spark.evaluation.tracked(), local.evaluation.tracked(), relative=1e-6)
    assert not list((folders[1] / ".cauce" / "scratch").glob("*"))
    assert spark_session.sparkContext._jsc.getPersistentRDDs().isEmpty()


def test_a_choice_made_here_is_judged_on_spark(folders: tuple[Path, Path], spark_session: Any) -> None:
    """What was said of rows out of fold would be given to others: executors read in any order."""
    local, moved = (open_workspace(folder) for folder in folders)
    whole = Results(local, run_project(local).records)
    run_project(moved, until="fit")
    spark = open_workspace(folders[1], spark=spark_session)
    results = Results(spark, run_project(spark).records)
    assert close(results.evaluation.tracked(), whole.evaluation.tracked(), relative=1e-9)


def test_more_rows_than_may_come_are_refused(
    folders: tuple[Path, Path], spark_session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver's machine would fill up, hours into a search, or a candidate be said to fail for it."""
    monkeypatch.setattr(nearby, "MOST_ROWS", 100)
    folder = folders[1]
    run_project(open_workspace(folder), until="leaks")
    with pytest.raises(CauceError) as caught:
        run_project(open_workspace(folder, spark=spark_session), until="tune")
    assert caught.value.code == "E0724"
    monkeypatch.undo()
    assert run_project(open_workspace(folder), until="tune").ran == ("tune",)
    assert not list((folder / ".cauce" / "scratch").glob("*"))
