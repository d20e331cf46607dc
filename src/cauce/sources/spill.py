"""Tokenised blocks kept in memory, then in a temporary file, so that text is tokenised once.

A convenience only: where the disk has no room for it, or types declare rows to reject, it is not used.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from typing import IO, Any

import polars as pl

from cauce.core.reading.decision import Reading
from cauce.expr.schema import Kind

_SPARE = 4  # free bytes of disk wanted for each byte of text
_MEMORY_BYTES = 256 << 20


class Spill:
    """Arrow tables in the order they came; those that memory has no place for are in a file that has no name
    and goes with this object. kinds: those seen, by column."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file: IO[bytes] | None = file
        self._tables: list[Any] = []
        self._places: list[tuple[int, int]] = []
        self._used = 0
        self.kinds: dict[str, set[Kind]] = {}
        weakref.finalize(self, file.close)

    def add(self, table: Any, kinds: dict[str, Kind]) -> None:
        """Keep a table; on a full disk the spill ends instead."""
        for name, kind in kinds.items():
            self.kinds.setdefault(name, set()).add(kind)
        if not self._places and self._used + table.nbytes <= _MEMORY_BYTES:
            self._tables.append(table)
            self._used += table.nbytes
        elif self._file is not None:
            packed = _packed(table)
            try:
                self._places.append((self._file.tell(), packed.size))
                self._file.write(packed)
            except OSError:
                self._end()

    def fits(self, readings: Sequence[Reading]) -> bool:
        """Whether every block holds what the readings need: values of the decided kind, or texts."""
        return self._file is not None and all(
            kind in ("text", item.field.kind) or (kind, item.field.kind) == ("integer", "float")
            for item in readings
            for kind in self.kinds.get(item.field.name, ())
        )

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """The tables' columns, in order."""
        for table in self._tables:
            yield pl.DataFrame(pl.from_arrow(table.select(list(columns))))
        yield from self._from_file(columns)

    def _from_file(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        import pyarrow as pa

        for position, size in self._places:
            if self._file is not None:
                self._file.seek(position)
                table = pa.ipc.open_stream(pa.py_buffer(self._file.read(size))).read_all()
                yield pl.DataFrame(pl.from_arrow(table.select(list(columns))))

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._tables, self._places = None, [], []


def new_spill(size: int) -> Spill | None:
    """A spill for text of `size` bytes, or None where the temporary folder has no room to spare."""
    try:
        if shutil.disk_usage(tempfile.gettempdir()).free < _SPARE * size:
            return None
        return Spill(tempfile.TemporaryFile(prefix="cauce-"))
    except OSError:
        return None


def _packed(table: Any) -> Any:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()
