"""Where a project's rows come from: files read here or by workers, or a table that the engine holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from cauce.core.columns import RESERVED_PREFIX
from cauce.core.reading.notices import Notice
from cauce.errors import CauceError
from cauce.expr.nodes import Expression
from cauce.expr.schema import Schema
from cauce.ports.pieces import Asking, HeldRows
from cauce.running.bringing import Here
from cauce.running.held_rows import open_held
from cauce.running.spread_rows import KeepingTableAside, Kept, SpreadRows, StoredRejections
from cauce.running.workspace import Workspace, read_options
from cauce.sources import FileSource, ReadOptions, Rejections, open_source
from cauce.sources.files import is_held
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

    texts: how a text cell of each column became its value. names: of the files, or of the table. identity: of
    the rows, where it is known before.
    """

    scanned: Any
    notices: tuple[Notice, ...]
    rejected: Callable[[], Rejections | StoredRejections]
    texts: Mapping[str, Expression]
    names: tuple[str, ...]
    identity: str | None = None

    def check_same(self, identity: str) -> None:
        """E0747 where the rows that were stored are not those that were known."""
        if self.identity not in (None, identity):
            raise CauceError("E0747", source=self.scanned.name)

    def left_out(self) -> int:
        """How many rows the scans left out, which are told no more: what was kept of them is removed."""
        rejected = self.rejected()
        count = len(rejected)
        if isinstance(rejected, StoredRejections):
            rejected.discard()
        return count

    @property
    def schema(self) -> Schema:
        """The columns and their kinds."""
        schema: Schema = self.scanned.schema
        return schema


def open_project_rows(work: Workspace, report: Report) -> ProjectRows:
    """The rows of the workspace's project. Raises what reading raises, and E0742 and E0743."""
    opened = _own(work, report)
    return replace(opened, identity=work.fingerprint()) if opened.scanned is work.held else opened


def _own(work: Workspace, report: Report) -> ProjectRows:
    if work.held is not None:
        return _of_table(work, work.held)
    said = () if work.here is None else work.here.notices
    return _of_files(work, work.read_options, said=said, report=report)


def open_rows_to_look_at(work: Workspace, here: Here | None) -> ProjectRows:
    """The rows of other data, or (None) of the project's, read as it reads its own, for a look at them.

    E1402 for columns that are called as ours, and as `open_project_rows`.
    """
    if here is None:
        opened = _own(work, _unsaid)
    elif any(is_held(one) for one in here.paths):
        data = replace(work.project.data, source=here.paths)
        held = open_held(work.engine, None, data=data, options=work.read_options)
        assert held is not None
        opened = _of_table(work, held)
    else:
        options = here.read_as(read_options(work.project.data, work.folder))
        opened = _of_files(work, options, said=here.notices, report=_unsaid)
    for name in opened.schema.names:
        if name.startswith(RESERVED_PREFIX):
            raise CauceError("E1402", column=name, prefix=RESERVED_PREFIX)
    return opened


def _unsaid(done: float, total: float | None) -> None:
    """A look is not told of."""


def _of_files(
    work: Workspace, options: ReadOptions, *, said: tuple[Notice, ...], report: Report
) -> ProjectRows:
    if isinstance(work.engine, Asking):
        source = open_source(options, ask=work.engine.ask)
        rows = SpreadRows(source, Kept(work.store))
        about = (*said, *source.notices)
        return ProjectRows(rows, about, rows.kept.rejected, source.texts, source.names)
    source = open_source(options)
    reported = _Reported(source, report)
    about = (*said, *source.notices)
    return ProjectRows(reported, about, lambda: source.rejected, source.texts, source.names)


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
    return ProjectRows(table, table.notices, kept.rejected, {}, (table.name,))
