"""What the leak gate found: each finding names columns, shows its evidence and says what to write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from cauce.core.canonical import Json
from cauce.core.leaks.writing import toml_list, toml_text
from cauce.errors import CauceError
from cauce.language import format_number, translate
from cauce.language import gettext_noop as _

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
FINDING_FIELDS = ("kind", "severity", "code", "columns", "values", "settings", "acknowledged")
"""What `to_json` of a finding holds."""
_LISTS = ("data.known_after", "features.exclude")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing the gate found.

    columns: what it is about; the first is the one to act on. code: of the catalogue, whose texts
    `values` fill; among them are the figures (shares in percent). settings: what to write in the project
    file so that it is gone, as key and value. acknowledged: the user has looked at it and let it pass.
    """

    kind: FindingKind
    severity: Severity
    code: str
    columns: tuple[str, ...]
    values: Mapping[str, Json] = field(default_factory=dict)
    settings: tuple[tuple[str, str], ...] = ()
    acknowledged: bool = False

    @property
    def column(self) -> str:
        """The column to act on."""
        return self.columns[0]

    @property
    def lines(self) -> tuple[str, ...]:
        """What to write in the project file, a setting a line."""
        return setting_lines(self.settings)

    @property
    def stops(self) -> bool:
        """Whether the run may not go on."""
        return self.severity == "stop" and not self.acknowledged

    def told(self) -> CauceError:
        """The finding with its texts, numbers as the active language writes them."""
        values = {name: _shown(value) for name, value in self.values.items()}
        if "levels" in values:
            values["levels"] = _levels(values["levels"], any_but=bool(values["any_but"]))
        return CauceError(self.code, **values)

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
            "settings": [list(pair) for pair in self.settings],
            "acknowledged": self.acknowledged,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Finding:
        """What `to_json` gave."""
        settings = tuple((key, name) for key, name in value["settings"])
        return Finding(**{**value, "columns": tuple(value["columns"]), "settings": settings})


@dataclass(frozen=True, kw_only=True)
class LeakReport:
    """What the gate looked at and found. rows: of the table; sampled: those looked at one by one.

    acknowledged: the columns the project lets pass by name, in order; known_after: those it declares so.
    """

    rows: int
    sampled: int
    findings: tuple[Finding, ...] = ()
    acknowledged: tuple[str, ...] = ()
    known_after: tuple[str, ...] = ()

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
        """What to write in the project file against all that stops, and, as a remark, to let it pass."""
        if not self.stops:
            return ()
        declared = tuple(("data.known_after", name) for name in self.known_after)
        wanted = tuple(pair for one in self.stops for pair in one.settings)
        barring = any(key == "data.known_after" for key, _name in wanted)
        names = tuple(dict.fromkeys((*self.acknowledged, *(one.column for one in self.stops))))
        passing = f"features.acknowledged = {toml_list(names)}"
        said = translate(_("or, for what may be used as it is: {line}")).format(line=passing)
        return (*setting_lines((*(declared if barring else ()), *wanted)), f"# {said}")

    def to_json(self) -> dict[str, Any]:
        """A JSON value that `from_json` reads back equal."""
        return {
            "rows": self.rows,
            "sampled": self.sampled,
            "acknowledged": list(self.acknowledged),
            "known_after": list(self.known_after),
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
            known_after=tuple(value["known_after"]),
        )


def leak_notices(report: LeakReport) -> Iterator[str]:
    """What a user should hear of a run that went on, in sentences."""
    for one in report.told:
        yield one.message if one.severity == "note" else f"{one.message} {one.hint}"
    for one in report.passed:
        yield translate(_("Let pass, because it is acknowledged: {finding}")).format(finding=one.message)


def setting_lines(settings: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The settings as lines of TOML: lists gather their names, of other settings the first counts."""
    found: dict[str, list[str]] = {}
    for key, name in settings:
        known = found.setdefault(key, [])
        if name not in known and (key in _LISTS or not known):
            known.append(name)
    return tuple(
        f"{key} = {toml_list(names) if key in _LISTS else toml_text(names[0])}"
        for key, names in found.items()
    )


def _shown(value: Any) -> Any:
    return format_number(value, digits=1) if isinstance(value, float) else value


def _levels(levels: Sequence[str | None], *, any_but: bool) -> str:
    """Levels in words; None is a missing value."""
    names = [translate(_("missing")) if level is None else level for level in levels]
    if not any_but:
        return ", ".join(names)
    if levels[0] is None:
        return translate(_("not missing"))
    return translate(_("anything but {value}")).format(value=names[0])
