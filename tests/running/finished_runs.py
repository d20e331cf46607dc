"""A project's run in this process, and its leaderboard."""

from __future__ import annotations

from pathlib import Path

from cauce.core.candidates.leaderboard import Leaderboard
from cauce.running.project_run import Results, run_project
from cauce.running.tuning import read_leaderboard
from cauce.running.workspace import open_workspace


def run(folder: Path, until: str | None = None) -> Results:
    """What the run of the project in `folder` left, of its steps through `until`."""
    work = open_workspace(folder)
    return Results(work, run_project(work, until=until).records)


def board(results: Results) -> Leaderboard:
    """The leaderboard of a run that chose."""
    return read_leaderboard(results.work.store, results.records["tune"])
