"""Rows that know their place in the table, whichever engine reads them and in whichever order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cauce.expr.schema import Field, Schema
from cauce.stats.known_lanes import same_place

ROW = "__row__"
"""integer: the place of a row in the order read, from 1."""


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
