"""A project's search runs as declared: the same on any number of cores, on from where it was killed."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cauce
from cauce.core.candidates.trials import Trial
from cauce.core.run_record import RunRecord
from cauce.errors import CauceError
from cauce.running.observer import Silent
from cauce.running.project_run import run_project
from cauce.running.tuning import read_costs, read_leaderboard
from cauce.running.workspace import open_workspace
from cauce.testing.tracking import MemoryTracker

SPACE = 'space = { max_depth = [2, 6], eta = "log 0.05..0.5" }'
SEARCH = f'search = {{ method = "random", trials = 5, width = 2, {SPACE} }}'


def project_in(folder: Path, search: str = SEARCH, more: str = "") -> Path:
    """Three hundred rows whose label depends on two of three numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(4)
    rows = []
    for number in range(300):
        a, b, c = (draw.gauss(0, 1) for _ in range(3))
        label = "yes" if draw.random() < 1 / (1 + math.exp(-2 * a - b)) else "no"
        rows.append(f"{number},{a:.4f},{b:.4f},{c:.4f},{label}")
    (folder / "rows.csv").write_text("id,a,b,c,answer\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "cauce.toml").write_text(
        f"""schema = 1
name = "searched"
[data]
source = "rows.csv"
key = "id"
[target]
column = "answer"
positive = "yes"
[tracking]
enabled = false
[choose]
folds = {{ k = 3, by = "stratified" }}
[[models]]
rounds = 20
early_stopping = 5
{search}
{more}
""",
        encoding="utf-8",
    )
    return folder


def board_of(folder: Path) -> Any:
    return cauce.tune(folder).leaderboard.to_json()


def test_a_search_ends_in_a_leaderboard_with_every_trial(tmp_path: Path) -> None:
    """A trial that is missing was paid for and cannot be compared."""
    report = cauce.tune(project_in(tmp_path))
    board = report.leaderboard
    assert sorted(one.candidate.number for one in board.trials) == [0, 1, 2, 3, 4]
    means = [one.mean for one in board.trials]
    assert means == sorted(means, reverse=True)
    assert board.chosen == board.trials[0].candidate.number
    assert all(len(one.folds) == 3 for one in board.trials)
    assert set(report.costs) == {0, 1, 2, 3, 4}
    assert all(one.seconds > 0 for one in report.costs.values())
    again = cauce.tune(tmp_path)
    assert again.ran == ()
    assert again.leaderboard == board


def test_threads_change_nothing(tmp_path: Path) -> None:
    """A leaderboard that depends on the machine cannot be checked on another."""
    one, two = (
        board_of(project_in(tmp_path / str(threads), more=f"[engine]\nthreads = {threads}"))
        for threads in (1, 2)
    )
    assert one == two


class Killed(BaseException):
    """What ends a run at a moment of the test's choosing."""


class Killing(Silent):
    """Ends the run after so many fits of the step `tune`."""

    def __init__(self, fits: int) -> None:
        object.__setattr__(self, "fits", fits)

    def progressed(self, step: Any, done: float, *, total: float | None) -> None:
        if step.name == "tune" and done >= self.fits:  # type: ignore[attr-defined]
            raise Killed


@pytest.mark.parametrize("fits", [1, 7, 14])
def test_a_killed_search_repeats_no_trial(fits: int, tmp_path: Path) -> None:
    """What was fitted before the kill must count, and the leaderboard be the one of a run that was not."""
    whole = board_of(project_in(tmp_path / "whole"))
    folder = project_in(tmp_path / "killed")
    work = open_workspace(folder)
    with pytest.raises(Killed):
        run_project(work, observer=Killing(fits), until="tune")
    before = {path.name: path.stat().st_mtime_ns for path in (folder / ".cauce" / "trials").glob("*.json")}
    assert len(before) == (fits - 1) // 3
    assert board_of(folder) == whole
    after = {path.name: path.stat().st_mtime_ns for path in (folder / ".cauce" / "trials").glob("*.json")}
    assert len(after) == 5
    assert {name: after[name] for name in before} == before


