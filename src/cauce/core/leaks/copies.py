"""Columns that repeat the number to be predicted, alone or two together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cauce.core.leaks.rows import Floats

_LEAST_PAIRS, _LEAST_VALUES = 50, 20
_EQUAL_SHARE, _RATIO_SHARE, _FORMULA_SHARE = 0.10, 0.20, 0.90
_COVERED = 0.005
_OVER_CHANCE = 10.0
_DIGITS = 4
_FORMULA_COLUMNS, _FORMULA_ROWS = 40, 2_000
_CLOSE = 1e-9

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Copy:
    """share: of the rows where column and target are given and not 0, those where column is
    target × factor."""

    share: float
    factor: float
    rows: int


@dataclass(frozen=True)
class Formula:
    """first operator second is the target, in `share` of the rows."""

    first: str
    operator: str
    second: str
    share: float


def copied(numbers: Floats, target: Floats) -> Copy | None:
    """Whether a column is the target in more rows than chance has it. Rows in an order without meaning.

    Chance is what rows give that are paired with other rows' target.
    """
    there = np.isfinite(numbers) & np.isfinite(target) & (numbers != 0) & (target != 0)
    rows = int(there.sum())
    if rows < _LEAST_PAIRS or rows < _COVERED * len(target):
        return None
    own, true = numbers[there], target[there]
    # Equal rows lie side by side, so the partner is taken from afar.
    other = np.roll(true, max(rows // 3, 1))
    equal, chance = own == true, own == other
    if _telling(equal, chance, true, _EQUAL_SHARE):
        return Copy(float(equal.mean()), 1.0, rows)
    ratios = _rounded(own / true)
    values, counts = np.unique(ratios, return_counts=True)
    factor = float(values[counts.argmax()])
    equal, chance = ratios == factor, _rounded(own / other) == factor
    if _telling(equal, chance, true, _RATIO_SHARE):
        return Copy(float(equal.mean()), factor, rows)
    return None


def _telling(equal: Mask, chance: Mask, target: Floats, least: float) -> bool:
    share = float(equal.mean())
    if share < least or share < _OVER_CHANCE * float(chance.mean()):
        return False
    return len(np.unique(target[equal])) >= _LEAST_VALUES


def _rounded(values: Floats) -> Floats:
    """To so many significant digits, so that a product that was rounded counts."""
    sizes = np.floor(np.log10(np.abs(values)))
    scale = 10.0 ** (_DIGITS - 1 - sizes)
    found: Floats = np.round(values * scale) / scale
    return found


_OPERATORS: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}


def formulas(columns: Mapping[str, Floats], target: Floats) -> tuple[Formula, ...]:
    """Pairs of columns whose sum, difference, product or ratio is the target in nearly every row."""
    rows = np.flatnonzero(np.isfinite(target))[:_FORMULA_ROWS]
    true = target[rows]
    if len(rows) < _LEAST_PAIRS or len(np.unique(true)) < _LEAST_VALUES:
        return ()
    taken = {name: values[rows] for name, values in list(columns.items())[:_FORMULA_COLUMNS]}
    own = {name: values for name, values in taken.items() if not _alone(values, true)}
    found = []
    with np.errstate(all="ignore"):
        for first, second in combinations(own, 2):
            for left, right in ((first, second), (second, first)):
                for operator, apply in _OPERATORS.items():
                    if operator in "+*" and left is second:
                        continue
                    share = _agreement(apply(own[left], own[right]), true)
                    if share >= _FORMULA_SHARE:
                        found.append(Formula(left, operator, right, share))
    return tuple(found)


def _alone(values: Floats, target: Floats) -> bool:
    """Whether the column is the target by itself, which is another finding."""
    return _agreement(values, target) >= 1 - _FORMULA_SHARE


def _agreement(values: Floats, target: Floats) -> float:
    there = np.isfinite(values)
    if there.sum() < _LEAST_PAIRS or there.mean() < 1 - _FORMULA_SHARE:
        return 0.0
    close = np.abs(values[there] - target[there]) <= _CLOSE * np.maximum(np.abs(target[there]), 1e-300)
    return float(close.mean())
