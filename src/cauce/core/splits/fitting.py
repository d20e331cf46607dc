"""Split rules from what the user declared and, where limits must be exact, one look at the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cauce.core.splits.rules import RandomSplit, SplitRule, StratifiedSplit, TimeSplit
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.expr.schema import Schema
from cauce.stats.grouped import Filtered, Grouped
from cauce.stats.ordered_counts import OrderedCounts, OrderedTable
from cauce.stats.summary import Summary

PLACE = "__place__"
"""float: a row's place in [0, 1), for the limits of a stratified split."""
_LIMIT = 1 << 22
_STRATA = 1000

Look = Callable[..., tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """What the user declared. kind: random, stratified, group or time. Shares sum to 1."""

    kind: str
    seed: int
    train: float
    validation: float
    key: tuple[str, ...] = ()
    group: str | None = None
    time: str | None = None

    @property
    def shares(self) -> tuple[float, float]:
        """The shares of rows up to the end of training and of validation."""
        return self.train, round(self.train + self.validation, 12)

    @property
    def hashed(self) -> tuple[str, ...]:
        """The columns whose hash places a row: the group, else the key, else none (the whole row)."""
        return (self.group,) if self.group is not None else self.key

    @property
    def scans(self) -> int:
        """How often the rows are read to find the rule."""
        return 1 if self.kind in ("stratified", "time") else 0


def fit_split(settings: SplitSettings, target: Target, schema: Schema, look: Look) -> SplitRule:
    """The rule.

    look(*summaries) -> results over all rows of a table that has the user's columns, TARGET and PLACE;
    called at most once, and again only beyond four million distinct places or times.
    Raises E1103, E1109 to E1114.
    """
    if settings.kind == "time":
        return _time(settings, schema, look)
    base = RandomSplit(settings.hashed, settings.seed, settings.train, settings.validation)
    if settings.kind != "stratified":
        return base
    if target.task == "regression":
        raise CauceError("E1109", target=target.name)
    (found,) = look(Grouped(TARGET_CLASS, OrderedCounts(PLACE, _LIMIT), _STRATA))
    limits = tuple(
        _class_limits(settings, number, name, found.groups.get(number), look)
        for number, name in enumerate(target.class_names)
    )
    return StratifiedSplit(base.columns, base.seed, base.train, base.validation, limits)


TARGET_CLASS = "__class__"
"""integer: the class number of a row, for the strata of a stratified split."""


def _class_limits(
    settings: SplitSettings, number: int, name: str, table: OrderedTable | None, look: Look
) -> tuple[float, float]:
    folds = 2 if settings.validation == 0 else 3
    count = 0 if table is None else table.count
    if table is None or count < folds:
        raise CauceError("E1110", name=name, count=count, folds=folds)
    ranks = [min(max(round(share * count), 1), count - 1) for share in settings.shares]
    if folds == 3 and ranks[0] == ranks[1]:
        ranks = [ranks[0], ranks[0] + 1] if ranks[0] + 1 < count else [ranks[0] - 1, ranks[0]]
    cuts = [_cut(table, rank, lambda one: Filtered(TARGET_CLASS, (number,), one), look) for rank in ranks]
    for rank, (_value, reached) in zip(ranks, cuts, strict=True):
        if abs(reached - rank) > 1:
            raise CauceError("E1111", name=name, off=abs(reached - rank))
    return cuts[0][0], cuts[1][0]


def _time(settings: SplitSettings, schema: Schema, look: Look) -> TimeSplit:
    column = str(settings.time)
    if schema[column].kind not in ("date", "datetime", "integer", "float"):
        raise CauceError("E1113", column=column, kind=schema[column].kind)
    (table,) = look(OrderedCounts(column, _LIMIT))
    if table.missing:
        raise CauceError("E1112", column=column, count=table.missing)
    count = table.count
    folds = 2 if settings.validation == 0 else 3
    if table.exact and len(table.counts) < folds:
        raise CauceError("E1114", column=column, count=len(table.counts), folds=folds)
    values = [
        _cut(table, min(max(round(share * count), 1), count - 1), lambda one: one, look)[0]
        for share in settings.shares
    ]
    first, second = _apart(table, values, settings.validation == 0)
    return TimeSplit(column, first, second, settings.hashed, settings.seed)


def _apart(table: OrderedTable, values: list[Any], no_validation: bool) -> tuple[Any, Any]:
    """The two limits, moved so that each fold has at least one time; equal where nothing validates."""
    if no_validation:
        return values[0], values[0]
    if not table.exact or values[0] < values[1] < _physical(table.low[-1]):
        return values[0], values[1]
    times = [_physical(value) for value in table.low.to_list()] if table.exact else []
    second = min(max(times.index(values[1]), 1), len(times) - 2)
    first = min(times.index(values[0]), second - 1)
    return times[first], times[second]


def _physical(value: Any) -> int | float:
    """A time as the number a batch holds."""
    import polars as pl  # noqa: PLC0415

    number: int | float = pl.Series([value]).to_physical()[0]
    return number


def _cut(
    table: OrderedTable, rank: int, within: Callable[[OrderedCounts], Summary], look: Look
) -> tuple[Any, int]:
    """The value up to which about `rank` rows lie (ties stay together), and how many rows really do."""
    while not table.exact and table.interval(rank - 1)[0] != table.interval(rank - 1)[1]:
        (table,) = look(within(table.refined(rank - 1)))
    reached = table.below + np.cumsum(table.counts)
    place = int(np.searchsorted(reached, rank, side="left"))
    before = int(reached[place - 1]) if place else table.below
    if place and rank - before < int(reached[place]) - rank:
        place -= 1
    return _physical(table.high[place]), int(reached[place])
