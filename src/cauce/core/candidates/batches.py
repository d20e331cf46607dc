"""Rows outside the test in shuffled batches, one candidate for each; a row's batch is a function of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.core.candidates.folds import Fold, FoldPlan
from cauce.core.columns import FOLD, TRAIN, VALIDATION
from cauce.core.preparation import Preparation
from cauce.core.splits.blocks import NO_BLOCK, BlockRule, Blocks
from cauce.core.splits.cuts import nearest_cuts, refined
from cauce.core.splits.fitting import EXACT_VALUES, PLACE
from cauce.core.splits.parts import Part, part_places
from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.stats.grouped import Filtered
from cauce.stats.mixing import Words
from cauce.stats.ordered_counts import OrderedCounts
from cauce.stats.row_hash import row_hashes

Look = Callable[..., tuple[Any, ...]]


@dataclass(frozen=True)
class Batches:
    """Rows outside the test, cut into batches of `rows`. sizes: how many each one has, the smaller last.

    parts: of each batch, the places of its rows. Rows of one key or group are never cut apart, so a batch
    may be off by some where keys repeat.
    """

    rows: int
    sizes: tuple[int, ...]
    parts: tuple[Part, ...]

    def part(self, number: int) -> Part:
        """The places of a batch, from 1; E2182 where there is none with this number."""
        if not 1 <= number <= len(self.parts):
            raise CauceError("E2182", batch=number, count=len(self.parts), rows=self.rows)
        return self.parts[number - 1]


@dataclass(frozen=True)
class BatchPlacement:
    """Work: FOLD, and each row's place in [0, 1) among the batches. hashed: what places it, as in folds."""

    prepared: Preparation
    hashed: tuple[str, ...]
    seed: int

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        own = self.hashed or self.prepared.input.names
        return tuple(dict.fromkeys((*self.prepared.columns, *own)))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        return Schema((Field(FOLD, "integer"), Field(PLACE, "float")))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        lane, _ = row_hashes(batch, self.prepared.input, columns=self.hashed or None)
        fold = self.prepared(batch).get_column(FOLD)
        return pl.DataFrame({FOLD: fold, PLACE: pl.Series(part_places(lane, self.seed))})

    def __reduce__(self) -> tuple[Any, ...]:
        return BatchPlacement, tuple(getattr(self, one.name) for one in fields(self))


def fit_batches(sizes: Sequence[int], *, seed: int, look: Look) -> Mapping[int, Batches]:
    """The batches of each size. look: over what `BatchPlacement` makes. One scan, and more where a place is
    not exact in it. E2181 where equal keys leave a batch without rows."""
    (table,) = look(_outside_test(OrderedCounts(PLACE, EXACT_VALUES)))
    found = {}
    for rows in dict.fromkeys(sizes):
        ends = range(rows, table.count, rows)
        if not ends:
            found[rows] = Batches(rows, (table.count,), (Part(seed, -1.0, 1.0),))
            continue
        shares = [end / table.count for end in ends]
        (finer,) = refined([(table, 1)], shares, within=[_outside_test], look=look)
        cuts = nearest_cuts(finer, shares)
        if cuts is None:
            raise CauceError("E2181", rows=rows, count=len(shares) + 1)
        reached = (0, *(cut.reached for cut in cuts), table.count)
        limits = (-1.0, *(float(cut.limit) for cut in cuts), 1.0)
        counts = tuple(after - before for before, after in pairwise(reached))
        found[rows] = Batches(rows, counts, tuple(Part(seed, low, high) for low, high in pairwise(limits)))
    return found


def _outside_test(summary: Any) -> Any:
    return Filtered(FOLD, (TRAIN, VALIDATION), summary)


@dataclass(frozen=True)
class PartBlocks:
    """The blocks of `rule`, each in two: block × 2, and 1 more for rows of the part."""

    rule: BlockRule
    part: Part

    @property
    def repeats(self) -> int:
        """As the rule's."""
        return self.rule.repeats

    @property
    def plain(self) -> BlockRule:
        """The rule that is cut in two."""
        return self.rule

    def blocks(self, batch: pl.DataFrame, *, lane: Words, fold: Blocks, label: Any) -> list[Blocks]:
        """The block of each row by repetition."""
        inside = self.part.holds(lane).astype(np.int64)
        known = self.rule.blocks(batch, lane=lane, fold=fold, label=label)
        return [_halved(one, inside) for one in known]


def _halved(blocks: Blocks, inside: NDArray[np.int64]) -> Blocks:
    return np.where(blocks == NO_BLOCK, NO_BLOCK, blocks * 2 + inside).astype(np.int64)


def part_plan(plan: FoldPlan, part: Part) -> FoldPlan:
    """The plan whose folds learn from the rows of the part alone, and score the same rows as before."""
    folds = tuple(_part_fold(one) for one in plan.folds)
    rule: Any = PartBlocks(plan.rule, part)
    return replace(plan, rule=rule, folds=folds)


def _part_fold(fold: Fold) -> Fold:
    train, stop = (tuple(2 * block + 1 for block in blocks) for blocks in (fold.train, fold.stop))
    score = tuple(2 * block + inside for block in fold.score for inside in (0, 1))
    return replace(fold, train=train, stop=stop, score=score)
