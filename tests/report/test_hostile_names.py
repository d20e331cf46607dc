"""Whatever a column, a level or a class is called, a page shows it and does nothing else."""

from __future__ import annotations

import html
import http.server
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import html5lib
import pytest
from browser import dom, violations
from hypothesis import given
from hypothesis import strategies as st
from runs import CLASSES, HOSTILE, LEVELS, SCRIPT, Ran

from cauce.running.report.blocks import Facts, Name, Page, Paragraph, Section
from cauce.running.report.markup import element
from cauce.running.report.page import as_html
from cauce.running.report.wording import safe

OWNED = "data-owned"


def page_with(text: str) -> str:
    """A page that shows `text` wherever a page can hold a text."""
    blocks = (Paragraph(text), Facts(((Name(text), element("p", text, title=text)),)))
    return as_html(Page(text, (text,), (Section("one", text, blocks),), "en"))


def test_hostile_names_are_shown_as_they_are_written(attacked: Ran) -> None:
    """A name that is cut out or changed hides what the user must see."""
    told = attacked.page.read_text(encoding="utf-8")
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(told)
    shown = " ".join(" ".join(page.itertext()).split())
    for name in (*HOSTILE, *LEVELS, *CLASSES):
        start = safe(name).replace("\u2068", "").replace("\u2069", "")[:75]
        assert start in shown.replace("\u2068", "").replace("\u2069", "")
    assert "49" not in {one.text for one in page.iter("bdi")}
    assert len(told) < 1_000_000


def test_a_browser_runs_nothing_of_a_report(attacked: Ran) -> None:
    """A report about somebody else's data would run somebody else's program."""
    seen = dom(attacked.page)
    assert OWNED not in seen.partition("<body")[0]
    assert "<title>hostile: report of a run</title>" in seen
    assert "&lt;script&gt;" in seen


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and what was asked of it."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_policy_holds_even_where_markup_slips_through(tmp_path: Path) -> None:
    """One forgotten escape must not be enough to run a program or to call home; without the policy it is."""
    with listening() as (address, asked):
        attack = f"{SCRIPT}<img src='{address}/image'><link rel='stylesheet' href='{address}/style'>"
        slipped = page_with("SLIP").replace("<p>SLIP</p>", attack)
        policy = slipped.index("<meta http-equiv")
        open_page = slipped[:policy] + slipped[slipped.index(">", policy) + 1 :]
        closed, opened = tmp_path / "closed.html", tmp_path / "open.html"
        closed.write_text(slipped, encoding="utf-8")
        opened.write_text(open_page, encoding="utf-8")
        assert OWNED not in dom(closed).partition("<head")[0]
        assert asked == []
        assert OWNED in dom(opened).partition("<head")[0]
        assert {"/image", "/style"} <= set(asked)


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_nothing_wrong_with_a_report(attacked: Ran, tmp_path: Path, theme: str) -> None:
    """People who read with a keyboard or a screen reader get the same report."""
    options = ("--blink-settings=preferredColorScheme=0",) if theme == "dark" else ()
    found = violations(attacked.page, tmp_path, *options)
    assert [(one["id"], one["help"]) for one in found] == []


texts = st.text(max_size=200) | st.sampled_from(
    [*HOSTILE, *LEVELS, *CLASSES, "\x00", "\ud800", "]]>", "<!--"]
)


@given(texts)
def test_no_text_becomes_markup(text: str) -> None:
    """Any text of the user's, wherever it stands, is read back as that text and adds no element."""
    shown = safe(text)
    plain = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page_with("plain"))
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page_with(shown))
    assert [one.tag for one in page.iter()] == [one.tag for one in plain.iter()]
    assert page.find(".//h1").text == shown
    assert page.find(".//dt/bdi").text == shown
    assert page.find(".//dd/p").get("title") == shown


@given(texts, st.integers(1, 100))
def test_a_name_is_one_short_visible_line(text: str, most: int) -> None:
    """A name of ten thousand characters, or one that turns the text around, must not spoil the page."""
    shown = safe(text, most)
    bare = shown.replace("\u2068", "").replace("\u2069", "")
    assert shown
    assert not {unicodedata.category(one) for one in bare} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert shown.count("\u2068") == shown.count("\u2069")
    assert html.unescape(html.escape(shown)) == shown
