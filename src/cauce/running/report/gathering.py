"""From a run's name to everything the store holds about it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from cauce.core.evaluation import decode_evaluation
from cauce.core.features import FittedFeatures
from cauce.core.leaks.findings import LeakReport
from cauce.core.metrics.learning_curve import LearningCurve
from cauce.core.profile.notices import notices_of
from cauce.core.profile.values import Profile
from cauce.core.reading.notices import Notice
from cauce.core.snapshot_reading import read_manifest
from cauce.core.splits import decode_rule
from cauce.core.task import Target
from cauce.core.validation.verdict import Verdict
from cauce.errors import CauceError
from cauce.planning.pipeline import STEPS
from cauce.planning.record import Record
from cauce.running.certificate import certificate_of
from cauce.running.readings import test_readings
from cauce.running.report.content import RunContent
from cauce.running.steps.objects import read_bytes, read_json
from cauce.running.tuning import read_costs, read_leaderboard
from cauce.running.workspace import Workspace

LATEST = "latest"


def runs_of(work: Workspace) -> tuple[str, ...]:
    """The names of the project's runs, the oldest first; those that did not say whose they are too."""
    return tuple(run for run in work.ledger.runs() if _project(work, run) in ("", work.project.name))


def find_run(work: Workspace, text: str = LATEST) -> str:
    """The run that `text` means: "latest", a name, or how one begins or ends, if only one does.

    E1901 where there is none, E1902 where there are several, E1903 where the project has no run.
    """
    known = runs_of(work)
    if not known:
        raise CauceError("E1903", project=work.project.name)
    if text == LATEST:
        return known[-1]
    if text in known:
        return text
    found = [one for one in known if text and (one.startswith(text) or one.endswith(f"-{text}"))]
    if len(found) == 1:
        return found[0]
    if found:
        raise CauceError("E1902", run=text, count=len(found), choices=_listed(found))
    near = difflib.get_close_matches(text, known, n=3, cutoff=0.6) or known[-3:]
    raise CauceError("E1901", run=text, near=_listed(near))


def latest_runs(work: Workspace, count: int) -> tuple[str, ...]:
    """The last runs that ended with a model, the oldest first."""
    found: list[str] = []
    for run in reversed(runs_of(work)):
        if len(found) == count:
            break
        if work.ledger.step_record(run, "evaluate") is not None:
            found.append(run)
    return tuple(reversed(found))


def _listed(runs: Sequence[str]) -> str:
    return ", ".join(runs[-5:])


def _project(work: Workspace, run: str) -> str:
    begin = work.ledger.run_notes(run).get("begin", {})
    if "project" in begin:
        return str(begin["project"])
    made = work.ledger.step_record(run, "bundle")
    return "" if made is None else str(made.step.parameters["name"])


def gather(work: Workspace, run: str) -> RunContent:
    """All that `run` left in the store. E1904 where it finished no step."""
    ledger = work.ledger
    notes = ledger.run_notes(run)
    begin, end = notes.get("begin", {}), notes.get("end", {})
    found = {name: ledger.step_record(run, name) for name in STEPS}
    records = {name: one for name, one in found.items() if one is not None and not ledger.gone(one)}
    if not records:
        raise CauceError("E1904", run=run)
    read = _Reading(work, records)
    split = read.json("split", "split")
    return RunContent(
        project=str(begin.get("project") or work.project.name),
        run=run,
        begun=str(begin.get("time", "")),
        ended=None if "time" not in end else str(end["time"]),
        outcome=None if "outcome" not in end else str(end["outcome"]),
        version=str(begin.get("cauce", "")),
        records=records,
        said=_said(read),
        snapshot=read.snapshot(),
        profile=read.profile,
        verdict=_made(read.json("validate", "verdict"), Verdict.from_json),
        leaks=_made(read.json("leaks", "leaks"), LeakReport.from_json),
        target=_made(split, lambda value: Target.from_json(value["target"])),
        rule=_made(split, lambda value: decode_rule(value["rule"])),
        features=_made(read.json("fit", "features"), FittedFeatures.from_json),
        training=read.json("fit", "training") or {},
        evaluation=read.evaluation(),
        curve=_made(read.json("curve", "curve"), LearningCurve.from_json),
        bundle=read.key("bundle", "bundle"),
        readings=_readings(work, read),
        leaderboard=None if "tune" not in records else read_leaderboard(work.store, records["tune"]),
        costs={} if "tune" not in records else read_costs(records["tune"]),
        certificate=None if (made := read.key("bundle", "bundle")) is None else certificate_of(work, made),
    )


class _Reading:
    """What the records point to, read when asked for; None where a step made no such thing."""

    def __init__(self, work: Workspace, records: dict[str, Record]) -> None:
        self._work, self.records = work, records

    def key(self, step: str, output: str) -> str | None:
        record = self.records.get(step)
        made = None if record is None else record.outputs.get(output)
        return None if made is None else str(made.value)

    def json(self, step: str, output: str) -> Any:
        key = self.key(step, output)
        return None if key is None else read_json(self._work.store, key)

    def snapshot(self) -> Any:
        key = self.key("validate", "snapshot") or self.key("ingest", "snapshot")
        return None if key is None else read_manifest(self._work.store, key)

    @cached_property
    def profile(self) -> Profile | None:
        """The profile; None where an earlier version of Cauce wrote it in another form."""
        found = self.json("validate", "profile") or self.json("profile", "profile")
        try:
            return None if found is None else Profile.from_json(found)
        except (KeyError, TypeError, ValueError):
            return None

    def evaluation(self) -> Any:
        key = self.key("evaluate", "evaluation")
        return None if key is None else decode_evaluation(read_bytes(self._work.store, key))


def _readings(work: Workspace, read: _Reading) -> int | None:
    """How often the test rows of the run's snapshot were looked at, by any run; None before they were."""
    snapshot = read.snapshot()
    found = 0 if snapshot is None else test_readings(work.store, snapshot.identity).count
    return found or None


def _made(value: Any, make: Any) -> Any:
    return None if value is None else make(value)


def _said(read: _Reading) -> tuple[str, ...]:
    """What reading noticed, and the profile."""
    ingest = read.records.get("ingest")
    noticed: Any = () if ingest is None else ingest.facts.get("notices", ())
    said = [Notice(code, tuple(values.items()), file).message for code, values, file in noticed]
    profile = read.profile
    if profile is not None:
        said += notices_of(profile, declared=_with_a_role(read.records))
    return tuple(dict.fromkeys(said))


def _with_a_role(records: dict[str, Record]) -> frozenset[str]:
    fit = records.get("fit") or records.get("split")
    roles: Any = {} if fit is None else fit.step.parameters.get("roles", {})
    found: list[str] = []
    for one in roles.values():
        found += [one] if isinstance(one, str) else list(one or ())
    return frozenset(found)
