"""The parts of a snapshot, written while its rows are still on their way here."""

from __future__ import annotations

import contextvars
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from cauce.core.snapshot import Manifest
from cauce.core.snapshot_writing import draft_parts, drafted_manifest, publish_snapshot
from cauce.expr.schema import Schema
from cauce.ports.store import Store
from cauce.running.workspace import Workspace, read_options
from cauce.sources.arriving import ArrivingRows, arriving_rows
from cauce.sources.options import ReadOptions
from cauce.spec.addresses import is_brought
from cauce.stats.identity import Identity
from cauce.threads import Handing


@dataclass
class EarlyParts:
    """Sees rows while they are brought, and makes parts of them: nothing but time is lost without these.

    What stands in the way is left to whoever reads the rows once they are here, who says it.
    """

    store: Store
    options: ReadOptions
    _folder: Path | None = field(default=None, init=False)
    _manifest: Manifest | None = field(default=None, init=False)

    @contextmanager
    def looking(self, schema: Any) -> Iterator[Callable[[pl.DataFrame], None]]:
        """Takes the frames of rows of this Arrow schema, which are all there where the context ends well."""
        self.discard()
        rows = arriving_rows(schema, self.options)
        if rows is None:
            yield _nothing
            return
        self._folder = self.store.scratch()
        try:
            with ThreadPoolExecutor(1, "cauce-early") as thread:
                handing = Handing[pl.DataFrame]()
                here = contextvars.copy_context()
                drafted = thread.submit(here.run, _drafted, rows, handing.taken(), self._folder)
                handing.until(drafted)
                try:
                    yield handing.give
                finally:
                    handing.end()
                self._manifest = drafted.result()
        finally:
            if self._manifest is None:
                self.discard()

    def published(self, schema: Schema) -> Manifest | None:
        """The snapshot of the rows that were seen last; None where there is none of this schema."""
        if self._manifest is None or self._folder is None or self._manifest.schema != schema:
            return None
        try:
            return publish_snapshot(self._manifest, self._folder, store=self.store)
        finally:
            self.discard()

    def discard(self) -> None:
        """Leave nothing of what was made and not published."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = self._manifest = None


def early_parts(work: Workspace) -> EarlyParts | None:
    """What makes parts of the project's rows here while they come from one address; None where others do."""
    data = work.project.data
    if work.project.engine.kind != "local" or len(data.source) != 1 or not is_brought(data.source[0]):
        return None
    return EarlyParts(work.store, read_options(data, work.folder))


def _nothing(frame: pl.DataFrame) -> None:
    """Takes no rows."""


def _drafted(rows: ArrivingRows, coming: Iterator[pl.DataFrame], folder: Path) -> Manifest | None:
    """The manifest of all the rows; None where their parts could not be made, for whatever reason."""
    identity = Identity(rows.schema)
    try:
        state, parts = draft_parts(map(rows.read, coming), rows.schema, folder=folder, identity=identity)
        return drafted_manifest(rows.schema, identity, state=state, parts=parts)
    except Exception:
        return None
