"""How much memory a fit takes, known before it begins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cauce.core.boosting import CUT_ROWS, KEPT_BY_TASK
from cauce.language import format_number, format_significant
from cauce.spec.models import Boosting, Forest, ModelSettings
from cauce.spec.space import ends

KEPT = 1 << 30
"""Bytes of rows kept in memory where engine.memory says nothing; the others wait in a file."""
BATCH_ROWS = 131_072
_BINNED, _BINNED_MISSING = 2, 5
"""Bytes of a value as trees see it: without and with missing values in its column."""
_GIGABYTE, _MEGABYTE = 10**9, 10**6
_GRADIENTS, _HISTOGRAM, _SUMS = 24, 16, 8
_BESIDE = 24
"""Bytes of a row on a fold that are no features: its hashes and its label."""
_VALUES, _VALUE = 65_536, 32
"""How many values of a column quantiles keep exactly, and the bytes of one, with the copy that is merged."""
_COMPONENT_CELL = 8 + 8 + 8 + 1
_MOST_WAYS = 2
"""Ways to bin the rows of a fold that are kept at hand."""


@dataclass(frozen=True, kw_only=True)
class FitSize:
    """What is fitted. rows: that train or stop training. outputs: 1, or as many as there are classes beyond
    two. kept: bytes of rows that stay in memory, the others wait in a file. batch_rows: worked on at a time.
    """

    rows: int
    features: int
    outputs: int = 1
    kept: int = KEPT
    batch_rows: int = BATCH_ROWS


@dataclass(frozen=True, kw_only=True)
class FitMemory:
    """Bytes, beside what the program itself takes. least: where no value is missing and trees stay small;
    most: where values are missing and every node that can be split is."""

    least: int
    most: int

    def or_more(self, earlier: int) -> FitMemory:
        """With what is held before, and let go."""
        return FitMemory(least=max(self.least, earlier), most=max(self.most, earlier))


def fit_memory(model: ModelSettings, size: FitSize) -> FitMemory:
    """What fitting `model` takes.

    Trees (XGBoost's hist): rows as float32 within the limit, their bins, gradients, and a histogram of every
    feature for each node of the widest level. Linear and logistic: products of the features, three times.
    """
    cells = size.rows * size.features
    kept = min(4 * cells, size.kept)
    batch = min(size.rows, size.batch_rows) * size.features * 16
    if not isinstance(model, Boosting | Forest):
        wide = (size.features + 1) * size.outputs
        taken = kept + 2 * batch + 3 * wide * wide * _SUMS
        return FitMemory(least=taken, most=taken)
    every = kept + batch + size.rows * size.outputs * _GRADIENTS
    histograms = _histograms(model, size)
    return FitMemory(least=every + cells * _BINNED, most=every + cells * _BINNED_MISSING + histograms)


def _histograms(model: Boosting | Forest, size: FitSize) -> int:
    # A node is split where it has two rows at the least, whatever the depth allows.
    nodes = min(1 << (model.max_depth - 1), max(size.rows // 2, 1))
    return nodes * size.features * model.max_bin * _HISTOGRAM


@dataclass(frozen=True, kw_only=True)
class SpreadMemory:
    """Where many machines work. task: bytes of each task at work, beside its program; driver: of the process
    that waits for them. tasks: that fit together."""

    task: FitMemory
    driver: FitMemory
    tasks: int


def spread_memory(model: ModelSettings, size: FitSize, *, tasks: int) -> SpreadMemory:
    """What fitting `model` takes in each of so many tasks, which share the rows, and in the driver.

    Trees: a share of the rows and all histograms, and the rows that the bins are cut from. Linear and
    logistic: a batch and products of the features; the driver merges them. Either way the driver merges what
    features are learned from: of each column its values, until they are too many.
    """
    looks = 2 * size.features * min(size.rows, _VALUES) * _VALUE
    if not isinstance(model, Boosting | Forest):
        products = ((size.features + 1) * size.outputs) ** 2 * _SUMS
        batch = min(size.rows, size.batch_rows) * size.features * 16
        task = 2 * batch + 2 * products
        return SpreadMemory(
            task=FitMemory(least=task, most=task + looks),
            driver=FitMemory(least=3 * products, most=3 * products + looks),
            tasks=tasks,
        )
    own = replace(size, rows=math.ceil(size.rows / tasks), kept=min(size.kept, KEPT_BY_TASK))
    sample = min(size.rows, CUT_ROWS) * size.features * 4
    grown = fit_memory(model, own)
    return SpreadMemory(
        task=FitMemory(least=grown.least + sample, most=max(grown.most + 2 * sample, looks)),
        driver=FitMemory(least=0, most=looks),
        tasks=tasks,
    )


@dataclass(frozen=True, kw_only=True)
class FoldsSize:
    """On what candidates are judged. folds: k of them for each repetition. taught: the share of the rows that
    train or stop training on a fold. workers: fits at a time."""

    folds: int
    k: int
    taught: float
    workers: int


def tune_memory(kinds: Sequence[tuple[Sequence[ModelSettings], FitSize]], on: FoldsSize) -> FitMemory:
    """What judging candidates takes.

    kinds: candidates that read the same features, and the size of a fit to all rows outside the test. All
    folds of all kinds stay at hand until the end: their rows within the limit, and of trees the bins, for at
    most two ways to bin. At work are as many fits at a time as there are workers.
    """
    waiting = sum(on.folds * one.rows * one.features * 4 for _, one in kinds)
    batch = max(min(one.rows, one.batch_rows) * one.features * 16 for _, one in kinds)
    beside = sum(on.folds * one.rows * _BESIDE for _, one in kinds)
    looks = max(_looks(one, on) for _, one in kinds)
    found = [_kind_memory(models, size, on=on) for models, size in kinds]
    both = min(waiting, kinds[0][1].kept) + batch + beside
    return FitMemory(
        least=both + sum(one.least for one in found), most=both + looks + sum(one.most for one in found)
    )


def components_memory(columns: Sequence[int], *, rows: int) -> int:
    """Bytes that learning principal components takes at the least. columns: of each declaration; rows: of a
    batch.

    The batch at work and the one made ahead, the values less their means with a mark each, and of each
    declaration its matrix of products six times: of all rows, of the batch, and what LAPACK works in.
    """
    cells = rows * sum(columns)
    return _COMPONENT_CELL * cells + 6 * 8 * sum((one + 1) ** 2 for one in columns)


def spread_components_memory(columns: Sequence[int], *, rows: int) -> tuple[int, int]:
    """Bytes that learning principal components takes at the least in each task at work, and in the driver,
    where many machines work. columns and rows: as in `components_memory`.

    A task holds one batch, and of each declaration three matrices of products: of its rows, of the batch,
    and their sum, or what it sends. The driver holds those of all rows, and what LAPACK works in.
    """
    products = 8 * sum((one + 1) ** 2 for one in columns)
    return (_COMPONENT_CELL - 8) * rows * sum(columns) + 3 * products, 5 * products


def _looks(size: FitSize, on: FoldsSize) -> int:
    """What learning features holds: of each column and block of rows, its values until they are too many."""
    return size.features * on.k * min(math.ceil(size.rows / on.k), _VALUES) * _VALUE


def _kind_memory(models: Sequence[ModelSettings], size: FitSize, *, on: FoldsSize) -> FitMemory:
    """What the folds of one kind take beside the rows that wait."""
    trees = [one for one in models if isinstance(one, Boosting | Forest)]
    if not trees:
        sums = (size.features + 1) ** 2 * _SUMS
        return FitMemory(least=on.k * sums, most=(on.folds * on.k + 3 * size.outputs**2) * sums)
    taught = math.ceil(on.taught * size.rows)
    bins, gradients = on.folds * taught * size.features, on.workers * taught * size.outputs * _GRADIENTS
    ways = min(_MOST_WAYS, sum(_ways(one) for one in trees))
    largest = max(_histograms(_widest(one), replace(size, rows=taught)) for one in trees)
    return FitMemory(
        least=bins * _BINNED + gradients,
        most=bins * _BINNED_MISSING * ways + gradients + on.workers * largest,
    )


def _ways(model: Boosting | Forest) -> int:
    """In how many ways a table's candidates bin rows, at the least two where that is searched."""
    searched = () if model.search is None else tuple(model.search.space)
    return 1 + any(name in searched for name in ("max_bin", "class_weight"))


def _widest(model: Boosting | Forest) -> Boosting | Forest:
    """The candidate of a table whose trees may be largest."""
    space = {} if model.search is None else model.search.space
    depth, bins = (
        max((int(one) for one in ends(space[name])), default=own) if name in space else own
        for name, own in (("max_depth", model.max_depth), ("max_bin", model.max_bin))
    )
    return replace(model, max_depth=depth, max_bin=bins)


def bytes_text(count: int) -> str:
    """Bytes for a person: 1.2 GB, 340 MB."""
    size, unit = (_GIGABYTE, "GB") if count >= _GIGABYTE else (_MEGABYTE, "MB")
    value = max(count / size, 0.1)
    return f"{format_number(round(value)) if value >= 100 else format_significant(value, 2)} {unit}"
