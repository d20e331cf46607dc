"""What texts are that could be something else: numbers, dates, yes and no."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl

_NUMBER: Final = r"^\s*[+-]?[$€£]?\s*(\d{1,3}([.,' ]\d{3})+|\d+)([.,]\d+)?([eE][+-]?\d+)?\s*%?\s*$"
_DAY: Final = r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})"
_DATE: Final = rf"^\s*{_DAY}([ T]\d{{1,2}}:\d{{2}}(:\d{{2}}(\.\d+)?)?)?Z?\s*$"
_LEADING_ZERO: Final = r"^\s*0\d"
_BOOLEANS: Final = (
    *(("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("on", "off"), ("1", "0"), ("si", "no")),
    *(("sí", "no"), ("s", "n"), ("verdadero", "falso"), ("v", "f"), ("x", ""), ("positive", "negative")),
    *(("positivo", "negativo"), ("activo", "inactivo"), ("active", "inactive")),
)
_LEAST: Final = 20


@dataclass(frozen=True)
class TextShapes:
    """Shares of the texts looked at. codes: of those written like numbers that begin with a zero."""

    numbers: float = 0.0
    dates: float = 0.0
    codes: float = 0.0


def text_shapes(cells: pl.Series) -> TextShapes:
    """What a sample of a text column looks like; nothing where it is too small to tell."""
    texts = cells.drop_nulls()
    if len(texts) < _LEAST:
        return TextShapes()
    cell = pl.col("cell")
    found = pl.DataFrame({"cell": texts}).select(
        numbers=cell.str.contains(_NUMBER).mean(),
        dates=cell.str.contains(_DATE).mean(),
        codes=(cell.str.contains(_LEADING_ZERO) & cell.str.contains(_NUMBER)).mean(),
    )
    return TextShapes(*(float(share) for share in found.row(0)))


def like_boolean(levels: Iterable[str]) -> bool:
    """Whether these two texts are a yes and its no."""
    words = {one.strip().lower() for one in levels}
    return any(words == set(pair) for pair in _BOOLEANS)
