"""Everything a report tells of a run, read from the store; what the run did not make is None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cauce.core.candidates.costs import TrialCosts
from cauce.core.candidates.leaderboard import Leaderboard
from cauce.core.evaluation import Evaluation
from cauce.core.features import FittedFeatures
from cauce.core.leaks.findings import LeakReport
from cauce.core.metrics.learning_curve import LearningCurve
from cauce.core.profile.values import Profile
from cauce.core.snapshot import Manifest as Snapshot
from cauce.core.splits import SplitRule, encode_rule
from cauce.core.task import Target
from cauce.core.validation.verdict import Verdict
from cauce.planning.record import Record
from cauce.running.certificate import Certificate


@dataclass(frozen=True, eq=False, kw_only=True)
class RunContent:
    """A run. begun, ended: ISO 8601. outcome: finished, failed, interrupted, None where it never ended.

    records: of the steps it finished or found finished, by name. said: what reading and profiling
    noticed, in sentences. training: as the step `fit` left it. readings: how often the test rows of
    this split were read; None where that was not counted. bundle: the model's digest. leaderboard: of the
    candidates, None where none were tried; costs: of their trials, by the candidate's number. certificate:
    what other engines made of the same data; None where that was not asked.
    """

    project: str
    run: str
    begun: str
    ended: str | None
    outcome: str | None
    version: str
    records: Mapping[str, Record]
    said: tuple[str, ...] = ()
    snapshot: Snapshot | None = None
    profile: Profile | None = None
    verdict: Verdict | None = None
    leaks: LeakReport | None = None
    target: Target | None = None
    rule: SplitRule | None = None
    features: FittedFeatures | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    evaluation: Evaluation | None = None
    curve: LearningCurve | None = None
    bundle: str | None = None
    readings: int | None = None
    leaderboard: Leaderboard | None = None
    costs: Mapping[int, TrialCosts] = field(default_factory=dict)
    certificate: Certificate | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What was set, by step: each step's parameters as they were when it ran."""
        return {name: dict(one.step.parameters) for name, one in self.records.items()}

    @property
    def libraries(self) -> dict[str, str]:
        """The libraries that made the numbers, with their versions."""
        found: dict[str, str] = {}
        for record in self.records.values():
            found.update(record.step.libraries)
        return dict(sorted(found.items()))

    @cached_property
    def digests(self) -> dict[str, str]:
        """What identifies the run's parts: snapshot, model, and each step."""
        found = {} if self.snapshot is None else {"snapshot": self.snapshot.identity}
        if self.bundle is not None:
            found["model"] = self.bundle
        return {**found, **{f"step {name}": one.digest for name, one in self.records.items()}}

    def fact(self, step: str, name: str) -> Any:
        """A fact that the step noted; None where there is none."""
        record = self.records.get(step)
        return None if record is None else record.facts.get(name)

    def to_json(self) -> dict[str, Any]:
        """The members of the document cauce.report/1."""
        return {
            "project": self.project,
            "run": self.run,
            "begun": self.begun,
            "ended": self.ended,
            "outcome": self.outcome,
            "cauce": self.version,
            "steps": list(self.records),
            "said": list(self.said),
            "data": self._data(),
            "validation": None if self.verdict is None else self.verdict.to_json(),
            "leaks": None if self.leaks is None else self.leaks.to_json(),
            "target": None if self.target is None else self.target.to_json(),
            "split": None if self.rule is None else encode_rule(self.rule),
            "features": self._features(),
            **self._components(),
            "training": {name: one for name, one in self.training.items() if name != "cuts"},
            "evaluation": None if self.evaluation is None else self.evaluation.to_json(),
            **({} if self.curve is None else {"learning_curve": self.curve.to_json()}),
            "settings": self.settings,
            "libraries": self.libraries,
            "digests": self.digests,
            "test_readings": self.readings,
            "leaderboard": None if self.leaderboard is None else self.leaderboard.to_json(),
            **({} if self.certificate is None else {"certificate": self.certificate.to_json()}),
        }

    def _data(self) -> dict[str, Any] | None:
        if self.snapshot is None:
            return None
        return {
            "rows": self.snapshot.rows,
            "rejected": self.fact("ingest", "rejected"),
            "schema": self.snapshot.schema.to_json(),
            "profile": None if self.profile is None else self.profile.to_json(),
        }

    def _components(self) -> dict[str, Any]:
        found = () if self.features is None else self.features.components
        return {"components": [one.to_json() for one in found]} if found else {}

    def _features(self) -> list[dict[str, Any]] | None:
        if self.features is None:
            return None
        made = [
            {"name": one.name, "source": one.source, "columns": list(one.columns), "made": one.describe()}
            for one in self.features.features
        ]
        return made + [{"name": one.name, "left_out": one.why} for one in self.features.dropped]
