"""A run as a page to read and to hand on."""

from __future__ import annotations

import contextvars
from pathlib import Path

from cauce.errors import CauceError
from cauce.language import LANGUAGES, use_language
from cauce.running.report.gathering import LATEST, find_run
from cauce.running.report.report import WrittenReport, write_report
from cauce.running.report.writing import check_page
from cauce.running.workspace import open_workspace
from cauce.spec import FILE_NAME, Project


def report(
    run: str = LATEST,
    *,
    project: str | Path | Project = FILE_NAME,
    out: str | Path | None = None,
    lang: str | None = None,
) -> WrittenReport:
    """Write the report of a run: one HTML file that needs nothing else, and the same as JSON beside it.

    run: "latest", a run's name, or enough of its beginning or end. out: the page to write; in the
    project's store where None. lang: "en" or "es"; the language in use where None. A page of Cauce's is
    replaced, any other file is not. E1504 for another language, E1901 to E1906.
    """
    if lang is not None and lang not in LANGUAGES:
        raise CauceError("E1504", option="lang", choices=", ".join(LANGUAGES), value=lang)
    path = None if out is None else Path(out)
    if path is not None:
        check_page(path)
    work = open_workspace(project)
    found = find_run(work, run)

    def written() -> WrittenReport:
        if lang is not None:
            use_language(lang)
        return write_report(work, found, out=path)

    return contextvars.copy_context().run(written)
