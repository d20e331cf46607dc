"""What the tables of the warehouse hold: a snapshot's rows, and their division in shuffled batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.core.columns import FOLD, HASH_A, TARGET, TEST, TRAIN, VALIDATION
from cauce.core.preparation import Preparation
from cauce.core.snapshot import Manifest
from cauce.core.snapshot_reading import SnapshotSource
from cauce.core.splits.parts import part_places
from cauce.core.splits.rules import SplitRule
from cauce.core.task import Target
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Field, Schema

BATCH, DERIVED = "batch_id", "cauce_target"
FOLDS = {"train_data": TRAIN, "val_data": VALIDATION, "test_data": TEST}
"""The fold of each table of divided rows."""


@dataclass(frozen=True)
class Division:
    """Where each row of a snapshot belongs, in the snapshot's order.

    folds: TRAIN, VALIDATION, TEST, or LEFT_OUT for a row without a target. batches: from 1, of rows that
    train; 0 of others.
    """

    folds: NDArray[np.int8]
    batches: NDArray[np.int32]


@dataclass(frozen=True)
class Divided:
    """The rows of a snapshot with the rule that divides them."""

    source: SnapshotSource
    target: Target
    rule: SplitRule
    seed: int

    def division(self, batch_rows: int) -> Division:
        """One scan. Rows that train are shuffled by their hash and the seed, and cut into batches of
        `batch_rows`, the last one of what is left; 13 bytes a row stay while they are sorted."""
        prepared = Preparation(self.source.schema, self.target, self.rule)
        folds: list[NDArray[np.int8]] = [np.zeros(0, np.int8)]
        places: list[NDArray[np.float64]] = [np.zeros(0)]
        for batch in self.source.batches(prepared.columns):
            made = prepared(batch)
            folds.append(made.get_column(FOLD).to_numpy().astype(np.int8))
            lane = made.get_column(HASH_A).to_numpy().view(np.uint64)
            places.append(part_places(lane, self.seed))
        fold = np.concatenate(folds)
        return Division(fold, _batches(fold, np.concatenate(places), batch_rows))

    def schema(self, table: str) -> Schema:
        """The columns of a table: the batch of rows that train, the snapshot's, a target that is derived."""
        batch = (Field(BATCH, "integer"),) if FOLDS[table] == TRAIN else ()
        derived = () if self._derived is None else (self._derived,)
        return Schema((*batch, *self.source.schema, *derived))

    def frames(self, table: str, division: Division) -> Iterator[pl.DataFrame]:
        """The rows of a table, in the snapshot's order. One scan."""
        names, start, fold = self.source.schema.names, 0, FOLDS[table]
        label = Projection((Output(TARGET, self.target.label()),), self.source.schema)
        for batch in self.source.batches():
            rows = slice(start, start + batch.height)
            start += batch.height
            inside = pl.Series(division.folds[rows] == fold)
            made = {name: batch.get_column(name).filter(inside) for name in names}
            if fold == TRAIN:
                number = pl.Series(division.batches[rows].astype(np.int64)).filter(inside)
                made = {BATCH: number, **made}
            if self._derived is not None:
                made[DERIVED] = self._named(label(batch).get_column(TARGET).filter(inside))
            yield pl.DataFrame(made)

    @property
    def _derived(self) -> Field | None:
        """The column of a target that is no column of the snapshot."""
        if self.target.name in self.source.schema:
            return None
        return Field(DERIVED, "text" if self.target.classes else "float")

    def _named(self, label: pl.Series) -> pl.Series:
        if not self.target.classes:
            return label
        names = pl.Series(self.target.class_names, dtype=pl.String)
        return names.gather(label.cast(pl.UInt32))


def _batches(folds: NDArray[np.int8], places: NDArray[np.float64], size: int) -> NDArray[np.int32]:
    found = np.zeros(len(folds), np.int32)
    (train,) = np.nonzero(folds == TRAIN)
    order = train[np.argsort(places[train], kind="stable")]
    found[order] = np.arange(len(order)) // size + 1
    return found


@dataclass(frozen=True)
class Mirrored:
    """A table of the warehouse. part: "raw" or "clean". content: digest of what its rows are made of.

    about: of the snapshot whose rows they are. emptied: cells that the database could not hold, by column.
    """

    part: str
    name: str
    schema: Schema
    content: str
    about: Manifest
    frames: Callable[[], Iterator[pl.DataFrame]]
    emptied: dict[str, int] = field(default_factory=dict)
