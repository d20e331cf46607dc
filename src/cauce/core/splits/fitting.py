"""Split rules from what the user declared and, where limits must be exact, one look at the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cauce.core.columns import FOLD_NAMES, TEST, TRAIN, VALIDATION
from cauce.core.splits.cuts import Cut, Finer, best_cuts, refined
from cauce.core.splits.mixed import mixed_rows
from cauce.core.splits.rules import RandomSplit, SplitRule, StratifiedSplit, TimeSplit
from cauce.core.task import MOST_CLASSES, Target
from cauce.errors import CauceError
from cauce.expr.schema import Schema
from cauce.stats.grouped import Filtered, Grouped
from cauce.stats.ordered_counts import OrderedCounts, OrderedTable
from cauce.stats.summary import Summary

PLACE = "__place__"
"""float: a row's place in [0, 1), for the limits of a stratified split."""
TARGET_CLASS = "__class__"
"""integer: the class number of a row, for the strata of a stratified split; null without a target."""
HAS_TARGET = "__has_target__"
"""boolean: whether a row has a target, for the limits of a split by time."""

EXACT_VALUES = 1 << 22
"""Distinct places or times in one scan; beyond, a stratified split takes a second one."""
_ORDERED = ("date", "datetime", "integer", "float")
_TIME_ROUGHNESS = 10_000

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
    def folds(self) -> tuple[int, ...]:
        """The folds that must hold rows: without a validation share there are two."""
        return (TRAIN, VALIDATION, TEST) if self.shares[0] != self.shares[1] else (TRAIN, TEST)

    @property
    def hashed(self) -> tuple[str, ...]:
        """The columns whose hash places a row: the group, else the key, else none (the whole row)."""
        return (self.group,) if self.group is not None else self.key

    @property
    def scans(self) -> int:
        """How often the rows are read to find the rule."""
        return 1 if self.kind in ("stratified", "time") else 0


def check_folds(counts: Mapping[int, int], settings: SplitSettings, *, merged: bool = False) -> None:
    """E1406 where a fold that the shares ask for has no row with a target.

    counts: such rows by fold. merged: whether validation rows count among those that train.
    """
    for fold in (TRAIN, TEST) if merged else settings.folds:
        if not counts.get(fold):
            raise CauceError("E1406", fold=FOLD_NAMES[fold])


def fit_split(settings: SplitSettings, target: Target, *, schema: Schema, look: Look) -> SplitRule:
    """The rule.

    look(*summaries) -> their results over all rows, as `Placement` makes them. It is called once for a
    stratified split and one by time; a stratified one calls it again where a class has more than
    EXACT_VALUES different places. Raises E1109 to E1114, E1117.
    """
    if settings.kind == "time":
        return _time(settings, schema, look)
    base = RandomSplit(settings.hashed, settings.seed, settings.train, settings.validation)
    if settings.kind != "stratified":
        return base
    if target.task == "regression":
        raise CauceError("E1109", target=target.name)
    limits = _class_limits(settings, target, look)
    return StratifiedSplit(base.columns, base.seed, base.train, base.validation, limits)


def _class_limits(settings: SplitSettings, target: Target, look: Look) -> tuple[tuple[float, float], ...]:
    (found,) = look(Grouped(TARGET_CLASS, OrderedCounts(PLACE, EXACT_VALUES), MOST_CLASSES + 1))
    tables: list[OrderedTable] = []
    for number, name in enumerate(target.class_names):
        table = found.groups.get(number)
        if table is None or table.count < len(settings.folds):
            count = 0 if table is None else table.count
            raise CauceError("E1110", name=name, count=count, folds=len(settings.folds))
        tables.append(table)
    within = [_of_class(number) for number in range(len(tables))]
    finest = [(table, 1) for table in tables]
    finer = refined(finest, settings.shares, within=within, look=look)
    pairs = zip(finer, target.class_names, strict=True)
    limits = tuple(_within_a_row(settings, own, name) for own, name in pairs)
    if settings.hashed and (count := mixed_rows(tables, limits, within=within, look=look)):
        raise CauceError("E1117", columns=", ".join(settings.hashed), count=count)
    return limits


def _of_class(number: int) -> Callable[[Summary], Summary]:
    return lambda summary: Filtered(TARGET_CLASS, (number,), summary)


def _within_a_row(settings: SplitSettings, finer: tuple[Finer, ...], name: str) -> tuple[float, float]:
    """The limits of one class; E1111 where equal places put a fold off by more than a row."""
    found = best_cuts(finer, settings.shares)
    if found is None:
        raise CauceError("E1111", name=name, off=1)
    cuts, off = found
    if off > 1:
        raise CauceError("E1111", name=name, off=off)
    return _limits(cuts)


def _time(settings: SplitSettings, schema: Schema, look: Look) -> TimeSplit:
    column = str(settings.time)
    if schema[column].kind not in _ORDERED:
        raise CauceError("E1113", column=column, kind=schema[column].kind)
    (table,) = look(_with_target(OrderedCounts(column, EXACT_VALUES)))
    if table.missing:
        raise CauceError("E1112", column=column, count=table.missing)
    rough = max(1, table.count // _TIME_ROUGHNESS)
    (finer,) = refined([(table, rough)], settings.shares, within=[_with_target], look=look)
    found = best_cuts(finer, settings.shares)
    if found is None:
        raise CauceError("E1114", column=column, count=len(table.counts), folds=len(settings.folds))
    first, second = _limits(found[0])
    return TimeSplit(column, first, second, settings.hashed, settings.seed)


def _with_target(summary: Summary) -> Summary:
    return Filtered(HAS_TARGET, (True,), summary)


def _limits(cuts: tuple[Cut, Cut]) -> tuple[Any, Any]:
    return cuts[0].limit, cuts[1].limit
