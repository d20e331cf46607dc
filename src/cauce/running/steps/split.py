"""The target, the task, and which fold a row belongs to."""

from __future__ import annotations

from typing import Any

from cauce.core.preparation import Placement
from cauce.core.profile import Profile
from cauce.core.splits import encode_rule, fit_split
from cauce.planning.step import Step
from cauce.running.execution import Made
from cauce.running.steps.choices import check_choices
from cauce.running.steps.ingest import Report
from cauce.running.steps.objects import keep_json, read_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.steps.roles import inferred_target, split_settings
from cauce.running.workspace import Workspace


def split(work: Workspace, step: Step, *, report: Report) -> Made:  # noqa: ARG001 - every action has it
    """Infer the target and fit the split's rule. No scan, or one where limits are exact."""
    source = snapshot_source(work, step)
    found = Profile.from_json(read_json(work.store, step.stored("profile")))
    target, said = inferred_target(work.project, source.schema, profile=found)
    check_choices(work.project, target, schema=source.schema)
    settings = split_settings(work.project)
    table = work.engine.map(work.engine.scan(source), Placement(source.schema, target, settings))
    before = work.engine.rows_scanned

    def look(*summaries: Any) -> tuple[Any, ...]:
        return work.engine.summarise(table, *summaries)

    rule = fit_split(settings, target, schema=source.schema, look=look)
    rows = work.engine.rows_scanned - before
    outputs = {"split": keep_json(work.store, {"target": target.to_json(), "rule": encode_rule(rule)})}
    facts = {"task": target.task, "classes": list(target.class_names), "inferred": bool(said)}
    return Made(outputs, {**facts, "rows_read": rows})
