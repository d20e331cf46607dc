"""What the leak gate found: each finding names columns, shows its evidence and says what to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from cauce.core.canonical import Json
from cauce.errors import CauceError
from cauce.language import format_number

FindingKind = Literal[
    "predictor",
    "copy",
    "formula",
    "target_nulls",
    "nulls",
    "level",
    "group",
    "duplicates",
    "identifier",
    "barred",
]
Severity = Literal["stop", "warn", "note"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing the gate found.

    columns: what it is about; the first is the one to act on. code: of the catalogue, whose texts
    `values` fill; among them are the figures (shares in percent). lines: what to write in the project
    file, one setting each. acknowledged: the user has looked at it and let it pass.
    """

    kind: FindingKind
    severity: Severity
    code: str
    columns: tuple[str, ...]
    values: Mapping[str, Json] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    acknowledged: bool = False

    @property
    def column(self) -> str:
        """The column to act on."""
        return self.columns[0]

    @property
    def stops(self) -> bool:
        """Whether the run may not go on."""
        return self.severity == "stop" and not self.acknowledged

    def told(self) -> CauceError:
        """The finding with its texts, numbers as the active language writes them."""
        return CauceError(self.code, **{name: _shown(value) for name, value in self.values.items()})

    @property
    def message(self) -> str:
        """What was found, in one sentence."""
        return self.told().message

    @property
    def hint(self) -> str:
        """What to do, in one sentence."""
        return self.told().hint

    def to_json(self) -> dict[str, Any]:
        """A JSON value that `from_json` reads back equal."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "code": self.code,
            "columns": list(self.columns),
            "values": dict(self.values),
            "lines": list(self.lines),
            "acknowledged": self.acknowledged,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Finding:
        """What `to_json` gave."""
        return Finding(**{**value, "columns": tuple(value["columns"]), "lines": tuple(value["lines"])})


@dataclass(frozen=True, kw_only=True)
class LeakReport:
    """What the gate looked at and found. rows: of the table; sampled: those looked at one by one.

    acknowledged: the columns the project lets pass by name, in order.
    """

    rows: int
    sampled: int
    findings: tuple[Finding, ...] = ()
    acknowledged: tuple[str, ...] = ()

    @property
    def stops(self) -> tuple[Finding, ...]:
        """What the run may not go on with."""
        return tuple(one for one in self.findings if one.stops)

    @property
    def passed(self) -> tuple[Finding, ...]:
        """What would have stopped the run, had nobody acknowledged it."""
        return tuple(one for one in self.findings if one.severity == "stop" and one.acknowledged)

    @property
    def told(self) -> tuple[Finding, ...]:
        """What a user should hear of, though nothing stops."""
        return tuple(one for one in self.findings if not one.acknowledged and not one.stops)

    def lines(self) -> tuple[str, ...]:
        """What to write in the project file for all that stops, each line once."""
        return tuple(dict.fromkeys(line for one in self.stops for line in one.lines))

    def to_json(self) -> dict[str, Any]:
        """A JSON value that `from_json` reads back equal."""
        return {
            "rows": self.rows,
            "sampled": self.sampled,
            "acknowledged": list(self.acknowledged),
            "findings": [one.to_json() for one in self.findings],
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> LeakReport:
        """What `to_json` gave."""
        findings: Sequence[Mapping[str, Any]] = value["findings"]
        return LeakReport(
            rows=value["rows"],
            sampled=value["sampled"],
            findings=tuple(Finding.from_json(one) for one in findings),
            acknowledged=tuple(value["acknowledged"]),
        )


def _shown(value: Any) -> Any:
    return format_number(value, digits=1) if isinstance(value, float) else value
