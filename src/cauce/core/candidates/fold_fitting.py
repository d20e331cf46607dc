"""The plan of folds from what the project says and, where limits must be exact, one look at the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from typing import Any

import polars as pl

from cauce.core.candidates.folds import FoldPlan, crossed, forward
from cauce.core.columns import FOLD, TARGET, TRAIN, VALIDATION
from cauce.core.preparation import Preparation
from cauce.core.splits.blocks import (
    BlockRule,
    HoldoutBlocks,
    RandomBlocks,
    StratifiedBlocks,
    TimeBlocks,
    repeated_places,
)
from cauce.core.splits.cuts import Finer, nearest_cuts, refined
from cauce.core.splits.fitting import EXACT_VALUES, TARGET_CLASS, SplitSettings
from cauce.core.splits.mixed import mixed_rows
from cauce.core.task import MOST_CLASSES, Target
from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.stats.grouped import Filtered, Grouped
from cauce.stats.ordered_counts import OrderedCounts, OrderedTable
from cauce.stats.row_hash import row_hashes

Look = Callable[..., tuple[Any, ...]]
_STOPS = 0.2
"""The share of a fold's training rows, the latest ones, that stop the training where folds go by time."""
_TIME_ROUGHNESS = 10_000


@dataclass(frozen=True, kw_only=True)
class FoldSettings:
    """How rows are cut. by: random, stratified, group, time or holdout. split: of what is cut."""

    by: str
    k: int
    repeats: int
    split: SplitSettings

    @property
    def scans(self) -> int:
        """How often the rows are read to find the limits."""
        return 1 if self.by in ("stratified", "time") or self.forward_holdout else 0

    @property
    def forward_holdout(self) -> bool:
        """Whether training rows are stopped by the latest of them."""
        return self.by == "holdout" and self.split.kind == "time"


def place_name(repeat: int) -> str:
    """float: a row's place in [0, 1) in this repetition."""
    return f"__place_{repeat}__"


@dataclass(frozen=True)
class FoldPlacement:
    """Work: what limits are fitted on: FOLD, then the time, or TARGET_CLASS and places by repetition."""

    prepared: Preparation
    settings: FoldSettings

    @property
    def _by_time(self) -> bool:
        return self.settings.by == "time" or self.settings.forward_holdout

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        split, names = self.settings.split, self.prepared.input.names
        own = (str(split.time),) if self._by_time else split.hashed or names
        return tuple(dict.fromkeys((*self.prepared.columns, *own)))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        fold = Field(FOLD, "integer")
        if self._by_time:
            return Schema((fold, self.prepared.input[str(self.settings.split.time)]))
        own = (Field(place_name(one), "float") for one in range(self.settings.repeats))
        return Schema((fold, Field(TARGET_CLASS, "integer"), *own))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        known, split = self.prepared(batch), self.settings.split
        if self._by_time:
            time = str(split.time)
            return pl.DataFrame({FOLD: known.get_column(FOLD), time: batch.get_column(time)})
        lane, _ = row_hashes(batch, self.prepared.input, columns=split.hashed or None)
        found = {FOLD: known.get_column(FOLD), TARGET_CLASS: known.get_column(TARGET).cast(pl.Int64)}
        for repeat in range(self.settings.repeats):
            found[place_name(repeat)] = pl.Series(repeated_places(lane, split.seed, repeat=repeat))
        return pl.DataFrame(found)

    def __reduce__(self) -> tuple[Any, ...]:
        return FoldPlacement, tuple(getattr(self, one.name) for one in fields(self))


def fit_folds(settings: FoldSettings, target: Target, *, look: Look) -> FoldPlan:
    """The plan. look(*summaries): their results over all rows, as `FoldPlacement` makes them.

    It is called `settings.scans` times, and again where a class or the time has more than EXACT_VALUES
    values. Raises E2102 to E2104, E2108, E2109.
    """
    split, k, repeats = settings.split, settings.k, settings.repeats
    if settings.by == "holdout":
        return _holdout(settings, look)
    if settings.by == "time":
        return _forward(settings, look)
    rule: BlockRule = RandomBlocks(split.hashed, split.seed, k, repeats)
    if settings.by == "stratified":
        if target.task == "regression":
            raise CauceError("E2109", target=target.name)
        limits = tuple(_class_limits(settings, target, repeat, look) for repeat in range(repeats))
        rule = StratifiedBlocks(split.hashed, split.seed, k, repeats, limits)
    return FoldPlan(settings.by, k, repeats, rule, crossed(k, repeats))


def _holdout(settings: FoldSettings, look: Look) -> FoldPlan:
    split = settings.split
    if not settings.forward_holdout:
        rule: BlockRule = HoldoutBlocks(split.hashed, split.seed)
        return FoldPlan("holdout", 1, 1, rule, forward([(1, 2, 3)]))
    limits = _time_limits(settings, [], look, folds=(TRAIN,))
    rule = TimeBlocks(str(split.time), limits.all, of_train=True)
    end = len(limits.all) + 1
    return FoldPlan("holdout", 1, 1, rule, forward([(limits.block(limits.stops[0]), end, end + 1)]))


