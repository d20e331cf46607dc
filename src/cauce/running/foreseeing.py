"""What is known of a run before it begins, from what earlier runs found out about the rows."""

from __future__ import annotations

from collections.abc import Sequence

from cauce.core.profile import Profile
from cauce.planning.resolving import State
from cauce.running.steps.choices import check_choices
from cauce.running.steps.objects import read_json
from cauce.running.steps.profile import snapshot_schema
from cauce.running.steps.roles import inferred_target
from cauce.running.workspace import Workspace


def check_planned(work: Workspace, states: Sequence[State]) -> None:
    """Raise what the rows' profile already says no run could do: what the target is and no model can learn.

    Nothing where the rows are not profiled yet, or where a finished step has found nothing wrong.
    """
    records = {state.step.name: state.record for state in states}
    validated = records["validate"]
    if validated is None or records["split"] is not None:
        return
    schema = snapshot_schema(work, str(validated.outputs["snapshot"].value))
    profile = Profile.from_json(read_json(work.store, str(validated.outputs["profile"].value)))
    target, _ = inferred_target(work.project, schema, profile=profile)
    check_choices(work.project, target, schema=schema)
