"""Trials told to the tracker as they finish, under the run they are made for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cauce.core.candidates.costs import TrialCosts
from cauce.core.candidates.telling import settings_of
from cauce.core.candidates.trials import Trial
from cauce.core.metrics.names import MetricName
from cauce.core.run_record import RunRecord
from cauce.running.steps.register import Told, flat_settings
from cauce.running.workspace import Workspace


@dataclass
class TrialTeller:
    """Tells of trials, each once. metric: what they are judged by. began: whether their run was told of."""

    work: Workspace
    told: Told
    metric: MetricName
    began: bool = False

    def __call__(self, trial: Trial, costs: TrialCosts | None = None) -> None:
        """Tell of `trial`. costs: what it took; None where it was finished before."""
        tracker = self.told.tracker
        if tracker is None:
            return
        if not self.began:
            tracker.put(run_under_way(self.work, self.told))
            self.began = True
        tracker.put(trial_record(self.work, self.told, trial=trial, metric=self.metric, costs=costs))


def run_under_way(work: Workspace, told: Told) -> RunRecord:
    """The run as far as it is known while its trials are made."""
    tracking = work.project.tracking
    return RunRecord(
        run=told.run,
        project=work.project.name,
        experiment=tracking.experiment or work.project.name,
        started=told.began,
    )


def tuned_run(work: Workspace, told: Told) -> RunRecord:
    """A run that ended after its trials."""
    known = run_under_way(work, told)
    return RunRecord(
        run=known.run,
        project=known.project,
        experiment=known.experiment,
        params=dict(flat_settings(work.project.to_mapping())),
        tags={"cauce.step": "tune"},
        status="finished",
        started=told.began,
        ended=datetime.now(UTC),
    )


def trial_record(
    work: Workspace, told: Told, *, trial: Trial, metric: MetricName, costs: TrialCosts | None = None
) -> RunRecord:
    """A trial as the tracker knows it: settings, mean on folds and on their training rows, each fold."""
    known, ended = run_under_way(work, told), datetime.now(UTC)
    values = {f"fold/{one.fold + 1}": one.score for one in trial.folds}
    metrics: dict[tuple[str, Any], float] = {}
    if not trial.failed:
        metrics = {(str(metric), "validation"): trial.mean, (str(metric), "train"): trial.mean + trial.gap}
    if trial.deviation is not None:
        values["fold/deviation"] = trial.deviation
    if trial.rounds is not None:
        values["fold/rounds"] = float(trial.rounds)
    if costs is not None:
        values |= {"fold/seconds": costs.seconds, "fold/scans": costs.scans}
    number = trial.candidate.number
    return RunRecord(
        run=f"{told.run}.trial-{number:05d}",
        project=known.project,
        experiment=known.experiment,
        parent=told.run,
        params=dict(flat_settings(settings_of(trial.candidate))),
        metrics=metrics,
        values=values,
        tags={
            "cauce.trial": str(number),
            "cauce.learner": trial.candidate.model.learner,
            **({"cauce.error": trial.code} if trial.code is not None else {}),
        },
        status="failed" if trial.failed else "finished",
        started=ended - timedelta(seconds=costs.seconds if costs is not None else 0.0),
        ended=ended,
    )
