"""The runs of a project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cauce.running.workspace import open_workspace
from cauce.spec import FILE_NAME, Project


@dataclass(frozen=True)
class RunSummary:
    """A run. outcome: finished, failed, interrupted, or None while it runs or where it was killed.

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

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return dict(vars(self))


def runs(project: str | Path | Project = FILE_NAME) -> tuple[RunSummary, ...]:
    """The runs of `project`, the latest first."""
    ledger = open_workspace(project).ledger
    return tuple(_summary(ledger, run) for run in reversed(ledger.runs()))


def _summary(ledger: Any, run: str) -> RunSummary:
    notes = ledger.run_notes(run)
    begin, end = notes.get("begin", {}), notes.get("end", {})
    done = [name for name in begin.get("steps", ()) if name in notes]
    made = ledger.step_record(run, "bundle")
    facts = {} if made is None else made.facts
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
    )