def test_more_trials_keep_the_first_ones(tmp_path: Path) -> None:
    """Ten trials after five should cost five."""
    folder = project_in(tmp_path)
    five = cauce.tune(folder).leaderboard
    kept = set((folder / ".cauce" / "trials").glob("*.json"))
    ten = cauce.tune(folder, trials=10).leaderboard
    assert kept < set((folder / ".cauce" / "trials").glob("*.json"))
    told = {one.candidate.number: one for one in ten.trials}
    assert [told[one.candidate.number] for one in five.trials] == list(five.trials)
    assert len(told) == 10


def test_refinement_goes_on_from_the_leaderboard(tmp_path: Path) -> None:
    """`cauce tune --refine` must not begin again, and what it found is kept by writing refine = 1."""
    folder = project_in(tmp_path)
    first = cauce.tune(folder).leaderboard
    report = cauce.tune(folder, refine=True)
    assert report.refine == 1
    assert len(report.leaderboard.trials) == 10
    assert report.leaderboard.trials[0].mean >= first.trials[0].mean
    project_in(tmp_path, SEARCH.replace("width = 2", "width = 2, refine = 1"))
    assert cauce.tune(folder).ran == ()


def test_a_run_goes_on_from_a_search(tmp_path: Path) -> None:
    """After `cauce tune` a run must not search again, and train the candidate that was chosen."""
    folder = project_in(tmp_path)
    report = cauce.tune(folder)
    done = cauce.run(folder)
    assert "tune" not in done.ran
    assert {"fit", "evaluate", "bundle"} <= set(done.ran)
    assert done.leaderboard == report.leaderboard
    page = done.report.read_text(encoding="utf-8")
    assert "Settings and score: boosting" in page
    content = json.loads(done.report.with_suffix(".json").read_text(encoding="utf-8"))
    assert content["leaderboard"]["chosen"] == report.leaderboard.chosen


def test_trials_are_told_under_their_run(tmp_path: Path) -> None:
    """Who looks at the tracker while a search runs sees what it has found so far."""
    tracker = MemoryTracker()
    work = open_workspace(project_in(tmp_path))
    done = run_project(work, tracker=tracker, until="tune")
    board = read_leaderboard(work.store, done.records["tune"])
    first, *trials, last = tracker.records
    assert (first.run, first.status, first.parent) == (done.run, "running", "")
    assert (last.run, last.status) == (done.run, "finished")
    assert [one.parent for one in trials] == [done.run] * 5
    assert [one.run for one in trials] == [f"{done.run}.trial-{number:05d}" for number in range(5)]
    told = {int(one.tags["cauce.trial"]): one for one in trials}
    for one in board.trials:
        _check_told(told[one.candidate.number], one, str(board.metric))
    run_project(work, tracker=tracker, until="tune")
    assert len(tracker.records) == 7, "what was finished before is not told again"


def _check_told(told: RunRecord, trial: Trial, metric: str) -> None:
    model: Any = trial.candidate.model
    assert told.status == "finished"
    assert told.params["eta"] == str(model.eta)
    assert told.params["max_depth"] == str(model.max_depth)
    assert told.metrics[metric, "validation"] == pytest.approx(trial.mean)
    assert [told.values[f"fold/{at}"] for at in (1, 2, 3)] == [one.score for one in trial.folds]


@pytest.mark.parametrize("method", ["grid", "tpe", "halving"])
def test_every_method_runs_to_its_end(method: str, tmp_path: Path) -> None:
    """The loop over a plain function could hide that the step asks or tells in another way."""
    search = {
        "grid": 'search = { method = "grid", space = { max_depth = [2, 3], eta = [0.1, 0.3] } }',
        "tpe": 'search = { method = "tpe", trials = 6, space = { max_depth = [2, 6], eta = "0.1..0.5" } }',
        "halving": 'search = { method = "halving", trials = 4, factor = 2, space = { max_depth = [2, 6] } }',
    }[method]
    board = cauce.tune(project_in(tmp_path, search)).leaderboard
    expected = {"grid": 4, "tpe": 5, "halving": 7}[method]
    assert len(board.trials) >= expected - 1
    assert not any(one.failed for one in board.trials)


def test_costs_belong_to_trials(tmp_path: Path) -> None:
    """A time beside the wrong candidate hides which one is dear."""
    work = open_workspace(project_in(tmp_path))
    done = run_project(work, until="tune")
    record = done.records["tune"]
    assert set(read_costs(record)) == {
        one.candidate.number for one in read_leaderboard(work.store, record).trials
    }


