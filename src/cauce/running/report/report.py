"""A run's report: which sections it has, its page and its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cauce.language import active_language, translate
from cauce.language import gettext_noop as _
from cauce.running.report.blocks import Page, Section
from cauce.running.report.content import RunContent
from cauce.running.report.gathering import gather
from cauce.running.report.page import as_html
from cauce.running.report.sections.appendix import appendix_section
from cauce.running.report.sections.candidates import candidates_section
from cauce.running.report.sections.checks import checks_section
from cauce.running.report.sections.data import data_section
from cauce.running.report.sections.engines import engines_section
from cauce.running.report.sections.features import features_section
from cauce.running.report.sections.model import model_section
from cauce.running.report.sections.performance import performance_section
from cauce.running.report.sections.verdict import verdict_section
from cauce.running.report.wording import moment, safe
from cauce.running.report.writing import write_page
from cauce.running.workspace import Workspace

_CANDIDATES, _ENGINES = _("Candidates"), _("Engines")
_SECTIONS: dict[str, Callable[[RunContent], Section | None]] = {
    _("Data"): data_section,
    _("Checks"): checks_section,
    _("Features"): features_section,
    _CANDIDATES: candidates_section,
    _("Model"): model_section,
    _("Performance and errors"): performance_section,
    _ENGINES: engines_section,
}


def report_page(content: RunContent) -> Page:
    """The report in the active language."""
    made = {title: make(content) for title, make in _SECTIONS.items() if _is_due(title, content)}
    missing = [translate(title) for title, section in made.items() if section is None]
    sections = tuple(section for section in made.values() if section is not None)
    ends = (verdict_section(content), *sections, appendix_section(content, missing))
    title = translate(_("{project}: report of a run")).format(project=safe(content.project))
    line = translate(_("Run {run}, begun {begun}")).format(run=safe(content.run), begun=moment(content.begun))
    return Page(title, (line,), ends, active_language())


def _is_due(title: str, content: RunContent) -> bool:
    """Whether a run has this section; one that tries no candidates or engines does not lack theirs."""
    if title == _ENGINES:
        return content.certificate is not None
    return title != _CANDIDATES or content.leaderboard is not None


@dataclass(frozen=True)
class WrittenReport:
    """A report's files. run: whose it is; content: the members of cauce.report/1."""

    run: str
    path: Path
    json_path: Path
    content: dict[str, Any]


def write_report(work: Workspace, run: str, *, out: Path | None = None) -> WrittenReport:
    """Write the report of `run` in the active language.

    out: the page; in the project's store where None, one for each model and language.
    """
    content = gather(work, run)
    path = default_path(work, content) if out is None else out
    values = content.to_json()
    beside = write_page(path, as_html(report_page(content)), content={"schema": "cauce.report/1", **values})
    return WrittenReport(run, path, beside, values)


def default_path(work: Workspace, content: RunContent) -> Path:
    """Where a report lies that was given no other place: one for each model, or for a run without one."""
    of = content.run if content.bundle is None else f"{work.project.name}-{content.bundle[:12]}"
    return work.store_folder / "reports" / f"{of}-{active_language()}" / "report.html"
