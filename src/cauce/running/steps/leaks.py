"""Whether features know what they should predict, or test rows are known from training. Before any fit."""

from __future__ import annotations

from cauce.core.canonical import Json
from cauce.core.leaks.findings import LeakReport
from cauce.core.leaks.gate import Gate
from cauce.core.leaks.groups import ColumnFacts
from cauce.core.profile import ColumnProfile, Profile
from cauce.core.task import Target
from cauce.errors import CauceErrors, warn
from cauce.planning.record import Record
from cauce.planning.resolving import STOPS
from cauce.planning.step import Step
from cauce.running.execution import Made
from cauce.running.steps.fit import preparation
from cauce.running.steps.ingest import Report
from cauce.running.steps.objects import keep_json, read_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.steps.roles import planned_features, split_settings
from cauce.running.workspace import Workspace


def leaks(work: Workspace, step: Step, *, report: Report) -> Made:  # noqa: ARG001 - every action has it
    """Look for leaks and keep what was found. One scan."""
    before = work.engine.rows_scanned
    gate = leak_gate(work, step)
    table = work.engine.scan(snapshot_source(work, step))
    found = gate.report(work.engine.summarise(table, *gate.summaries))
    outputs = {"leaks": keep_json(work.store, found.to_json())}
    facts: dict[str, Json] = {
        "sampled": found.sampled,
        "findings": [one.to_json() for one in found.findings],
        "rows_read": work.engine.rows_scanned - before,
        **({STOPS: len(found.stops)} if found.stops else {}),
    }
    return Made(outputs, facts)


def check_leaks(work: Workspace, record: Record) -> None:
    """E1801 to E1807, all at once, where what a finished step found stops a run."""
    refuse_leaks(LeakReport.from_json(read_json(work.store, str(record.outputs["leaks"].value))))


def leak_gate(work: Workspace, step: Step) -> Gate:
    """The gate over the rows of the step's input `snapshot`."""
    manifest = snapshot_source(work, step).manifest
    schema, project = manifest.schema, work.project
    target = Target.from_json(read_json(work.store, step.stored("split"))["target"])
    found = Profile.from_json(read_json(work.store, step.stored("profile")))
    return Gate(
        plan=planned_features(project, schema, target=target),
        preparation=preparation(work, step, schema=schema, keep=()),
        settings=split_settings(project),
        rows=manifest.rows,
        facts=tuple(_facts(one) for one in found.columns),
        missing=found.rows if found.target is None else found.target.nulls,
        acknowledged=project.features.acknowledged,
        known_after=project.data.known_after,
    )


def refuse_leaks(found: LeakReport) -> None:
    """Every finding that stops, with the lines that let the run go on; the others as warnings."""
    if not found.stops:
        return
    for one in found.told:
        told = one.told()
        warn(told.code, **told.values)
    raise CauceErrors([one.told() for one in found.stops], lines=found.lines())


def _facts(column: ColumnProfile) -> ColumnFacts:
    return ColumnFacts(column.name, column.kind, column.present, column.distinct, column.identifier)
