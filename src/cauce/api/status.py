"""Where a project stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cauce.api.plan import PlannedStep, RunPlan, planned_steps
from cauce.api.runs import RunSummary, runs
from cauce.running.project_run import states_of
from cauce.running.workspace import open_workspace
from cauce.spec import FILE_NAME, Project


@dataclass(frozen=True)
class ProjectStatus:
    """name, and the folder of the project; its steps as in a plan; its latest run, if any."""

    name: str
    folder: Path
    steps: tuple[PlannedStep, ...]
    latest: RunSummary | None

    @property
    def finished(self) -> bool:
        """Whether nothing would run."""
        return all(step.state == "finished" for step in self.steps)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {
            "name": self.name,
            "folder": str(self.folder),
            "finished": self.finished,
            **RunPlan(self.steps).to_json(),
            "latest": None if self.latest is None else self.latest.to_json(),
        }


def status(project: str | Path | Project = FILE_NAME) -> ProjectStatus:
    """Where `project` stands: which steps are finished for its files as they are now. Nothing is written."""
    work = open_workspace(project)
    past = runs(project)
    return ProjectStatus(
        work.project.name, work.folder, planned_steps(states_of(work)), past[0] if past else None
    )
