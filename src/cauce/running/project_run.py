"""A project's run: its plan, the actions behind the steps, and what came out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from cauce.core.evaluation import Evaluation, decode_evaluation
from cauce.core.leaks.findings import LeakReport
from cauce.core.profile import Profile
from cauce.core.promotion.gate import GateVerdict, required
from cauce.core.task import Target
from cauce.core.validation.verdict import Verdict
from cauce.errors import CauceError, warn
from cauce.planning.pipeline import project_plan
from cauce.planning.record import Record
from cauce.planning.resolving import State, resolve
from cauce.planning.step import Plan, Step
from cauce.ports.tracker import Tracker
from cauce.running.clock import SystemClock, new_run_name
from cauce.running.continuing import earlier_digests
from cauce.running.drafts import sweep_drafts
from cauce.running.execution import Action, Made, RunResult, run_plan
from cauce.running.failed_run import tell_failure
from cauce.running.observer import HearsBringing, Observer
from cauce.running.promotion_run import Welcome
from cauce.running.steps.bundle import bundle
from cauce.running.steps.calibrate import calibrate
from cauce.running.steps.evaluate import evaluate
from cauce.running.steps.fit import fit
from cauce.running.steps.ingest import Report, ingest
from cauce.running.steps.leaks import check_leaks, leaks
from cauce.running.steps.objects import read_bytes, read_json
from cauce.running.steps.profile import profile
from cauce.running.steps.register import Told, register
from cauce.running.steps.split import split
from cauce.running.steps.validate import check_verdict, validate
from cauce.running.told_trials import tuned_run
from cauce.running.workspace import Workspace
from cauce.spec.addresses import is_brought
from cauce.spec.models import continued

if TYPE_CHECKING:
    from cauce.running.early_parts import EarlyParts

_ACTIONS = {
    "ingest": ingest,
    "profile": profile,
    "split": split,
    "fit": fit,
    "calibrate": calibrate,
    "evaluate": evaluate,
    "bundle": bundle,
}


_TELLING = ("tune", "curve")
"""Steps of many jobs, which tell by themselves how far they are."""


def actions(work: Workspace, told: Told) -> Mapping[str, Action]:
    """What each step of the plan does in this workspace. told: who is told of the run."""
    bound: dict[str, Action] = {name: _Bound(work, action) for name, action in _ACTIONS.items()}
    bound["validate"] = _Judged(work, validate, partial(check_verdict, now=told.began))
    bound["leaks"] = _Judged(work, leaks, check_leaks)
    bound["curve"] = _Bound(work, _curve)
    bound["tune"] = _Bound(work, partial(_tune, told=told))
    bound["warehouse"] = _Forgiving(work, partial(_mirror, run=told.run))
    return {**bound, "register": _Bound(work, partial(register, told=told))}


def _tune(work: Workspace, step: Step, *, report: Report, told: Told) -> Made:
    from cauce.running.steps.tune import tune  # noqa: PLC0415 - only where candidates are tried

    return tune(work, step, report=report, told=told)


def _curve(work: Workspace, step: Step, *, report: Report) -> Made:
    from cauce.running.steps.curve import curve  # noqa: PLC0415 - only where a project asks for one

    return curve(work, step, report=report)


def _mirror(work: Workspace, step: Step, *, report: Report, run: str) -> Made:
    from cauce.running.warehouse import mirror  # noqa: PLC0415 - only where a project has a warehouse

    return mirror(work, step, report=report, run=run)


@dataclass(frozen=True)
class _Bound:
    """A step's action in a workspace."""

    work: Workspace
    action: Callable[..., Made]

    def __call__(self, step: Step, report: Report) -> Made:
        heard = self.work.heard
        heard.report = None if step.name in _TELLING else report
        try:
            return self.action(self.work, step, report=report)
        finally:
            heard.report = None


@dataclass(frozen=True)
class _Judged(_Bound):
    """A step whose finding may stop a run, each time: freshness is judged by the clock."""

    check: Callable[[Workspace, Record], None]

    def confirm(self, record: Record) -> None:
        self.check(self.work, record)


@dataclass(frozen=True)
class _Forgiving(_Bound):
    """A step that fails without the run: what is there of it stays as it was."""

    def forgive(self, error: CauceError) -> bool:
        warn("W2571", error=error.code, reason=error.message)
        return True


