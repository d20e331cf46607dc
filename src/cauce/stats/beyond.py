"""How many cells lie at or below a limit."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cauce.stats.cells import floats
from cauce.stats.mergeable import Mergeable, column


@dataclass(frozen=True)
class BeyondState:
    """Cells counted so far."""

    count: int = 0


@dataclass(frozen=True)
class AtMost(Mergeable[BeyondState, int]):
    """The number of cells of `cells` that are `limit` or less; null and NaN do not count."""

    cells: str
    limit: float
    state_type = BeyondState

    @property
    def columns(self) -> tuple[str, ...]:
        """The column it reads."""
        return (self.cells,)

    def start(self) -> BeyondState:
        """The state of no rows."""
        return BeyondState()

    def of(self, batch: pl.DataFrame) -> BeyondState:
        """The cells of one batch."""
        return BeyondState(int((floats(column(batch, self.cells), self) <= self.limit).sum()))

    def merge(self, left: BeyondState, right: BeyondState) -> BeyondState:
        """The cells of both."""
        return BeyondState(left.count + right.count)

    def result(self, state: BeyondState) -> int:
        """How many."""
        return state.count
