"""A candidate for the model, and what it scored on each fold."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cauce.core.canonical import Json
from cauce.errors import CauceError
from cauce.spec.border import model_of
from cauce.spec.mapping import plain
from cauce.spec.models import ModelSettings


@dataclass(frozen=True)
class Candidate:
    """One set of settings. number: from 0, in the order asked for. model: every setting is one value.

    table: which `[[models]]` table it is of, from 0.
    """

    number: int
    model: ModelSettings
    table: int = 0

    def to_json(self) -> dict[str, Any]:
        """A JSON value; equal candidates have equal ones."""
        return {"number": self.number, "table": self.table, "model": plain(self.model)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Candidate:
        """What `to_json` gave."""
        return Candidate(int(value["number"]), model_of(value["model"]), int(value["table"]))


@dataclass(frozen=True)
class FoldScore:
    """What a candidate scored on one fold. rows: that score, with a target.

    score, train_score: the metric on those rows, which it has not seen, and on (up to 50,000 of) the rows
    it learned from. rounds: how many rounds were kept, None for a learner without any. trained: the rows
    that taught it, those that stopped it apart.
    """

    fold: int
    rows: int
    score: float
    train_score: float
    rounds: int | None = None
    trained: int = 0
    stopped: int = 0

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return dict(vars(self))

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> FoldScore:
        """What `to_json` gave."""
        return FoldScore(**value)


@dataclass(frozen=True)
class Trial:
    """A candidate judged on every fold, or why it could not be.

    folds: in the order of the plan; empty where it failed. code, values: of the CauceError that ended it.
    """

    candidate: Candidate
    folds: tuple[FoldScore, ...] = ()
    code: str | None = None
    values: Mapping[str, Json] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether it has no scores."""
        return self.code is not None

    @property
    def mean(self) -> float:
        """The mean of the folds' scores; NaN where it failed (never shown: see `failed`)."""
        return statistics.fmean(one.score for one in self.folds) if self.folds else math.nan

    @property
    def deviation(self) -> float | None:
        """The standard deviation of the folds' scores (n - 1); None for fewer than two folds."""
        return statistics.stdev(one.score for one in self.folds) if len(self.folds) > 1 else None

    @property
    def error(self) -> float | None:
        """The standard error of the mean, the deviation over √folds; None for fewer than two folds."""
        return None if self.deviation is None else self.deviation / math.sqrt(len(self.folds))

    @property
    def gap(self) -> float:
        """Mean score on training rows less mean score on rows not seen, in the metric's own sign."""
        return statistics.fmean(one.train_score - one.score for one in self.folds) if self.folds else math.nan

    @property
    def rounds(self) -> float | None:
        """The median of the rounds kept on the folds; None for a learner without any."""
        found = [one.rounds for one in self.folds if one.rounds is not None]
        return statistics.median(found) if found else None

    @property
    def failure(self) -> CauceError | None:
        """Why it failed, in the active language where it is read."""
        told: dict[str, Any] = dict(self.values)
        return None if self.code is None else CauceError(self.code, **told)

    def to_json(self) -> dict[str, Any]:
        """A JSON value: what a finished trial's record holds."""
        found: dict[str, Any] = {"candidate": self.candidate.to_json()}
        if self.code is not None:
            return {**found, "code": self.code, "values": dict(self.values)}
        return {**found, "folds": [one.to_json() for one in self.folds]}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Trial:
        """What `to_json` gave."""
        candidate = Candidate.from_json(value["candidate"])
        if "code" in value:
            return Trial(candidate, (), str(value["code"]), dict(value["values"]))
        return Trial(candidate, tuple(FoldScore.from_json(one) for one in value["folds"]))


def failed_trial(candidate: Candidate, error: CauceError) -> Trial:
    """The trial of a candidate that `error` ended; values are kept as texts where JSON has no such kind."""
    values = {name: _plain(value) for name, value in error.values.items()}
    return Trial(candidate, (), error.code, values)


def _plain(value: Any) -> Json:
    if value is None or isinstance(value, bool | int | str):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else str(value)
