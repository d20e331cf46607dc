"""Rows out of a snapshot, and the proof that they are the ones that went in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from cauce.core.objects import Objects
from cauce.core.snapshot import Manifest, Part, snapshot_key
from cauce.errors import CauceError, CauceErrors
from cauce.expr.batch import take
from cauce.expr.schema import Schema
from cauce.stats.identity import Identity
from cauce.stats.known_lanes import Place, placed
from cauce.stats.summary import Summary

_BLOCK = 2**20
_PIECE_ROWS = 2**17
"""About as many rows as a row group has: a piece then reads one or two of them."""


def read_manifest(store: Objects, identity: str) -> Manifest:
    """The manifest of the snapshot `identity`; E0502 where there is none, E0507 and E0508 as it says."""
    key = snapshot_key(identity)
    return Manifest.from_bytes(store.get(key), key)


@dataclass(frozen=True)
class SnapshotSource:
    """The rows of a snapshot as a Source, in the order of its parts, `batch_rows` at most at a time.

    E0502 where a part is missing, E0509 where it cannot be read or is not as the manifest says.
    known: whether hashes of the rows may be remembered from an earlier scan, not where they are proved.
    """

    manifest: Manifest
    store: Objects
    batch_rows: int = 2**17
    known: bool = True

    @property
    def schema(self) -> Schema:
        """The declared schema."""
        return self.manifest.schema

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows with these columns, in the order given (None: all of them).

        Where none is asked for, the first column comes, because a frame without columns has no rows.
        """
        for part in self.manifest.parts:
            yield from self.batches_of(part, columns)

    def batches_of(
        self, part: Part, columns: Sequence[str] | None = None, *, first: int = 0, rows: int | None = None
    ) -> Iterator[pl.DataFrame]:
        """Those of one part alone, or of `rows` of its rows from the one numbered `first`."""
        names = self.schema.names if columns is None else tuple(columns) or self.schema.names[:1]
        schema = self.schema.select(names)
        whole = rows is None or rows == part.rows
        frame = self._read(part, schema) if whole else self._read_some(part, schema, (first, rows or 0))
        for number, batch in enumerate(frame.iter_slices(self.batch_rows)):
            at = (first + number * self.batch_rows, batch.height)
            yield placed(batch, Place(self.manifest.identity, part.key, at)) if self.known else batch

    def parquet_paths(self) -> tuple[str, ...] | None:
        """The parts' paths where the store is local, else None."""
        paths = [self.store.local_path(part.key) for part in self.manifest.parts]
        return None if None in paths else tuple(str(path) for path in paths)

    @property
    def pieces(self) -> tuple[SnapshotPiece, ...]:
        """The rows in their order, in pieces of some batches that workers read without each other."""
        most = self.batch_rows * max(1, _PIECE_ROWS // self.batch_rows)
        return tuple(
            SnapshotPiece(self, part, first, min(most, part.rows - first))
            for part in self.manifest.parts
            for first in range(0, part.rows, most)
        )

    def _read(self, part: Part, schema: Schema) -> pl.DataFrame:
        # By position: a name such as "*" would be read as a pattern.
        places = self._places(schema)
        with self._reading(part) as file:
            frame = pl.read_parquet(file, columns=places)
        return self._checked(part, frame, schema, rows=part.rows)

    def _read_some(self, part: Part, schema: Schema, rows: tuple[int, int]) -> pl.DataFrame:
        places = self._places(schema)
        with self._reading(part) as file:
            frame = pl.scan_parquet(file, glob=False).slice(*rows).select(pl.nth(*places)).collect()
        return self._checked(part, frame, schema, rows=rows[1])

    def _places(self, schema: Schema) -> list[int]:
        known = {name: place for place, name in enumerate(self.schema.names)}
        return [known[name] for name in schema.names]

    @contextmanager
    def _reading(self, part: Part) -> Iterator[Path | BinaryIO]:
        try:
            with self.store.open(part.key) as file:
                yield self.store.local_path(part.key) or file
        except (OSError, pl.exceptions.PolarsError) as error:
            raise self._damaged(part, "it cannot be read as Parquet") from error

    def _checked(self, part: Part, frame: pl.DataFrame, schema: Schema, *, rows: int) -> pl.DataFrame:
        if frame.height != rows:
            raise self._damaged(part, f"it has {frame.height} rows instead of {rows}")
        wanted = take(frame, schema.names)
        if dict(wanted.schema) != schema.dtypes:
            raise self._damaged(part, "its columns have other types")
        return wanted

    def _damaged(self, part: Part, reason: str) -> CauceError:
        return CauceError("E0509", key=part.key, identity=self.manifest.identity, reason=reason)


@dataclass(frozen=True)
class SnapshotPiece:
    """Some rows of a part, as a Source: `rows` of them from the one numbered `first`, from 0."""

    source: SnapshotSource
    part: Part
    first: int
    rows: int

    @property
    def schema(self) -> Schema:
        """The declared schema."""
        return self.source.schema

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """As those of the source, of these rows."""
        return self.source.batches_of(self.part, columns, first=self.first, rows=self.rows)

    def __reduce__(self) -> tuple[Any, ...]:
        # Of the source's parts only its own: a task for each part must not carry the list of all.
        alone = replace(self.source, manifest=replace(self.source.manifest, parts=(self.part,)))
        return SnapshotPiece, (alone, self.part, self.first, self.rows)


def verify_snapshot(
    manifest: Manifest, store: Objects, *, rows: bool = False, identity: Summary | None = None
) -> None:
    """Read every part and compare size and SHA-256 with the manifest.

    rows: also decode them and compare the identity of the rows (E0515 where it is another). Raises all
    E0502 and E0509 at once. identity: as in `write_snapshot`.
    """
    found = [failure for part in manifest.parts if (failure := _failure(part, manifest, store))]
    if found:
        raise CauceErrors(found)
    if rows:
        summary = Identity(manifest.schema) if identity is None else identity
        state = summary.start()
        for batch in SnapshotSource(manifest, store, known=False).batches():
            state = summary.update(state, batch)
        got = summary.result(state).identity
        if got != manifest.identity:
            raise CauceError("E0515", identity=manifest.identity, found=got, manifest=manifest.key)


def _failure(part: Part, manifest: Manifest, store: Objects) -> CauceError | None:
    whole, size = hashlib.sha256(), 0
    try:
        with store.open(part.key) as file:
            while block := file.read(_BLOCK):
                whole.update(block)
                size += len(block)
    except CauceError as error:
        return error
    if size != part.bytes or whole.hexdigest() != part.sha256:
        reason = f"{size} bytes with another digest instead of {part.bytes}"
        return CauceError("E0509", key=part.key, identity=manifest.identity, reason=reason)
    return None
