"""Keys that occur in several classes, and would be in several folds of a stratified split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauce.stats.ordered import float_keys
from cauce.stats.ordered_counts import OrderedCounts, OrderedTable
from cauce.stats.summary import Summary

Limits = Sequence[float]


def mixed_rows(
    tables: Sequence[OrderedTable],
    limits: Sequence[Limits],
    *,
    within: Sequence[Callable[[Any], Summary]],
    look: Callable[..., tuple[Any, ...]],
) -> int:
    """Rows whose place occurs in more than one fold, because another class has other limits.

    tables, limits, within: of each class. limits: ascending, the places up to which a row is of each fold but
    the last. Only places between the lowest and the highest first limit, second limit, and so on, can be in
    two folds; where a table is not exact, they are looked at.
    """
    if not all(table.exact for table in tables):
        windows = dict.fromkeys((min(cut), max(cut)) for cut in zip(*limits, strict=True))
        asked = [
            (own, _between(table, window))
            for window in windows
            for own, table in zip(within, tables, strict=True)
        ]
        tables = look(*(own(one) for own, one in asked))
        limits = [*limits] * len(windows)
    places = [table.low.to_numpy() for table in tables]
    folds = [_folds(own, limit) for own, limit in zip(places, limits, strict=True)]
    counts = np.concatenate([table.counts for table in tables])
    return int(counts[_in_two(np.concatenate(places), np.concatenate(folds))].sum())


def _between(table: OrderedTable, window: Limits) -> OrderedCounts:
    low, high = (int(key) for key in float_keys(np.array(window) + 0.0))
    return replace(table.declared, lowest_key=low, highest_key=high)


def _folds(places: NDArray[np.float64], limits: Limits) -> NDArray[np.int64]:
    return np.searchsorted(np.asarray(limits), places, side="left").astype(np.int64)


def _in_two(places: NDArray[np.float64], folds: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which places occur with more than one fold."""
    distinct, which = np.unique(places, return_inverse=True)
    lowest, highest = np.full(len(distinct), np.iinfo(np.int64).max), np.full(len(distinct), -1)
    np.minimum.at(lowest, which, folds)
    np.maximum.at(highest, which, folds)
    mixed: NDArray[np.bool_] = (lowest != highest)[which]
    return mixed
