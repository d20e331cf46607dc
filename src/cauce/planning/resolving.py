"""Which steps of a plan are finished, and why the others would run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cauce.planning.explaining import Reason, why
from cauce.planning.record import Record
from cauce.planning.step import Plan, Reference, Step

STOPS = "stops"
"""The fact of a record that says how many of its findings stop a run; absent where none does."""


class Ledger(Protocol):
    """Finished steps. `cauce.ports.ledger.Ledger` can also finish one."""

    def finished(self, digest: str) -> Record | None:
        """The record of the step with this digest, or None."""
        ...

    def gone(self, record: Record) -> tuple[str, ...]:
        """Names of the record's outputs that are no longer in the store."""
        ...

    def earlier(self, name: str) -> tuple[Step, ...]:
        """Steps of this name that past runs finished, the latest first."""
        ...


@dataclass(frozen=True)
class State:
    """Where a step stands.

    step: bound where all it depends on is known. record: where it is finished. reasons: where it will
    run, or may, or stops the run. waits_for: earlier steps whose results are not known yet; if they turn
    out as before, the step is not run.
    """

    step: Step
    record: Record | None = None
    reasons: tuple[Reason, ...] = ()
    waits_for: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether there is nothing to do."""
        return self.record is not None

    @property
    def stopped(self) -> bool:
        """Whether what the finished step found stops a run."""
        return self.record is not None and bool(self.record.facts.get(STOPS))


def state_of(step: Step, ledger: Ledger) -> State:
    """Where the bound `step` stands."""
    record = ledger.finished(step.digest)
    if record is None:
        return State(step, reasons=why(step, ledger.earlier(step.name)))
    if gone := ledger.gone(record):
        return State(step, reasons=tuple(Reason("output gone", name) for name in gone))
    return State(step, record, reasons=(Reason("stopped"),) if record.facts.get(STOPS) else ())


def resolve(plan: Plan, ledger: Ledger) -> tuple[State, ...]:
    """Where each step of `plan` stands, in order. Nothing runs and nothing is written.

    A step depends on what earlier ones made, not on how: another file with the same content changes
    nothing after the step that reads it. Nothing comes after a step whose finding stops a run.
    """
    made: dict[str, Mapping[str, Reference]] = {}
    states: list[State] = []
    for step in plan.steps:
        unknown = tuple(name for name in step.needs if name not in made)
        unknown += tuple(one.step.name for one in states if one.stopped and one.step.name not in unknown)
        if unknown:
            reasons = tuple(Reason("waits", name) for name in unknown)
            states.append(State(step, reasons=reasons, waits_for=unknown))
            continue
        state = state_of(step.bind(made), ledger)
        if state.record is not None and not state.stopped:
            made[step.name] = state.record.outputs
        states.append(state)
    return tuple(states)
