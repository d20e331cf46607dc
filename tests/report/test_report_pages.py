"""A report is a page anybody can open, read and trust: whole, quiet, and the same as its JSON."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import html5lib
import numpy as np
import pytest
from runs import Ran, run_again, small_project
from told_run import content, evaluation, profile

import cauce
from cauce.core.evaluation import Evaluation
from cauce.core.metrics.curves import Curve
from cauce.errors import CauceError
from cauce.language import use_language
from cauce.running.report.content import RunContent
from cauce.running.report.page import as_html
from cauce.running.report.report import report_page

GOLDEN = Path(__file__).parent / "golden"
WORDS = frozenset(
    ["h1", "h2", "h3", "h4", "p", "li", "dt", "dd", "caption", "th", "td", "figcaption", "summary", "code"]
)
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@pytest.fixture(scope="module")
def told() -> str:
    """The page of the run made by hand."""
    return as_html(report_page(content()))


def tree(html: str) -> Any:
    """The page as a strict reader of HTML 5 sees it; any fault in it is an error."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)


def text_of(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def test_a_page_is_valid_and_has_its_landmarks(told: str) -> None:
    """A browser would have to guess, and a screen reader would lose its way."""
    page = tree(told)
    assert page.get("lang") == "en"
    assert [one.tag for one in page.iter() if one.tag == "h1"] == ["h1"]
    levels = [HEADINGS.index(one.tag) for one in page.iter() if one.tag in HEADINGS]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.find(".//main[@id='content']") is not None
    ids = [one.get("id") for one in page.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    assert page.find(".//body/a[@class='skip']").get("href") == "#content"
    anchors = {one.get("href") for one in page.findall(".//nav//a")}
    assert anchors == {f"#{one.get('id')}" for one in page.findall(".//section")}


def test_every_picture_has_words_and_every_table_has_heads(told: str) -> None:
    """Who cannot see a chart must be able to read it."""
    page = tree(told)
    above = {child: parent for parent in page.iter() for child in parent}
    drawings = [one for one in page.iter() if one.tag.endswith("svg")]
    assert len(drawings) > 10
    for one in drawings:
        held = above[one].get("role") == "img" and above[one].get("aria-labelledby")
        assert (
            held or one.get("aria-hidden") == "true" or (one.get("role") == "img" and one.get("aria-label"))
        )
    figures = page.findall(".//figure")
    assert all(
        one.find("figcaption") is not None and one.find(".//details//table") is not None for one in figures
    )
    for table in page.findall(".//table"):
        assert text_of(table.find("caption"))
        assert all(head.get("scope") == "col" and text_of(head) for head in table.findall("./thead//th"))
        assert all(row.find("th").get("scope") == "row" for row in table.findall("./tbody/tr"))


def test_a_page_runs_nothing_and_asks_for_nothing(told: str) -> None:
    """A report is opened by mail and offline; it may not call home or run a program."""
    page = tree(told)
    policy = page.find(".//meta[@http-equiv='Content-Security-Policy']").get("content")
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert not [
        one for one in page.iter() if one.tag in ("script", "link", "iframe", "object", "img", "base")
    ]
    for one in page.iter():
        assert not [name for name in one.attrib if str(name).lower().startswith("on") or name == "style"]
        assert (one.get("href") or "#").startswith("#")
        assert not one.get("src")
    assert not re.search(r"https?://|url\(|@import|javascript:", told)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_words_of_a_report(language: str) -> None:
    """They are what somebody decides by; CAUCE_GOLDEN=write writes them anew."""
    use_language(language)
    page = tree(as_html(report_page(content())))
    kept = {
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "li",
        "dt",
        "dd",
        "caption",
        "th",
        "td",
        "figcaption",
        "summary",
        "code",
    }
    lines = [text_of(one) for one in page.find(".//body").iter() if one.tag in kept]
    told = "\n".join(re.sub(r"Cauce \S+dev\d*\.", "Cauce VERSION.", line) for line in lines if line) + "\n"
    file = GOLDEN / f"report.{language}.txt"
    if os.environ.get("CAUCE_GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(told, encoding="utf-8")
    assert told == file.read_text(encoding="utf-8")


def headline(found: Evaluation) -> float:
    value = found.datasets["test"][str(found.gap.name)].value
    assert value is not None
    return value


def test_the_json_beside_a_page_holds_the_same(ran: Ran) -> None:
    """A program must not have to read numbers off a page."""
    evaluation = ran.results.evaluation
    beside = json.loads(ran.page.with_suffix(".json").read_text(encoding="utf-8"))
    assert beside["schema"] == "cauce.report/1"
    assert Evaluation.from_json(beside["evaluation"]).tracked() == evaluation.tracked()
    assert beside["data"]["rows"] == 300
    assert beside["digests"]["model"] == ran.results.bundle
    page = text_of(tree(ran.page.read_text(encoding="utf-8")).find(".//body"))
    assert f"{headline(evaluation):.4f}" in page
    assert ran.results.bundle in page


def test_a_report_can_be_had_in_the_other_language(ran: Ran, tmp_path: Path) -> None:
    """A Spanish reader gets Spanish words and decimal commas, and the caller's language stays."""
    made = cauce.report(project=ran.folder, out=tmp_path / "es.html", lang="es")
    html = made.path.read_text(encoding="utf-8")
    assert '<html lang="es">' in html
    assert f"{headline(ran.results.evaluation):.4f}".replace(".", ",") in html
    assert cauce.report(project=ran.folder, out=tmp_path / "en.html").path.read_text().count('lang="en"') == 1


def test_a_run_that_stopped_early_is_told_as_far_as_it_came() -> None:
    """Who asks why a run failed gets what it found, and what is missing is said."""
    early = replace(
        content(),
        evaluation=None,
        features=None,
        target=None,
        rule=None,
        bundle=None,
        leaks=None,
        outcome="failed",
        records={"ingest": content().records["ingest"]},
        training={},
    )
    page = text_of(tree(as_html(report_page(early))).find(".//body"))
    assert "The run stopped with an error before it had a model" in page
    for section in ("Features", "Model", "Performance and errors"):
        assert section in page.rpartition("What is not here")[2]


def test_an_evaluation_without_doubt_or_tables_is_still_told() -> None:
    """Reports of runs from before intervals existed must not break."""
    plain = replace(
        evaluation(), thresholds=None, choice=None, slices=(), permutation=None, history=None, importance=()
    )
    bare = {
        name: replace(one, metrics=tuple(replace(m, interval=None) for m in one.metrics))
        for name, one in plain.datasets.items()
    }
    older = replace(
        content(), evaluation=replace(plain, datasets=bare), profile=None, verdict=None, readings=None
    )
    page = text_of(tree(as_html(report_page(older))).find(".//body"))
    assert "95\u202f%" not in page
    assert "interval" not in page
    assert "was not counted" in page


def wide_content() -> RunContent:
    """A million rows of fifty columns, with curves as long as they get."""
    table, found = profile(), evaluation()
    columns = tuple(replace(table.columns[0], name=f"column {at}", rows=1_000_000) for at in range(50))
    line = np.linspace(0, 1, 1000)
    long = {"yes": Curve(line, np.sqrt(line), line[::-1])}
    datasets = {name: replace(one, roc=long, precision_recall=long) for name, one in found.datasets.items()}
    gains = tuple((f"column {at}", float(at)) for at in range(50, 0, -1))
    told = replace(found, datasets=datasets, importance=gains)
    return replace(content(), profile=replace(table, columns=columns), evaluation=told)


def test_a_wide_report_stays_small_and_quick() -> None:
    """Fifty columns of a million rows in at most 3 MB and 2 seconds."""
    wide = wide_content()
    began = time.process_time()
    html = as_html(report_page(wide))
    assert time.process_time() - began < 2.0
    assert len(html.encode()) < 1_000_000


def test_colours_can_be_told_apart_from_what_they_stand_on(told: str) -> None:
    """Text needs a contrast of 4.5 and lines one of 3, by day, by night and on paper."""
    style = told.partition("<style>")[2].partition("</style>")[0]
    themes = re.findall(r":root \{(.*?)\}", style, re.S)
    assert len(themes) == 3
    for theme in themes:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", theme))
        paper, panel = colours["paper"], colours["panel"]
        for ink in ("ink", "soft", "link", "warn"):
            assert min(contrast(colours[ink], ground) for ground in (paper, panel)) >= 4.5, ink
        assert contrast(colours["warn"], colours["warnpanel"]) >= 4.5
        assert all(contrast(colours[f"s{at}"], paper) >= 3 for at in range(5))
        assert contrast(colours["bar"], paper) >= 3
        tint = tuple(int(part) for part in re.search(r"--h: ([\d, ]+)", theme)[1].split(","))  # type: ignore[index]
        darkest = tuple(0.42 * a + 0.58 * b for a, b in zip(tint, rgb(paper), strict=True))
        assert ratio(luminance(darkest), luminance(rgb(colours["ink"]))) >= 4.5


def rgb(text: str) -> tuple[float, ...]:
    digits = text.lstrip("#")
    digits = "".join(one * 2 for one in digits) if len(digits) == 3 else digits
    return tuple(float(int(digits[at : at + 2], 16)) for at in (0, 2, 4))


def luminance(colour: tuple[float, ...]) -> float:
    """The relative luminance of WCAG 2.2."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (one / 255 for one in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def contrast(one: str, other: str) -> float:
    return ratio(luminance(rgb(one)), luminance(rgb(other)))


def test_runs_are_found_by_parts_of_their_names(ran: Ran, tmp_path: Path) -> None:
    """Nobody types twenty characters of a date."""
    folder, run = ran.folder, ran.run
    for text in (run, run[:18], run[-6:]):
        assert cauce.report(text, project=folder, out=tmp_path / "a.html").run == run
    with pytest.raises(CauceError) as caught:
        cauce.report(run[:-1] + "x", project=folder)
    assert caught.value.code == "E1901"
    assert run in caught.value.hint
    again = run_again(folder)
    assert cauce.report(project=folder, out=tmp_path / "a.html").run == again.run
    with pytest.raises(CauceError) as several:
        cauce.report(again.run[:2], project=folder)
    assert several.value.code == "E1902"
    with pytest.raises(CauceError) as none:
        cauce.report(project=small_project(tmp_path / "fresh"))
    assert none.value.code == "E1903"


def test_only_pages_of_cauce_are_replaced(ran: Ran, tmp_path: Path) -> None:
    """A slip of the keyboard must not cost somebody's thesis."""
    mine = tmp_path / "thesis.html"
    mine.write_text("<!DOCTYPE html><p>two years of work")
    with pytest.raises(CauceError) as caught:
        cauce.report(project=ran.folder, out=mine)
    assert caught.value.code == "E1906"
    assert mine.read_text() == "<!DOCTYPE html><p>two years of work"
    with pytest.raises(CauceError) as ending:
        cauce.report(project=ran.folder, out=tmp_path / "report.pdf")
    assert ending.value.code == "E1905"
    page = tmp_path / "report.html"
    first = cauce.report(project=ran.folder, out=page)
    assert cauce.report(project=ran.folder, out=page).content == first.content
    assert sorted(one.name for one in tmp_path.iterdir()) == ["report.html", "report.json", "thesis.html"]
