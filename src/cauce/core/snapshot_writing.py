"""Batches become an immutable snapshot: parts first, manifest last."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from cauce.core.faults import as_failure, hidden_system_error
from cauce.core.objects import Objects
from cauce.core.snapshot import Manifest, Part, part_key, snapshot_key
from cauce.errors import CauceError
from cauce.expr.schema import Schema
from cauce.failpoints import passage
from cauce.stats.identity import Identity
from cauce.stats.summary import Summary

_CELLS = 16 * 2**20
_MOST_ROWS, _FEWEST_ROWS = 2**20, 2**10
_MOST_BYTES = 256 * 2**20
_ROW_GROUP = 2**17


def rows_in_part(columns: int) -> int:
    """How many rows a part holds by default: about 16 million cells, between 1,024 and 1,048,576 rows."""
    return min(_MOST_ROWS, max(_FEWEST_ROWS, _CELLS // max(columns, 1)))


def write_snapshot(
    batches: Iterator[pl.DataFrame],
    schema: Schema,
    *,
    store: Objects,
    rows_per_part: int | None = None,
    identity: Summary | None = None,
) -> Manifest:
    """Store the rows of `batches` and return their manifest; one pass, memory bounded by a part.

    Rows with an identity that the store has already are not stored again: the manifest that is there is
    returned, whatever the order or the cuts of its rows. The same batches give the same bytes. The cuts
    do not depend on the batches' sizes, unless a part would exceed 256 MiB in memory.
    rows_per_part: None for `rows_in_part`. identity: another summary with `rows` and `identity` in its
    result. E0511 where a batch is not of `schema`; E0503 to E0506 where the store cannot write.
    """
    summary = Identity(schema) if identity is None else identity
    folder = store.scratch()
    try:
        state, parts = draft_parts(
            batches, schema, folder=folder, rows_per_part=rows_per_part, identity=summary
        )
        return publish_snapshot(
            drafted_manifest(schema, summary, state=state, parts=parts), folder, store=store
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def draft_parts(
    batches: Iterator[pl.DataFrame],
    schema: Schema,
    *,
    folder: Path,
    rows_per_part: int | None = None,
    most_bytes: int = _MOST_BYTES,
    identity: Summary | None,
) -> tuple[Any, tuple[Part, ...]]:
    """Write the rows as parts into `folder` (at `draft_path`); the state of `identity`, and the parts.

    No rows give one part without rows. most_bytes: what a part may take in memory. Raises as
    `write_snapshot`.
    """
    with ThreadPoolExecutor(1, "cauce-parts") as thread:
        parts = _Parts(schema, folder, rows_per_part or rows_in_part(len(schema)), thread, most_bytes)
        state = identity.start() if identity else None
        for batch in batches:
            _check(batch, schema)
            state = identity.update(state, batch) if identity else None
            parts.add(batch)
        return state, tuple(parts.finish())


def drafted_manifest(schema: Schema, identity: Summary, *, state: Any, parts: tuple[Part, ...]) -> Manifest:
    """The manifest of rows whose parts are drafted. state: of `identity`, over all of them."""
    result = identity.result(state)
    return Manifest(schema, result.rows, result.identity, parts)


def draft_path(folder: Path, part: Part) -> Path:
    """Where `publish_snapshot` looks for a part's file before it has a key."""
    return folder / f"{part.sha256}.parquet"


def publish_snapshot(manifest: Manifest, folder: Path, *, store: Objects) -> Manifest:
    """Give the store the files in `folder` (at `draft_path`) and then the manifest; the one that counts.

    Where a manifest of this identity exists, it counts, and only parts it lacks are restored. E0510
    where it lacks parts that these files are not.
    """
    key = snapshot_key(manifest.identity)
    if not store.exists(key):
        for part in manifest.parts:
            _offer(part, folder, store)
        passage("snapshot.parts")
        if store.put_if_absent(key, manifest.to_bytes()):
            passage("snapshot.manifest")
            return manifest
    return _known(key, manifest, folder, store)


def _offer(part: Part, folder: Path, store: Objects) -> None:
    file = draft_path(folder, part)
    if file.exists():
        store.put_file_if_absent(part.key, file)


def _known(key: str, manifest: Manifest, folder: Path, store: Objects) -> Manifest:
    known = Manifest.from_bytes(store.get(key), key)
    ours = set(manifest.parts)
    for part in known.parts:
        if store.exists(part.key):
            continue
        if part not in ours:
            raise CauceError("E0510", key=part.key, identity=known.identity, manifest=key)
        _offer(part, folder, store)
    return known


def _check(batch: pl.DataFrame, schema: Schema) -> None:
    if dict(batch.schema) != schema.dtypes or tuple(batch.columns) != schema.names:
        found = ", ".join(f"{name} {dtype}" for name, dtype in batch.schema.items())
        expected = ", ".join(f"{name} {dtype}" for name, dtype in schema.dtypes.items())
        raise CauceError("E0511", found=found, expected=expected)


@dataclass
class _Parts:
    """Cuts batches into parts; one thread writes a part while the next is gathered."""

    schema: Schema
    folder: Path
    rows: int
    thread: ThreadPoolExecutor
    most_bytes: int
    waiting: list[pl.DataFrame] = field(default_factory=list)
    height: int = 0
    size: int = 0
    writing: Future[Part] | None = None
    done: list[Part] = field(default_factory=list)

    def add(self, batch: pl.DataFrame) -> None:
        while self.height + batch.height >= self.rows:
            room = self.rows - self.height
            self._gather(batch.head(room))
            self._flush()
            batch = batch.slice(room)
        if batch.height:
            self._gather(batch)
            if self.size >= self.most_bytes:
                self._flush()

    def finish(self) -> list[Part]:
        if self.waiting or self.writing is None:
            self._flush()
        self._await()
        return self.done

    def _gather(self, batch: pl.DataFrame) -> None:
        self.waiting.append(batch)
        self.height += batch.height
        self.size += int(batch.estimated_size())

    def _flush(self) -> None:
        self._await()
        frames = self.waiting or [pl.DataFrame(schema=self.schema.dtypes)]
        self.writing = self.thread.submit(_write, frames, self.folder, len(self.done))
        self.waiting, self.height, self.size = [], 0, 0

    def _await(self) -> None:
        if self.writing is not None:
            self.done.append(self.writing.result())
            self.writing = None


def _write(frames: list[pl.DataFrame], folder: Path, number: int) -> Part:
    frame = pl.concat(frames)
    draft = folder / f"{number}.draft"
    try:
        frame.write_parquet(draft, compression="lz4", statistics=True, row_group_size=_ROW_GROUP)
        with draft.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        part = Part(part_key(sha256), frame.height, draft.stat().st_size, sha256)
        passage("snapshot.part")
        draft.rename(draft_path(folder, part))
    except (OSError, pl.exceptions.PolarsError) as error:
        if system_error := hidden_system_error(error):
            raise as_failure(system_error, draft) from error
        raise
    return part
