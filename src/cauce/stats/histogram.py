"""Counts between given edges."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.errors import CauceError
from cauce.stats.cells import floats, present
from cauce.stats.mergeable import Mergeable, column


@dataclass(frozen=True)
class EdgeCounts:
    """counts[i]: cells in [edges[i], edges[i+1]), the last bin with its upper edge; the rest beside it."""

    counts: NDArray[np.int64]
    below: int = 0
    above: int = 0
    missing: int = 0


@dataclass(frozen=True)
class Histogram(Mergeable[EdgeCounts, EdgeCounts]):
    """Cells of `column` between ascending finite `edges`; `missing` counts nulls and NaN."""

    column: str
    edges: tuple[float, ...]
    state_type = EdgeCounts

    def __post_init__(self) -> None:
        rising = all(low < high for low, high in pairwise(self.edges))
        if len(self.edges) < 2 or not rising or not np.isfinite(self.edges).all():
            needed = "two or more rising finite numbers"
            raise CauceError("E0206", summary="Histogram", option="edges", value=self.edges, needed=needed)

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def start(self) -> EdgeCounts:
        return EdgeCounts(np.zeros(len(self.edges) - 1, np.int64))

    def of(self, batch: pl.DataFrame) -> EdgeCounts:
        cells = present(floats(column(batch, self.column), self))
        places = np.searchsorted(self.edges, cells, side="right")
        places[cells == self.edges[-1]] -= 1
        every = np.bincount(places, minlength=len(self.edges) + 1).astype(np.int64)
        return EdgeCounts(every[1:-1], int(every[0]), int(every[-1]), batch.height - len(cells))

    def merge(self, left: EdgeCounts, right: EdgeCounts) -> EdgeCounts:
        return EdgeCounts(
            left.counts + right.counts,
            left.below + right.below,
            left.above + right.above,
            left.missing + right.missing,
        )

    def result(self, state: EdgeCounts) -> EdgeCounts:
        return state
