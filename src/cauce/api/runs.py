"""The runs of a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cauce.planning.record import Record
from cauce.running.workspace import open_workspace
from cauce.spec import FILE_NAME, Project
from cauce.stores.ledger import StoreLedger


@dataclass(frozen=True)
class RunSummary:
    """A run. outcome: finished, failed, interrupted, or None while it runs or where it was killed.

    project: whose run it is, by name, since projects may share a store; "" where it was not noted.
    began, ended: times in ISO 8601, UTC. steps: those it finished or found finished, in order; ran: those
    it really ran. metric, value: the headline on test rows of the model it ended with.
    """

    run: str
    began: str
    ended: str | None
    outcome: str | None
    steps: tuple[str, ...]
    ran: tuple[str, ...]
    bundle: str | None = None
    metric: str | None = None
    value: float | None = None
    project: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return dict(vars(self))


def runs(project: str | Path | Project = FILE_NAME, *, all_projects: bool = False) -> tuple[RunSummary, ...]:
    """The runs of `project`, the latest first; of every project in its store where `all_projects`.

    Runs that did not note whose they are count as every project's.
    """
    work = open_workspace(project)
    ledger = work.ledger
    found = (_summary(ledger, run) for run in reversed(ledger.runs()))
    return tuple(one for one in found if all_projects or one.project in ("", work.project.name))


def _summary(ledger: StoreLedger, run: str) -> RunSummary:
    notes: Mapping[str, Mapping[str, Any]] = ledger.run_notes(run)
    begin, end = notes.get("begin", {}), notes.get("end", {})
    done = [name for name in begin.get("steps", ()) if name in notes]
    made = ledger.step_record(run, "bundle")
    facts: Mapping[str, Any] = {} if made is None else made.facts
    return RunSummary(
        run=run,
        began=str(begin.get("time", "")),
        ended=None if "time" not in end else str(end["time"]),
        outcome=None if "outcome" not in end else str(end["outcome"]),
        steps=tuple(done),
        ran=tuple(name for name in done if notes[name].get("ran")),
        bundle=None if made is None else str(made.outputs["bundle"].value),
        metric=facts.get("metric"),
        value=facts.get("values", {}).get("test"),
        project=_project(begin, made),
    )


def _project(begin: Mapping[str, Any], made: Record | None) -> str:
    if "project" in begin or made is None:
        return str(begin.get("project", ""))
    return str(made.step.parameters["name"])
