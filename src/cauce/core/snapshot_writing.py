"""Batches become an immutable snapshot: parts first, manifest last."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl

from cauce.core.objects import Objects
from cauce.core.part_writing import MOST_BYTES, Parts, draft_path, rows_in_part
from cauce.core.snapshot import Manifest, Part, snapshot_key
from cauce.errors import CauceError
from cauce.expr.schema import Schema
from cauce.failpoints import passage
from cauce.stats.identity import Identity
from cauce.stats.summary import Summary


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
    most_bytes: int = MOST_BYTES,
    identity: Summary | None,
) -> tuple[Any, tuple[Part, ...]]:
    """Write the rows as parts into `folder` (at `draft_path`); the state of `identity`, and the parts.

    No rows give one part without rows. most_bytes: what a part may take in memory. Raises as
    `write_snapshot`.
    """
    with ThreadPoolExecutor(1, "cauce-parts") as thread:
        parts = Parts(schema, folder, rows_per_part or rows_in_part(len(schema)), most_bytes, thread)
        state = identity.start() if identity else None
        try:
            for batch in batches:
                _check(batch, schema)
                parts.add(batch)
                state = identity.update(state, batch) if identity else None
            return state, parts.finish()
        finally:
            parts.close()


def drafted_manifest(schema: Schema, identity: Summary, *, state: Any, parts: tuple[Part, ...]) -> Manifest:
    """The manifest of rows whose parts are drafted. state: of `identity`, over all of them."""
    result = identity.result(state)
    return Manifest(schema, result.rows, result.identity, parts)


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
