"""Rows read by an engine's workers: they stay there; rejected ones wait in the store."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property

import polars as pl

from cauce.core.faults import translated
from cauce.expr.schema import Schema
from cauce.ports.store import Store
from cauce.sources import FilePiece, FileSource, Rejection, Rejections
from cauce.sources.held import HeldTable


@dataclass(frozen=True)
class Kept:
    """Where one reading keeps the rows that it rejects: an object of JSON lines for each of its parts.

    A serialisable value. A part that is read again keeps the same rows under the same key.
    """

    store: Store
    folder: str = field(default_factory=lambda: f"rejected/parts-{secrets.token_hex(8)}")

    def put(self, part: int, rejections: Rejections) -> None:
        """Keep what a part rejected, where it did."""
        if not len(rejections):
            return
        folder = self.store.scratch()
        draft = folder / "rejected.jsonl"
        try:
            with translated(draft), draft.open("w", encoding="ascii", newline="\n") as file:
                for one in rejections:
                    file.write(json.dumps(asdict(one)) + "\n")
            self.store.put_file_if_absent(f"{self.folder}/{part:09d}.jsonl", draft)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def rejected(self) -> StoredRejections:
        """What was rejected, in the order of the parts, once all were read."""
        return StoredRejections(self.store, tuple(self.store.list(f"{self.folder}/")))


@dataclass(frozen=True)
class SpreadRows:
    """The rows of files, in pieces that workers read; see `cauce.ports.pieces.InPieces`."""

    source: FileSource
    kept: Kept

    @property
    def schema(self) -> Schema:
        return self.source.schema

    @cached_property
    def pieces(self) -> tuple[_KeepingAside, ...]:
        """The source's pieces, each with a place for what it rejects."""
        pieces = enumerate(self.source.pieces)
        return tuple(_KeepingAside(piece, number, self.kept) for number, piece in pieces)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        return self.source.batches(columns)

    def parquet_paths(self) -> None:
        return None


@dataclass(frozen=True)
class _KeepingAside:
    """A piece whose rejected rows are kept once its last row was read. A serialisable value."""

    piece: FilePiece
    number: int
    kept: Kept

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        rejections = Rejections()
        yield from self.piece.batches(columns, rejections)
        self.kept.put(self.number, rejections)


@dataclass(frozen=True)
class KeepingTableAside:
    """What a task makes of its part of a table; see `cauce.ports.pieces.Transform`. A serialisable value."""

    table: HeldTable
    kept: Kept

    def __call__(self, number: int, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        rejections = Rejections()
        yield from self.table.batches(frames, rejections)
        self.kept.put(number, rejections)


@dataclass(frozen=True)
class StoredRejections:
    """Rejected rows in objects of the store, read one at a time."""

    store: Store
    keys: tuple[str, ...]

    def __iter__(self) -> Iterator[Rejection]:
        for key in self.keys:
            with self.store.open(key) as file:
                for line in file:
                    yield Rejection(**json.loads(line))

    @cached_property
    def count(self) -> int:
        """How many there are."""
        return sum(1 for _ in self)

    def __len__(self) -> int:
        return self.count

    def discard(self) -> None:
        """Remove them from the store."""
        for key in self.keys:
            self.store.delete(key)
