"""What a snapshot holds, from one scan: the basis for the target's task and for plain advice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cauce.core.columns import TARGET
from cauce.core.task import MOST_CLASSES, TargetColumn
from cauce.expr import nodes as n
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Schema
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.stats import Counts, Distinct, Levels, Summary
from cauce.stats.levels import ColumnLevels

_LEVELS = 200
_SUSPECT_SHARE = 0.001
_SUSPECTS = frozenset(
    {
        "?",
        "-",
        "--",
        ".",
        "n/a",
        "na",
        "#n/a",
        "nan",
        "null",
        "none",
        "nil",
        "(null)",
        "missing",
        "unknown",
        "no definido",
        "no definida",
        "no aplica",
        "sin dato",
        "sin datos",
        "no disponible",
        "s/d",
        "nd",
        "no especificado",
        "no registra",
        "desconocido",
        "no informado",
        "-999",
        "-9999",
    }
)


@dataclass(frozen=True)
class ColumnProfile:
    """One column. nulls, nans, infinities: cells. distinct: different values, None where not counted.

    suspects: values that look like a missing one, with how many cells hold them.
    """

    name: str
    kind: str
    nulls: int
    nans: int
    infinities: int
    distinct: int | None
    suspects: Mapping[str, int]

    def constant(self, rows: int) -> bool:
        """Whether all its values are one, or there are none."""
        return self.nulls == rows or self.distinct == 1


@dataclass(frozen=True)
class Profile:
    """The rows, the columns in order, and the target's infinities and levels."""

    rows: int
    columns: tuple[ColumnProfile, ...]
    target_infinities: int
    target_nulls: int
    target_levels: ColumnLevels

    def notices(self) -> tuple[str, ...]:
        """What a user should know about the columns, in sentences; nothing of it is acted on."""
        return tuple(_notices(self))

    def to_json(self) -> dict[str, Any]:
        """A JSON value; levels of the target are among it, no other value of the data but suspects."""
        return asdict(self)

    @staticmethod
    def from_json(value: dict[str, Any]) -> Profile:
        """What `to_json` gave."""
        levels = value["target_levels"]
        return Profile(
            value["rows"],
            tuple(ColumnProfile(**one) for one in value["columns"]),
            value["target_infinities"],
            value["target_nulls"],
            ColumnLevels(
                tuple(levels["values"]), tuple(levels["counts"]), levels["nulls"], levels["overflow"]
            ),
        )


def profile_projection(schema: Schema, target: TargetColumn) -> Projection:
    """Every column, and the target's own values beside them."""
    value: n.Expression = target.expression
    if target.kind == "decimal":
        value = n.Cast(value, "float")
    return Projection((Output(TARGET, value),), schema, keep=schema.names)


def profile_summaries(schema: Schema) -> tuple[Summary, ...]:
    """What one scan over the projected rows gathers."""
    leveled = tuple(field.name for field in schema if field.kind in ("text", "integer"))
    counted = tuple(field.name for field in schema if field.kind != "float")
    return (
        Counts((*schema.names, TARGET)),
        Levels((TARGET,), MOST_CLASSES),
        Levels(leveled, _LEVELS),
        Distinct(counted),
    )


def make_profile(schema: Schema, results: tuple[Any, ...]) -> Profile:
    """The profile, from the results of `profile_summaries`."""
    counts, target, levels, distinct = results
    columns = tuple(
        ColumnProfile(
            field.name,
            field.kind,
            counts[field.name].nulls,
            counts[field.name].nans,
            counts[field.name].infinities,
            distinct[field.name].count if field.name in distinct else None,
            _suspects(levels.get(field.name), counts[field.name].rows),
        )
        for field in schema
    )
    own = counts[TARGET]
    return Profile(own.rows, columns, own.infinities, own.nulls + own.nans, target[TARGET])


def _suspects(levels: ColumnLevels | None, rows: int) -> dict[str, int]:
    if levels is None:
        return {}
    pairs = zip(levels.values, levels.counts, strict=True)
    return {
        str(value): count
        for value, count in pairs
        if str(value).strip().lower() in _SUSPECTS and count >= _SUSPECT_SHARE * rows
    }


def _notices(profile: Profile) -> list[str]:
    said: list[str] = []
    for column in profile.columns:
        for value, count in column.suspects.items():
            text = translate(
                _(
                    "Column {column}: {count} cells hold {value}, which looks like a missing value; "
                    "if it is, add it to data.missing."
                )
            )
            said.append(text.format(column=column.name, count=count, value=repr(value)))
        if column.constant(profile.rows):
            text = translate(_("Column {column} has one single value and tells a model nothing."))
            said.append(text.format(column=column.name))
    if profile.target_nulls:
        text = translate(_("{count} of {rows} rows have no target and are left out of fit and metrics."))
        said.append(text.format(count=profile.target_nulls, rows=profile.rows))
    return said