def test_what_cannot_be_tuned_is_refused(tmp_path: Path) -> None:
    """A leaderboard of one says nothing, and a refinement of nothing is nothing."""
    folder = project_in(tmp_path, search="")
    text = (folder / "cauce.toml").read_text(encoding="utf-8")
    (folder / "cauce.toml").write_text(
        text.replace('folds = { k = 3, by = "stratified" }', ""), encoding="utf-8"
    )
    for code, given in (("E2140", {}), ("E2140", {"refine": True})):
        with pytest.raises(CauceError) as caught:
            cauce.tune(folder, **given)
        assert caught.value.code == code
    (folder / "cauce.toml").write_text(f"{text}\n[[models]]\nrounds = 10\n", encoding="utf-8")
    for given in ({"refine": True}, {"trials": 3}):
        with pytest.raises(CauceError) as caught:
            cauce.tune(folder, **given)
        assert caught.value.code == "E2141"


def test_a_halving_that_few_rounds_mislead_says_so(tmp_path: Path) -> None:
    """A large learning rate looks best after five trees and is worst after two hundred."""
    search = 'search = { method = "halving", trials = 4, factor = 2, space = { eta = "0.1..0.5" } }'
    with pytest.warns(match="W2130"):
        cauce.tune(project_in(tmp_path, search))


def test_a_search_that_ran_out_of_time_says_so(tmp_path: Path) -> None:
    """Its best is the best of what there was time for, and a run with more time goes on from there."""
    folder = project_in(tmp_path, SEARCH.replace("width = 2", 'width = 2, time_limit = "0 s"'))
    short = cauce.tune(folder).leaderboard
    assert short.ended == ("time_limit", 1)
    assert len(short.trials) == 2
    whole = cauce.tune(project_in(tmp_path)).leaderboard
    assert whole.ended is None
    assert {one.candidate.number for one in whole.trials} == {0, 1, 2, 3, 4}
    told = {one.candidate.number: one for one in whole.trials}
    assert [told[one.candidate.number] for one in short.trials] == list(short.trials)


def test_a_round_that_would_take_far_too_long_is_given_up(tmp_path: Path) -> None:
    """Who gives three seconds for all waits for minutes, because the last learner is slow."""
    slow = "[[models]]\nrounds = 90000\nearly_stopping = 0"
    folder = project_in(tmp_path, "", slow)
    text = (folder / "cauce.toml").read_text(encoding="utf-8")
    limited = text.replace("[choose]", '[choose]\ntime_limit = "3 s"')
    (folder / "cauce.toml").write_text(limited, encoding="utf-8")
    board = cauce.tune(folder).leaderboard
    assert [one.candidate.number for one in board.trials] == [0]
    assert board.ended == ("time_limit", 1)


def test_without_optuna_the_other_methods_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The base install has no Optuna; whoever writes tpe is told what to install, not shown a traceback."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    search = 'search = { method = "tpe", trials = 6, space = { max_depth = [2, 6] } }'
    with pytest.raises(CauceError) as caught:
        cauce.tune(project_in(tmp_path / "tpe", search))
    assert caught.value.code == "E2139"
    assert 'pip install "cauce[tune]"' in caught.value.hint
    assert len(cauce.tune(project_in(tmp_path / "random")).leaderboard.trials) == 5


def test_the_command_says_what_the_function_says(tmp_path: Path) -> None:
    """A program reads the same leaderboard that a person sees, and both learn what to type next."""
    folder = project_in(tmp_path)
    board = cauce.tune(folder).leaderboard
    command = [sys.executable, "-m", "cauce", "tune", "--project", str(folder)]
    told = json.loads(subprocess.run([*command, "--json"], capture_output=True, check=True, text=True).stdout)
    assert told["schema"] == "cauce.tune/1"
    assert told["leaderboard"] == json.loads(json.dumps(board.to_json()))
    assert told["reason"] == board.reason
    seen = subprocess.run(command, capture_output=True, check=True, text=True)
    assert f"{board.trials[0].mean:.4f} ± " in seen.stdout
    assert "1 →" in seen.stdout
    assert "Chosen: boosting: eta" in seen.stdout
    assert "Next: cauce run" in seen.stdout + seen.stderr
    assert "cauce tune --refine" in seen.stdout + seen.stderr
