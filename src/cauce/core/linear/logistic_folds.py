"""Logistic models of every penalty on every fold, from sums over rows that all folds share or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cauce.core.linear.folds import Division
from cauce.core.linear.lockstep import Wanted
from cauce.core.linear.problem import LeastSquares
from cauce.core.linear.quadratic import Floats
from cauce.stats.logistic import LogisticState, LogisticTotals
from cauce.stats.logistic_points import LogisticPoint, LogisticPoints, RowDivision

Scan = Callable[..., tuple[Any, ...]]
"""The result of each summary over the kept rows, from one reading of them."""


@dataclass(frozen=True, eq=False)
class RowNumbers:
    """Columns that hold one state of the features. part: the column of each row's block.

    shift, scale: of each feature, by which its sums are kept accurate: the means and deviations of all rows.
    """

    features: tuple[str, ...]
    part: str
    shift: Floats
    scale: Floats


@dataclass(frozen=True, eq=False)
class ClassFold:
    """One fold. numbers: which of the states its features are. problem: of its training rows.

    by_class: the classes' weights in training, empty for ones.
    """

    numbers: int
    division: Division
    problem: LeastSquares
    by_class: tuple[float, ...] = ()

    def basis(self, numbers: RowNumbers) -> Floats:
        """What takes coefficients of this fold's standardised features to those of `numbers`, [1 + p, 1 + v].

        v: the features that vary on this fold.
        """
        varying = np.flatnonzero(self.problem.varying)
        found = np.zeros((self.problem.width + 1, len(varying) + 1))
        found[0, 0] = 1.0
        own = self.problem.deviations[varying]
        found[0, 1:] = (numbers.shift[varying] - self.problem.means[varying]) / own
        found[varying + 1, np.arange(1, len(varying) + 1)] = numbers.scale[varying] / own
        return found


@dataclass(frozen=True)
class FoldSums:
    """Answers `Lockstep`: sums at points of any folds from one scan.

    label, weight: columns. states: of the features; folds: in their order.
    """

    scan: Scan
    label: str
    weight: str
    states: Sequence[RowNumbers]
    folds: Sequence[ClassFold]

    @cached_property
    def _bases(self) -> list[Floats]:
        return [one.basis(self.states[one.numbers]) for one in self.folds]

    def __call__(self, wanted: Sequence[Wanted]) -> list[LogisticTotals]:
        """The sums of each point, in the basis of its fold's standardised features."""
        places: dict[tuple[int, str], list[int]] = {}
        for place, one in enumerate(wanted):
            fold = self.folds[one.fold]
            places.setdefault((fold.numbers, self.states[fold.numbers].part), []).append(place)
        summaries = [self._summary([wanted[at] for at in group]) for group in places.values()]
        found: dict[int, LogisticTotals] = {}
        for group, result in zip(places.values(), self.scan(*summaries), strict=True):
            for at, sums in zip(group, result.points, strict=True):
                found[at] = _turned(sums.trained, self._bases[wanted[at].fold])
        return [found[at] for at in range(len(wanted))]

    def _summary(self, wanted: Sequence[Wanted]) -> LogisticPoints:
        numbers = self.states[self.folds[wanted[0].fold].numbers]
        folds = list(dict.fromkeys(one.fold for one in wanted))
        points = tuple(
            LogisticPoint(
                _rows(one.coefficients @ self._bases[one.fold].T), folds.index(one.fold), one.curved
            )
            for one in wanted
        )
        return LogisticPoints(
            numbers.features,
            self.label,
            numbers.part,
            tuple(self._division(fold) for fold in folds),
            points,
            tuple(numbers.shift.tolist()),
            tuple(numbers.scale.tolist()),
            self.weight,
        )

    def _division(self, fold: int) -> RowDivision:
        one = self.folds[fold]
        return RowDivision(one.division.train, one.division.score, one.by_class)


def _rows(matrix: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())


def _turned(sums: LogisticState, basis: Floats) -> LogisticTotals:
    """The derivatives by the coefficients that `basis` takes to those of `sums`."""
    outputs, size = sums.gradient.shape
    width = basis.shape[1]
    curvature = sums.curvature
    if curvature.size:
        blocks = curvature.reshape(outputs, size, outputs, size)
        curvature = np.einsum("ji,ajbk,kl->aibl", basis, blocks, basis, optimize=True)
        curvature = curvature.reshape(outputs * width, outputs * width)
    return LogisticState(sums.rows, sums.weight, sums.loss, sums.gradient @ basis, curvature)


def balanced(rows: Mapping[float, int], classes: int) -> tuple[float, ...]:
    """Weights by which every class counts alike. rows: of each class number, all above 0."""
    total = sum(rows.values())
    return tuple(total / (classes * rows[float(place)]) for place in range(classes))


def intercepts_alone(shares: Floats, width: int) -> Floats:
    """The best coefficients [outputs, 1 + width] where no feature counts. shares: of each class, above 0."""
    two = len(shares) == 2
    found = np.zeros((1 if two else len(shares), width + 1))
    found[:, 0] = np.log(shares[1] / shares[0]) if two else np.log(shares) - np.log(shares).mean()
    return found
