"""Batches on Spark's executors: `mapInArrow` hands each partition's Arrow batches to the same code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cauce.core.row_work import SameColumns
from cauce.core.snapshot import Manifest
from cauce.engines.spark.gathering import gathered
from cauce.engines.spark.jobs import Tell, spark_at_work
from cauce.engines.spark.narrowing import Narrowed
from cauce.engines.spark.nearby import Nearby, training
from cauce.engines.spark.sending import sent
from cauce.engines.spark.session import view_of
from cauce.engines.spark.sources import answers
from cauce.engines.spark.sources_tables import TableRows, open_remote, open_table
from cauce.engines.spark.table import Counted, FrameRows, Kept, PieceRows, SparkTable, positional
from cauce.engines.spark.writing import write_table
from cauce.errors import CauceError
from cauce.ports.engine import KEPT_BYTES, Source, TrainingRows, Work
from cauce.ports.pieces import Question
from cauce.ports.store import Store
from cauce.stats.summary import Summary

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from cauce.core.boosting import BoostResult, BoostSpec, Round


@dataclass
class SparkEngine:
    """The engine of a Spark session, which is used and never changed. Only summary states come back.

    workers: tasks that grow trees together; None as `cauce.engines.spark.boosting` chooses. nearby: what
    fits many models to the rows of a fold, None where nothing does. tell: hears how many tasks of a job are
    done, from another thread. E0717 for a session of Spark Connect.
    """

    session: SparkSession
    rows_scanned: int = field(default=0)
    workers: int | None = None
    nearby: Nearby | None = None
    tell: Tell | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.session = view_of(self.session)

    def scan(self, source: Source) -> SparkTable:
        """The rows of `source`, which executors read piece by piece where it has `pieces`, lazily.

        The batches of others are sent there; E0714 where they are many.
        """
        if isinstance(source, TableRows):
            return SparkTable(source)
        pieces = getattr(source, "pieces", None)
        if pieces is not None:
            return SparkTable(PieceRows(self.session, tuple(pieces), source.schema))
        return SparkTable(FrameRows(positional(sent(self.session, source)), source.schema))

    def ask(self, questions: Sequence[Question]) -> list[Any]:
        """The answers of executors to questions about files that they reach, in order."""
        return answers(self.session, questions)

    def open_table(self, asked: Any, *, drop: Sequence[str] = ()) -> TableRows:
        """The rows of a DataFrame, or of the table or view of that name. E0740, E0741, E0422 to E0426."""
        return open_table(self.session, asked, drop=drop)

    def open_remote(self, paths: Sequence[str], *, form: str, drop: Sequence[str] = ()) -> TableRows:
        """The rows of files that Spark alone reaches. E0740, E0744, and as `open_table`."""
        return open_remote(self.session, paths, form=form, drop=drop)

    def map(self, table: SparkTable, work: Work) -> SparkTable:
        """`work` applied to every batch on the executors, lazily."""
        return table.with_work(work)

    def summarise(self, table: SparkTable, *summaries: Summary) -> tuple[Any, ...]:
        """The result of each summary from one scan, whatever the order and the number of partitions."""
        names = tuple(dict.fromkeys(name for summary in summaries for name in summary.columns))
        with spark_at_work(self.session):
            rows, states = gathered(
                table, _Summarising(summaries), merged=summaries, columns=names, tell=self.tell
            )
        self._count(table, rows)
        found = [one.start() for one in summaries] if states is None else states
        return tuple(one.result(state) for one, state in zip(summaries, found, strict=True))

    def write(self, table: SparkTable, store: Store) -> Manifest:
        """Store the rows as an immutable snapshot: executors write parts, the manifest is last. One scan."""
        with spark_at_work(self.session):
            manifest, rows = write_table(self.session, table, store=store, tell=self.tell)
        self._count(table, rows)
        return manifest

    @contextmanager
    def kept(
        self,
        table: SparkTable,
        *,
        single: tuple[str, ...] = (),
        memory: int = KEPT_BYTES,  # noqa: ARG002 - Spark knows what it may use
    ) -> Iterator[SparkTable]:
        """The table for several scans: Spark keeps what its work makes in memory and on the executors' disks.

        Rows without any work to do are as quickly read where they lie, and are not kept.
        """
        if not table.works and not single and isinstance(table.rows, PieceRows):
            yield table
            return
        from pyspark.storagelevel import StorageLevel  # noqa: PLC0415

        narrowed = self._narrowed(table, single) if single else table
        with spark_at_work(self.session):
            frame = narrowed.frame().persist(StorageLevel.MEMORY_AND_DISK)
        try:
            yield SparkTable(FrameRows(frame, table.schema), kept=Kept())
        finally:
            frame.unpersist()

    def _narrowed(self, table: SparkTable, single: tuple[str, ...]) -> SparkTable:
        return table.with_work(SameColumns(table.schema, Narrowed(single)))

    def _count(self, table: SparkTable, rows: int) -> None:
        if table.kept is None or not table.kept.made:
            self.rows_scanned += rows
        if table.kept is not None:
            table.kept.made = True

    def boost(
        self, table: SparkTable, spec: BoostSpec, *, observe: Callable[[Round], None] | None = None
    ) -> BoostResult:
        """Train boosted trees on the table's rows, in tasks that start together. One scan."""
        from cauce.engines.spark.boosting import boost  # noqa: PLC0415 - XGBoost's part loads when it trains

        result, rows = boost(
            self.session, table, spec=spec, workers=self.workers, observe=observe, tell=self.tell
        )
        self._count(table, rows)
        return result

    def training(
        self, table: SparkTable, spec: BoostSpec, *, keep: tuple[str, ...] = ()
    ) -> AbstractContextManager[TrainingRows]:
        """The table's rows, brought to this process for any number of fits. E0724; E2112 where it cannot."""
        if self.nearby is None:
            raise CauceError("E2112", engine="spark")
        return training(self, table, spec=spec, keep=keep, nearby=self.nearby)


@dataclass(frozen=True)
class _Summarising:
    """What a task gives: the state of each summary over its batches."""

    summaries: tuple[Summary, ...]

    def __call__(self, batches: Counted) -> list[Any]:
        states = [summary.start() for summary in self.summaries]
        for batch in batches:
            states = [one.update(state, batch) for one, state in zip(self.summaries, states, strict=True)]
        return states
