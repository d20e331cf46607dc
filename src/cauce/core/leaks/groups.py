"""Rows on both sides of the split that know each other: of one entity, or equal but for their key."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.core.columns import FOLD, TEST, TRAIN, VALIDATION
from cauce.core.leaks.sampling import CONTENT

_ROWS_OF_ONE = (1.15, 10.0)
_LEAST_ENTITIES = 100
_MOST_CANDIDATES = 8
_COMMON = 0.05
_LEAST_PAIRS = 50
_ALIKE, _CHANCE, _LEFT = 0.97, 0.90, 0.2
_LEAST_TEST_ROWS = 20
MOST_LEVELS = 50
"""Different values of a column on which rows of an entity may agree."""
OVERLAP = 0.05
"""The share of test rows that stops a run when training or validation rows know them."""
DUPLICATED = (0.01, 0.05)
"""The shares of test rows, equal to others, that are told of and that stop a run."""


@dataclass(frozen=True)
class Overlap:
    """share: of the test rows, those that share the column's value with training or validation rows.

    Rows of one value agree on the column `attribute` in `agreement` of the pairs, others in `chance`.
    """

    column: str
    share: float
    attribute: str
    agreement: float
    chance: float


@dataclass(frozen=True)
class ColumnFacts:
    """What the profile knows of a column. present: cells that hold something, NaN not counted;
    distinct: different values among them; identifier: nearly every value is another."""

    name: str
    kind: str
    present: int
    distinct: int
    identifier: bool


def entity_candidates(facts: Iterable[ColumnFacts], *, but: Iterable[str]) -> tuple[str, ...]:
    """Texts and whole numbers whose values come back a few times each, the most different first."""
    known = frozenset(but)
    found = []
    for column in facts:
        if column.name in known or column.kind not in ("text", "integer") or not column.distinct:
            continue
        rows = column.present / column.distinct
        if column.distinct >= _LEAST_ENTITIES and _ROWS_OF_ONE[0] <= rows <= _ROWS_OF_ONE[1]:
            found.append((-column.distinct, column.name))
    return tuple(name for _, name in sorted(found)[:_MOST_CANDIDATES])


def overlap(rows: pl.DataFrame, column: str, *, attributes: Iterable[str]) -> Overlap | None:
    """How far the values of `column` reach across the split, where they look like entities.

    rows: whole entities, with FOLD and the attributes. Values look like entities where rows of one value
    agree on another column and rows of the next value, in order, do not: prices agree with neither.
    """
    values = rows.get_column(column).alias("value")
    frame = pl.DataFrame({"value": values, "fold": rows.get_column(FOLD)}).filter(values.is_not_null())
    share = shared_share(frame)
    if share is None or share < OVERLAP:
        return None
    kept = rows.filter(values.is_not_null())
    frequent = frame.group_by("value").len().filter(pl.col("len") > _COMMON * frame.height)["value"]
    own = frame["value"].is_in(frequent.implode())
    # Copies of a row agree on everything, whatever the column is.
    kept = kept.filter(~own).unique(maintain_order=True)
    found = [
        Overlap(column, share, name, *pair)
        for name in attributes
        if name != column and (pair := _agreement(kept.get_column(column), kept.get_column(name))) is not None
    ]
    alike = [one for one in found if _is_alike(one)]
    return max(alike, key=lambda one: (one.agreement - one.chance, one.attribute), default=None)


def _is_alike(one: Overlap) -> bool:
    little = 1 - one.agreement <= _LEFT * (1 - one.chance)
    return one.agreement >= _ALIKE and one.chance <= _CHANCE and little


def shared_share(frame: pl.DataFrame) -> float | None:
    """The share of the test rows whose `value` occurs in training or validation; None with too few.

    frame: value and fold."""
    learned = frame.filter(frame["fold"].is_in([TRAIN, VALIDATION]))["value"].unique()
    test = frame.filter(frame["fold"] == TEST)["value"]
    if len(test) < _LEAST_TEST_ROWS:
        return None
    return int(test.is_in(learned.implode()).sum()) / len(test)


def _agreement(values: pl.Series, attribute: pl.Series) -> tuple[float, float] | None:
    """How often neighbours in the order of `values` agree on the attribute: of one value, of two."""
    other = attribute.alias("attribute")
    if not 2 <= other.n_unique() <= MOST_LEVELS:
        return None
    frame = pl.DataFrame({"value": values.alias("value"), "attribute": other}).sort("value", "attribute")
    levels = frame["attribute"].rank("dense").fill_null(0).to_numpy()
    places = frame["value"].rank("dense").to_numpy()
    same = places[1:] == places[:-1]
    # Rows of one value are sorted by the attribute, so of a value with many rows only its ends are compared.
    first, last = _ends(places)
    several = last > first
    if several.sum() < _LEAST_PAIRS or (~same).sum() < _LEAST_PAIRS:
        return None
    agree = levels[first] == levels[last]
    across = levels[first][1:] == levels[first][:-1]
    return float(agree[several].mean()), max(float(across.mean()), _by_chance(levels[first]))


def _ends(places: NDArray[np.generic]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each run of equal places begins and ends."""
    changes = np.flatnonzero(places[1:] != places[:-1])
    first = np.concatenate(([0], changes + 1))
    last = np.concatenate((changes, [len(places) - 1]))
    return first, last


def _by_chance(levels: NDArray[np.generic]) -> float:
    _, counts = np.unique(levels, return_counts=True)
    shares = counts / counts.sum()
    return float((shares**2).sum())


def duplicated(rows: pl.DataFrame) -> float | None:
    """The share of the test rows whose content occurs in training or validation. rows: CONTENT, FOLD."""
    return shared_share(pl.DataFrame({"value": rows.get_column(CONTENT), "fold": rows.get_column(FOLD)}))


def richness(rows: pl.DataFrame, columns: Iterable[str]) -> float:
    """Bits that the columns' values carry, were they independent: minus log2 of the chance that two rows
    agree on all of them."""
    bits = 0.0
    for name in columns:
        counts = rows.get_column(name).alias("cells").value_counts()["count"].to_numpy()
        shares = counts / counts.sum()
        bits -= math.log2(float((shares**2).sum()))
    return bits


def rich_enough(bits: float, rows: int) -> bool:
    """Whether equal rows cannot be an accident among so many: columns depend on each other, so thrice
    the bits that tell all rows apart are asked for."""
    return bits >= 3 * math.log2(max(rows, 2))
