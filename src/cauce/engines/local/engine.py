"""Batches in this process: Polars frames, streamed, never the whole table at once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from cauce.core.boosting import BoostResult, BoostSpec, Round
from cauce.core.snapshot import Manifest
from cauce.core.snapshot_writing import write_snapshot
from cauce.engines.local.kept import KeptRows
from cauce.engines.local.side_by_side import SideBySide
from cauce.expr.schema import Schema
from cauce.ports.engine import KEPT_BYTES, Source, Work
from cauce.ports.store import Store
from cauce.stats.summary import Summary
from cauce.threads import made_ahead

if TYPE_CHECKING:
    from cauce.engines.local.boosting import TrainingRows


@dataclass(frozen=True)
class LocalTable:
    """A source and the work to do on each of its batches, in order."""

    source: Source
    works: tuple[Work, ...] = ()

    @property
    def schema(self) -> Schema:
        return self.works[-1].schema if self.works else self.source.schema


@dataclass
class LocalEngine:
    """The engine of one machine. `rows_scanned` counts the rows that have left sources."""

    rows_scanned: int = field(default=0)

    def scan(self, source: Source) -> LocalTable:
        """The rows of `source`, lazily."""
        return LocalTable(source)

    def map(self, table: LocalTable, work: Work) -> LocalTable:
        """`work` applied to every batch, lazily."""
        return LocalTable(table.source, (*table.works, work))

    def batches(self, table: LocalTable, columns: tuple[str, ...] | None = None) -> Iterator[pl.DataFrame]:
        """The batches of `table`, in the source's order; a table without work reads only `columns`.

        Another thread reads the next batch and does the table's work on it meanwhile.
        """
        wanted = table.works[0].columns if table.works else columns
        kept = isinstance(table.source, KeptRows)
        for rows, worked in made_ahead(_worked(table, wanted)):
            # Kept rows were counted when they left the source they were made from.
            self.rows_scanned += 0 if kept else rows
            yield worked

    def summarise(self, table: LocalTable, *summaries: Summary) -> tuple[Any, ...]:
        """The result of each summary, in order, from one scan for all of them."""
        columns = tuple(dict.fromkeys(name for summary in summaries for name in summary.columns))
        with SideBySide(summaries) as looking:
            for batch in self.batches(table, columns):
                looking.update(batch)
            return looking.results()

    def write(self, table: LocalTable, store: Store) -> Manifest:
        """Store the rows as an immutable snapshot: parts first, manifest last. One scan."""
        return write_snapshot(self.batches(table), table.schema, store=store)

    @contextmanager
    def kept(
        self, table: LocalTable, *, single: tuple[str, ...] = (), memory: int = KEPT_BYTES
    ) -> Iterator[LocalTable]:
        """The table for several scans, of which the first makes its rows and the others read them."""
        rows = KeptRows(lambda: self.batches(table), table.schema, single=single, memory=memory)
        try:
            yield LocalTable(rows)
        finally:
            rows.close()

    def boost(
        self, table: LocalTable, spec: BoostSpec, *, observe: Callable[[Round], None] | None = None
    ) -> BoostResult:
        """Train boosted trees on the table's rows, streamed."""
        from cauce.engines.local.boosting import boost  # noqa: PLC0415 - XGBoost loads when it trains

        return boost(lambda: self.batches(table), spec, observe=observe)

    def training(
        self, table: LocalTable, spec: BoostSpec, *, keep: tuple[str, ...] = ()
    ) -> AbstractContextManager[TrainingRows]:
        """The table's rows, read once, for any number of fits of trees."""
        from cauce.engines.local.boosting import training  # noqa: PLC0415

        return training(lambda: self.batches(table), spec, keep=keep)


def _worked(
    table: LocalTable, columns: tuple[str, ...] | None
) -> Generator[tuple[int, pl.DataFrame], None, None]:
    """Rows read and what the table's work made of them, batch by batch."""
    for batch in table.source.batches(columns):
        worked = batch
        for work in table.works:
            worked = work(worked)
        yield batch.height, worked
