"""Which columns go together, on the sample."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cauce.core.profile.sample import Codes, Floats, SampleRows, by_level, ranks
from cauce.core.profile.values import Associations, Matrix, Pair
from cauce.expr.schema import Schema

_MOST_NUMBERS: Final = 60
_MOST_CATEGORIES: Final = 30
_MOST_LEVELS: Final = 50
_MOST_PAIRS: Final = 50
_WEAKEST: Final = 0.3
_LEAST_ROWS: Final = 10
_ROWS: Final = 32_768
_CONSTANT: Final = 1e-12


def associations_of(schema: Schema, sample: SampleRows, *, constant: Collection[str]) -> Associations | None:
    """Pearson, Spearman and Cramér's V between the columns that vary; None where no two columns do."""
    sample = sample.head(_ROWS)
    varying = [field for field in schema if field.name not in constant]
    numbers = [field.name for field in varying if field.kind in ("integer", "float", "decimal")]
    categories = {
        field.name: coded.codes
        for field in varying
        if field.kind in ("text", "boolean")
        for coded in [by_level(sample.cells(field.name), sample.weights, most=_MOST_LEVELS)]
        if not coded.rest and len(coded.values) > 1
    }
    left_out = max(0, len(numbers) - _MOST_NUMBERS) + max(0, len(categories) - _MOST_CATEGORIES)
    numbers = numbers[:_MOST_NUMBERS]
    categories = dict(list(categories.items())[:_MOST_CATEGORIES])
    if len(numbers) < 2 and len(categories) < 2:
        return None
    cells = [sample.numbers(name) for name in numbers]
    pearson = _matrix(numbers, _correlations(cells, sample.weights))
    ranked = [ranks(one, sample.weights, plain=sample.plain) for one in cells]
    spearman = _matrix(numbers, _correlations(ranked, sample.weights))
    cramers_v = _cramers_v(categories, sample.weights)
    pairs = sorted(_pairs(pearson, spearman, cramers_v), key=lambda one: -abs(one.value))
    return Associations(sample.size, pearson, spearman, cramers_v, tuple(pairs[:_MOST_PAIRS]), left_out)


def _correlations(columns: list[Floats], weights: Floats) -> NDArray[np.float64]:
    """Weighted Pearson correlations over the rows where both have a value; NaN where one is constant."""
    if not columns:
        return np.empty((0, 0))
    raw = np.stack(columns)
    present = (~np.isnan(raw)).astype(np.float64)
    values = np.stack([_standardised(own, weights) for own in raw])
    counts = _products(present * weights, present)
    with np.errstate(divide="ignore", invalid="ignore"):
        first = _products(values * weights, present)
        second = _products(values * values * weights, present)
        covariance = _products(values * weights, values) / counts - (first / counts) * (first.T / counts)
        variance = second / counts - (first / counts) ** 2
        found = covariance / np.sqrt(variance * variance.T)
    enough = _products(present, present) >= _LEAST_ROWS
    enough &= (variance > _CONSTANT) & (variance.T > _CONSTANT)
    return np.where(enough, np.clip(found, -1.0, 1.0), np.nan)


def _products(left: Floats, right: Floats) -> Floats:
    """Sums of products over the rows, without BLAS, whose threads wait for each other on a busy machine."""
    if np.all(right == 1.0):
        return np.repeat(left.sum(axis=1)[:, None], len(right), axis=1)
    products: Floats = np.einsum("ik,jk->ij", left, right)
    return products


def _standardised(values: Floats, weights: Floats) -> Floats:
    """Less the mean, divided by the deviation, 0 where there is no value: so that no square overflows."""
    present = ~np.isnan(values)
    if not present.any():
        return np.zeros(len(values))
    largest = float(np.abs(values[present]).max())
    scaled = np.where(present, values, 0.0) / largest if largest else np.zeros(len(values))
    mean = float(np.average(scaled[present], weights=weights[present]))
    away = np.where(present, scaled - mean, 0.0)
    deviation = math.sqrt(float(np.average(away[present] ** 2, weights=weights[present])))
    return away / deviation if deviation > 1e-12 else away * 0.0


def _cramers_v(categories: dict[str, Codes], weights: Floats) -> Matrix:
    names = tuple(categories)
    found = np.full((len(names), len(names)), np.nan)
    np.fill_diagonal(found, 1.0)
    codes = list(categories.values())
    for left, right in combinations(range(len(names)), 2):
        both = (codes[left] >= 0) & (codes[right] >= 0)
        if np.count_nonzero(both) < _LEAST_ROWS:
            continue
        width = int(codes[right].max()) + 1
        places = codes[left][both] * width + codes[right][both]
        table = np.bincount(places, weights[both], minlength=(int(codes[left].max()) + 1) * width)
        found[left, right] = found[right, left] = cramers_v(table.reshape(-1, width))
    return _matrix(list(names), found)


def cramers_v(table: NDArray[Any]) -> float:
    """Cramér's V of a table of counts, corrected for chance as in Bergsma, "A bias-correction for
    Cramér's V and Tschuprow's T" (2013); NaN where a side has one level only."""
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    rows, columns, total = table.shape[0], table.shape[1], float(table.sum())
    if min(rows, columns) < 2 or total < 2:
        return math.nan
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    squared = float((((table - expected) ** 2) / expected).sum()) / total
    corrected = max(0.0, squared - (rows - 1) * (columns - 1) / (total - 1))
    height = rows - (rows - 1) ** 2 / (total - 1)
    width = columns - (columns - 1) ** 2 / (total - 1)
    least = min(height, width) - 1
    return min(1.0, math.sqrt(corrected / least)) if least > 0 else math.nan


def _matrix(names: list[str], values: NDArray[np.float64]) -> Matrix:
    rows = tuple(tuple(_rounded(float(one)) for one in row) for row in values)
    return Matrix(tuple(names), rows)


def _rounded(value: float) -> float | None:
    """With the digits that do not depend on the order in which the products were added."""
    return None if math.isnan(value) else round(value, 9) + 0.0


def _pairs(pearson: Matrix, spearman: Matrix, cramers: Matrix) -> Iterator[Pair]:
    for left, right in combinations(range(len(pearson.columns)), 2):
        linear, monotone = pearson.values[left][right], spearman.values[left][right]
        names = pearson.columns[left], pearson.columns[right]
        if abs(linear or 0) >= max(abs(monotone or 0), _WEAKEST):
            yield Pair(*names, "pearson", linear or 0.0)
        elif abs(monotone or 0) >= _WEAKEST:
            yield Pair(*names, "spearman", monotone or 0.0)
    for left, right in combinations(range(len(cramers.columns)), 2):
        value = cramers.values[left][right]
        if (value or 0) >= _WEAKEST:
            yield Pair(cramers.columns[left], cramers.columns[right], "cramers_v", value or 0.0)
