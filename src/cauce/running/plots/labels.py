"""Names of any characters as plot labels: one line, of glyphs the font has, short, and still distinct."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from cauce.errors import shown
from cauce.language import translate

_MISSING = "\u25a1"


def label(name: str, limit: int = 32) -> str:
    """`name` in at most `limit` characters: invisible ones escaped, those without a glyph as a box."""
    if not name:
        return translate("(empty)")
    text = "".join(one if ord(one) in _glyphs() else _MISSING for one in shown(name))
    if len(text) <= limit:
        return text
    head = (limit - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def labels(names: Sequence[str], limit: int = 32) -> list[str]:
    """Labels of all names; those that would look alike get their number."""
    found = [label(name, limit) for name in names]
    return [
        text if found.count(text) == 1 else f"{text} ({number})" for number, text in enumerate(found, start=1)
    ]


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    from matplotlib import font_manager, ft2font  # noqa: PLC0415 - heavy, and only plots need it

    file = font_manager.findfont("DejaVu Sans", fallback_to_default=False)
    return frozenset(ft2font.FT2Font(file).get_charmap())
