"""Runs what a plan needs, one record for each step, so that a stopped run goes on."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, runtime_checkable

from cauce.core.canonical import Json
from cauce.errors import CauceError
from cauce.failpoints import passage
from cauce.planning.record import Record, checked_outputs
from cauce.planning.resolving import State, resolve, state_of
from cauce.planning.step import Plan, Reference, Step
from cauce.ports.clock import Clock
from cauce.ports.ledger import Ledger
from cauce.running.clock import SystemClock, new_run_name
from cauce.running.observer import Observer, Silent
from cauce.version import __version__


@dataclass(frozen=True)
class Made:
    """What an action made: references by name, and facts that would be the same each time."""

    outputs: Mapping[str, Reference]
    facts: Mapping[str, Json] = field(default_factory=dict)


@runtime_checkable
class Confirming(Protocol):
    """An action whose finished step may say that a run goes no further, now or by the clock later.

    What it found is kept as any step's, so that a run that it stops can be read, and is not searched again.
    """

    def confirm(self, record: Record) -> None:
        """Raise where what the record says stops a run."""
        ...


@runtime_checkable
class Forgiving(Protocol):
    """An action of a last step without which a run still ends well; the step is not finished then."""

    def forgive(self, error: CauceError) -> bool:
        """Whether a run ends well although the action failed with this; who says so tells of it."""
        ...


class Action(Protocol):
    """Does one bound step. `report(done, total)` tells progress; total is None where unknown."""

    def __call__(self, step: Step, report: Callable[[float, float | None], None]) -> Made: ...


@dataclass(frozen=True)
class RunResult:
    """A run that ended well: its name, each step's record by name, and the steps it really ran."""

    run: str
    records: Mapping[str, Record]
    ran: tuple[str, ...]


def run_plan(
    plan: Plan,
    actions: Mapping[str, Action],
    *,
    ledger: Ledger,
    observer: Observer | None = None,
    clock: Clock | None = None,
    run: str | None = None,
) -> RunResult:
    """Run the steps of `plan` that are not finished, in order; each one's record is written last.

    run: its name, where the caller made one with `new_run_name`.
    Safe to kill at any moment and to run twice at once: a step is finished exactly when its record
    exists, and where two runs finish the same step the first record counts for both. E0601 (exit 130)
    on Ctrl-C; E0604, E0605, E0607 for actions that do not do what the plan says; what an action raises.
    """
    for step in plan.steps:
        if step.name not in actions:
            raise CauceError("E0607", step=step.name)
    watch, time = observer or Silent(), clock or SystemClock()
    run = run or new_run_name(time, ledger.runs())
    ledger.begin_run(run, plan, provenance=provenance_of(run, time))
    watch.planned(run, resolve(plan, ledger))
    doing = _Doing(run, actions, ledger, watch, time)
    outcome = "failed"
    try:
        for step in plan.steps:
            doing.step(step)
        outcome = "finished"
    except KeyboardInterrupt as error:
        outcome = "interrupted"
        finished, steps = len(doing.records), len(plan.steps)
        raise CauceError("E0601", step=doing.at(plan), finished=finished, steps=steps) from error
    finally:
        stopped = {} if outcome == "finished" else {"stopped_at": doing.at(plan)}
        with _harmless(outcome != "finished"):
            ledger.end_run(run, {"outcome": outcome, **stopped, **provenance_of(run, time)})
    return RunResult(run, doing.records, tuple(doing.ran))


def _harmless(failing: bool) -> suppress:
    """While a failure is on its way, a note that cannot be written must not hide it."""
    return suppress(*((CauceError,) if failing else ()))


def provenance_of(run: str, clock: Clock) -> dict[str, Json]:
    """What stands beside a record: the run, the time, who ran it where, and with which Cauce."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = ""
    time = clock.now().isoformat()
    return {"run": run, "time": time, "user": user, "host": socket.gethostname(), "cauce": __version__}


@dataclass
class _Doing:
    """A run under way."""

    run: str
    actions: Mapping[str, Action]
    ledger: Ledger
    watch: Observer
    clock: Clock
    made: dict[str, Mapping[str, Reference]] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)

    def at(self, plan: Plan) -> str:
        """The step under way; the last one where all are done."""
        return plan.names[min(len(self.records), len(plan.steps) - 1)]

    def step(self, planned: Step) -> None:
        step = planned.bind(self.made)
        state, began = state_of(step, self.ledger), self.clock.seconds()
        try:
            record = state.record or self._run(state)
        except CauceError as error:
            action = self.actions[step.name]
            if not (isinstance(action, Forgiving) and action.forgive(error)):
                raise
            return
        note = {"ran": state.record is None, **provenance_of(self.run, self.clock)}
        self.ledger.note_step(self.run, record, provenance=note)
        self._confirm(step, record)
        if state.record is None:
            self.ran.append(step.name)
            self.watch.finished(record, self.clock.seconds() - began)
        else:
            self.watch.reused(record)
        self.records[step.name] = record
        self.made[step.name] = record.outputs

    def _confirm(self, step: Step, record: Record) -> None:
        action = self.actions[step.name]
        if not isinstance(action, Confirming):
            return
        try:
            action.confirm(record)
        except CauceError as error:
            self.watch.failed(step, error)
            raise

    def _told(self, step: Step, done: float, total: float | None) -> None:
        self.watch.progressed(step, done, total=total)

    def _run(self, state: State) -> Record:
        step = state.step
        self.watch.started(state)
        try:
            passage("step.started")
            made = self.actions[step.name](step, partial(self._told, step))
            passage("step.made")
            return self._finish(step, made)
        except BaseException as error:
            self.watch.failed(step, error)
            raise

    def _finish(self, step: Step, made: Made) -> Record:
        record = Record(step, checked_outputs(step, made.outputs), made.facts)
        for name in self.ledger.gone(record):
            raise CauceError("E0605", step=step.name, output=name)
        return self.ledger.finish(record, provenance_of(self.run, self.clock))
