"""Where ordered rows are cut so that folds have their shares and equal rows stay together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from cauce.stats.ordered_counts import OrderedTable
from cauce.stats.summary import Summary

Finer = tuple[OrderedTable, ...]
"""A table of rows by value, and finer and finer ones of the rows around one cut."""
Shares = tuple[float, float]

_BEFORE, _AFTER = 2, 1
"""Bins around the wanted one that may be cut at: where many rows are equal, the nearest cut can be taken."""


@dataclass(frozen=True)
class Cut:
    """Rows up to `limit`, included, are `reached` rows."""

    limit: int | float
    reached: int


def refined(
    tables: Sequence[tuple[OrderedTable, int]],
    shares: Sequence[float],
    *,
    within: Sequence[Callable[[Any], Summary]],
    look: Callable[..., tuple[Any, ...]],
) -> list[tuple[Finer, ...]]:
    """For each table, finer ones around the cut at each share; all are looked at together.

    tables: with the most rows that the bin at a cut may hold if they are not equal. within: what a
    summary of each table's own rows is.
    """
    found = [[[table] for _ in shares] for table, _ in tables]
    while True:
        asked = [
            (finer, within[place](finer[-1].refined(rank)))
            for place, (table, most) in enumerate(tables)
            for finer, share in zip(found[place], shares, strict=True)
            if _coarse(finer[-1], rank := _rank(table.count, share) - 1, most)
        ]
        if not asked:
            return [tuple(tuple(finer) for finer in one) for one in found]
        for (finer, _), table in zip(asked, look(*(one for _, one in asked)), strict=True):
            finer.append(table)


def nearest_cuts(
    finer: Sequence[Finer], shares: Sequence[float], *, below: int | None = None
) -> list[Cut] | None:
    """The cut nearest to each share (ascending), each above the one before; None where there are too few.

    finer: a table of rows by value and finer ones around each cut, by share, as `refined` gives them.
    below: cuts must reach fewer rows than this.
    """
    count, found = finer[0][0].count, []
    most = count if below is None else below
    reached = 0
    for tables, share in zip(finer, shares, strict=True):
        rank = _rank(count, share)
        near = (cut for table in tables for cut in _candidates(table, rank))
        above = [cut for cut in near if reached < cut.reached < most]
        if not above:
            return None
        nearest = min(above, key=lambda cut: abs(cut.reached - rank))
        found.append(nearest)
        reached = nearest.reached
    return found


def best_cuts(finer: Sequence[Finer], shares: Shares) -> tuple[tuple[Cut, Cut], int] | None:
    """The two cuts nearest to the shares, and by how many rows the worst fold is off: 1 also stands for less.

    Each fold that has a share has rows; None where no cuts give that. Where the shares are equal
    (nothing validates) the cuts are too. Being off because a fold would be empty otherwise counts as 1.
    """
    count = finer[0][0].count
    first, second = (
        [cut for table in tables for cut in _candidates(table, _rank(count, share))]
        for tables, share in zip(finer, shares, strict=True)
    )
    if shares[0] == shares[1]:
        pairs = [(cut, cut) for cut in first]
    else:
        pairs = [(one, other) for one, other in product(first, second) if one.reached < other.reached]
    if not pairs:
        return None
    ideal = np.diff([0.0, *(share * count for share in shares), count])

    def distance(reached: tuple[int, int]) -> tuple[float, float]:
        off = np.abs(np.diff([0, *reached, count]) - ideal)
        return float(off.max()), float(off.sum())

    best = min(pairs, key=lambda pair: distance((pair[0].reached, pair[1].reached)))
    off = distance((best[0].reached, best[1].reached))[0]
    allowed = max(1.0, distance(_ranks(count, shares))[0])
    return best, (1 if off <= allowed + 1e-9 else math.ceil(off))


def _rank(count: int, share: float) -> int:
    return min(max(round(share * count), 1), count - 1)


def _ranks(count: int, shares: Shares) -> tuple[int, int]:
    """The rows up to each cut, were all rows different."""
    first, second = (_rank(count, share) for share in shares)
    if shares[0] == shares[1] or first < second:
        return first, second
    return (first, first + 1) if first + 1 < count else (first - 1, first)


def _coarse(table: OrderedTable, rank: int, most: int) -> bool:
    if table.exact or rank < 0:
        return False
    place = int(np.searchsorted(table.below + np.cumsum(table.counts), rank, side="right"))
    return bool(table.counts[place] > most and table.low[place] != table.high[place])


def _candidates(table: OrderedTable, rank: int) -> list[Cut]:
    """Cuts near `rank` that leave rows on both sides, ascending."""
    if not len(table.counts):
        return []
    reached = table.below + np.cumsum(table.counts)
    highs = table.high.to_physical()
    place = int(np.searchsorted(reached, rank, side="left"))
    around = range(max(place - _BEFORE, 0), min(place + _AFTER + 1, len(reached)))
    cuts = [Cut(highs[here], int(reached[here])) for here in around]
    if around.start == 0:
        cuts.insert(0, Cut(_just_below(table.low.to_physical()[0]), table.below))
    return [cut for cut in cuts if 0 < cut.reached < table.count and math.isfinite(cut.limit)]


def _just_below(value: int | float) -> int | float:
    return float(np.nextafter(value, -np.inf)) if isinstance(value, float) else value - 1
