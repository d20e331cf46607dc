"""Runs side by side."""

from __future__ import annotations

from pathlib import Path

from cauce.running.report.comparing import RunsCompared, compare_runs
from cauce.running.report.comparison_page import comparison_page
from cauce.running.report.page import as_html
from cauce.running.report.writing import check_page, write_page
from cauce.running.workspace import open_workspace
from cauce.spec import FILE_NAME, Project


def compare(
    *runs: str,
    project: str | Path | Project = FILE_NAME,
    last: int | None = None,
    html: str | Path | None = None,
) -> RunsCompared:
    """Compare runs: metrics with their intervals, settings that differ, and which of the last two is better.

    runs: as in `report`; or the `last` ones with a model. html: a page to write, with its JSON beside it.
    E1901 to E1908.
    """
    path = None if html is None else Path(html)
    if path is not None:
        check_page(path)
    found = compare_runs(open_workspace(project), runs, last=last)
    if path is not None:
        content = {"schema": "cauce.comparison/1", **found.to_json()}
        write_page(path, as_html(comparison_page(found)), content=content)
    return found
