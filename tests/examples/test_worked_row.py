"""The worked row of the documentation is what the code does."""

from __future__ import annotations

from pathlib import Path

from cauce.examples.worked_row import rewritten

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-it-works.md"


def test_the_worked_row_says_what_the_code_does() -> None:
    """A reader who follows the numbers by hand must arrive. To write it anew, see the page's first lines."""
    page = PAGE.read_text(encoding="utf-8")
    assert rewritten(page) == page
