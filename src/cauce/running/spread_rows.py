"""Files read by an engine's workers: rows stay there; rejected ones wait in the store."""

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


@dataclass(frozen=True)
class SpreadRows:
    """The rows of files, in pieces that workers read; rows they reject wait in the store.

    folder: where in the store, one object of JSON lines a piece; of this reading alone.
    """

    source: FileSource
    store: Store
    folder: str = field(default_factory=lambda: f"rejected/pieces-{secrets.token_hex(8)}")

    @property
    def schema(self) -> Schema:
        return self.source.schema

    @cached_property
    def pieces(self) -> tuple[_KeepingAside, ...]:
        """The source's pieces, each with the place for what it rejects."""
        return tuple(
            _KeepingAside(piece, self.store, f"{self.folder}/{number:06d}.jsonl")
            for number, piece in enumerate(self.source.pieces)
        )

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        return self.source.batches(columns)

    def parquet_paths(self) -> None:
        return None

    @cached_property
    def rejected(self) -> StoredRejections:
        """What was rejected, in the order of files and rows, once all pieces were read."""
        return StoredRejections(self.store, tuple(self.store.list(f"{self.folder}/")))


@dataclass(frozen=True)
class _KeepingAside:
    """A piece whose rejected rows go to the store once its last row was read. A serialisable value."""

    piece: FilePiece
    store: Store
    key: str

    def batches(self) -> Iterator[pl.DataFrame]:
        rejections = Rejections()
        yield from self.piece.batches(rejections)
        if len(rejections):
            self._keep(rejections)

    def _keep(self, rejections: Rejections) -> None:
        folder = self.store.scratch()
        draft = folder / "rejected.jsonl"
        try:
            with translated(draft), draft.open("w", encoding="ascii", newline="\n") as file:
                for one in rejections:
                    file.write(json.dumps(asdict(one)) + "\n")
            self.store.put_file_if_absent(self.key, draft)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


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
