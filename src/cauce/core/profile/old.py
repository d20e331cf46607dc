"""What a snapshot holds, from one scan: the basis for the target's task and for plain advice."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cauce.core.columns import TARGET
from cauce.core.suspects import Suspects
from cauce.core.task import MOST_CLASSES, TargetColumn
from cauce.expr import nodes as n
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Schema
from cauce.language import counted, format_number, ngettext_noop, translate
from cauce.language import gettext_noop as _
from cauce.stats import Counts, Distinct, Levels, Summary
from cauce.stats.levels import ColumnLevels
from cauce.stats.scalars import plain, scalar

_SUSPECT_SHARE = 0.001
_IDENTIFIER_SHARE = 0.95
_IDENTIFIER_ROWS = 100


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

    def identifier(self, rows: int) -> bool:
        """Whether nearly every value is another, as in names and numbers of documents."""
        present = rows - self.nulls
        several = self.kind in ("text", "integer") and present >= _IDENTIFIER_ROWS
        return several and self.distinct is not None and self.distinct >= _IDENTIFIER_SHARE * present


@dataclass(frozen=True)
class Profile:
    """The rows, the columns in order, and the target's infinities and levels."""

    rows: int
    columns: tuple[ColumnProfile, ...]
    target_infinities: int
    target_nulls: int
    target_levels: ColumnLevels

    def notices(self, *, declared: Collection[str] = ()) -> tuple[str, ...]:
        """What a user should know about the columns, in sentences; nothing of it is acted on.

        declared: columns with a role, of which nobody needs to hear that they look like identifiers.
        """
        return tuple(_notices(self, frozenset(declared)))

    def to_json(self) -> dict[str, Any]:
        """A JSON value; levels of the target are among it, no other value of the data but suspects."""
        value = asdict(self)
        value["target_levels"]["values"] = [plain(one) for one in self.target_levels.values]
        return value

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
                tuple(scalar(one) for one in levels["values"]),
                tuple(levels["counts"]),
                levels["nulls"],
                levels["overflow"],
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
    counted = tuple(field.name for field in schema if field.kind != "float")
    searched = tuple(field.name for field in schema if field.kind in ("text", "integer", "float"))
    return (
        Counts((*schema.names, TARGET)),
        Levels((TARGET,), MOST_CLASSES),
        Suspects(searched),
        Distinct(counted),
    )


def make_profile(schema: Schema, results: tuple[Any, ...]) -> Profile:
    """The profile, from the results of `profile_summaries`."""
    counts, target, suspects, distinct = results
    columns = tuple(
        ColumnProfile(
            field.name,
            field.kind,
            counts[field.name].nulls,
            counts[field.name].nans,
            counts[field.name].infinities,
            distinct[field.name].count if field.name in distinct else None,
            _frequent(suspects.get(field.name, {}), counts[field.name].rows),
        )
        for field in schema
    )
    own = counts[TARGET]
    return Profile(own.rows, columns, own.infinities, own.nulls + own.nans, target[TARGET])


def _frequent(suspects: Mapping[str, int], rows: int) -> dict[str, int]:
    return {form: count for form, count in suspects.items() if count >= _SUSPECT_SHARE * rows}


_SUSPECT = ngettext_noop(
    "Column {column}: {count} cell holds {value}, which looks like a missing value; "
    "if it is, add it to data.missing.",
    "Column {column}: {count} cells hold {value}, which looks like a missing value; "
    "if it is, add it to data.missing.",
)
_CONSTANT = _("Column {column} has one single value and tells a model nothing.")
_IDENTIFIER = _(
    "Column {column} has another value in nearly every row, as identifiers have: a model can learn rows by "
    "heart from it, but nothing about new ones; if it is one, add it to features.exclude or data.key."
)
_NO_TARGET = ngettext_noop(
    "{count} of {rows} rows has no target and is left out of fit and metrics.",
    "{count} of {rows} rows have no target and are left out of fit and metrics.",
)


def _notices(profile: Profile, declared: frozenset[str]) -> Iterator[str]:
    for column in profile.columns:
        for value, count in column.suspects.items():
            yield counted(_SUSPECT, count).format(
                column=column.name, count=format_number(count), value=repr(value)
            )
        if column.constant(profile.rows):
            yield translate(_CONSTANT).format(column=column.name)
        elif column.identifier(profile.rows) and column.name not in declared:
            yield translate(_IDENTIFIER).format(column=column.name)
    if profile.target_nulls:
        yield counted(_NO_TARGET, profile.target_nulls).format(
            count=format_number(profile.target_nulls), rows=format_number(profile.rows)
        )
