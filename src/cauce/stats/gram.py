"""Gram matrices of shifted and scaled columns, for each group of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.errors import CauceError
from cauce.stats.cells import Floats, floats
from cauce.stats.mergeable import Mergeable, column
from cauce.stats.scalars import order

_BLOCK_ROWS: Final = 16_384


@dataclass(frozen=True)
class GroupGram:
    """Rows of a group and their matrix of (1 + features)² weighted products; the first is constant 1."""

    group: Any
    rows: int
    matrix: NDArray[np.float64]


@dataclass(frozen=True)
class GramState:
    """The groups in ascending order (null first), and the rows left out."""

    groups: tuple[GroupGram, ...] = ()
    skipped: int = 0


@dataclass(frozen=True)
class Grams:
    """The matrix of each group; `matrix[0, 0]` is the sum of weights, row and column 0 the sums.

    skipped: rows left out because a feature or the weight is null, NaN or infinite.
    """

    groups: dict[Any, GroupGram]
    skipped: int

    def total(self, leave_out: tuple[Any, ...] = ()) -> NDArray[np.float64]:
        """The sum of the matrices of all groups but those left out."""
        kept = [own.matrix for group, own in self.groups.items() if group not in leave_out]
        return np.sum(kept, axis=0) if kept else np.zeros((0, 0))


@dataclass(frozen=True)
class Gram(Mergeable[GramState, Grams]):
    """Sums of products of (1, (x - shift) / scale) over rows, weighted, apart for each group.

    shift, scale: one number for each feature (means and deviations keep the products accurate), or
    empty for 0 and 1. A product beyond the floats is inf or NaN. groups: a whole-number, text or
    boolean column of few values, such as the fold.
    """

    features: tuple[str, ...]
    shift: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    weight: str | None = None
    groups: str | None = None
    state_type = GramState

    def __post_init__(self) -> None:
        for option in ("shift", "scale"):
            value = getattr(self, option)
            if value and (len(value) != len(self.features) or not np.isfinite(value).all()):
                self._refuse(option, value)
        if 0.0 in self.scale:
            self._refuse("scale", self.scale)

    def _refuse(self, option: str, value: Any) -> None:
        needed = f"{len(self.features)} finite numbers other than 0 in scale"
        raise CauceError("E0206", summary="Gram", option=option, value=value, needed=needed)

    @property
    def columns(self) -> tuple[str, ...]:
        extra = (name for name in (self.weight, self.groups) if name is not None)
        return tuple(dict.fromkeys((*self.features, *extra)))

    def start(self) -> GramState:
        return GramState()

    def of(self, batch: pl.DataFrame) -> GramState:
        rows = np.empty((len(self.features) + 1, batch.height))
        rows[0] = 1.0
        shifts = self.shift or (0.0,) * len(self.features)
        scales = self.scale or (1.0,) * len(self.features)
        for place, name in enumerate(self.features):
            cells = floats(column(batch, name), self)
            with np.errstate(over="ignore", invalid="ignore"):
                rows[place + 1] = (cells - shifts[place]) / scales[place]
        weights = None if self.weight is None else floats(column(batch, self.weight), self)
        keep: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(rows), axis=0)
        if weights is not None:
            np.logical_and(keep, np.isfinite(weights), out=keep)
        groups = tuple(
            GroupGram(group, int(mask.sum()), _products(rows, weights, mask))
            for group, mask in self._masks(batch, keep)
        )
        return GramState(groups, int(batch.height - keep.sum()))

    def _masks(self, batch: pl.DataFrame, keep: NDArray[np.bool_]) -> list[tuple[Any, NDArray[np.bool_]]]:
        if self.groups is None:
            return [(None, keep)] if keep.any() else []
        series = column(batch, self.groups)
        found = sorted(series.filter(pl.Series(keep)).unique().to_list(), key=order)
        return [
            (group, keep & series.eq_missing(pl.Series([group], dtype=series.dtype)).to_numpy())
            for group in found
        ]

    def merge(self, left: GramState, right: GramState) -> GramState:
        found = {own.group: own for own in left.groups}
        for own in right.groups:
            known = found.get(own.group)
            found[own.group] = own if known is None else _sum(known, own)
        groups = tuple(found[group] for group in sorted(found, key=order))
        return GramState(groups, left.skipped + right.skipped)

    def result(self, state: GramState) -> Grams:
        return Grams({own.group: own for own in state.groups}, state.skipped)


def _sum(one: GroupGram, other: GroupGram) -> GroupGram:
    with np.errstate(over="ignore", invalid="ignore"):
        return GroupGram(one.group, one.rows + other.rows, one.matrix + other.matrix)


def _products(rows: Floats, weights: Floats | None, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    total = np.zeros((len(rows), len(rows)))
    for low in range(0, rows.shape[1], _BLOCK_ROWS):
        part = slice(low, low + _BLOCK_ROWS)
        own = rows[:, part] if mask[part].all() else rows[:, part][:, mask[part]]
        weighted = own if weights is None else own * weights[part][mask[part]]
        with np.errstate(over="ignore", invalid="ignore"):
            total += weighted @ own.T
    return total
