"""Every code Cauce can say, one module for each part's range."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from cauce.errors.entry import Entry
from cauce.language import translate


def _entries() -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda item: item.name):
        for entry in import_module(f"{__name__}.{module.name}").ENTRIES:
            if entry.code in found:
                raise AssertionError(f"code {entry.code} is defined twice")
            found[entry.code] = entry
    return found


CATALOGUE = _entries()


def explain(code: str) -> str | None:
    """The explanation of `code` in the active language, or None where there is no such code."""
    entry = CATALOGUE.get(code.upper())
    return translate(entry.explanation) if entry else None
