"""Files become a snapshot; rows that cannot be read are kept aside."""

from __future__ import annotations

import contextvars
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from cauce.core.faults import translated
from cauce.core.features import Roles
from cauce.core.roles import check_roles
from cauce.core.snapshot import Manifest
from cauce.core.validation.expected import refuse_misfits
from cauce.errors import CauceError
from cauce.expr.codec import encode
from cauce.language import use_language
from cauce.planning.step import Reference, Step
from cauce.running.execution import Made
from cauce.running.loading import load_learners
from cauce.running.project_rows import ProjectRows, open_project_rows
from cauce.running.spread_rows import StoredRejections
from cauce.running.steps.objects import keep_json
from cauce.running.steps.roles import declared_target
from cauce.running.workspace import Workspace
from cauce.sources import Rejection

Report = Callable[[float, float | None], None]


def ingest(work: Workspace, step: Step, *, report: Report) -> Made:
    """Store the files' rows as a snapshot. E1401 to E1404, and what reading raises."""
    load_learners(work.project)
    source = open_project_rows(work, report)
    check_roles(Roles.of(work.project.data, ()), source.schema)
    declared_target(work.project, source.schema)
    refuse_misfits(work.project.validate, source.schema)
    manifest = stored(work, source)
    source.check_same(manifest.identity)
    rejected = source.rejected()
    outputs = {
        "snapshot": Reference("snapshot", manifest.identity),
        "reading": keep_json(
            work.store,
            {
                "options": step.parameters["reading"],
                "texts": {name: encode(text) for name, text in source.texts.items()},
            },
        ),
    }
    if len(rejected):
        outputs["rejected"] = keep_rejected(work, rejected)
        if isinstance(rejected, StoredRejections):
            rejected.discard()
        _check_limit(work, len(rejected), manifest.rows + len(rejected), str(outputs["rejected"].value))
    notices = [[notice.code, dict(notice.values), notice.file] for notice in source.notices]
    facts: dict[str, Any] = {"rows": manifest.rows, "rejected": len(rejected), "notices": notices}
    return Made(outputs, facts)


def stored(work: Workspace, source: ProjectRows) -> Manifest:
    """The source's rows as a snapshot, which they may be already, but for its name."""
    early = work.heard.early
    found = None if early is None else early.published(source.schema)
    return found or work.engine.write(work.engine.scan(source.scanned), work.store)


def _check_limit(work: Workspace, rejected: int, rows: int, key: str) -> None:
    limit = work.project.data.rejected
    most = limit if isinstance(limit, int) else limit * rows
    if rejected > most:
        file = work.store.local_path(key) or key
        raise CauceError("E1404", rejected=rejected, rows=rows, limit=limit, file=file)


def keep_rejected(work: Workspace, rejected: Iterable[Rejection]) -> Reference:
    """One JSON object a line, reasons in English, so that every language makes the same file."""
    folder = work.store.scratch()
    draft = folder / "rejected.jsonl"
    digest = hashlib.sha256()
    try:
        with translated(draft), draft.open("wb") as file:
            for one in rejected:
                line = json.dumps({**asdict(one), "reason": _in_english(one)}, ensure_ascii=False) + "\n"
                data = line.encode("utf-8", "backslashreplace")
                digest.update(data)
                file.write(data)
        key = f"rejected/{digest.hexdigest()}.jsonl"
        work.store.put_file_if_absent(key, draft)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Reference("object", key)


def _in_english(one: Rejection) -> str:
    def reason() -> str:
        use_language("en")
        return one.reason

    return contextvars.copy_context().run(reason)
