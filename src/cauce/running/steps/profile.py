"""What the snapshot holds, from one scan."""

from __future__ import annotations

from cauce.core.profile import Profile, Profiling, make_profile
from cauce.core.snapshot_reading import SnapshotSource, read_manifest
from cauce.expr.schema import Schema
from cauce.planning.step import Step
from cauce.ports.engine import Engine, Source
from cauce.running.execution import Made
from cauce.running.steps.ingest import Report
from cauce.running.steps.objects import keep_json
from cauce.running.steps.roles import declared_target
from cauce.running.workspace import Workspace


def snapshot_source(work: Workspace, step: Step) -> SnapshotSource:
    """The rows of the step's input `snapshot`, as many at a time as the project says."""
    manifest = read_manifest(work.store, step.stored("snapshot"))
    return SnapshotSource(manifest, work.store, work.project.engine.batch_rows)


def snapshot_schema(work: Workspace, identity: str) -> Schema:
    """The schema of a snapshot of the workspace."""
    return read_manifest(work.store, identity).schema


def profile(work: Workspace, step: Step, *, report: Report) -> Made:  # noqa: ARG001 - every action has it
    """Gather the profile and keep it. One scan."""
    source = snapshot_source(work, step)
    data = work.project.data
    target = declared_target(work.project, source.schema)
    asked = Profiling(source.schema, target, data.key, data.time)
    before = work.engine.rows_scanned
    found = profiled(work.engine, source, profiling=asked)
    rows = work.engine.rows_scanned - before
    return Made({"profile": keep_json(work.store, found.to_json())}, {"rows": found.rows, "rows_read": rows})


def profiled(engine: Engine, source: Source, *, profiling: Profiling) -> Profile:
    """The profile of the rows of `source`, from one scan."""
    table = engine.map(engine.scan(source), profiling.work)
    return make_profile(profiling, engine.summarise(table, *profiling.summaries))
