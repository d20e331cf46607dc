"""Runs side by side: the numbers are each run's own, and what was otherwise is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from runs import Ran, run_again, small_project
from told_candidates import board

import cauce
from cauce.cli.rendering.reporting import compared
from cauce.core.candidates.telling import words
from cauce.errors import CauceError
from cauce.running.report.comparing import compare_runs
from cauce.running.report.comparison_page import comparison_page
from cauce.running.report.page import as_html
from cauce.running.workspace import open_workspace


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Ran]:
    """Two runs of one project, the second with a smaller step."""
    folder = small_project(tmp_path_factory.mktemp("compared"))
    first = run_again(folder)
    file = folder / "cauce.toml"
    file.write_text(file.read_text().replace("rounds = 10", "rounds = 10\neta = 0.05"), encoding="utf-8")
    return first, run_again(folder)


def test_a_comparison_names_what_was_otherwise_and_each_runs_own_numbers(two: tuple[Ran, Ran]) -> None:
    """A better number is worth nothing where nobody knows what made it."""
    first, second = two
    found = cauce.compare(first.run, second.run, project=first.folder)
    changed = {(one.step, one.setting): one.values for one in found.differences}
    assert changed[("fit", "models.0.eta")] == (0.1, 0.05)
    assert all(step in ("fit", "evaluate", "bundle", "register", "leaks") for step, _ in changed)
    document = json.loads(json.dumps(found.to_json()))
    for ran, told in zip(two, document["runs"], strict=True):
        tests = ran.results.evaluation.datasets["test"]
        assert told["metrics"]["test"] == {
            str(one.name): {"value": one.value, "low": one.low, "high": one.high} for one in tests.metrics
        }
    assert found.metrics[0] == str(second.results.evaluation.gap.name)
    assert found.paired is not None
    assert found.sentence.startswith(found.paired.sentence(first.run[-6:], second.run[-6:]))
    text = compared(found, 200).text
    assert "fit.models.0.eta" in text
    assert "0.05" in text


def test_the_last_runs_are_compared_without_naming_them(two: tuple[Ran, Ran], tmp_path: Path) -> None:
    """Who has just run twice wants to see the two."""
    page = tmp_path / "compared.html"
    found = cauce.compare(project=two[0].folder, last=5, html=page)
    assert [one.run for one in found.runs] == [one.run for one in two]
    html = page.read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(html)
    assert "models.0.eta" in html
    assert json.loads(page.with_suffix(".json").read_text())["schema"] == "cauce.comparison/1"


def test_the_same_model_is_said_to_be_the_same(ran: Ran) -> None:
    """Two names for one model must not look like progress."""
    again = run_again(ran.folder)
    found = cauce.compare(ran.run, again.run, project=ran.folder)
    assert "same model" in found.sentence
    assert found.differences == ()


def test_what_cannot_be_compared_is_refused(ran: Ran) -> None:
    """One run has nothing to stand beside."""
    for named in ((), (ran.run,), (ran.run, ran.run)):
        with pytest.raises(CauceError) as caught:
            cauce.compare(*named, project=ran.folder)
        assert caught.value.code == "E1907"


def test_runs_that_tried_candidates_say_whom_they_chose(two: tuple[Ran, Ran]) -> None:
    """Two runs of forty candidates each differ first of all in their choice."""
    first, second = two
    plain = compare_runs(open_workspace(first.folder), [first.run, second.run])
    assert "Candidates" not in as_html(comparison_page(plain))
    found = board()
    tried = replace(plain, runs=(plain.runs[0], replace(plain.runs[1], leaderboard=found)))
    called = words([one.candidate for one in found.trials])[found.chosen]
    page = as_html(comparison_page(tried))
    html5lib.HTMLParser(strict=True).parse(page)
    assert called in page
    text = compared(tried, 200).text
    assert called in text
    assert f"{found.winner.mean:.4f} ± 0.0158" in text
    assert tried.to_json()["runs"][1]["candidate"] == found.winner.to_json()
