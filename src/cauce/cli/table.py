"""Tables as plain text: aligned columns where they fit, else one record after the other."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from cauce.errors import shown

_GAP = "  "


def table(headers: Sequence[str], rows: Sequence[Sequence[object]], *, width: int) -> str:
    """The rows under their headers, at most `width` columns wide where words allow it.

    What does not fit side by side stands as "header: value" lines, a blank line between rows.
    """
    cells = [[shown(value) for value in row] for row in rows]
    widths = [max(map(columns, column)) for column in zip(headers, *cells, strict=True)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        return _records(headers, cells)
    return "\n".join(_line(row, widths) for row in (headers, *cells))


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = (text + " " * (wide - columns(text)) for text, wide in zip(row, widths, strict=True))
    return _GAP.join(padded).rstrip()


def _records(headers: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    return "\n\n".join(
        "\n".join(f"{header}: {text}" for header, text in zip(headers, row, strict=True)) for row in cells
    )
