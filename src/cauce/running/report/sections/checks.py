"""What was checked before anything was learned: declared expectations, and leaks."""

from __future__ import annotations

from typing import Any

from cauce.core.leaks.findings import Finding
from cauce.core.validation.verdict import Outcome, Verdict
from cauce.core.validation.wording import expectation_text, finding_text
from cauce.language import gettext_noop as _
from cauce.language import translate, translate_plural
from cauce.running.report.blocks import Block, Code, Column, Paragraph, Part, Section, Table
from cauce.running.report.content import RunContent
from cauce.running.report.wording import count, name, names, safe

_ACTIONS = {
    "stop": _("stops the run"),
    "quarantine": _("sets the rows aside"),
    "warn": _("is said"),
}
MOST_ROWS = 200


def checks_section(content: RunContent) -> Section | None:
    """Validation and leaks; None where neither was made."""
    parts = tuple(part for part in (_validation(content.verdict), _leaks(content)) if part is not None)
    return Section("checks", translate(_("Checks")), parts) if parts else None


def validation_sentence(content: RunContent) -> str:
    """What the declared expectations say of the data, in a sentence."""
    verdict = content.verdict
    if verdict is None or not verdict.outcomes:
        return translate(_("The project declares no expectations of its data."))
    failed = len(verdict.failures)
    if not failed:
        text = translate_plural(
            "The data meet the {count} declared expectation.",
            "The data meet all {count} declared expectations.",
            len(verdict.outcomes),
        )
        return text.format(count=count(len(verdict.outcomes)))
    text = translate(_("{failed} of {count} declared expectations of the data are not met."))
    return text.format(failed=count(failed), count=count(len(verdict.outcomes)))


def leaks_sentence(content: RunContent) -> str:
    """Whether anything looked like the target in disguise, in a sentence."""
    found = content.leaks
    if found is None:
        return translate(_("Leaks were not looked for."))
    told = [one for one in found.findings if one.severity != "note"]
    if not told:
        return translate(_("No column looks like the target in disguise."))
    columns = names(list(dict.fromkeys(one.column for one in told)))
    text = translate_plural(
        "{count} sign of a leak was found, in {columns}: see the checks.",
        "{count} signs of leaks were found, in {columns}: see the checks.",
        len(told),
    )
    said = text.format(count=count(len(told)), columns=columns)
    if found.passed:
        more = translate(_("The project lets {columns} pass by name."))
        said = f"{said} {more.format(columns=names([one.column for one in found.passed]))}"
    return said


def _validation(verdict: Verdict | None) -> Part | None:
    if verdict is None or not verdict.outcomes:
        return None
    rows = tuple(_outcome(one, verdict.rows) for one in verdict.outcomes[:MOST_ROWS])
    heads = (
        Column(translate(_("expectation"))),
        Column(translate(_("what is expected"))),
        Column(translate(_("met"))),
        Column(translate(_("what was found"))),
        Column(translate(_("if not met"))),
    )
    text = translate(_("{count} rows were judged; {quarantined} were set aside."))
    caption = text.format(count=count(verdict.rows), quarantined=count(verdict.quarantined))
    return Part(translate(_("Expectations of the data")), (Table(caption, heads, rows),))


def _outcome(one: Outcome, rows: int) -> tuple[Any, ...]:
    met = {True: _("yes"), False: _("no"), None: _("not judged")}[one.passed]
    return (
        name(one.name),
        name(expectation_text(one), 400),
        translate(met),
        name(finding_text(one, rows), 400),
        translate(_ACTIONS[one.action]),
    )


_SEVERITIES = {"stop": _("stops the run"), "warn": _("is a warning"), "note": _("is worth knowing")}


def _leaks(content: RunContent) -> Part | None:
    report = content.leaks
    if report is None:
        return None
    looked = translate(_("{sampled} of {rows} rows were looked at one by one."))
    looked = looked.format(sampled=count(report.sampled), rows=count(report.rows))
    title = translate(_("Leaks"))
    if not report.findings:
        text = translate(_("No sign of a leak was found."))
        return Part(title, (Paragraph(f"{text} {looked}"),))
    heads = (
        Column(translate(_("column"))),
        Column(translate(_("what was found"))),
        Column(translate(_("what to do"))),
        Column(translate(_("weight"))),
    )
    rows = tuple(_finding(one) for one in report.findings[:MOST_ROWS])
    blocks: tuple[Block, ...] = (Table(looked, heads, rows),)
    lines = report.lines()
    return Part(title, (*blocks, Code("\n".join(safe(one, 400) for one in lines))) if lines else blocks)


def _finding(one: Finding) -> tuple[Any, ...]:
    weight = _("let pass by name") if one.acknowledged else _SEVERITIES[one.severity]
    return (
        name(", ".join(one.columns)),
        safe(one.message, 1000),
        safe(one.hint, 1000),
        translate(weight),
    )
