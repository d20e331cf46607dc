"""The strongest contributions of each row in words for a person: "distance: +0.31"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from cauce.core.contributions.values import Contributions
from cauce.errors import shown
from cauce.language import format_significant, translate
from cauce.language import gettext_noop as _

_DIGITS, _EXACT, _NAME, _VALUE = 3, 12, 60, 40


@dataclass(frozen=True)
class Words:
    """How contributions are said. count: of the strongest sources of a row; values: with the row's cells.

    Cells are a person's data more often than not: they are only said where that was asked for.
    """

    count: int
    values: bool = False

    def columns(
        self, found: Contributions, output: npt.NDArray[np.int64] | int, *, rows: pl.DataFrame
    ) -> list[pl.Series]:
        """`because_1` … `because_<count>`, the strongest first; null where nothing more moved the row.

        output: which one, of all rows or of each. rows: the raw columns, for `values`.
        """
        amounts = found.output(output)
        places = found.strongest(amounts, self.count)
        cells = {name: rows.get_column(name).to_list() for name in self._shown(found.sources, rows)}
        texts: list[list[str | None]] = [[None] * len(amounts) for _at in range(self.count)]
        for row, own in enumerate(places.tolist()):
            for rank, place in enumerate(own):
                amount = float(amounts[row, place])
                if amount != 0.0:
                    name = found.sources[place]
                    cell = (cells[name][row],) if name in cells else ()
                    texts[rank][row] = said(name, amount, *cell)
        return [pl.Series(because(at), one, dtype=pl.String) for at, one in enumerate(texts, 1)]

    def _shown(self, sources: Sequence[str], rows: pl.DataFrame) -> list[str]:
        return [name for name in sources if self.values and name in rows.columns]


def because(place: int) -> str:
    """What the column of the place-th strongest contribution is called, from 1."""
    return f"because_{place}"


def said(source: str, amount: float, *cell: object) -> str:
    """One contribution: "distance: +0.31", or "distance 2475: +0.31" with the row's own value."""
    about = shown(source, most=_NAME)
    if cell:
        missing = cell[0] is None or cell[0] != cell[0]
        value = format_significant(cell[0], _EXACT) if isinstance(cell[0], float) else str(cell[0])
        about = f"{about} {translate(_('missing')) if missing else shown(value, most=_VALUE)}"
    sign = "+" if amount > 0 else "-"
    return f"{about}: {sign}{format_significant(abs(amount), _DIGITS)}"
