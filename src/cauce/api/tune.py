"""The candidates of a project, tried and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from cauce.core.candidates.costs import TrialCosts
from cauce.core.candidates.leaderboard import Leaderboard
from cauce.errors import CauceError
from cauce.running.observer import Observer
from cauce.running.project_run import run_project
from cauce.running.tuning import read_costs, read_leaderboard, read_scans
from cauce.running.workspace import EngineAsked, open_workspace
from cauce.spec import FILE_NAME, ModelSettings, Project
from cauce.spec.folds import is_tuned
from cauce.spec.search import Search, drawing, refined


@dataclass(frozen=True, eq=False)
class TuneReport:
    """What came of the candidates.

    leaderboard: trials by rank and the chosen one. costs: by the candidate's number, what its fits took
    when they were made; scans: how often the data were read for all of them. ran: the steps that were not
    finished before. searches: how many `[[models]]` have a search that can be refined. refine, trials: what
    was asked for instead of the file's settings.
    """

    run: str
    leaderboard: Leaderboard
    costs: Mapping[int, TrialCosts]
    ran: tuple[str, ...]
    scans: float | None = None
    searches: int = 0
    refine: int | None = None
    trials: int | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON value; the leaderboard's own members, with what took how long beside it."""
        return {
            "run": self.run,
            "ran": list(self.ran),
            "leaderboard": self.leaderboard.to_json(),
            "reason": self.leaderboard.reason,
            "costs": {str(number): one.to_json() for number, one in sorted(self.costs.items())},
            "scans": self.scans,
            "refine": self.refine,
            "trials": self.trials,
        }


def tune(
    project: str | Path | Project = FILE_NAME,
    *,
    refine: bool = False,
    trials: int | None = None,
    observer: Observer | None = None,
    **engine: Unpack[EngineAsked],
) -> TuneReport:
    """Run the project up to its step `tune` and say how its candidates compare. No test row is read.

    project: a project file, its folder, or a project in memory. refine: narrow the space of every search
    around its best and search once more than the file says. trials: how many candidates each random, tpe
    or halving search tries instead of the file's number. engine: as in `run`. Finished trials
    are not run again. Raises E2140 where there is one candidate only, E2141 where nothing can be refined or
    counted, and what `run` raises.
    """
    work = open_workspace(project, **engine)
    if not is_tuned(work.project):
        raise CauceError("E2140")
    changed = replace(work, project=_asked(work.project, refine=refine, trials=trials))
    with changed.tracker() as tracker:
        done = run_project(changed, observer=observer, tracker=tracker, until="tune")
        if tracker is not None:
            tracker.wait()
    searches = _searches(changed.project.models)
    record = done.records["tune"]
    return TuneReport(
        run=done.run,
        leaderboard=read_leaderboard(changed.store, record),
        costs=read_costs(record),
        ran=done.ran,
        scans=read_scans(record, int(str(done.records["ingest"].facts["rows"]))),
        searches=len(searches),
        refine=max(one.refine for one in searches) if refine else None,
        trials=trials,
    )


def _asked(project: Project, *, refine: bool, trials: int | None) -> Project:
    """The project with what the command line asks for in place of the file's settings."""
    models = project.models
    if refine:
        models = refined(models)
        if models == project.models:
            raise CauceError("E2141", option="--refine")
    if trials is not None:
        if not any(one.method != "grid" for one in _searches(models)):
            raise CauceError("E2141", option="--trials")
        models = drawing(models, trials)
    return replace(project, models=models)


def _searches(models: Sequence[ModelSettings]) -> list[Search]:
    found = (getattr(one, "search", None) for one in models)
    return [one for one in found if one is not None]
