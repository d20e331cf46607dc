"""The target's mean by level, out of fold for training rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauce.core.columns import FOLD, INNER_FOLD, INNER_FOLDS, TARGET, TRAIN, WEIGHT
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
    """The sums of each target column; of weighted rows the sums of the weights before them."""
    fold = _fold(step)
    values = [value for _name, value in _values(setting)]
    if setting.weighted:
        values = [_WEIGHT, *(n.Multiply(value, _WEIGHT) for value in values)]
    return tuple(Ask("sums", stream.training, value, fold) for value in values)


def _rows(table: LevelSumTable, stream: Stream) -> Iterator[tuple[int, Any, int, float]]:
    """(fold, level or None, rows, sum of the target); E1008 where there were too many levels."""
    if table.overflow:
        raise CauceError("E1008", column=stream.source, step="target_mean", most=MOST_LEVELS)
    if table.frame is None:
        return
    columns = (table.frame[name].to_list() for name in ("fold", "level", "count", "sum"))
    for fold, value, count, total in zip(*columns, strict=True):
        yield fold, value if value == value else None, count, total


Floats = NDArray[np.float64]


def _cells(
    table: LevelSumTable, places: dict[Any, int], *, folds: int, stream: Stream
) -> tuple[Floats, Floats]:
    """Rows and sums by fold and by the level's place, missing values last."""
    counts, sums = (np.zeros((folds, len(places) + 1)) for _ in range(2))
    for fold, level, count, total in _rows(table, stream):
        place = places.get(level, len(places))
        counts[fold, place] += count
        sums[fold, place] += total
    return counts, sums


def _tables(
    results: Results, places: dict[Any, int], *, folds: int, stream: Stream, setting: Setting
) -> list[tuple[Floats, Floats]]:
    """Rows and sums of each target column. Weighted rows count by their weight, one row on average."""
    tables = [_cells(table, places, folds=folds, stream=stream) for table in results]
    if not setting.weighted:
        return tables
    rows, weights = tables[0]
    scale = float(rows.sum() / weights.sum()) if weights.any() else 1.0
    return [(weights * scale, sums * scale) for _rows, sums in tables[1:]]


def _means(counts: Floats, sums: Floats, *, smoothing: float) -> Means:
    """The means of the rows in these folds."""
    rows, total = counts.sum(axis=0), sums.sum(axis=0)
    overall = float(total.sum() / rows.sum()) if rows.any() else 0.0
    weights = np.where(rows > 0, rows + smoothing, 1.0)
    shrunk = np.where(rows > 0, (total + smoothing * overall) / weights, overall).tolist()
    return Means(tuple(shrunk[:-1]), shrunk[-1], overall)


def _fit(step: TargetMean, stream: Stream, results: Results, setting: Setting) -> TargetMeans:
    seen = {level for _fold, level, _count, _sum in _rows(results[0], stream)}
    levels = in_order([level for level in seen if level is not None])
    places = {level: place for place, level in enumerate(levels)}
    targets = []
    tables = _tables(results, places, folds=step.folds, stream=stream, setting=setting)
    for (name, _value), (counts, sums) in zip(_values(setting), tables, strict=True):
        every = _means(counts, sums, smoothing=step.smoothing)
        # Sums of the other folds, never all less its own: rounding would let a row's target through.
        others = [np.arange(step.folds) != fold for fold in range(step.folds)]
        outside = tuple(_means(counts[own], sums[own], smoothing=step.smoothing) for own in others)
        targets.append(TargetColumnMeans(name, every, outside))
    return TargetMeans(levels, tuple(targets))


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


_WEIGHT = Column(WEIGHT)
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
