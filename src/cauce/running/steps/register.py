"""The run and its bundle, handed to the tracker's outbox."""

from __future__ import annotations

from cauce.planning.step import Reference, Step
from cauce.running.execution import Made
from cauce.running.steps.ingest import Report
from cauce.running.workspace import Workspace


def register(work: Workspace, step: Step, *, report: Report) -> Made:  # noqa: ARG001 - every action has it
    """Put what the run found into the outbox; the shipper takes it from there."""
    return Made({"queued": Reference("value", True)})
