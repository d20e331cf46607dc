"""The parts that folds of cross-validation are made of: which one a row belongs to, a function of the row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.core.columns import INNER_FOLDS, TRAIN, VALIDATION
from cauce.core.splits.rules import Floats, inner_folds
from cauce.stats.mixing import Words
from cauce.stats.row_hash import unit_interval

Blocks: TypeAlias = NDArray[np.int64]
NO_BLOCK = -1
"""The block of a row that is in no fold: a test row, or one without a target."""
STOPPING = INNER_FOLDS - 1
"""The inner fold whose rows stop the training, of folds that do not go by time: one row in five, by key."""


def block_name(repeat: int) -> str:
    """integer: the block of a row in this repetition (from 0), the parts that folds are made of."""
    return f"__block_{repeat}__"


def repeated_places(lane: Words, seed: int, *, repeat: int) -> Floats:
    """Each row's place in [0, 1) in one repetition, by the first lane of its hash."""
    return unit_interval(lane, f"{seed}/folds/{repeat}")


@dataclass(frozen=True)
class RandomBlocks:
    """Blocks by the hash of `columns` (none: of the whole row): part × 2, and 1 more where a row may stop."""

    columns: tuple[str, ...]
    seed: int
    parts: int
    repeats: int = 1

    def blocks(self, batch: pl.DataFrame, *, lane: Words, fold: Blocks, label: Any) -> list[Blocks]:  # noqa: ARG002
        """The block of each row by repetition. lane: of its hash over `columns`; fold: by the split."""
        stops = inner_folds(lane, self.seed) == STOPPING
        parts = (self._parts(lane, label, repeat) for repeat in range(self.repeats))
        return [_outside(part * 2 + stops, fold) for part in parts]

    def _parts(self, lane: Words, label: Any, repeat: int) -> Blocks:  # noqa: ARG002
        return (repeated_places(lane, self.seed, repeat=repeat) * self.parts).astype(np.int64)


@dataclass(frozen=True)
class StratifiedBlocks(RandomBlocks):
    """As random blocks, with limits of their own for each class, exact for one snapshot.

    limits: by repetition, by class number, the places up to which a row is of each part but the last.
    """

    limits: tuple[tuple[tuple[float, ...], ...], ...] = ()

    def _parts(self, lane: Words, label: Any, repeat: int) -> Blocks:
        place = repeated_places(lane, self.seed, repeat=repeat)
        found = np.zeros(len(place), dtype=np.int64)
        for number, limits in enumerate(self.limits[repeat]):
            own = label == number
            found[own] = np.searchsorted(limits, place[own], side="left")
        return found


@dataclass(frozen=True)
class TimeBlocks:
    """Blocks in time order: a row is of the first block whose limit is not before its time.

    limits: ascending values of the time column as whole microseconds, days or numbers, included.
    of_train: whether only rows that the split trains on are cut, and validation rows are the last block.
    """

    column: str
    limits: tuple[int | float, ...]
    of_train: bool = False

    @property
    def repeats(self) -> int:
        """Time orders the rows in one way only."""
        return 1

    def blocks(self, batch: pl.DataFrame, *, lane: Words, fold: Blocks, label: Any) -> list[Blocks]:  # noqa: ARG002
        """The block of each row, in a list of one."""
        times = batch.get_column(self.column).alias("times").to_physical().fill_null(0).to_numpy()
        found = np.searchsorted(np.asarray(self.limits), times, side="left").astype(np.int64)
        if self.of_train:
            found[fold == VALIDATION] = len(self.limits) + 1
        return [_outside(found, fold)]


@dataclass(frozen=True)
class HoldoutBlocks:
    """Blocks by the split: 0 for training rows, 1 for those of them that may stop, 2 for validation rows."""

    columns: tuple[str, ...]
    seed: int

    @property
    def repeats(self) -> int:
        """The split is one."""
        return 1

    def blocks(self, batch: pl.DataFrame, *, lane: Words, fold: Blocks, label: Any) -> list[Blocks]:  # noqa: ARG002
        """The block of each row, in a list of one."""
        stops = (inner_folds(lane, self.seed) == STOPPING).astype(np.int64)
        return [_outside(np.where(fold == VALIDATION, 2, stops), fold)]


BlockRule: TypeAlias = RandomBlocks | StratifiedBlocks | TimeBlocks | HoldoutBlocks


def _outside(blocks: Blocks, fold: Blocks) -> Blocks:
    return np.where((fold == TRAIN) | (fold == VALIDATION), blocks, NO_BLOCK).astype(np.int64)
