"""How much of the target one column explains, judged on rows it was not learned from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cauce.core.leaks.rows import FEW_ROWS, Cells, Floats, Labels, Whole

_EDGES, _COARSE = 32, (1, 4)
_PRIOR = 0.5
_FEWEST = 8
_CLASSES = 16
_STOP_LINES = {"classes": (0.90, 0.60), "numbers": (0.99, 0.95)}
_WARN_LINES = {"classes": (0.80, 0.40), "numbers": (0.95, 0.90)}
_SMALL, _LARGE = 500, 20_000
_LEAST_ROWS, _LEAST_OF_A_CLASS = 50, 10
_ERRORS = 2.0

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Explained:
    """share: of the uncertainty about the target that the column takes away; 1 is all of it, and below
    0 it misleads. error: one standard error. rows: judged; weighty: rows that count as evidence."""

    share: float
    error: float
    rows: int
    weighty: int

    @property
    def least(self) -> float:
        """The share that it explains at least, two standard errors down."""
        return self.share - _ERRORS * self.error


NOTHING = Explained(0.0, 0.0, 0, 0)


def explained(cells: Cells, labels: Labels) -> Explained:
    """What the column explains: of classes the share of their entropy, of numbers that of their ranks'
    variance."""
    if len(labels) < _LEAST_ROWS:
        return NOTHING
    return _of_classes(cells, labels) if labels.classes else _of_numbers(cells, labels)


def lines(labels: Labels, weighty: int) -> tuple[float, float]:
    """The shares from which a column stops a run, and from which it is told of.

    They fall with the evidence: a few hundred measured things may honestly be told apart by one of their
    measures, tens of thousands of events hardly ever.
    """
    task = "classes" if labels.classes else "numbers"
    way = (math.log(max(weighty, 1)) - math.log(_SMALL)) / (math.log(_LARGE) - math.log(_SMALL))
    along = min(max(way, 0.0), 1.0)
    (few, many), (least, most) = _STOP_LINES[task], _WARN_LINES[task]
    return few + (many - few) * along, least + (most - least) * along


def _of_classes(cells: Cells, labels: Labels) -> Explained:
    """By the finest bounds; of few rows also by coarser ones, which then tell more, and the best counts."""
    classes = labels.values.astype(np.int64)
    counts = np.bincount(classes, minlength=labels.classes)
    if int(np.sort(counts)[-2]) < _LEAST_OF_A_CLASS:
        return NOTHING
    coarse = _COARSE if len(labels) < FEW_ROWS and cells.codes is None else ()
    found = [_judged(cells, labels, classes, edges=edges) for edges in (_EDGES, *coarse)]
    return max(found, key=lambda one: one.least)


def _judged(cells: Cells, labels: Labels, classes: Whole, *, edges: int) -> Explained:
    counts = np.bincount(classes, minlength=labels.classes)
    surprise, before = np.zeros(len(labels)), np.zeros(len(labels))
    for judged in labels.fits():
        learned = ~judged
        places = _places(cells, learned, most=edges, classes=classes)
        size = int(places.max()) + 1
        table = np.bincount(
            places[learned] * labels.classes + classes[learned], minlength=size * labels.classes
        ).reshape(size, labels.classes)
        base = np.bincount(classes[learned], minlength=labels.classes) + 0.5
        base = base / base.sum()
        shares = (table + _PRIOR * base) / (table.sum(1, keepdims=True) + _PRIOR)
        surprise[judged] = -np.log(shares[places[judged], classes[judged]])
        before[judged] = -np.log(base[classes[judged]])
    relative = surprise / before.mean()
    error = float(relative.std()) / math.sqrt(len(labels))
    weighty = min(len(labels), 20 * (len(labels) - int(counts.max())))
    return Explained(1 - float(relative.mean()), error, len(labels), weighty)


def _of_numbers(cells: Cells, labels: Labels) -> Explained:
    ranks = ranked(labels.values)
    variance = float(ranks.var())
    if not variance:
        return NOTHING
    off = np.zeros(len(labels))
    for judged in labels.fits():
        learned = ~judged
        places = _places(cells, learned, most=4 * _EDGES)
        size, middle = int(places.max()) + 1, float(ranks[learned].mean())
        counts = np.bincount(places[learned], minlength=size)
        sums = np.bincount(places[learned], ranks[learned], minlength=size)
        means = (sums + middle) / (counts + 1)
        off[judged] = (ranks[judged] - means[places[judged]]) ** 2
    binned = 1 - float(off.mean()) / variance
    error = float(off.std()) / variance / math.sqrt(len(labels))
    ordered, doubt = _rank_correlation(cells, ranks)
    if ordered > binned:
        binned, error = ordered, doubt
    return Explained(binned, error, len(labels), len(labels))


def _rank_correlation(cells: Cells, ranks: Floats) -> tuple[float, float]:
    """Spearman's coefficient squared, times the share of rows that have the number; its error."""
    if cells.numbers is None:
        return 0.0, 0.0
    there = ~np.isnan(cells.numbers)
    rows = int(there.sum())
    if rows < _LEAST_ROWS:
        return 0.0, 0.0
    own, target = ranked(cells.numbers[there]), ranked(ranks[there])
    if not own.var() or not target.var():
        return 0.0, 0.0
    coefficient = float(np.corrcoef(own, target)[0, 1])
    error = 2 * abs(coefficient) * (1 - coefficient**2) / math.sqrt(rows)
    return coefficient**2 * rows / len(ranks), error


def ranked(values: Floats) -> Floats:
    """Ranks from 0 to 1, equal values at the middle of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    after = np.cumsum(counts)
    middles = (after - (counts + 1) / 2) / max(len(values) - 1, 1)
    found: Floats = middles[places]
    return found


def _places(cells: Cells, learned: Mask, *, most: int, classes: Whole | None = None) -> Whole:
    """The group of each row, from 0: by level, or by where a number lies among those learned from."""
    if cells.codes is not None:
        return cells.codes + 1
    numbers = cells.numbers
    assert numbers is not None
    usable = learned & ~np.isnan(numbers)
    edges = _edges(numbers, usable, most=most, classes=classes)
    if not len(edges):
        return np.isnan(numbers).astype(np.int64)
    place = np.searchsorted(edges, numbers)
    exact = edges[np.minimum(place, len(edges) - 1)] == numbers
    return np.where(np.isnan(numbers), 0, 2 * place + exact + 1)


def _edges(numbers: Floats, usable: Mask, *, most: int, classes: Whole | None) -> Floats:
    """Quantiles, of each class apart where there are classes: so the bounds between them are among them."""
    if classes is None:
        return _quantiles(numbers[usable], most)
    counts = np.bincount(classes[usable]) if usable.any() else np.zeros(1, np.int64)
    largest = np.argsort(-counts, kind="stable")[:_CLASSES]
    parts = [_quantiles(numbers[usable & (classes == number)], most) for number in largest]
    return np.unique(np.concatenate(parts))


def _quantiles(values: Floats, most: int) -> Floats:
    if not len(values):
        return values
    count = min(max(len(values) // _FEWEST, 1), most)
    ordered = np.sort(values)
    found: Floats = np.unique(ordered[np.round(np.linspace(0, len(ordered) - 1, count + 1)).astype(int)])
    return found
