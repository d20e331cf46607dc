"""What `profile` answers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from cauce.cli.answer import Answer
from cauce.cli.table import table
from cauce.cli.terminal import Terminal
from cauce.core.profile.flags import flag_setting
from cauce.errors import shown
from cauce.language import counted, format_number, format_significant, ngettext_noop, translate
from cauce.language import gettext_noop as _

if TYPE_CHECKING:
    from cauce.api.profile import TableProfile
    from cauce.core.profile.values import ColumnProfile, FlagKind, Profile, TargetBy

_MOST = 10
_LEVELS = 3
_GROUPED = 10_000
_POWERS = 1e15
_MEASURES = {"pearson": "Pearson", "spearman": "Spearman", "cramers_v": "Cramér V"}
_FLAGS: dict[FlagKind, str] = {
    "empty": _("empty"),
    "constant": _("constant"),
    "nearly_constant": _("nearly constant"),
    "identifier": _("identifier"),
    "personal_name": _("personal data"),
    "personal_value": _("personal data"),
    "many_levels": _("many levels"),
    "mixed": _("numbers and text"),
    "numbers_as_text": _("numbers as text"),
    "dates_as_text": _("dates as text"),
    "boolean_as_text": _("yes and no"),
    "skewed": _("skewed"),
    "suspects": _("missing?"),
}
_ROWS = ngettext_noop("{rows} row, {columns} columns", "{rows} rows, {columns} columns", by="rows")
_UNREADABLE = ngettext_noop("{count} row cannot be read", "{count} rows cannot be read")
_LEVEL_COUNT = ngettext_noop("{count} level", "{count} levels")


def profiled(found: TableProfile, terminal: Terminal) -> Answer:
    """The columns as a table, the target by column, and pairs; notices apart."""
    profile = found.profile
    said = counted(_ROWS, profile.rows)
    head = said.format(rows=format_number(profile.rows), columns=format_number(len(profile.columns)))
    if found.rejected:
        left = counted(_UNREADABLE, found.rejected).format(count=format_number(found.rejected))
        head = f"{head}; {left}"
    lines = [head, "", _columns(profile, terminal.width)]
    lines += _target(profile, terminal.width)
    lines += _pairs(profile, terminal.width)
    lines += _settings(profile)
    notes = tuple(f"- {shown(notice, most=400)}" for notice in found.notices)
    return Answer("cauce.profile/1", found.to_json(), "\n".join(lines), notes)


def _columns(profile: Profile, width: int) -> str:
    heads = [
        translate(one)
        for one in (_("column"), _("kind"), _("missing"), _("different"), _("values"), _("flags"))
    ]
    return table(heads, [_row(column) for column in profile.columns], width=width)


def _row(column: ColumnProfile) -> tuple[str, ...]:
    about = "" if column.distinct_exact else "~"
    flags = dict.fromkeys(translate(_FLAGS[flag.kind]) for flag in column.flags)
    return (
        _short(column.name),
        column.kind,
        _share(column.missing, column.rows),
        f"{about}{format_number(column.distinct)}",
        _values(column),
        ", ".join(flags),
    )


def _values(column: ColumnProfile) -> str:
    """The range of numbers and dates with the middle, the levels of others, or lengths."""
    if column.levels_shown == "hidden" and column.low is None:
        return translate(_("(not shown)"))
    if column.kind != "boolean" and column.low is not None:
        ends = f"{_value(column.low)} … {_value(column.high)}"
        middle = column.numbers.quantiles[3] if column.numbers and column.numbers.quantiles else None
        return ends if middle is None else f"{ends} ({translate(_('median'))} {_value(middle)})"
    if column.levels:
        shown_ = [_short(str(level.value), 14) for level in column.levels[:_LEVELS]]
        return ", ".join(shown_) + (", …" if column.distinct > len(shown_) else "")
    if column.lengths is not None and column.lengths.longest is not None:
        text = translate(_("{shortest} to {longest} characters"))
        return text.format(shortest=column.lengths.shortest, longest=column.lengths.longest)
    return ""


def _target(profile: Profile, width: int) -> Iterator[str]:
    target = profile.target
    if target is None or not target.by_column:
        return
    sample = target.sample
    if sample is None or sample.whole:
        said = translate(_("The target {target} by column, the strongest first:"))
    else:
        said = translate(_("The target {target} by column, the strongest first (on {rows} of {of} rows):"))
    numbers = (0, 0) if sample is None else (sample.rows, sample.of)
    yield ""
    yield said.format(target=shown(target.name), rows=format_number(numbers[0]), of=format_number(numbers[1]))
    heads = [translate(one) for one in (_("column"), _("strength"), _("lowest"), _("highest"))]
    yield table(heads, [_by(one, profile) for one in target.by_column[:_MOST]], width=width)


def _by(one: TargetBy, profile: Profile) -> tuple[str, ...]:
    """The part in which the target is lowest and the one in which it is highest: its median, or the share
    of the rarest class that is seen."""
    classes = profile.target.classes if profile.target else ()
    place = len(classes) - 1

    def height(part: Any) -> float:
        return float(part.shares[place] if classes else part.median)

    def told(part: Any) -> str:
        label = _label(part)
        if classes:
            return f"{label}: {_short(str(classes[place]), 12)} {format_significant(100 * height(part), 3)} %"
        return f"{label}: {_number(height(part), 4)}"

    ordered = sorted(one.parts, key=height)
    strength = format_significant(round(one.strength, 3), 3)
    return (_short(one.column), strength, told(ordered[0]), told(ordered[-1]))


def _label(part: Any) -> str:
    if part.rest:
        return translate(_("(others)"))
    if part.low is not None:
        return f"{_number(part.low, 4)} … {_number(part.high, 4)}"
    return translate(_("(missing)")) if part.value is None else _short(_value(part.value), 24)


def _pairs(profile: Profile, width: int) -> Iterator[str]:
    pairs = profile.associations.pairs if profile.associations else ()
    if not pairs:
        return
    yield ""
    yield translate(_("Columns that go together:"))
    heads = [translate(one) for one in (_("column"), _("and"), _("measure"), _("value"))]
    rows = [
        (_short(one.left), _short(one.right), _MEASURES[one.measure], format_significant(one.value, 3))
        for one in pairs[:_MOST]
    ]
    yield table(heads, rows, width=width)


def _settings(profile: Profile) -> Iterator[str]:
    """What to write in the project file, each line once."""
    found = (
        (flag.kind, flag_setting(flag, column.name)) for column in profile.columns for flag in column.flags
    )
    lines = list(dict.fromkeys(line for kind, line in found if line is not None and kind != "many_levels"))
    if not lines:
        return
    yield ""
    yield translate(_("Worth a thought in cauce.toml (lists of the same setting go into one):"))
    for line in lines[: 2 * _MOST]:
        yield f"  {shown(line, most=200)}"
    if len(lines) > 2 * _MOST:
        yield "  …"


def _share(count: int, rows: int) -> str:
    if not count or not rows:
        return "–"
    share = 100 * count / rows
    return f"{format_significant(share, 3)} %" if share >= 0.01 else format_number(count)


def _value(value: Any) -> str:
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if abs(value) < _GROUPED else format_number(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    return value.isoformat() if isinstance(value, date) else str(value)


def _number(value: float, digits: int = 5) -> str:
    """So many significant digits; without a power of ten where that reads well."""
    rounded = float(f"{value:.{digits}g}") if math.isfinite(value) else value
    whole = _GROUPED <= abs(rounded) < _POWERS
    return format_number(round(rounded)) if whole else format_significant(value, digits)


def _short(text: str, most: int = 32) -> str:
    return shown(text, most=most)
