"""The target's mean by level, out of fold for training rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from cauce.core.columns import FOLD, INNER_FOLD, INNER_FOLDS, TARGET, TRAIN
from cauce.core.features.asking import MOST_LEVELS, Ask
from cauce.core.features.leveling import in_order, lookup, start
from cauce.core.features.rule import Results, Rule
from cauce.core.features.stream import Setting, Stream
from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.expr.nodes import Column, Expression, literal
from cauce.language import gettext_noop as _
from cauce.spec.features import TargetMean
from cauce.stats.levels import LevelSumTable


@dataclass(frozen=True)
class Means:
    """Shrunk means of one target column by level; `missing` of rows without a level, `overall` of all."""

    numbers: tuple[float, ...]
    missing: float
    overall: float


@dataclass(frozen=True)
class TargetColumnMeans:
    """One target column: the class (None: the only one), the means of all training rows, and those of the
    rows outside each fold, by fold."""

    name: str | None
    every: Means
    outside: tuple[Means, ...]


@dataclass(frozen=True)
class TargetMeans:
    """The levels in order, and the means of each target column."""

    levels: tuple[Any, ...]
    targets: tuple[TargetColumnMeans, ...]


def _values(setting: Setting) -> list[tuple[str | None, Expression]]:
    """The target columns with the classes they stand for."""
    target = Column(TARGET)
    if setting.task != "multiclass":
        return [(None, target)]
    return [
        (name, n.Cast(n.Compare(target, literal(float(k)), "=="), "float"))
        for k, name in enumerate(setting.classes)
    ]


def _fold(step: TargetMean) -> Expression:
    inner = Column(INNER_FOLD)
    return inner if step.folds == INNER_FOLDS else n.Modulo(inner, literal(step.folds))


def _needs(step: TargetMean, stream: Stream, setting: Setting) -> tuple[Ask, ...]:
    fold = _fold(step)
    return tuple(Ask("sums", stream.training, value, fold) for _name, value in _values(setting))


Cells = dict[Any, dict[int, tuple[int, float]]]


def _cells(table: LevelSumTable, stream: Stream) -> Cells:
    """(rows, sum of the target) by level (None: missing) and fold."""
    if table.overflow:
        raise CauceError("E1008", column=stream.source, step="target_mean", most=MOST_LEVELS)
    cells: Cells = {}
    if table.frame is None:
        return cells
    columns = (table.frame[name].to_list() for name in ("fold", "level", "count", "sum"))
    for fold, value, count, total in zip(*columns, strict=True):
        level = value if value == value else None
        rows, known = cells.setdefault(level, {}).get(fold, (0, 0.0))
        cells[level][fold] = rows + count, known + total
    return cells


def _means(cells: Cells, levels: tuple[Any, ...], step: TargetMean, out: int | None) -> Means:
    """The means of the rows outside the fold `out` (None: of all rows)."""

    def total(level: Any) -> tuple[int, float]:
        parts = [part for fold, part in cells.get(level, {}).items() if fold != out]
        return sum(rows for rows, _sum in parts), math.fsum(part for _rows, part in parts)

    sums = {level: total(level) for level in cells}
    count = sum(rows for rows, _sum in sums.values())
    overall = math.fsum(part for _rows, part in sums.values()) / count if count else 0.0

    def shrunk(level: Any) -> float:
        rows, part = sums.get(level, (0, 0.0))
        weight = rows + step.smoothing
        return (part + step.smoothing * overall) / weight if rows else overall

    return Means(tuple(shrunk(level) for level in levels), shrunk(None), overall)


def _fit(step: TargetMean, stream: Stream, results: Results, setting: Setting) -> TargetMeans:
    every = [_cells(table, stream) for table in results]
    levels = in_order([level for level in every[0] if level is not None])
    folds = range(step.folds)
    return TargetMeans(
        levels,
        tuple(
            TargetColumnMeans(
                name,
                _means(cells, levels, step, None),
                tuple(_means(cells, levels, step, fold) for fold in folds),
            )
            for (name, _value), cells in zip(_values(setting), every, strict=True)
        ),
    )


def _looked_up(x: Expression, levels: tuple[Any, ...], means: Means) -> Expression:
    return lookup(levels, means.numbers, unseen=means.overall, missing=means.missing)(x)


def _training(
    step: TargetMean, stream: Stream, levels: tuple[Any, ...], means: TargetColumnMeans
) -> Expression:
    """For rows that train, what the other folds taught; for others, what all training rows did."""
    made = _looked_up(stream.training, levels, means.every)
    for fold in reversed(range(step.folds)):
        own = n.Compare(_fold(step), literal(fold), "==")
        outside = _looked_up(stream.training, levels, means.outside[fold])
        made = n.IfElse(n.And((own, _TRAINS)), outside, made)
    return made


_TRAINS = n.Compare(Column(FOLD), literal(TRAIN), "==")


def _made(step: TargetMean, stream: Stream, state: TargetMeans) -> Iterator[Stream]:
    for means in state.targets:

        def over(x: Expression, every: Means = means.every) -> Expression:
            return _looked_up(x, state.levels, every)

        facts = {"levels": len(state.levels), "overall": means.every.overall, "class": means.name}
        one = stream.then("target_mean", over, **facts)
        training = _training(step, stream, state.levels, means)
        suffix = ":target_mean" if means.name is None else f":target_mean={means.name}"
        yield replace(one, training=training, kind="float").named(suffix)


def _make(step: TargetMean, stream: Stream, state: TargetMeans, _setting: Setting) -> tuple[Stream, ...]:
    return tuple(_made(step, stream, state))


def _check(step: TargetMean, _stream: Stream, _setting: Setting) -> tuple[str, str] | None:
    return ("folds", _("there are fewer inner folds")) if step.folds > INNER_FOLDS else None


TARGET_MEAN = Rule(make=_make, needs=_needs, fit=_fit, start=start, check=_check)
