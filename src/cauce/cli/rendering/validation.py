"""What `validate` answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cauce.cli.answer import Answer
from cauce.cli.table import table
from cauce.cli.terminal import Terminal
from cauce.core.validation.wording import sentence
from cauce.errors import Exit, shown
from cauce.language import counted, format_number, ngettext_noop, translate
from cauce.language import gettext_noop as _

if TYPE_CHECKING:
    from cauce.api.validate import FailingRow, Validation
    from cauce.core.validation.verdict import Outcome

_STATES = {"stop": "fail", "quarantine": "warn", "warn": "warn"}
_SENTENCE = 400
_JUDGED = ngettext_noop("{count} row judged", "{count} rows judged")
_NOT_MET = ngettext_noop("{count} expectation is not met", "{count} expectations are not met")
_UNREADABLE = ngettext_noop("{count} row cannot be read", "{count} rows cannot be read")
_WOULD = ngettext_noop("{count} row would be set aside", "{count} rows would be set aside")


def validated(found: Validation, terminal: Terminal) -> Answer:
    """Each expectation with what was found. Exit code 1 where a run would stop."""
    if found.suggested is not None:
        return _suggested(found)
    lines = [_line(one, found, terminal) for one in found.verdict.outcomes]
    lines += ["", _summary(found)]
    if found.failing:
        lines += ["", *_rows(found.failing, terminal.width)]
    return Answer(
        "cauce.validation/1",
        found.to_json(),
        "\n".join(lines),
        next="cauce run" if found.holds else None,
        status=0 if found.holds else int(Exit.GATE),
    )


def _line(one: Outcome, found: Validation, terminal: Terminal) -> str:
    state = "ok" if one.passed is not False else _STATES[one.action]
    return (
        f"{terminal.marked(f'{state:<4}', state)}  {shown(sentence(one, found.verdict.rows), most=_SENTENCE)}"
    )


def _summary(found: Validation) -> str:
    counts = [(_JUDGED, found.verdict.rows)]
    if found.rejected:
        counts.append((_UNREADABLE, found.rejected))
    if found.verdict.quarantined:
        counts.append((_WOULD, found.verdict.quarantined))
    if found.verdict.failures:
        counts.append((_NOT_MET, len(found.verdict.failures)))
    said = "; ".join(counted(text, count).format(count=format_number(count)) for text, count in counts)
    return f"{said}. {translate(_consequence(found))}"


def _consequence(found: Validation) -> str:
    if not found.holds:
        return _("A run would stop here.")
    return _("A run would go on.") if found.verdict.failures else _("The data are as expected.")


def _rows(failing: tuple[FailingRow, ...], width: int) -> Iterator[str]:
    """Each failing row under what it fails."""
    names = list(failing[0].values)
    heads = [translate(_("row")), translate(_("fails")), *map(shown, names)]
    cells = [
        (
            format_number(one.row),
            ", ".join(one.expectations),
            *("" if v is None else v for v in one.values.values()),
        )
        for one in failing
    ]
    yield table(heads, cells, width=width)


def _suggested(found: Validation) -> Answer:
    notes: tuple[str, ...] = ()
    if found.saved is not None:
        notes = (translate(_("Added to {file}")).format(file=shown(found.saved)),)
    command = "cauce validate" if found.saved is not None else "cauce validate --suggest --save"
    return Answer(
        "cauce.validation/1", found.to_json(), (found.suggested or "").rstrip(), notes, next=command
    )
