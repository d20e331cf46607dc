"""What a user should hear of a profile, in sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from cauce.core.profile.flags import flag_text
from cauce.core.profile.values import ColumnProfile, FlagKind, Profile
from cauce.language import counted, format_number, ngettext_noop

_TOLD: Final[tuple[FlagKind, ...]] = (
    *("empty", "constant", "identifier", "personal_name", "personal_value"),
    *("numbers_as_text", "dates_as_text", "mixed"),
)
_OF_ROLES: Final[tuple[FlagKind, ...]] = ("identifier", "personal_name", "personal_value")

_SUSPECT = ngettext_noop(
    "Column {column}: {count} cell holds {value}, which looks like a missing value; "
    "if it is, add it to data.missing.",
    "Column {column}: {count} cells hold {value}, which looks like a missing value; "
    "if it is, add it to data.missing.",
)
_NO_TARGET = ngettext_noop(
    "{count} of {rows} rows has no target and is left out of fit and metrics.",
    "{count} of {rows} rows have no target and are left out of fit and metrics.",
)
_REPEATED = ngettext_noop(
    "{count} row is a full copy of another one.",
    "{count} rows are full copies of others.",
)
_ABOUT = ngettext_noop(
    "About {count} row is a full copy of another one (counted on a sample).",
    "About {count} rows are full copies of others (counted on a sample).",
)
_KEYS = ngettext_noop(
    "{count} row has a key that an earlier row has too.",
    "{count} rows have a key that an earlier row has too.",
)


def notices_of(profile: Profile, *, declared: Collection[str] = ()) -> tuple[str, ...]:
    """What a user should know about the table, in sentences; nothing of it is acted on.

    declared: columns with a role, of which nobody needs to hear that they look like identifiers.
    """
    return tuple(_notices(profile, frozenset(declared)))


def _notices(profile: Profile, declared: frozenset[str]) -> Iterator[str]:
    for column in profile.columns:
        yield from _of_column(column, declared=column.name in declared)
    yield from repeated_rows(profile)
    if profile.target is not None and profile.target.nulls:
        nulls = profile.target.nulls
        yield counted(_NO_TARGET, nulls).format(count=format_number(nulls), rows=format_number(profile.rows))


def _of_column(column: ColumnProfile, *, declared: bool) -> Iterator[str]:
    for value, count in column.suspects.items():
        yield counted(_SUSPECT, count).format(
            column=column.name, count=format_number(count), value=repr(value)
        )
    for flag in column.flags:
        if flag.kind in _TOLD and not (declared and flag.kind in _OF_ROLES):
            yield flag_text(flag, column.name)


def repeated_rows(profile: Profile) -> Iterator[str]:
    """Rows and keys that come more than once."""
    for one in profile.repeated:
        if one.rows:
            text = _KEYS if one.columns else _REPEATED if one.exact else _ABOUT
            yield counted(text, one.rows).format(count=format_number(one.rows))