def _forward(settings: FoldSettings, look: Look) -> FoldPlan:
    """k + 1 equal parts: fold i learns from parts 0 … i, whose latest rows stop it, and scores the next."""
    parts = settings.k + 1
    limits = _time_limits(
        settings, [(at + 1) / parts for at in range(settings.k)], look, folds=(TRAIN, VALIDATION)
    )
    starts = [limits.block(end) for end in limits.ends]
    stops = [limits.block(stop) for stop in limits.stops]
    cuts = list(zip(stops, starts, [*starts[1:], len(limits.all) + 1], strict=True))
    return FoldPlan("time", settings.k, 1, TimeBlocks(str(settings.split.time), limits.all), forward(cuts))


@dataclass(frozen=True)
class _TimeLimits:
    """ends: the last time that each fold learns from. stops: the last one that trains whatever is stopped."""

    ends: tuple[int | float, ...]
    stops: tuple[int | float, ...]

    @property
    def all(self) -> tuple[int | float, ...]:
        return tuple(sorted({*self.ends, *self.stops}))

    def block(self, limit: int | float) -> int:
        """The first block after this limit."""
        return self.all.index(limit) + 1


def _time_limits(
    settings: FoldSettings, shares: Sequence[float], look: Look, *, folds: tuple[int, ...]
) -> _TimeLimits:
    """The limits at these shares, and those that leave the latest rows before each (or all rows) to stop."""
    column = str(settings.split.time)

    def within(summary: Any) -> Any:
        return Filtered(FOLD, folds, summary)

    (table,) = look(within(OrderedCounts(column, EXACT_VALUES)))
    if table.missing:
        raise CauceError("E1112", column=column, count=table.missing)
    rough = max(1, table.count // _TIME_ROUGHNESS)
    wanted = [*shares, *(share * (1 - _STOPS) for share in shares or [1.0])]
    (finer,) = refined([(table, rough)], wanted, within=[within], look=look)
    refused = CauceError("E2104", column=column, count=len(table.counts), folds=settings.k)
    ends = nearest_cuts(finer[: len(shares)], shares) if shares else []
    if ends is None:
        raise refused
    stops = []
    for at, share in enumerate(wanted[len(shares) :]):
        own = finer[len(shares) + at : len(shares) + at + 1]
        stop = nearest_cuts(own, [share], below=ends[at].reached if ends else None)
        if stop is None:
            raise refused
        stops.append(stop[0].limit)
    return _TimeLimits(tuple(cut.limit for cut in ends), tuple(stops))


def _class_limits(
    settings: FoldSettings, target: Target, repeat: int, look: Look
) -> tuple[tuple[float, ...], ...]:
    name, shares = place_name(repeat), [(at + 1) / settings.k for at in range(settings.k - 1)]
    inside = Filtered(
        FOLD, (TRAIN, VALIDATION), Grouped(TARGET_CLASS, OrderedCounts(name, EXACT_VALUES), MOST_CLASSES + 1)
    )
    (found,) = look(inside)
    tables: list[OrderedTable] = []
    for number, class_name in enumerate(target.class_names):
        table = found.groups.get(number)
        if table is None or table.count < settings.k:
            count = 0 if table is None else table.count
            raise CauceError("E2102", name=class_name, count=count, folds=settings.k)
        tables.append(table)
    within = [_of_class(number) for number in range(len(tables))]
    finer = refined([(table, 1) for table in tables], shares, within=within, look=look)
    limits = [_exact(one, shares, own) for one, own in zip(finer, target.class_names, strict=True)]
    hashed = settings.split.hashed
    if hashed and (count := mixed_rows(tables, limits, within=within, look=look)):
        raise CauceError("E2108", columns=", ".join(hashed), count=count)
    return tuple(limits)


def _of_class(number: int) -> Callable[[Any], Any]:
    def within(summary: Any) -> Any:
        return Filtered(FOLD, (TRAIN, VALIDATION), Filtered(TARGET_CLASS, (number,), summary))

    return within


def _exact(finer: Sequence[Finer], shares: Sequence[float], name: str) -> tuple[float, ...]:
    """The limits of one class; E2103 where equal places put a part off by more than a row."""
    cuts, count = nearest_cuts(finer, shares), finer[0][0].count
    if cuts is None:
        raise CauceError("E2103", name=name, off=2)
    reached = [0, *(cut.reached for cut in cuts), count]
    part = count / (len(shares) + 1)
    off = max(abs(after - before - part) for before, after in pairwise(reached))
    if off > 1 + 1e-9:
        raise CauceError("E2103", name=name, off=int(-(-off // 1)))
    return tuple(float(cut.limit) for cut in cuts)
