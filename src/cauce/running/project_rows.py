"""Where a project's rows come from: files read here or by workers, or a table that the engine holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cauce.core.reading.notices import Notice
from cauce.errors import CauceError
from cauce.expr.nodes import Expression
from cauce.expr.schema import Schema
from cauce.ports.pieces import Asking, HeldRows
from cauce.running.spread_rows import KeepingTableAside, Kept, SpreadRows, StoredRejections
from cauce.running.workspace import Workspace
from cauce.sources import FileSource, Rejections, open_source
from cauce.sources.held import held_table, undecided

Report = Callable[[float, float | None], None]


@dataclass(frozen=True)
class _Reported:
    """A source whose batches are reported as they pass."""

    source: FileSource
    report: Report

    @property
    def schema(self) -> Schema:
        return self.source.schema

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        done = 0
        for batch in self.source.batches(columns):
            yield batch
            done += batch.height
            self.report(done, None)

    def parquet_paths(self) -> tuple[str, ...] | None:
        return self.source.parquet_paths()


@dataclass(frozen=True)
class ProjectRows:
    """The rows to learn from. scanned: what the engine scans. rejected: the rows left out, after the scan.

    texts: how a text cell of each column became its value. identity: of the rows, where it is known before.
    """

    scanned: Any
    notices: tuple[Notice, ...]
    rejected: Callable[[], Rejections | StoredRejections]
    texts: Mapping[str, Expression]
    identity: str | None = None

    def check_same(self, identity: str) -> None:
        """E0747 where the rows that were stored are not those that were known."""
        if self.identity not in (None, identity):
            raise CauceError("E0747", source=self.scanned.name)

    @property
    def schema(self) -> Schema:
        """The columns and their kinds."""
        schema: Schema = self.scanned.schema
        return schema


def open_project_rows(work: Workspace, report: Report) -> ProjectRows:
    """The rows of the workspace's project. Raises what reading raises, and E0742 and E0743."""
    if work.held is not None:
        return _of_table(work, work.held)
    said = () if work.here is None else work.here.notices
    if isinstance(work.engine, Asking):
        source = open_source(work.read_options, ask=work.engine.ask)
        rows = SpreadRows(source, Kept(work.store))
        return ProjectRows(rows, (*said, *source.notices), rows.kept.rejected, source.texts)
    source = open_source(work.read_options)
    reported = _Reported(source, report)
    return ProjectRows(reported, (*said, *source.notices), lambda: source.rejected, source.texts)


def _of_table(work: Workspace, table: HeldRows) -> ProjectRows:
    options, engine = work.read_options, work.engine
    asked = undecided(table.held, options)
    evidence = None
    if asked is not None:
        (evidence,) = engine.summarise(engine.scan(table), asked)  # type: ignore[arg-type]
    read = held_table(table.name, table.held, options=options, evidence=evidence)
    kept = Kept(work.store)
    if not read.plain:
        table = table.made_by(KeepingTableAside(read, kept), read.schema)
    known = work.fingerprint() if read.plain else None
    return ProjectRows(table, table.notices, kept.rejected, {}, known)
