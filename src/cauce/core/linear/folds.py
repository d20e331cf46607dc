"""Linear models of every penalty on every fold, from one Gram of each part of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cauce.core.linear.coefficients import linear_model
from cauce.core.linear.model import LinearModel
from cauce.core.linear.penalties import solve, strengths
from cauce.core.linear.problem import LeastSquares, problem_of
from cauce.core.linear.quadratic import Floats, Penalty
from cauce.errors import CauceError
from cauce.stats.comoments import Comoment, ComomentState, joined

FROM_SUMS = ("rmse", "r2")
"""Metrics of a linear model that sums of products determine, so that no row is read for them."""


@dataclass(frozen=True)
class Division:
    """One way to learn and to judge: parts of the rows, by number, that train and that score.

    k folds are k divisions, each scoring one part and training on the others; a time-forward fold trains on
    the parts before it; a hold-out is one division.
    """

    train: tuple[int, ...]
    score: tuple[int, ...]


@dataclass(frozen=True)
class Squared:
    """What squared errors amount to on some rows, for each penalty: [penalties] each.

    rows, weight: of the rows. variance: Σw(y - mean)²/Σw, the squared error of their own mean.
    """

    rows: int
    weight: float
    mse: Floats
    variance: float

    def metric(self, name: str) -> Floats:
        """rmse or r2 of each penalty; r2 is NaN where the target does not vary."""
        if name == "rmse":
            found: Floats = np.sqrt(self.mse)
            return found
        if name == "r2":
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.where(self.variance > 0, 1.0 - self.mse / self.variance, np.nan)
        raise KeyError(name)


@dataclass(frozen=True, eq=False)
class FoldSolutions:
    """The coefficients of every penalty on one division's training rows.

    problem: of the training rows. coefficients: standardised, [penalties, p]. trained, scored: the sums of
    the two parts.
    """

    problem: LeastSquares
    coefficients: Floats
    trained: Comoment
    scored: Comoment

    @cached_property
    def own(self) -> tuple[Floats, Floats]:
        """Intercepts [penalties] and coefficients [penalties, p] for features in their own units."""
        slopes = self.coefficients * self.problem.inverse
        return self.problem.target_mean - slopes @ self.problem.means, slopes

    def model(self, place: int) -> LinearModel:
        """The model of one penalty."""
        return linear_model(self.problem, self.coefficients[place])

    @cached_property
    def judged(self) -> Squared:
        """Squared errors on the rows that score."""
        return squared_errors(self.scored, self.own[0], slopes=self.own[1])

    @cached_property
    def learned(self) -> Squared:
        """Squared errors on the rows that trained."""
        return squared_errors(self.trained, self.own[0], slopes=self.own[1])


def squared_errors(part: Comoment, intercepts: Floats, *, slopes: Floats) -> Squared:
    """The squared errors of models [m], [m, p] on the rows of `part`."""
    own = np.sqrt(np.diag(part.products) / part.weight)
    size = np.where(own > 0, own, 1.0)
    directions = np.column_stack((-slopes, np.ones(len(slopes)))) * size
    products = part.products / np.outer(size, size) / part.weight
    around = np.maximum(((directions @ products) * directions).sum(axis=1), 0.0)
    away = part.means[-1] - intercepts - slopes @ part.means[:-1]
    return Squared(part.rows, part.weight, around + away**2, float(own[-1] ** 2))


def divided(state: ComomentState, division: Division, *, fold: int) -> tuple[Comoment, Comoment]:
    """The sums of the rows that train and of those that score; E2162 where either has none.

    Sums are merged, never subtracted, so that a part that outweighs the others costs no digits.
    """
    groups: Mapping[Any, Comoment] = {own.group: own for own in state.groups}
    train = [groups[name] for name in division.train if name in groups]
    score = [groups[name] for name in division.score if name in groups]
    if not train or not score:
        rows = [sum(own.rows for own in part) for part in (train, score)]
        raise CauceError("E2162", fold=fold + 1, train=rows[0], score=rows[1])
    return joined(train), joined(score)


def solved(
    states: Sequence[ComomentState], divisions: Sequence[Division], *, penalties: Sequence[Penalty]
) -> tuple[FoldSolutions, ...]:
    """Every penalty on every division. states: the sums under each division's own features, by part.

    One state for all divisions where their features are the same. E2160, E2162.
    """
    found = []
    for fold, (state, division) in enumerate(_paired(states, divisions)):
        trained, scored = divided(state, division, fold=fold)
        problem = problem_of(trained)
        found.append(FoldSolutions(problem, solve(problem, penalties), trained, scored))
    return tuple(found)


def _paired(
    states: Sequence[ComomentState], divisions: Sequence[Division]
) -> Iterator[tuple[ComomentState, Division]]:
    every = list(states) * len(divisions) if len(states) == 1 else states
    return zip(every, divisions, strict=True)


def path_strengths(
    states: Sequence[ComomentState],
    divisions: Sequence[Division],
    *,
    l1_ratio: float,
    count: int,
    least: float,
) -> tuple[float, ...]:
    """`count` strengths down from the one that leaves no coefficient on any division; see `strengths`."""
    found: tuple[float, ...] = ()
    for fold, (state, division) in enumerate(_paired(states, divisions)):
        problem = problem_of(divided(state, division, fold=fold)[0])
        own = strengths(problem, l1_ratio=l1_ratio, count=count, least=least)
        found = max(found, own)
    return found
