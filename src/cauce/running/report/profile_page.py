"""A profile as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cauce.core.profile.values import Profile
from cauce.language import active_language, translate
from cauce.language import gettext_noop as _
from cauce.running.report.blocks import Block, Cell, Facts, Listing, Page, Part, Section
from cauce.running.report.page import as_html
from cauce.running.report.sections.data import profile_blocks, repeated_facts
from cauce.running.report.wording import count, names, safe
from cauce.running.report.writing import write_page


def profile_page(profile: Profile, *, source: Sequence[str], rejected: int, said: Sequence[str]) -> Page:
    """The profile in the active language. source: names of files; said: what was noticed, in sentences."""
    facts: list[tuple[Cell, Cell]] = [
        (translate(_("rows")), count(profile.rows)),
        (translate(_("columns")), count(len(profile.columns))),
        (translate(_("rows that could not be read")), count(rejected)),
        *repeated_facts(profile),
    ]
    noticed: tuple[Block, ...] = (Facts(tuple(facts)),)
    if said:
        told = Listing(tuple(safe(one, 1000) for one in said))
        noticed = (*noticed, Part(translate(_("What was noticed")), (told,)))
    sections = (
        Section("table", translate(_("The table")), noticed),
        Section("columns", translate(_("Columns")), tuple(profile_blocks(profile, folded=False))),
    )
    title = translate(_("Profile of {source}")).format(source=names(source, 3))
    return Page(title, (), sections, active_language())


def write_profile(path: Path, page: Page, *, content: Mapping[str, Any]) -> Path:
    """Write the page and, beside it, cauce.profile/1; the path of the JSON."""
    return write_page(path, as_html(page), content={"schema": "cauce.profile/1", **content})
