"""What is worth knowing about a column, and what to write in the project file about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from cauce.core.profile.personal import named_personal
from cauce.core.profile.shapes import TextShapes, like_boolean
from cauce.core.profile.values import ColumnProfile, Flag, FlagKind
from cauce.language import counted, format_number, format_significant, ngettext_noop, translate
from cauce.language import gettext_noop as _

SUSPECT_SHARE: Final = 0.001
_NEARLY_CONSTANT: Final = 0.995
_LEAST_ROWS: Final = 100
_MANY: Final = 100
_SKEWED: Final = 2.0
_MIXED: Final = (0.05, 0.95)


def flags_of(
    column: ColumnProfile, *, most_frequent: int, shapes: TextShapes, personal: tuple[str, float] | None
) -> Iterator[Flag]:
    """The flags of a column. most_frequent: cells that hold its most frequent value (0: not known).

    shapes, personal: of its values in the sample.
    """
    present = column.present
    if not present:
        yield Flag("empty", {})
    elif column.constant:
        yield Flag("constant", {})
    elif present >= _LEAST_ROWS and most_frequent >= _NEARLY_CONSTANT * present:
        yield Flag("nearly_constant", {"share": round(most_frequent / present, 6)})
    if column.identifier:
        yield Flag("identifier", {"distinct": column.distinct})
    named = named_personal(column.name) if column.kind in ("text", "integer", "date") else None
    if named is not None:
        yield Flag("personal_name", {"what": named})
    if personal is not None:
        yield Flag("personal_value", {"what": personal[0], "share": round(personal[1], 6)})
    if column.kind == "text":
        yield from _of_texts(column, shapes)
    if column.numbers is not None and column.kind != "boolean" and abs(column.numbers.skew or 0) >= _SKEWED:
        values = {"skew": column.numbers.skew, "logarithm": column.numbers.logarithm}
        yield Flag("skewed", values)
    if column.suspects:
        yield Flag("suspects", {"count": sum(column.suspects.values()), "forms": _toml(*column.suspects)})


def _of_texts(column: ColumnProfile, shapes: TextShapes) -> Iterator[Flag]:
    low, high = _MIXED
    if shapes.dates >= high:
        yield Flag("dates_as_text", {"share": round(shapes.dates, 6)})
    elif shapes.numbers >= high and shapes.codes == 0:
        yield Flag("numbers_as_text", {"share": round(shapes.numbers, 6)})
    elif low <= shapes.numbers < high:
        yield Flag("mixed", {"share": round(shapes.numbers, 6)})
    if column.distinct == 2 and like_boolean(str(level.value) for level in column.levels):
        yield Flag("boolean_as_text", {})
    if column.distinct > _MANY and not column.identifier:
        yield Flag("many_levels", {"distinct": column.distinct})


_PERSONAL: Final = {
    "name": _("names"),
    "email": _("e-mail addresses"),
    "telephone": _("telephone numbers"),
    "document": _("numbers of identity documents"),
    "address": _("addresses or places"),
    "birth": _("dates of birth"),
    "group": _("belonging to a group that must not be treated unequally"),
    "person": _("identifiers of people"),
    "card": _("card numbers"),
}

_EXCLUDE: Final = "features.exclude = [{column}]"
_DROP: Final = "data.drop = [{column}]"
_TEXTS: Final[dict[FlagKind, tuple[str, str | None]]] = {
    "empty": (_("Column {name} has no value in any row."), _DROP),
    "constant": (_("Column {name} has one single value and tells a model nothing."), _DROP),
    "nearly_constant": (_("{share} of the values of column {name} are the same."), _EXCLUDE),
    "identifier": (
        _(
            "Column {name} has another value in nearly every row, as identifiers have: a model can learn "
            "rows by heart from it, but nothing about new ones; if it is one, add it to features.exclude "
            "or data.key."
        ),
        _EXCLUDE,
    ),
    "personal_name": (
        _("The name of column {name} says that it holds personal data: {what}."),
        _DROP,
    ),
    "personal_value": (_("{share} of the values of column {name} look like {what}."), _DROP),
    "many_levels": (
        _("Column {name} has {distinct} levels; each of them has few rows."),
        'features.columns.{column} = ["target_mean"]',
    ),
    "mixed": (
        _("{share} of the texts of column {name} are numbers and the others are not."),
        None,
    ),
    "numbers_as_text": (
        _("{share} of the texts of column {name} are numbers."),
        'data.types.{column} = "float"',
    ),
    "dates_as_text": (
        _("{share} of the texts of column {name} are dates."),
        'data.types.{column} = "date"',
    ),
    "boolean_as_text": (_("Column {name} says yes or no as text; it is used as two levels."), None),
    "skewed": (_("Column {name} is skewed ({skew}): few values lie far from the others."), None),
    "suspects": (
        ngettext_noop(
            "Column {name}: {count} cell holds {forms}, which looks like a missing value.",
            "Column {name}: {count} cells hold {forms}, which look like missing values.",
        ),
        "data.missing = [{forms}]",
    ),
}
_LOGARITHMS: Final = {"natural": "log", "one_plus": "log.one_plus"}


def flag_text(flag: Flag, column: str) -> str:
    """The flag as a sentence in the active language."""
    said, _setting = _TEXTS[flag.kind]
    values = {"name": column, **{name: _shown(name, value) for name, value in flag.values.items()}}
    return counted(said, int(flag.values.get("count", 2))).format(**values)


def flag_setting(flag: Flag, column: str) -> str | None:
    """The line for the project file that acts on the flag, where there is one; TOML, before any table."""
    if flag.kind == "skewed" and flag.values["logarithm"] is not None:
        step = _LOGARITHMS[flag.values["logarithm"]]
        return f'features.columns.{_toml(column)} = ["{step}"]'
    if flag.values.get("what") == "group":
        return None
    setting = _TEXTS[flag.kind][1]
    return None if setting is None else setting.format(column=_toml(column), **_forms(flag))


def _forms(flag: Flag) -> dict[str, Any]:
    return {"forms": flag.values["forms"]} if flag.kind == "suspects" else {}


def _shown(name: str, value: Any) -> Any:
    if name == "share":
        return f"{format_significant(100 * value, 4)} %"
    if name == "what":
        return translate(_PERSONAL[value])
    if name == "skew":
        return format_significant(value, 3)
    return format_number(value) if name in ("count", "distinct") else value


def _toml(*texts: str) -> str:
    return ", ".join(json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f") for text in texts)
