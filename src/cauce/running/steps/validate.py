"""Whether the snapshot is as the project expects; rows that are not are set aside where it says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from cauce.core.numbering import ROW, Heights, Numbered, NumberedApart, WithoutPlaces, place_of
from cauce.core.profile import Profile
from cauce.core.snapshot import Manifest
from cauce.core.snapshot_reading import SnapshotSource
from cauce.core.validation.expected import Expected, expected_of
from cauce.core.validation.judging import Judgement, judge
from cauce.core.validation.marking import Marks, Sift, reasons_of
from cauce.core.validation.verdict import Verdict
from cauce.core.validation.wording import sentence
from cauce.errors import CauceError, CauceErrors
from cauce.expr.batch import take
from cauce.planning.record import Record
from cauce.planning.resolving import STOPS
from cauce.planning.step import Reference, Step
from cauce.ports.pieces import HeldRows
from cauce.running.execution import Made
from cauce.running.spread_rows import SpreadRows
from cauce.running.steps.ingest import Report, keep_rejected
from cauce.running.steps.objects import keep_json, read_json
from cauce.running.steps.profile import profile, snapshot_source
from cauce.running.workspace import Workspace
from cauce.sources import Rejection
from cauce.stats.summary import Summary


def validate(work: Workspace, step: Step, *, report: Report) -> Made:
    """Judge the expectations; E1706 where too many rows would be set aside.

    No scan where the profile shows that all hold, else one. Where rows are set aside, the snapshot and the
    profile of the others are made, which every later step reads; not where the verdict stops the run.
    """
    declared, source = work.project.validate, snapshot_source(work, step)
    same = {name: _reference(step, name) for name in ("snapshot", "profile")}
    before = work.engine.rows_scanned
    found = Judgement(Verdict(source.manifest.rows))
    if declared.declared:
        found = judged(
            work, expected_of(declared, source.schema), source=source, profile=_profile(work, step)
        )
    verdict = found.verdict
    outputs = {**same, "verdict": keep_json(work.store, verdict.to_json())}
    if found.quarantine and not verdict.stopping:
        _check_limit(work, verdict)
        outputs |= _set_aside(work, step, source, found, report)
    aside = 0 if verdict.stopping else verdict.quarantined
    stops = {STOPS: len(verdict.stopping)} if verdict.stopping else {}
    facts = {"rows": verdict.rows, "quarantined": aside, **stops}
    return Made(outputs, {**facts, "rows_read": work.engine.rows_scanned - before})


def judged(work: Workspace, expected: Expected, *, source: Any, profile: Profile | None = None) -> Judgement:
    """The judgement on the rows of `source`; no places where they are in no order, as those of a table."""
    return judge(expected, partial(_looked, work.engine, source), profile=profile)


def _looked(engine: Any, source: Any, marks: Marks, *summaries: Summary) -> tuple[Any, ...]:
    """The results over the rows of `source` that `marks` makes, those of `Failures` first."""
    if isinstance(source, HeldRows):
        found, *others = engine.summarise(engine.map(engine.scan(source), WithoutPlaces(marks)), *summaries)
        return (found.placed(lambda _number: None), *others)
    if isinstance(source, SpreadRows):
        rows = engine.map(engine.scan(NumberedApart(source)), marks)
        found, *others, before = engine.summarise(rows, *summaries, Heights())
        return (found.placed(lambda number: place_of(number, before)), *others)
    return tuple(engine.summarise(engine.map(engine.scan(Numbered(source)), marks), *summaries))


def refuse_failures(work: Workspace, verdict: Verdict, *, key: str) -> None:
    """E1701 for each expectation that stops a run; freshness only where a clock has judged it."""
    file = work.store.local_path(key) or key
    errors = [CauceError("E1701", failure=sentence(one, verdict.rows), file=file) for one in verdict.stopping]
    if errors:
        raise CauceErrors(errors)


def check_verdict(work: Workspace, record: Record, *, now: datetime) -> None:
    """E1701 where the verdict of a finished step stops a run, freshness as it is at this moment."""
    key = str(record.outputs["verdict"].value)
    refuse_failures(work, Verdict.from_json(read_json(work.store, key)).at(now), key=key)


def _reference(step: Step, name: str) -> Reference:
    found = step.inputs[name]
    if not isinstance(found, Reference):
        raise CauceError("E0605", step=step.name, output=name)
    return found


def _profile(work: Workspace, step: Step) -> Profile:
    return Profile.from_json(read_json(work.store, step.stored("profile")))


def _check_limit(work: Workspace, verdict: Verdict) -> None:
    limit = work.project.validate.quarantined
    most = limit if isinstance(limit, int) else limit * verdict.rows
    if verdict.quarantined > most:
        raise CauceError("E1706", failed=verdict.quarantined, rows=verdict.rows, limit=limit)


def _set_aside(
    work: Workspace, step: Step, source: SnapshotSource, found: Judgement, report: Report
) -> dict[str, Reference]:
    """The passing rows as a snapshot with its profile; the others as one too, and as lines with reasons."""
    engine, rows = work.engine, work.engine.scan(Numbered(source))
    kept = engine.write(engine.map(rows, Sift(source.schema, found.quarantine)), work.store)
    failed = engine.write(engine.map(rows, Sift(source.schema, found.quarantine, failed=True)), work.store)
    snapshot = Reference("snapshot", kept.identity)
    again = profile(work, replace(step, inputs={**step.inputs, "snapshot": snapshot}), report=report)
    return {
        "snapshot": snapshot,
        "profile": again.outputs["profile"],
        "quarantined": Reference("snapshot", failed.identity),
        "rejected": keep_rejected(work, _Rejected(failed, work, step.stored("snapshot"))),
    }


@dataclass(frozen=True)
class _Rejected:
    """The rows set aside, in the order of the snapshot they came from."""

    manifest: Manifest
    work: Workspace
    snapshot: str

    def __iter__(self) -> Iterator[Rejection]:
        source = SnapshotSource(self.manifest, self.work.store)
        names = [name for name in source.schema.names if not name.startswith("__")]
        for batch in source.batches():
            numbers, own = batch.get_column(ROW).to_list(), take(batch, names)
            for number, reason, row in zip(
                numbers, reasons_of(batch), own.iter_rows(named=True), strict=True
            ):
                text = json.dumps(row, ensure_ascii=False, default=str)
                yield Rejection(self.snapshot, number, None, "E1707", {"expectations": reason}, text)
