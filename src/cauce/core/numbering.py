"""Rows that know their place in the table, whichever engine reads them and in whichever order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from cauce.expr.schema import Field, Schema
from cauce.stats.known_lanes import same_place
from cauce.stats.mergeable import Mergeable, column

ROW = "__row__"
"""integer: the place of a row in the order read, from 1."""
_APART = 40
"""Bits of the place of a row in its piece; those above are the piece's number."""


@dataclass(frozen=True)
class Numbered:
    """A source with the place of each row beside its columns. before: how many rows lie before its own."""

    source: Any
    before: int = 0

    @property
    def schema(self) -> Schema:
        """The source's columns, then ROW."""
        return Schema((*self.source.schema, Field(ROW, "integer")))

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows in the source's order."""
        wanted = self.schema.names if columns is None else tuple(columns)
        # Without any column there would be no rows.
        own = [name for name in wanted if name != ROW] or list(self.source.schema.names[:1])
        done = self.before
        for batch in self.source.batches(own):
            numbers = pl.int_range(done + 1, done + batch.height + 1, dtype=pl.Int64, eager=True)
            done += batch.height
            made = {name: numbers if name == ROW else batch.get_column(name) for name in wanted}
            yield same_place(pl.DataFrame(made), batch)

    def parquet_paths(self) -> None:
        """None: files do not number their rows."""
        return

    @property
    def pieces(self) -> tuple[Numbered, ...]:
        """Those of a source that says how many rows each has, numbered; AttributeError for others."""
        found, before = [], self.before
        for piece in self.source.pieces:
            found.append(Numbered(piece, before))
            before += piece.rows
        return tuple(found)


@dataclass(frozen=True)
class WithRow:
    """Work: what `work` makes, which is a row for each row in its order, with ROW beside it."""

    work: Any

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return (*self.work.columns, ROW)

    @property
    def schema(self) -> Schema:
        """What it returns."""
        return Schema((*self.work.schema, Field(ROW, "integer")))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`."""
        return self.work(batch).with_columns(batch.get_column(ROW))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class NumberedApart:
    """A source in pieces that do not say how many rows they have: ROW is the piece's number and the place in
    it, so in order. `Heights` tells what a place is in the whole."""

    source: Any

    @property
    def schema(self) -> Schema:
        """The source's columns, then ROW."""
        return Schema((*self.source.schema, Field(ROW, "integer")))

    @property
    def pieces(self) -> tuple[Numbered, ...]:
        """The source's, numbered."""
        return tuple(Numbered(piece, number << _APART) for number, piece in enumerate(self.source.pieces))


@dataclass(frozen=True)
class WithoutPlaces:
    """Work: what `work` makes of rows that are in no order, whose ROW is 0."""

    work: Any

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(name for name in self.work.columns if name != ROW)

    @property
    def schema(self) -> Schema:
        """What it returns."""
        return self.work.schema  # type: ignore[no-any-return]

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`."""
        nowhere = pl.repeat(0, batch.height, dtype=pl.Int64, eager=True).alias(ROW)
        return self.work(batch.with_columns(nowhere))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class HeightState:
    """The pieces that rows came from, ascending, and how many came from each."""

    pieces: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Heights(Mergeable[HeightState, dict[int, int]]):
    """How many rows of `NumberedApart` lie before each piece that has some."""

    state_type = HeightState

    @property
    def columns(self) -> tuple[str, ...]:
        """ROW."""
        return (ROW,)

    def start(self) -> HeightState:
        return HeightState()

    def of(self, batch: pl.DataFrame) -> HeightState:
        pieces, rows = np.unique(column(batch, ROW).to_numpy() >> _APART, return_counts=True)
        return HeightState(tuple(pieces.tolist()), tuple(rows.tolist()))

    def merge(self, left: HeightState, right: HeightState) -> HeightState:
        rows = dict(zip(left.pieces, left.rows, strict=True))
        for piece, count in zip(right.pieces, right.rows, strict=True):
            rows[piece] = rows.get(piece, 0) + count
        return HeightState(tuple(sorted(rows)), tuple(rows[piece] for piece in sorted(rows)))

    def result(self, state: HeightState) -> dict[int, int]:
        before, found = 0, {}
        for piece, rows in zip(state.pieces, state.rows, strict=True):
            found[piece] = before
            before += rows
        return found


def place_of(number: int, before: dict[int, int]) -> int:
    """The place in the whole, from 1, of a row of `NumberedApart`. before: what `Heights` found."""
    return before[number >> _APART] + (number & ((1 << _APART) - 1))
