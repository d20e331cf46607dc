"""Rows out of a snapshot, and the proof that they are the ones that went in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
        names = self.schema.names if columns is None else tuple(columns) or self.schema.names[:1]
        schema = self.schema.select(names)
        for part in self.manifest.parts:
            frame = self._read(part, schema)
            for number, batch in enumerate(frame.iter_slices(self.batch_rows)):
                rows = (number * self.batch_rows, batch.height)
                yield placed(batch, Place(self.manifest.identity, part.key, rows)) if self.known else batch

    def parquet_paths(self) -> tuple[str, ...] | None:
        """The parts' paths where the store is local, else None."""
        paths = [self.store.local_path(part.key) for part in self.manifest.parts]
        return None if None in paths else tuple(str(path) for path in paths)

    def _read(self, part: Part, schema: Schema) -> pl.DataFrame:
        # By position: a name such as "*" would be read as a pattern.
        places = [self.schema.names.index(name) for name in schema.names]
        try:
            with self.store.open(part.key) as file:
                frame = pl.read_parquet(self.store.local_path(part.key) or file, columns=places)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise self._damaged(part, "it cannot be read as Parquet") from error
        if frame.height != part.rows:
            raise self._damaged(part, f"it has {frame.height} rows instead of {part.rows}")
        wanted = take(frame, schema.names)
        if dict(wanted.schema) != schema.dtypes:
            raise self._damaged(part, "its columns have other types")
        return wanted

    def _damaged(self, part: Part, reason: str) -> CauceError:
        return CauceError("E0509", key=part.key, identity=self.manifest.identity, reason=reason)


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
