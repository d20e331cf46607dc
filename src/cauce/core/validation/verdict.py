"""The verdict on the data: each expectation with what was found; no row of data in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from cauce.core.canonical import Json

Kind = Literal[
    "column",
    "type",
    "range",
    "levels",
    "nulls",
    "unique",
    "pattern",
    "length",
    "rows",
    "freshness",
    "formula",
    "limit",
]
Action = Literal["stop", "quarantine", "warn"]
EXAMPLES = 10
"""How many places of failing rows an outcome names at most."""


@dataclass(frozen=True)
class Outcome:
    """One expectation, judged.

    name: unique in its verdict, such as "price.range". columns: those it reads; none for the table.
    declared: its settings as the project writes them. passed: None for freshness until a clock is read.
    failed: rows (or, for rows and freshness, 0) that do not meet it. share: of all rows. limit: the
    largest share tolerated. places: the first failing rows, counted from 1 in the order read, at most
    EXAMPLES; none of a table that an engine holds, whose rows are in no order. observed: what was found
    instead, where no single row is at fault: the kind, the row count, the newest moment (ISO 8601), the
    largest share of nulls.
    """

    name: str
    kind: Kind
    columns: tuple[str, ...]
    declared: Mapping[str, Json]
    action: Action
    passed: bool | None
    failed: int = 0
    share: float = 0.0
    limit: float = 0.0
    places: tuple[int, ...] = ()
    observed: Json = None

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {**asdict(self), "columns": list(self.columns), "places": list(self.places)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Outcome:
        """What `to_json` gave."""
        return Outcome(**{**value, "columns": tuple(value["columns"]), "places": tuple(value["places"])})


@dataclass(frozen=True)
class Verdict:
    """All expectations over the same rows. rows: judged. quarantined: rows set aside because of them."""

    rows: int
    outcomes: tuple[Outcome, ...] = field(default=())
    quarantined: int = 0

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The expectations that are not met."""
        return tuple(one for one in self.outcomes if one.passed is False)

    @property
    def stopping(self) -> tuple[Outcome, ...]:
        """The failures that stop a run."""
        return tuple(one for one in self.failures if one.action == "stop")

    @property
    def holds(self) -> bool:
        """Whether nothing stops a run."""
        return not self.stopping

    def at(self, now: datetime) -> Verdict:
        """The verdict with freshness judged by the clock, which nothing stored may depend on."""
        judged = (_fresh(one, now) if one.kind == "freshness" else one for one in self.outcomes)
        return replace(self, outcomes=tuple(judged))

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {
            "rows": self.rows,
            "outcomes": [one.to_json() for one in self.outcomes],
            "quarantined": self.quarantined,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Verdict:
        """What `to_json` gave."""
        outcomes = tuple(Outcome.from_json(one) for one in value["outcomes"])
        return Verdict(value["rows"], outcomes, value["quarantined"])


def span(text: str) -> timedelta:
    """A time span such as "36 hours", as a project writes it."""
    count, unit = text.split()
    return timedelta(**{f"{unit.removesuffix('s')}s": int(count)})


def _fresh(outcome: Outcome, now: datetime) -> Outcome:
    """Fresh where the newest moment is not older than declared; never without any moment."""
    if not isinstance(outcome.observed, str):
        return replace(outcome, passed=False)
    newest = datetime.fromisoformat(outcome.observed).replace(tzinfo=UTC)
    if "T" not in outcome.observed:
        newest += timedelta(days=1)
    return replace(outcome, passed=now - newest <= span(str(outcome.declared["within"])))
