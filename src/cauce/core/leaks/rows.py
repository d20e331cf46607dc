"""The rows a column is judged on: cells as numbers or level codes beside the labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

MOST_JUDGED: Final = 25_000
"""Labelled rows on which predictors are judged; the classes share them evenly, as far as they have rows."""
FEW_ROWS: Final = 5_000
"""Below, each fifth of the rows is judged by the other four; above, each half by the other."""


@dataclass(frozen=True)
class Labels:
    """What is to be predicted, for rows with a label. values: class numbers, or numbers.

    classes: how many; 0 where numbers are predicted. parts: of cross-fitting, 0 to INNER_FOLDS - 1.
    """

    values: Floats
    classes: int
    parts: Whole

    def __len__(self) -> int:
        return len(self.values)

    def take(self, places: Whole) -> Labels:
        """The rows at `places`."""
        return Labels(self.values[places], self.classes, self.parts[places])

    def fits(self) -> list[NDArray[np.bool_]]:
        """For each judgement, the rows that are judged; the others are learned from."""
        if len(self) < FEW_ROWS:
            return [self.parts == part for part in np.unique(self.parts)]
        first = self.parts < 2
        return [first, ~first]


@dataclass(frozen=True)
class Cells:
    """A column of a sample: numbers (NaN where missing), or codes of levels (-1 where missing)."""

    numbers: Floats | None
    codes: Whole | None

    def take(self, places: Whole) -> Cells:
        """The rows at `places`."""
        return Cells(
            None if self.numbers is None else self.numbers[places],
            None if self.codes is None else self.codes[places],
        )


def cells_of(series: pl.Series) -> Cells:
    """The cells of a column of any kind."""
    cells = series.alias("cells")
    if cells.dtype == pl.String:
        codes = cells.rank("dense").cast(pl.Int64).fill_null(-1)
        return Cells(None, codes.to_numpy())
    physical = cells if cells.dtype.is_decimal() else cells.to_physical()
    return Cells(physical.cast(pl.Float64).fill_null(math.nan).to_numpy(), None)


def judged(labels: Labels) -> Whole:
    """The places of the rows to judge on: at most MOST_JUDGED, of each class about as many."""
    if not labels.classes:
        return np.arange(min(len(labels), MOST_JUDGED))
    counts = np.bincount(labels.values.astype(np.int64), minlength=labels.classes)
    most = _fair_share(counts)
    chosen = [np.flatnonzero(labels.values == number)[:most] for number in range(labels.classes)]
    return np.sort(np.concatenate(chosen))


def _fair_share(counts: Whole) -> int:
    """The most rows of a class such that all classes together have at most MOST_JUDGED."""
    left, ordered = MOST_JUDGED, np.sort(counts[counts > 0])
    for place, count in enumerate(ordered):
        share = left // (len(ordered) - place)
        if count > share:
            return max(int(share), 1)
        left -= int(count)
    return MOST_JUDGED
