"""From files to a registered model, or on from where a run stopped."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

from cauce.core.candidates.costs import TrialCosts
from cauce.core.candidates.leaderboard import Leaderboard
from cauce.core.evaluation import Evaluation
from cauce.core.leaks.findings import LeakReport
from cauce.core.metrics.interval import Interval
from cauce.core.promotion.gate import GateVerdict
from cauce.ports.tracker import Delivery
from cauce.running.artifacts import export_model, render_plots
from cauce.running.observer import Observer
from cauce.running.project_run import Results, run_project
from cauce.running.promotion_history import history_of
from cauce.running.reading_aloud import said_about
from cauce.running.report.report import write_report
from cauce.running.tuning import read_costs, read_leaderboard
from cauce.running.webhook import tell_webhook
from cauce.running.workspace import EngineAsked, Workspace, open_workspace
from cauce.spec import FILE_NAME, Project


@dataclass(frozen=True, eq=False)
class RunReport:
    """A run that ended well.

    ran: the steps that were not finished before. bundle: the model's digest; folder: a copy of it to look
    at and to hand on. said: what was inferred and noticed, in sentences. metric: the headline's name;
    values: its value by dataset. plots: PNG files by name. report: the page of `cauce report`. delivery:
    what became of what the tracker was told, None where runs are not tracked. gate: its verdict; outcome:
    what became of the model, "champion", "challenger", "refused" or "none", None where runs are not
    tracked. leaks: what the leak gate found and let pass. leaderboard: of the candidates, None where none
    were tried; costs: what their trials took, by the candidate's number.
    """

    run: str
    name: str
    task: str
    classes: tuple[str, ...]
    ran: tuple[str, ...]
    rows: int
    rejected: int
    rejected_file: str | None
    snapshot: str
    bundle: str
    folder: Path
    said: tuple[str, ...]
    metric: str
    values: Mapping[str, float | None]
    evaluation: Evaluation
    plots: Mapping[str, Path]
    report: Path
    delivery: Delivery | None
    gate: GateVerdict
    outcome: str | None
    leaks: LeakReport
    leaderboard: Leaderboard | None = None
    costs: Mapping[int, TrialCosts] = field(default_factory=dict)

    @property
    def intervals(self) -> Mapping[str, Interval | None]:
        """The headline's interval by dataset; None where it was not measured."""
        return {name: one[self.metric].interval for name, one in self.evaluation.datasets.items()}

    def to_json(self) -> dict[str, Any]:
        """A JSON value; of the evaluation, every metric's value by its tracker key."""
        plain = ("run", "name", "task", "classes", "ran", "rows", "rejected", "rejected_file", "snapshot")
        found = {name: getattr(self, name) for name in (*plain, "bundle", "said", "metric", "values")}
        return {
            **found,
            "intervals": {name: one and one.to_json() for name, one in self.intervals.items()},
            "folder": str(self.folder),
            "report": str(self.report),
            "metrics": self.evaluation.tracked(),
            "plots": {name: str(path) for name, path in self.plots.items()},
            "delivery": None if self.delivery is None else self.delivery.to_json(),
            "gate": self.gate.to_json(),
            "outcome": self.outcome,
            "leaks": self.leaks.to_json(),
            "leaderboard": None if self.leaderboard is None else self.leaderboard.to_json(),
        }


def run(
    project: str | Path | Project = FILE_NAME,
    *,
    observer: Observer | None = None,
    **engine: Unpack[EngineAsked],
) -> RunReport:
    """Run `project`; steps that are finished for the same inputs are not run again, on whichever engine.

    project: a project file, its folder, or a project in memory. observer: hears of every step. engine: in
    place of what the project says: engine="spark", master="spark://host:7077", or spark=session; and
    data=frame, a Spark DataFrame in place of its source.
    Raises CauceError: what reading the project and its files raises, what the data cannot support, and
    E0601 on Ctrl-C; whatever was finished stays so.
    """
    return run_workspace(open_workspace(project, **engine), observer=observer)


def run_workspace(work: Workspace, *, observer: Observer | None = None) -> RunReport:
    """Run the workspace's project and write what people read of it. Raises as `run`."""
    with work.tracker() as tracker, closing(work.beside):
        result = run_project(work, observer=observer, tracker=tracker)
        results = Results(work, result.records)
        folder = export_model(work, results.bundle)
        page = write_report(work, result.run).path
        plots = render_plots(work, results.evaluation)
        delivery = None if tracker is None else tracker.wait()
    tell_webhook(work, history_of(work).entries())
    ingest = result.records["ingest"]
    rejected = ingest.outputs.get("rejected")
    evaluation = results.evaluation
    name = str(evaluation.gap.name)
    return RunReport(
        run=result.run,
        name=work.project.name,
        task=results.target.task,
        classes=results.target.class_names,
        ran=result.ran,
        rows=int(str(ingest.facts["rows"])),
        rejected=int(str(ingest.facts["rejected"])),
        rejected_file=None if rejected is None else str(work.store.local_path(str(rejected.value))),
        snapshot=results.snapshot,
        bundle=results.bundle,
        folder=folder,
        said=said_about(work, results),
        metric=name,
        values={dataset: one[name].value for dataset, one in evaluation.datasets.items()},
        evaluation=evaluation,
        plots=plots,
        report=page,
        delivery=delivery,
        gate=results.gate,
        outcome=None if results.welcome is None else results.welcome.outcome,
        leaks=results.leaks,
        leaderboard=None
        if "tune" not in result.records
        else read_leaderboard(work.store, result.records["tune"]),
        costs={} if "tune" not in result.records else read_costs(result.records["tune"]),
    )
