"""Outcomes in sentences, in the active language."""

from __future__ import annotations

from collections.abc import Mapping

from cauce.core.validation.verdict import Outcome, Verdict
from cauce.language import counted, format_number, format_significant, ngettext_noop, translate
from cauce.language import gettext_noop as _

_MOST_LEVELS = 8
_RANGE = {"min": _("at least {bound}"), "above": _("above {bound}"), "max": _("at most {bound}")}
_RANGE |= {"below": _("below {bound}")}
_FAIL = ngettext_noop(
    "{count} of {rows} rows fails ({share} %), at {places}",
    "{count} of {rows} rows fail ({share} %), first at {places}",
)
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
    declared, column = outcome.declared, ", ".join(outcome.columns)
    if outcome.kind == "column" and outcome.columns:
        text = translate(_("there is a column {column}"))
    elif outcome.kind == "formula" or "formula" in declared:
        text = translate(_("{formula} holds"))
    elif "type" in declared:
        text = translate(_("{column} is of kind {type}"))
    elif "levels" in declared:
        text = translate(_("{column} is one of {levels}"))
    elif "pattern" in declared:
        text = translate(_("{column} matches {pattern}"))
    elif "nulls" in declared:
        text = translate(_("at most {nulls} % of {column} is missing"))
    elif "within" in declared:
        text = translate(_("the newest {column} is not older than {within}"))
    elif outcome.kind == "unique" or "unique" in declared or "columns" in declared:
        text = translate(_("no two rows have the same {column}"))
    elif "min_length" in declared or "max_length" in declared:
        text = translate(_("the length of {column} is {length}"))
    elif not outcome.columns:
        text = translate(_("the number of rows is {range}"))
    else:
        text = translate(_("{column} is {range}"))
    return text.format(column=column, **_values(declared))


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
    text = counted(_FAIL, outcome.failed).format(
        count=format_number(outcome.failed),
        rows=format_number(rows),
        share=format_significant(100 * outcome.share, 3),
        places=_places(outcome),
    )
    if not outcome.limit:
        return text
    return f"{text}; {translate(_TOLERATED).format(limit=format_significant(100 * outcome.limit))}"


def _places(outcome: Outcome) -> str:
    some = ", ".join(map(format_number, outcome.places[:5]))
    return translate(_("row {places}")).format(places=some)
