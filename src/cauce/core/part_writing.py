"""Rows become the Parquet files of a snapshot: each is written while its later rows are on their way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from cauce.core.faults import as_failure, hidden_system_error
from cauce.core.snapshot import Part, part_key
from cauce.expr.schema import Schema
from cauce.failpoints import passage
from cauce.threads import Handing

MOST_BYTES = 256 * 2**20
_CELLS = 16 * 2**20
_MOST_ROWS, _FEWEST_ROWS = 2**20, 2**10
_ROW_GROUP = 2**17
_WAITING = 2
"""How many frames may wait for the thread that writes."""


def rows_in_part(columns: int) -> int:
    """How many rows a part holds by default: about 16 million cells, between 1,024 and 1,048,576 rows."""
    return min(_MOST_ROWS, max(_FEWEST_ROWS, _CELLS // max(columns, 1)))


def draft_path(folder: Path, part: Part) -> Path:
    """Where a part's file is before it has a key."""
    return folder / f"{part.sha256}.parquet"


@dataclass
class Parts:
    """Cuts batches into parts, which one thread writes row group by row group.

    rows, most_bytes: what a part holds at most. Whoever does not come to `finish` calls `close`, or the
    thread waits for ever.
    """

    schema: Schema
    folder: Path
    rows: int
    most_bytes: int
    thread: ThreadPoolExecutor
    height: int = 0
    size: int = 0
    open: Handing[pl.DataFrame] | None = None
    written: list[Future[Part]] = field(default_factory=list)

    def add(self, batch: pl.DataFrame) -> None:
        """Take the batch's rows. Raises what writing an earlier part, or the rows before, raised."""
        while self.height + batch.height >= self.rows:
            room = self.rows - self.height
            self._give(batch.head(room))
            self.close()
            batch = batch.slice(room)
        if batch.height:
            self._give(batch)
            if self.size >= self.most_bytes:
                self.close()

    def close(self) -> None:
        """No more rows for the part that is open."""
        if self.open is not None:
            self.open.end()
        self.open, self.height, self.size = None, 0, 0

    def finish(self) -> tuple[Part, ...]:
        """All parts, written; one without rows where none were added."""
        if not self.written:
            self._begin()
        self.close()
        return tuple(one.result() for one in self.written)

    def _give(self, batch: pl.DataFrame) -> None:
        part = self.open or self._begin()
        part.give(batch)
        for one in self.written[-2:]:
            if one.done():
                one.result()
        self.height += batch.height
        self.size += int(batch.estimated_size())

    def _begin(self) -> Handing[pl.DataFrame]:
        if len(self.written) > 1:
            self.written[-2].result()
        self.open = Handing(_WAITING)
        draft = self.folder / f"{len(self.written)}.draft"
        self.written.append(self.thread.submit(_write, self.open.taken(), self.schema, draft))
        self.open.until(self.written[-1])
        return self.open


def _write(frames: Iterator[pl.DataFrame], schema: Schema, draft: Path) -> Part:
    rows = 0

    def counted(*asked: object) -> Iterator[pl.DataFrame]:  # noqa: ARG001 - all rows and columns are
        nonlocal rows
        for frame in frames:
            rows += frame.height
            yield frame

    try:
        register_io_source(counted, schema=schema.dtypes).sink_parquet(
            draft, compression="lz4", statistics=True, row_group_size=_ROW_GROUP, engine="streaming"
        )
        with draft.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        part = Part(part_key(sha256), rows, draft.stat().st_size, sha256)
        passage("snapshot.part")
        draft.rename(draft_path(draft.parent, part))
    except (OSError, pl.exceptions.PolarsError) as error:
        if system_error := hidden_system_error(error):
            raise as_failure(system_error, draft) from error
        raise
    return part
