"""What a run found out and decided, in sentences for the user."""

from __future__ import annotations

from typing import Any

from cauce.core.leaks.findings import leak_notices
from cauce.core.profile import notices_of
from cauce.core.reading.notices import Notice
from cauce.core.validation.wording import verdict_notices
from cauce.running.clock import SystemClock
from cauce.running.continuing import continued_sentences
from cauce.running.project_run import Results
from cauce.running.steps.profile import snapshot_schema
from cauce.running.steps.roles import inferred_target
from cauce.running.workspace import Workspace
from cauce.spec import Project


def said_about(work: Workspace, results: Results) -> tuple[str, ...]:
    """Notices of reading, what the profile noticed, what was inferred of the target, and what the model is
    worth on rows it has not seen; each once."""
    noticed: Any = results.records["ingest"].facts["notices"]
    notices = [Notice(code, tuple(values.items()), file) for code, values, file in noticed]
    schema = snapshot_schema(work, results.snapshot)
    _, inferred = inferred_target(work.project, schema, profile=results.profile)
    leaks = results.leaks
    named = {one.column for one in leaks.findings if one.kind == "identifier"}
    told = notices_of(results.profile, declared=with_a_role(work.project) | named)
    judged = verdict_notices(results.verdict.at(SystemClock().now()))
    said = (*(notice.message for notice in notices), *judged, *inferred, *told, *leak_notices(leaks))
    said = (*said, *continued_sentences(results.records))
    return tuple(dict.fromkeys((*said, *results.evaluation.notices)))


def with_a_role(project: Project) -> frozenset[str]:
    """Columns of which the user has said what they are."""
    data = project.data
    named = (*data.key, data.group, data.time, data.weight, *data.known_after, *project.features.exclude)
    return frozenset(name for name in named if name is not None)
