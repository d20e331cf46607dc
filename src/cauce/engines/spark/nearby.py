"""Rows of one fold, prepared on the executors and brought to this process, where many models are fitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from cauce.core.boosting import BoostSpec
from cauce.core.boosting_rows import SCORES
from cauce.core.row_work import SameColumns
from cauce.core.snapshot_reading import SnapshotSource
from cauce.errors import CauceError
from cauce.ports.engine import Engine, TrainingRows
from cauce.ports.store import Store

MOST_ROWS = 10_000_000
"""Rows of a fold, training and scoring ones together, that may be brought."""


@dataclass(frozen=True)
class Nearby:
    """What works on rows here. engine: of this process. store: one that executors write to, while open."""

    engine: Engine
    store: Callable[[], AbstractContextManager[Store]]


@dataclass(frozen=True)
class WithPart:
    """The rows that train, stop the training or score, as `fold` says."""

    fold: str

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Those rows in their order."""
        return batch.filter(np.isin(batch.get_column(self.fold).to_numpy(), (0, 1, SCORES)))


@contextmanager
def training(
    engine: Any, table: Any, *, spec: BoostSpec, keep: tuple[str, ...], nearby: Nearby
) -> Iterator[TrainingRows]:
    """The table's rows as `Engine.training` has them, in the order of the table's partitions; E0724.

    Executors write them to the store, and this process reads them within `spec.memory`.
    """
    near = nearby.engine
    with nearby.store() as store:
        wanted = engine.map(table, SameColumns(table.schema, WithPart(spec.fold)))
        manifest = engine.write(wanted, store)
        if manifest.rows > MOST_ROWS:
            raise CauceError("E0724", rows=manifest.rows, most=MOST_ROWS)
        rows = near.scan(SnapshotSource(manifest, store, known=False))
        with near.training(rows, spec, keep=keep) as ready:
            yield ready
