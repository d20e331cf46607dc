"""A sample of rows that does not depend on their order: those of lowest hash."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cauce.errors import CauceError
from cauce.stats.mergeable import Mergeable, at_least, column
from cauce.stats.mixing import Words


@dataclass(frozen=True)
class LowestState:
    """At most `count` rows of (hash lanes, kept columns) in ascending order; None before any row."""

    rows: pl.DataFrame | None = None


@dataclass(frozen=True)
class LowestRows(Mergeable[LowestState, pl.DataFrame]):
    """The `count` rows of lowest hash, in ascending order of (lanes, content).

    hash_columns: one or two UInt64 (or Int64 of the same bits) columns, as `with_hashes` makes them.
    kept: the columns of the result. Equal hashes are ordered by the kept columns, nulls first, so the
    result depends on the rows alone. Before any batch it is a frame without columns.
    """

    hash_columns: tuple[str, ...]
    count: int
    kept: tuple[str, ...]
    state_type = LowestState

    def __post_init__(self) -> None:
        at_least(self, "count", lowest=1)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.hash_columns, *self.kept)))

    def start(self) -> LowestState:
        return LowestState()

    def update(self, state: LowestState, batch: pl.DataFrame) -> LowestState:
        return self.merge(state, self._of(batch, state.rows)) if batch.height else state

    def of(self, batch: pl.DataFrame) -> LowestState:
        return self._of(batch, None)

    def _of(self, batch: pl.DataFrame, known: pl.DataFrame | None) -> LowestState:
        hashes = [
            pl.Series(f"#{place}", hash_words(batch, name)) for place, name in enumerate(self.hash_columns)
        ]
        first = hashes[0]
        if known is not None and known.height == self.count:
            keep = first <= known["#0"][-1]
        elif batch.height > 2 * self.count:
            keep = first <= np.partition(first.to_numpy(), self.count - 1)[self.count - 1]
        else:
            keep = first >= 0
        contents = [column(batch, name).alias(f"={name}") for name in self.kept]
        return self._lowest(pl.DataFrame([*hashes, *contents]).filter(keep))

    def _lowest(self, rows: pl.DataFrame) -> LowestState:
        return LowestState(rows.sort(rows.columns, nulls_last=False).head(self.count).rechunk())

    def merge(self, left: LowestState, right: LowestState) -> LowestState:
        if left.rows is None or right.rows is None:
            return right if left.rows is None else left
        if not right.rows.height:
            return left
        return self._lowest(pl.concat((left.rows, right.rows)))

    def result(self, state: LowestState) -> pl.DataFrame:
        if state.rows is None:
            return pl.DataFrame()
        return state.rows.select(pl.col(f"={name}").alias(name) for name in self.kept)


def hash_words(batch: pl.DataFrame, name: str) -> Words:
    """The hash column `name` as uint64. Raises E0202 where it has another type or nulls."""
    series = column(batch, name)
    if series.dtype not in (pl.UInt64, pl.Int64) or series.null_count():
        raise CauceError(
            "E0202",
            column=name,
            found=series.dtype,
            summary="LowestRows",
            needed="64-bit hashes without nulls",
        )
    return series.rechunk().to_numpy().view(np.uint64)
