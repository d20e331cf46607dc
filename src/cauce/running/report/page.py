"""A page of blocks as HTML: one file that opens anywhere, asks for nothing and runs nothing."""

from __future__ import annotations

import base64
import hashlib
import itertools
from functools import lru_cache
from typing import TYPE_CHECKING

from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.report.blocks import Page
from cauce.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

_WORDS = {
    "skip": _("Skip to the content"),
    "contents": _("Contents"),
    "numbers": _("The numbers"),
    "name": _("Name"),
    "made": _("Made by Cauce {version}. This page is complete: it loads nothing and runs no program."),
}


def as_html(page: Page) -> str:
    """The page as text of an HTML file, whose policy forbids scripts and everything from elsewhere."""
    style = _style()
    numbers = itertools.count(1)
    template = _environment().get_template("page.html")
    return template.render(
        page=page,
        style=style,
        style_digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        version=__version__,
        words={name: translate(text).replace("{version}", __version__) for name, text in _WORDS.items()},
        counter=lambda: next(numbers),
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only pages need it

    loader = PackageLoader("cauce.running.report", "templates")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, auto_reload=False
    )


@lru_cache(maxsize=1)
def _style() -> str:
    from importlib.resources import files

    return files("cauce.running.report").joinpath("templates/page.css").read_text(encoding="utf-8").strip()
