"""Outcomes in sentences, in the active language."""

from __future__ import annotations

from collections.abc import Mapping

from cauce.core.validation.verdict import Outcome, Verdict
from cauce.language import counted, format_number, format_significant, ngettext_noop, translate
from cauce.language import gettext_noop as _

_MOST_LEVELS = 8
_MOST_PLACES = 5
_RANGE = {"min": _("at least {bound}"), "above": _("above {bound}"), "max": _("at most {bound}")}
_RANGE |= {"below": _("below {bound}")}
_FAIL = ngettext_noop(
    "{count} of {rows} rows fails ({share} %): row {places}",
    "{count} of {rows} rows fail ({share} %), first rows {places}",
)
_FAIL_SOMEWHERE = ngettext_noop(
    "{count} of {rows} rows fails ({share} %)", "{count} of {rows} rows fail ({share} %)"
)
_PRESENT = _("there is a column {column}")
_NEVER_MISSING = _("{column} is never missing")
_IN_RANGE = _("{column} is {range}")
_ROWS = _("the number of rows is {range}")
_EXPECTED = {
    "formula": _("{formula} holds"),
    "type": _("{column} is of kind {type}"),
    "levels": _("{column} is one of {levels}"),
    "pattern": _("{column} matches {pattern}"),
    "nulls": _("at most {nulls} % of {column} is missing"),
    "within": _("the newest {column} is not older than {within}"),
    "unique": _("no two rows have the same {column}"),
    "min_length": _("the length of {column} is {length}"),
    "max_length": _("the length of {column} is {length}"),
    "rejected": _("rows that cannot be read: at most {rejected}"),
    "quarantined": _("rows to be set aside: at most {quarantined}"),
}
_WARNED = _("The data are not as [validate] expects: {failure}.")
_SET_ASIDE = ngettext_noop(
    "{count} of {rows} rows was set aside because of [validate]: {names}.",
    "{count} of {rows} rows were set aside because of [validate]: {names}.",
)
_NONE_FAILS = _("no row fails")
_TOLERATED = _("{limit} % are tolerated")
_THERE_ARE = ngettext_noop("there is {count}", "there are {count}")


def sentence(outcome: Outcome, rows: int) -> str:
    """What is expected and what was found, without a full stop. rows: of the table."""
    return translate(_("{expected}: {found}")).format(
        expected=expectation_text(outcome), found=finding_text(outcome, rows)
    )


def verdict_notices(verdict: Verdict) -> tuple[str, ...]:
    """What a run should say aloud: expectations that only warn, and rows that were set aside."""
    warned = [one for one in verdict.failures if one.action == "warn"]
    said = [translate(_WARNED).format(failure=sentence(one, verdict.rows)) for one in warned]
    if verdict.quarantined:
        names = ", ".join(one.name for one in verdict.failures if one.action == "quarantine")
        text = counted(_SET_ASIDE, verdict.quarantined)
        count, rows = format_number(verdict.quarantined), format_number(verdict.rows)
        said.append(text.format(count=count, rows=rows, names=names))
    return tuple(said)


def expectation_text(outcome: Outcome) -> str:
    """What is expected."""
    column = ", ".join(outcome.columns)
    return translate(_template(outcome)).format(**{**_values(outcome.declared), "column": column})


def _template(outcome: Outcome) -> str:
    declared = outcome.declared
    if outcome.kind == "column" and outcome.columns:
        return _PRESENT
    if declared.get("nulls") == 0:
        return _NEVER_MISSING
    for setting, text in _EXPECTED.items():
        if setting in declared:
            return text
    if outcome.kind == "unique":
        return _EXPECTED["unique"]
    return _IN_RANGE if outcome.columns else _ROWS


def _values(declared: Mapping[str, object]) -> dict[str, str]:
    found = {name: _listed(value) for name, value in declared.items() if name not in ("columns", "nulls")}
    share = declared.get("nulls")
    if isinstance(share, (int, float)):
        found["nulls"] = format_significant(100 * share)
    lengths = {name.removesuffix("_length"): value for name, value in declared.items()}
    return {**found, "range": _range(declared), "length": _range(lengths)}


def _range(declared: Mapping[str, object]) -> str:
    parts = [
        translate(text).format(bound=_bound(declared[name]))
        for name, text in _RANGE.items()
        if name in declared
    ]
    return (
        translate(_("{low} and {high}")).format(low=parts[0], high=parts[1])
        if len(parts) == 2
        else "".join(parts)
    )


def _bound(value: object) -> str:
    return format_number(value) if isinstance(value, (int, float)) else str(value)


def _listed(value: object) -> str:
    if not isinstance(value, (list, tuple)):
        return str(value)
    shown = [str(one).lower() if isinstance(one, bool) else str(one) for one in value[:_MOST_LEVELS]]
    return ", ".join((*shown, *(("…",) if len(value) > _MOST_LEVELS else ())))


def finding_text(outcome: Outcome, rows: int) -> str:
    """What was found."""
    return _of_table(outcome, rows) or _of_rows(outcome, rows)


def _of_table(outcome: Outcome, rows: int) -> str:
    """What was found where no single row is at fault; empty elsewhere."""
    if outcome.kind == "limit":
        there = counted(_THERE_ARE, outcome.failed)
        return there.format(count=format_number(outcome.failed))
    if outcome.kind == "rows":
        return counted(_THERE_ARE, rows).format(count=format_number(rows))
    if outcome.kind == "type":
        return translate(_("it is of kind {kind}")).format(kind=outcome.observed)
    if outcome.kind in ("column", "freshness"):
        return str(outcome.observed or translate(_("there is none")))
    if outcome.kind == "formula" and not outcome.columns:
        return translate(_("it cannot be computed from these columns"))
    return ""


def _of_rows(outcome: Outcome, rows: int) -> str:
    if not outcome.failed:
        return translate(_NONE_FAILS)
    text = counted(_FAIL if outcome.places else _FAIL_SOMEWHERE, outcome.failed).format(
        count=format_number(outcome.failed),
        rows=format_number(rows),
        share=format_significant(100 * outcome.share, 3),
        places=_places(outcome),
    )
    if not outcome.limit:
        return text
    return f"{text}; {translate(_TOLERATED).format(limit=format_significant(100 * outcome.limit))}"


def _places(outcome: Outcome) -> str:
    return ", ".join(map(format_number, outcome.places[:_MOST_PLACES]))
