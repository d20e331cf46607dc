"""Whether other engines make the same of the data: the model's certificate."""

from __future__ import annotations

import math

from cauce.language import gettext_noop as _
from cauce.language import translate, translate_plural
from cauce.running.certificate import Certificate, EngineCheck
from cauce.running.report.blocks import Cell, Column, Paragraph, Section, Table
from cauce.running.report.content import RunContent
from cauce.running.report.wording import count, name, short


def engines_section(content: RunContent) -> Section | None:
    """What was compared, and how far apart it is; None where no certificate was made."""
    found = content.certificate
    if found is None:
        return None
    columns = (
        Column(translate(_("compared"))),
        Column(translate(_("found"))),
        Column(translate(_("largest difference")), "number"),
        Column(translate(_("allowed")), "number"),
    )
    table = Table(translate(_("The engines compared")), columns, tuple(map(_row, found.checks)))
    return Section("engines", translate(_("Engines")), (_said(found), table))


def _said(found: Certificate) -> Paragraph:
    engines = ", ".join(found.engines)
    if not found.holds:
        text = translate(_("The engines {engines} do not make the same of this run's data."))
        return Paragraph(text.format(engines=engines), "warning")
    text = translate_plural(
        "The engines {engines} made anew what this run had made of {rows} row, and came to the same.",
        "The engines {engines} made anew what this run had made of {rows} rows, and came to the same.",
        found.rows,
    )
    trained = "" if found.refit else " " + translate(_("The model was not trained anew."))
    return Paragraph(text.format(engines=engines, rows=count(found.rows)) + trained)


def _row(check: EngineCheck) -> tuple[Cell, ...]:
    if check.holds is None:
        return check.says, check.why, "–", "–"
    known = math.isfinite(check.difference)
    same = translate(_("the same")) if check.holds else translate(_("not the same"))
    verdict: Cell = same if not check.place else name(f"{same}: {check.place}")
    return check.says, verdict, short(check.difference) if known else "–", short(check.tolerance)
