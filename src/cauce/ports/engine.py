"""Where batches are, and who carries work to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from cauce.expr.schema import Schema
from cauce.stats.summary import Summary

if TYPE_CHECKING:
    from cauce.core.boosting import Boosted, BoostRequest, BoostResult, BoostSpec, Round
    from cauce.core.matrix import Matrix
    from cauce.core.snapshot import Manifest
    from cauce.ports.store import Store

KEPT_BYTES = 1 << 30
"""Bytes of rows that are kept in memory, where a project does not say."""


class Source(Protocol):
    """Where rows come from: a schema and batches whose columns have exactly the schema's types."""

    @property
    def schema(self) -> Schema: ...

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows, in the source's order, with these columns (None: all of them)."""
        ...

    def parquet_paths(self) -> tuple[str, ...] | None:
        """Local Parquet files with exactly these rows and types, for native readers, or None."""
        ...


class Work(Protocol):
    """A function from a batch to a batch, row by row, with a known output schema. A serialisable value."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        ...

    @property
    def schema(self) -> Schema:
        """What it returns."""
        ...

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame: ...


class Table(Protocol):
    """Rows an engine can scan; a value of that engine."""

    @property
    def schema(self) -> Schema: ...


class TrainingRows(Protocol):
    """Rows of one fold that are ready for many fits of trees: read once, binned once for each max_bin."""

    @property
    def scored(self) -> pl.DataFrame:
        """The rows that score: the kept columns, and POSITION, their place in the table."""
        ...

    def sampled(self, *, whole: bool = False) -> pl.DataFrame:
        """Some rows that train: `label` and `weight`. whole: as in `BoostRequest`."""
        ...

    @property
    def taught(self) -> int:
        """How many rows train, or stop training."""
        ...

    def boost(self, asked: BoostRequest, *, observe: Callable[[Round], None] | None = None) -> Boosted:
        """Fit trees to the rows that train."""
        ...

    def scores(self, score: Callable[[Matrix], Matrix]) -> Matrix:
        """What `score` makes of the features of the rows in `scored`."""
        ...

    def sampled_scores(self, score: Callable[[Matrix], Matrix], *, whole: bool = False) -> Matrix:
        """What `score` makes of the features of the rows of `sampled`."""
        ...


class Engine(Protocol):
    """Carries expressions and summaries to batches; does no arithmetic of its own."""

    def scan(self, source: Source) -> Table:
        """The rows of `source`, lazily."""
        ...

    def map(self, table: Any, work: Work) -> Table:
        """`work` applied to every batch, lazily."""
        ...

    def summarise(self, table: Any, *summaries: Summary) -> tuple[Any, ...]:
        """The result of each summary, in order, from one scan for all of them."""
        ...

    def write(self, table: Any, store: Store) -> Manifest:
        """Store the rows as an immutable snapshot: parts first, manifest last. One scan."""
        ...

    def kept(
        self, table: Any, *, single: tuple[str, ...] = (), memory: int = KEPT_BYTES
    ) -> AbstractContextManager[Table]:
        """The table for several scans, of which the first makes its rows and the others read them.

        single: number columns that may come as float32. memory: bytes of rows kept in memory; the others
        wait where the engine puts them.
        """
        ...

    def boost(
        self, table: Any, spec: BoostSpec, *, observe: Callable[[Round], None] | None = None
    ) -> BoostResult:
        """Train boosted trees: the one thing an engine trains itself. observe: after each round."""
        ...

    def training(
        self, table: Any, spec: BoostSpec, *, keep: tuple[str, ...] = ()
    ) -> AbstractContextManager[TrainingRows]:
        """The table's rows, read once, for any number of fits; `fold` of `spec` says what each row is for.

        0 trains, 1 stops training early, 3 scores. keep: columns wanted beside the scores. E2112 where the
        engine cannot.
        """
        ...

    @property
    def rows_scanned(self) -> int:
        """Rows that have come out of scan nodes so far; divided by rows, the number of scans."""
        ...
