"""Snapshots that executors write: parts first, the manifest last, nothing visible before it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from cauce.core.durable import sync
from cauce.core.faults import translated
from cauce.core.objects import Objects
from cauce.core.part_writing import draft_path, rows_in_part
from cauce.core.snapshot import Manifest, Part
from cauce.core.snapshot_writing import draft_parts, drafted_manifest, publish_snapshot
from cauce.engines.spark.gathering import gathered, partition_number
from cauce.engines.spark.jobs import Tell
from cauce.engines.spark.table import Counted, PieceRows, SparkTable
from cauce.errors import CauceError
from cauce.expr.schema import Schema
from cauce.stats.identity import Identity

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_MOST_BYTES = 64 * 2**20
"""Bytes of rows that a part may take in memory: on an executor they compete with Java's."""

_MARK = "shared"


@dataclass(frozen=True)
class _Drafts:
    """Where parts are drafted: in the driver's folder where executors see it, else each goes to the store."""

    folder: str
    store: Objects
    schema: Schema
    rows_per_part: int

    def deliver(self, parts: Sequence[Part], own: Path) -> None:
        """Hand over the drafts in the folder `own`."""
        shared = Path(self.folder)
        for part in parts:
            draft = draft_path(own, part)
            if (shared / _MARK).exists():
                with translated(shared):
                    sync(draft)
                    draft_path(own, part).replace(draft_path(shared, part))
            else:
                self.store.put_file_if_absent(part.key, draft)

    def own_folder(self) -> Path:
        """A folder for the drafts of one task, on the same disk where that is shared."""
        with translated(self.folder):
            shared = (Path(self.folder) / _MARK).exists()
            return Path(tempfile.mkdtemp(prefix="task-", dir=self.folder if shared else None))


@dataclass(frozen=True)
class _Written:
    """What a task of writing gives: the identity's state and the parts, both of which can be merged."""

    drafts: _Drafts

    def __call__(self, batches: Counted) -> list[Any]:
        schema, own = self.drafts.schema, self.drafts.own_folder()
        try:
            state, parts = draft_parts(
                iter(batches),
                schema,
                folder=own,
                rows_per_part=self.drafts.rows_per_part,
                most_bytes=_MOST_BYTES,
                identity=Identity(schema),
            )
            kept = tuple(part for part in parts if part.rows)
            self.drafts.deliver(kept, own)
            return [state, _placed(kept)]
        finally:
            shutil.rmtree(own, ignore_errors=True)


Place = tuple[int, int, Part]
"""The partition, the how manieth of it, and the part."""


@dataclass(frozen=True)
class _Placed:
    """Parts with their places, which can be merged in any order."""

    def merge(self, left: tuple[Place, ...], right: tuple[Place, ...]) -> tuple[Place, ...]:
        return (*left, *right)

    def dump(self, state: tuple[Place, ...]) -> bytes:
        return json.dumps([(partition, number, vars(part)) for partition, number, part in state]).encode()

    def load(self, data: bytes) -> tuple[Place, ...]:
        return tuple((partition, number, Part(**part)) for partition, number, part in json.loads(data))


def _placed(parts: Sequence[Part]) -> tuple[Place, ...]:
    own = partition_number()
    return tuple((own, number, part) for number, part in enumerate(parts))


def _in_order(placed: Sequence[Place]) -> tuple[Part, ...]:
    return tuple(part for _, _, part in sorted(placed, key=lambda one: one[:2]))


def write_table(
    session: SparkSession, table: SparkTable, *, store: Objects, tell: Tell | None = None
) -> tuple[Manifest, int]:
    """Store the rows as a snapshot, and how many left their origin for it. One scan, streamed.

    Each task drafts parts of its rows in their order, and a part holds rows of one partition unless they are
    few; the manifest lists parts in the order of partitions. So the cuts differ with the partitions, and the
    identity does not. A task that is done twice drafts the same part again. E0715 where executors do not see
    the store.
    """
    schema, identity = table.schema, Identity(table.schema)
    folder = store.scratch()
    try:
        (folder / _MARK).touch()
        drafts = _Drafts(str(folder), store, schema, rows_in_part(len(schema)))
        scanned, merged = gathered(table, _Written(drafts), merged=(identity, _Placed()), tell=tell)
        state, placed = merged or (identity.start(), ())
        joined = _joined(session, drafts, _in_order(placed))
        if not joined:
            state, joined = draft_parts(iter(()), schema, folder=folder, identity=identity)
        _check_there(joined, folder, store)
        return publish_snapshot(
            drafted_manifest(schema, identity, state=state, parts=joined), folder, store=store
        ), scanned
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class _Fragments:
    """A piece: the rows of some drafts."""

    drafts: _Drafts
    parts: tuple[Part, ...]

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:  # noqa: ARG002
        """The rows, which have all columns whatever is asked for."""
        folder = Path(self.drafts.folder)
        return (pl.read_parquet(draft_path(folder, part), glob=False) for part in self.parts)


@dataclass(frozen=True)
class _Joining:
    """What a task of joining fragments gives: the parts made of them."""

    drafts: _Drafts

    def __call__(self, batches: Counted) -> list[Any]:
        own = self.drafts.own_folder()
        try:
            rows = self.drafts.rows_per_part
            _, parts = draft_parts(
                iter(batches), self.drafts.schema, folder=own, rows_per_part=rows, identity=None
            )
            self.drafts.deliver(parts, own)
            return [_placed(parts)]
        finally:
            shutil.rmtree(own, ignore_errors=True)


def _joined(session: SparkSession, drafts: _Drafts, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts, those in a row that are small written as one; as they are where drafts are not shared."""
    groups = _groups(parts, drafts.rows_per_part)
    if not parts or len(groups) > len(parts) // 2 or not draft_path(Path(drafts.folder), parts[0]).exists():
        return parts
    fragments = [_Fragments(drafts, group) for group in groups]
    table = SparkTable(PieceRows(session, fragments, drafts.schema, tasks=len(fragments)))
    _, merged = gathered(table, _Joining(drafts), merged=(_Placed(),))
    return _in_order(merged[0] if merged else ())


def _groups(parts: tuple[Part, ...], rows: int) -> list[tuple[Part, ...]]:
    """The parts, in order, in groups of at most so many rows and of a quarter of what a part may take."""
    groups: list[list[Part]] = []
    height = size = 0
    for part in parts:
        if not groups or height + part.rows > rows or size + part.bytes > _MOST_BYTES // 4:
            groups.append([])
            height = size = 0
        groups[-1].append(part)
        height, size = height + part.rows, size + part.bytes
    return [tuple(group) for group in groups]


def _check_there(parts: Sequence[Part], folder: Path, store: Objects) -> None:
    for part in parts:
        if not draft_path(folder, part).exists() and not store.exists(part.key):
            raise CauceError("E0715", store=getattr(store, "root", "?"))
