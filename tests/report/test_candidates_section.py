"""The report shows who was tried, who is chosen and why, and which settings matter."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import html5lib
import pytest
from browser import browsed, violations
from told_candidates import TABLES, board, costs
from told_run import content

from cauce.cli.rendering.tuning import in_short, reasons
from cauce.core.candidates.telling import words
from cauce.language import use_language
from cauce.planning.record import Record
from cauce.planning.step import Step
from cauce.running.report.content import RunContent
from cauce.running.report.page import as_html
from cauce.running.report.report import report_page

HALVING: list[dict[str, Any]] = [
    {"rounds": 270, "search": {"method": "halving", "space": {"eta": "0.1..0.3"}, "trials": 27}}
]


def told(of: Any = None, tables: list[dict[str, Any]] = TABLES) -> RunContent:
    found = of or board(tables)
    step = Step(name="tune", parameters={"models": [{"learner": "boosting", **one} for one in tables]})
    run = content()
    records = {**run.records, "tune": Record(step, {})}
    return replace(run, records=records, leaderboard=found, costs=costs(found))


def section(page: str) -> Any:
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    return tree.find(".//section[@id='candidates']")


def text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def test_a_run_without_candidates_has_no_such_section() -> None:
    """It would be an empty section, or one that is said to be missing, on nearly every report."""
    page = as_html(report_page(content()))
    assert section(page) is None
    assert "Candidates" not in page


def test_the_leaderboard_is_told_row_by_row() -> None:
    """A wrong rank or a score of another candidate would choose the wrong model in a reader's eyes."""
    found = board()
    part = section(as_html(report_page(told(found))))
    rows = [[text(cell) for cell in row] for row in part.findall(".//table")[0].findall(".//tbody/tr")]
    called = words([one.candidate for one in found.trials])
    assert len(rows) == 10
    for rank, (row, one) in enumerate(zip(rows, found.trials, strict=False), 1):
        arrow = "→ " if rank == 1 else ""
        assert row[0] == f"{arrow}{rank}. {called[one.candidate.number]}"
        assert row[1] == f"{one.mean:.4f}"
    # Five folds 0.02, 0.01, 0 and so on off their mean: the deviation is √(0.001 / 4).
    assert {row[2] for row in rows} == {"0.0158"}
    assert "32 more" in text(part)
    assert "1 candidate failed" in text(part)


def test_candidates_are_told_by_what_sets_them_apart() -> None:
    """Settings that all share say nothing; two candidates of one name could not be told apart."""
    found = words([one.candidate for one in board().trials])
    assert len(set(found.values())) == len(found) == 43
    assert found[0] == "logistic: lambda 1"
    assert re.fullmatch(
        r"boosting: eta [0-9.]+, max_depth \d+, subsample [0-9.]+, class_weight \w+", found[3]
    )


def test_every_thread_crosses_the_axes_where_its_settings_stand() -> None:
    """A picture that says depth 3 where it was 10 leads to a worse second search."""
    found = board()
    part = section(as_html(report_page(told(found))))
    (figure,) = part.findall(".//figure")
    trials = [t for t in found.trials if not t.failed and t.candidate.model.learner == "boosting"]
    threads = [one for one in figure.iter() if one.get("class", "").startswith("thread")]
    drawn = [one for one in threads if len(re.findall("[ML]", one.get("d"))) == 5]
    assert len(drawn) == len(trials) == 39
    chosen = [one for one in drawn if one.get("class") == "thread chosen"]
    assert drawn[-1] is chosen[0], "the chosen one is drawn above the others"
    depths = [t.candidate.model.max_depth for t in trials]
    xs = sorted(float(re.findall(r"[ML]([\d.]+) 84\.0", one.get("d"))[0]) for one in drawn)
    low, high = min(depths), max(depths)
    expected = sorted(8 + 404 * (depth - low) / (high - low) for depth in depths)
    assert xs == pytest.approx(expected, abs=0.06)


def test_halving_and_folds_are_compared() -> None:
    """Without them nobody sees what a round cost, or whether five folds were worth it."""
    found = board(HALVING)
    part = section(as_html(report_page(told(found, HALVING))))
    tables = {text(one.find("caption")): one for one in part.findall(".//table")}
    rungs = next(one for caption, one in tables.items() if caption.startswith("Each round of halving"))
    rows = [[text(cell) for cell in row][:2] for row in rungs.findall(".//tbody/tr")]
    assert rows == [["10", "27"], ["30", "9"], ["90", "3"], ["270", "1"]]
    assert "How many folds" in text(part)


def test_a_search_that_was_stopped_says_so() -> None:
    """Its best is the best of what there was time for."""
    found = board(ended=("time_limit", 7))
    assert "stopped by its time limit after round 7" in text(section(as_html(report_page(told(found)))))
    assert any("after round 7" in one for one in in_short(found, costs(found), width=80))


def test_the_terminal_says_the_same() -> None:
    """Two leaderboards that differ are worth less than one."""
    found = board()
    lines = in_short(found, costs(found), width=100)
    called = words([one.candidate for one in found.trials])
    assert lines[0] == "43 candidates, judged on 5 folds, stratified by class."
    assert called[found.chosen] in "\n".join(lines)
    assert f"{found.trials[0].mean:.4f} ± 0.0158" in "\n".join(lines)
    assert reasons(found)[0].startswith(f"Chosen: {called[found.chosen]}. It has the best mean of roc_auc")


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_section_is_accessible(language: str, tmp_path: Path) -> None:
    """Who reads with a screen reader gets the same leaderboard."""
    use_language(language)
    page = tmp_path / "page.html"
    page.write_text(as_html(report_page(told())), encoding="utf-8")
    use_language("en")
    assert violations(page, tmp_path) == []
    wide = browsed(page, "--dump-dom", "--window-size=360,800")
    assert 'id="candidates"' in wide
