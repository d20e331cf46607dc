"""What a run would do, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from cauce.errors import warn
from cauce.planning.resolving import State
from cauce.running.foreseeing import check_planned
from cauce.running.memory import Expected, SpreadExpected, expected_memory
from cauce.running.project_run import states_of
from cauce.running.workspace import EngineAsked, open_workspace
from cauce.spec import FILE_NAME, Project


@dataclass(frozen=True)
class PlannedStep:
    """A step of the plan.

    state: finished, stopped (finished, and what it found stops a run), will run, or waits (for what an
    earlier step will make). why: sentences in the active language. reads: what it takes; makes: what it
    made, where it is finished. scans: times its rows are read.
    """

    name: str
    state: str
    why: tuple[str, ...]
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    scans: float
    digest: str | None


@dataclass(frozen=True)
class RunPlan:
    """The steps in order. scans: of the input, for the steps that would run.

    memory: what fitting is expected to take; None before the rows are read and divided.
    """

    steps: tuple[PlannedStep, ...]
    memory: Expected | SpreadExpected | None = None

    @property
    def scans(self) -> float:
        """How often the rows would be read."""
        return sum(step.scans for step in self.steps if step.state not in ("finished", "stopped"))

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        memory = {} if self.memory is None else {"memory": self.memory.to_json()}
        return {"steps": [vars(step) for step in self.steps], "scans": self.scans, **memory}


def plan(project: str | Path | Project = FILE_NAME, **engine: Unpack[EngineAsked]) -> RunPlan:
    """The plan of `project` over its files as they are now. Nothing runs and nothing is written.

    project: a project file, its folder, or a project in memory. engine: as in `run`. Raises what reading
    the project file raises (E03..), E0401 where its files are absent, and where the rows are known what
    planning its features raises (E10..), and what its target and models cannot be (E11.., E0830).
    """
    work = open_workspace(project, **engine)
    if work.held is not None:
        warn("W0740", source=work.held.name)
    states = states_of(work)
    check_planned(work, states)
    return RunPlan(planned_steps(states), expected_memory(work, states))


def planned_steps(states: Sequence[State]) -> tuple[PlannedStep, ...]:
    """Each step as plans show it."""
    return tuple(_planned(state) for state in states)


def _planned(state: State) -> PlannedStep:
    bound = state.finished or not state.waits_for
    name = "waits" if state.waits_for else "will run"
    if state.finished:
        name = "stopped" if state.stopped else "finished"
    return PlannedStep(
        name=state.step.name,
        state=name,
        why=tuple(reason.text for reason in state.reasons),
        reads=tuple(state.step.inputs),
        makes=tuple(state.record.outputs) if state.record is not None else (),
        scans=state.step.scans,
        digest=state.step.digest if bound else None,
    )