def plan_of(work: Workspace, *, running: bool = True) -> Plan:
    """The plan of the workspace's project over its files as they are now. running: as for a fingerprint."""
    known = work.fingerprint(running=running)
    plan = partial(project_plan, work.project, known, tracked=work.tracked)
    if not any(continued(one) for one in work.project.models):
        return plan()
    states = {state.step.name: state.record for state in resolve(plan(), work.ledger)}
    validated = states["validate"]
    snapshot = None if validated is None else str(validated.outputs["snapshot"].value)
    return plan(earlier=earlier_digests(work, snapshot))


def states_of(work: Workspace) -> tuple[State, ...]:
    """Where each step of the plan stands. Nothing runs and nothing is written."""
    return resolve(plan_of(work, running=False), work.ledger)


def run_project(
    work: Workspace,
    *,
    observer: Observer | None = None,
    tracker: Tracker | None = None,
    until: str | None = None,
) -> RunResult:
    """Run what is not finished; E0601 on Ctrl-C, and what the steps raise. until: the last step to run.

    E0760 for a store that executors cannot reach.

    What runs and predictions that were killed left in the making, in the store and in the project's own
    folder, is removed first.
    """
    work.check_reach()
    work.store.sweep()
    sweep_drafts(work.folder)
    clock = SystemClock()
    run = new_run_name(clock, work.ledger.runs())
    told = Told(tracker, run, clock.now())
    with _brought(work, observer):
        plan = plan_of(work) if until is None else plan_of(work).through(until)
        try:
            done = run_plan(
                plan, actions(work, told), ledger=work.ledger, observer=observer, clock=clock, run=run
            )
            if until in done.ran and tracker is not None:
                tracker.put(tuned_run(work, told))
        except BaseException as error:
            tell_failure(work, error, told=told)
            raise
    return done


@contextmanager
def _brought(work: Workspace, observer: Observer | None) -> Iterator[None]:
    """Bring the rows that are elsewhere, and tell of it. What was made of them early and nobody kept is
    removed."""
    if not any(map(is_brought, work.project.data.source)):
        yield
        return
    from cauce.running.early_parts import early_parts  # noqa: PLC0415 - only where rows are elsewhere

    early = early_parts(work)
    try:
        _bring(work, observer, early)
        yield
    finally:
        if early is not None:
            early.discard()


def _bring(work: Workspace, observer: Observer | None, early: EarlyParts | None) -> None:
    work.heard.early = early
    if isinstance(observer, HearsBringing):
        work.heard.report = observer.bringing
    try:
        _ = work.here
    finally:
        work.heard.report = None


@dataclass(frozen=True)
class Results:
    """What the finished steps of a run made, read from the store when asked for."""

    work: Workspace
    records: Mapping[str, Record]

    def _key(self, step: str, output: str) -> str:
        return str(self.records[step].outputs[output].value)

    @property
    def snapshot(self) -> str:
        """The identity of the snapshot that was learned from."""
        return self._key("validate", "snapshot")

    @property
    def bundle(self) -> str:
        """The bundle's identity."""
        return self._key("bundle", "bundle")

    @cached_property
    def profile(self) -> Profile:
        """What the snapshot holds."""
        return Profile.from_json(read_json(self.work.store, self._key("validate", "profile")))

    @cached_property
    def verdict(self) -> Verdict:
        """Whether the data are as expected; freshness is judged by `Verdict.at`."""
        return Verdict.from_json(read_json(self.work.store, self._key("validate", "verdict")))

    @cached_property
    def target(self) -> Target:
        """What is predicted."""
        return Target.from_json(read_json(self.work.store, self._key("split", "split"))["target"])

    @cached_property
    def welcome(self) -> Welcome | None:
        """What became of the model; None where the run was not tracked."""
        record = self.records.get("register")
        found = None if record is None else record.facts.get("gate")
        return None if found is None else Welcome.from_json(found)  # type: ignore[arg-type]

    @cached_property
    def gate(self) -> GateVerdict:
        """What the gate says of the model; untracked runs have no champion to be better than."""
        if self.welcome is not None:
            return self.welcome.verdict
        test = self.evaluation.datasets.get("test")
        demands = self.work.project.gate.require
        return GateVerdict(requirements=required(demands, () if test is None else test.metrics))

    @cached_property
    def leaks(self) -> LeakReport:
        """What the leak gate found."""
        return LeakReport.from_json(read_json(self.work.store, self._key("leaks", "leaks")))

    @cached_property
    def evaluation(self) -> Evaluation:
        """What the model is worth."""
        return decode_evaluation(read_bytes(self.work.store, self._key("evaluate", "evaluation")))
