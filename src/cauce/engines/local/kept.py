"""Rows kept after the first scan, so that the next ones read numbers instead of making them again."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cauce.engines.scratch import Scratch
from cauce.expr.batch import take
from cauce.expr.schema import Schema


@dataclass
class _Part:
    """Some rows: in memory, or where they stand in the file."""

    frame: pl.DataFrame | None
    place: int = 0
    size: int = 0


class KeptRows:
    """A source: what `batches` gives the first time is given again, from memory or a temporary file.

    batches: makes the rows. single: the columns kept (and given) as float32. memory: bytes of rows kept in
    memory; the rest goes to a file that vanishes with the process. E0818 where that cannot be written.
    """

    def __init__(self, batches: Any, schema: Schema, *, single: tuple[str, ...], memory: int) -> None:
        self.schema = schema
        self.known = False
        self._made, self._single, self._memory = batches, frozenset(single), memory
        self._parts: list[_Part] = []
        self._scratch = Scratch()
        self._room = memory

    def close(self) -> None:
        """Let the rows go."""
        self._parts, self.known = [], False
        self._scratch.close()

    def parquet_paths(self) -> None:
        """There are no files for other readers."""
        return

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows in their order; all columns while they are made, else those asked for."""
        if not self.known:
            yield from self._first()
            return
        for part in self._parts:
            frame = self._read(part) if part.frame is None else part.frame
            yield frame if columns is None else take(frame, tuple(columns))

    def _first(self) -> Iterator[pl.DataFrame]:
        self.close()
        self._room = self._memory
        for batch in self._made():
            frame = self._narrowed(batch)
            self._parts.append(self._kept(frame))
            yield frame
        self.known = True

    def _narrowed(self, batch: pl.DataFrame) -> pl.DataFrame:
        made = [one.cast(pl.Float32) if one.name in self._single else one for one in batch.get_columns()]
        return pl.DataFrame(made)

    def _kept(self, frame: pl.DataFrame) -> _Part:
        size = int(frame.estimated_size())
        if size <= self._room:
            self._room -= size
            return _Part(frame)
        self._room = 0
        written = io.BytesIO()
        frame.write_ipc(written, compat_level=pl.CompatLevel.oldest())
        data = written.getbuffer()
        return _Part(None, self._scratch.write(data), len(data))

    def _read(self, part: _Part) -> pl.DataFrame:
        data = bytearray(part.size)
        self._scratch.read(part.place, into=data)
        return pl.read_ipc(io.BytesIO(data))
