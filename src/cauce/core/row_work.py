"""Work on rows that leaves their columns as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from cauce.expr.schema import Schema


@dataclass(frozen=True)
class SameColumns:
    """Work: what `change` makes of each batch, with the columns of `input`, all of which it is given."""

    input: Schema
    change: Callable[[pl.DataFrame], pl.DataFrame]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads: all."""
        return self.input.names

    @property
    def schema(self) -> Schema:
        """What it returns."""
        return self.input

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The rows of `batch` as `change` leaves them."""
        return self.change(batch)
