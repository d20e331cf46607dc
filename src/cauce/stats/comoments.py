"""Means and sums of products about them, for each group of rows: what linear models are solved from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.stats.cells import Floats, floats
from cauce.stats.mergeable import Mergeable, column
from cauce.stats.products import products_with
from cauce.stats.scalars import order

_BLOCK_ROWS: Final = 4_096
_LARGEST: Final = np.float32(1e38)


@dataclass(frozen=True)
class Comoment:
    """Rows of a group: their number, Σw, weighted means [p + 1] and Σw(x - mean)(x - mean)' [p + 1, p + 1].

    The features first, the label last.
    """

    group: Any
    rows: int
    weight: float
    means: NDArray[np.float64]
    products: NDArray[np.float64]


@dataclass(frozen=True)
class ComomentState:
    """The groups in ascending order (null first), and the rows left out."""

    groups: tuple[Comoment, ...] = ()
    skipped: int = 0


@dataclass(frozen=True)
class Comoments(Mergeable[ComomentState, ComomentState]):
    """Means and products about the means of features and a label, weighted, apart for each group.

    Features are taken as models score them: as float32, beyond ±1e38 as ±1e38. Rows of weight 0 do not
    count; rows where a feature, the label or the weight is null, NaN or infinite are left out and counted.
    Needs no shift or scale: sums about different means are merged as Chan, Golub and LeVeque (1979) do, so
    no digit is lost to the size of a mean. groups: a whole-number, text or boolean column of few values.
    """

    features: tuple[str, ...]
    label: str
    weight: str | None = None
    groups: str | None = None
    state_type = ComomentState

    @property
    def columns(self) -> tuple[str, ...]:
        extra = (name for name in (self.weight, self.groups) if name is not None)
        return tuple(dict.fromkeys((*self.features, self.label, *extra)))

    def start(self) -> ComomentState:
        return ComomentState()

    def of(self, batch: pl.DataFrame) -> ComomentState:
        cells = [_single(column(batch, name), self) for name in self.features]
        label = floats(column(batch, self.label), self)
        weights = None if self.weight is None else floats(column(batch, self.weight), self)
        names, codes = self._groups(batch)
        state = self.start()
        for low in range(0, batch.height, _BLOCK_ROWS):
            part = slice(low, min(low + _BLOCK_ROWS, batch.height))
            rows = _stacked([own[part] for own in cells], label[part])
            own_weights = None if weights is None else weights[part]
            state = self.merge(state, _block(rows, own_weights, codes[part], names))
        return state

    def _groups(self, batch: pl.DataFrame) -> tuple[list[Any], NDArray[np.int64]]:
        """The groups in ascending order, and each row's place among them."""
        if self.groups is None:
            return [None], np.zeros(batch.height, dtype=np.int64)
        series = column(batch, self.groups)
        names = sorted(series.unique().to_list(), key=order)
        codes = np.empty(batch.height, dtype=np.int64)
        for place, name in enumerate(names):
            codes[series.eq_missing(pl.Series([name], dtype=series.dtype)).to_numpy()] = place
        return names, codes

    def merge(self, left: ComomentState, right: ComomentState) -> ComomentState:
        found = {own.group: own for own in left.groups}
        for own in right.groups:
            known = found.get(own.group)
            found[own.group] = own if known is None else _both(known, own)
        groups = tuple(found[group] for group in sorted(found, key=order))
        return ComomentState(groups, left.skipped + right.skipped)

    def result(self, state: ComomentState) -> ComomentState:
        return state


def joined(parts: Sequence[Comoment]) -> Comoment:
    """The sums of the rows of all `parts` (at least one), as those of one group; nothing is subtracted."""
    found = parts[0]
    for own in parts[1:]:
        found = _both(found, own)
    return found


def _single(series: pl.Series, summary: Any) -> NDArray[np.float32]:
    """float32 per row as a scorer sees it; null is NaN."""
    if series.dtype != pl.Float32:
        series = pl.Series(floats(series, summary)).cast(pl.Float32)
    limited: NDArray[np.float32] = np.clip(series.rechunk().to_numpy(), -_LARGEST, _LARGEST)
    return limited


def _stacked(cells: Sequence[NDArray[np.float32]], label: Floats) -> Floats:
    rows = np.empty((len(cells) + 1, len(label)))
    for place, own in enumerate(cells):
        rows[place] = own
    rows[-1] = label
    return rows


def _block(
    rows: Floats, weights: Floats | None, codes: NDArray[np.int64], names: Sequence[Any]
) -> ComomentState:
    keep: NDArray[np.bool_] = np.isfinite(rows.sum(axis=0))
    if not keep.all():
        keep = np.logical_and.reduce(np.isfinite(rows), axis=0)
    if weights is not None:
        keep &= np.isfinite(weights)
    skipped = int(len(codes) - keep.sum())
    if weights is not None:
        keep &= weights > 0
    return ComomentState(tuple(_parts(rows, weights, np.where(keep, codes, -1), names)), skipped)


def _parts(
    rows: Floats, weights: Floats | None, codes: NDArray[np.int64], names: Sequence[Any]
) -> Iterator[Comoment]:
    for place, name in enumerate(names):
        mask = codes == place
        count = int(mask.sum())
        if not count:
            continue
        # A block of one group is nobody else's, so its rows are moved where they are.
        own = rows if count == len(mask) else rows[:, mask]
        mine = None if weights is None else weights[mask]
        if mine is None or (mine == 1.0).all():
            means, total = own.mean(axis=1), float(count)
            own -= means[:, None]
        else:
            total = float(mine.sum())
            means = products_with((mine / total)[None, :], own)[0]
            own -= means[:, None]
            own *= np.sqrt(mine)
        with np.errstate(over="ignore", invalid="ignore"):
            yield Comoment(name, count, total, means, own @ own.T)


def _both(one: Comoment, other: Comoment) -> Comoment:
    weight = one.weight + other.weight
    with np.errstate(over="ignore", invalid="ignore"):
        away = other.means - one.means
        means = one.means + away * (other.weight / weight)
        between = np.outer(away, away) * (one.weight * (other.weight / weight))
        products = one.products + other.products + between
    return Comoment(one.group, one.rows + other.rows, weight, means, products)
