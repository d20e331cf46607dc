"""Logistic candidates on all folds: Newton's steps over kept numbers, each reading for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cauce.core.columns import TARGET, WEIGHT
from cauce.core.linear.coefficients import logistic_model
from cauce.core.linear.folds import Division, divided
from cauce.core.linear.lockstep import Lockstep, Wanted
from cauce.core.linear.logistic import first_strength
from cauce.core.linear.logistic_folds import (
    ClassFold,
    FoldSums,
    RowNumbers,
    intercepts_alone,
)
from cauce.core.linear.model import LinearModel
from cauce.core.linear.problem import problem_of
from cauce.core.linear.quadratic import Floats, Penalty
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.running.linear_learning import weights_by_class
from cauce.spec.models import ClassWeight
from cauce.stats.comoments import ComomentState, joined


@dataclass(frozen=True, kw_only=True)
class KeptNumbers:
    """Numbers of every fold's features that can be read again and again.

    scan: the summaries' results over them. states, levels: each fold's means and products, and its labels'
    counts and weights, by block. columns: of each fold, its features' columns and that of its blocks.
    """

    scan: Any
    target: Target
    divisions: tuple[Division, ...]
    states: tuple[ComomentState, ...]
    levels: tuple[Any, ...]
    columns: tuple[tuple[tuple[str, ...], str], ...]

    def labels(self, fold: int) -> tuple[Mapping[float, int], Mapping[float, float]]:
        """Rows and weight of each class number among the rows that train. E2163 where a class has none."""
        rows: dict[float, int] = {}
        weight: dict[float, float] = {}
        for block in self.divisions[fold].train:
            found = self.levels[fold].groups.get(block)
            for level, count, total in (
                [] if found is None else found.frame.select("level", "count", "sum").iter_rows()
            ):
                if level is not None:
                    rows[level] = rows.get(level, 0) + count
                    weight[level] = weight.get(level, 0.0) + total
        for place, name in enumerate(self.target.class_names):
            if not weight.get(float(place)):
                raise CauceError("E2163", fold=fold + 1, label=name)
        return rows, weight


class ClassFolds:
    """Logistic candidates that differ in their penalty alone, on every fold."""

    def __init__(self, kept: KeptNumbers, class_weight: ClassWeight) -> None:
        self._kept = kept
        names = kept.target.class_names
        states: dict[Any, RowNumbers] = {}
        folds, starts = [], []
        for fold, division in enumerate(kept.divisions):
            state = kept.states[fold]
            problem = problem_of(divided(state, division, fold=fold)[0])
            key = kept.columns[fold]
            if key not in states:
                whole = problem_of(joined(state.groups))
                scale = np.where(whole.deviations > 0, whole.deviations, 1.0)
                states[key] = RowNumbers(*key, whole.means, scale)
            rows, weight = kept.labels(fold)
            by_class = weights_by_class(class_weight, kept.target, rows=rows) or ()
            shares = np.array([weight[float(at)] for at in range(len(names))])
            shares = shares * (np.array(by_class) if by_class else 1.0)
            folds.append(ClassFold(list(states).index(key), division, problem, by_class))
            starts.append(intercepts_alone(shares / shares.sum(), int(problem.varying.sum())))
        self._folds = tuple(folds)
        sums = FoldSums(kept.scan, TARGET, WEIGHT, tuple(states.values()), self._folds)
        self._lockstep = Lockstep(sums, starts)

    @property
    def scans(self) -> int:
        """How often the kept numbers were read, by steps of Newton's."""
        return self._lockstep.scans

    @cached_property
    def first_strength(self) -> float:
        """The l1 strength from which on no feature counts on any fold; one reading."""
        starts: Sequence[Floats] = self._lockstep.starts
        points = [Wanted(fold, start, curved=False) for fold, start in enumerate(starts)]
        return max(first_strength(one) for one in self._lockstep.ask(points))

    def solve(self, penalties: Sequence[Penalty], *, told: Callable[[float], None] = lambda _: None) -> None:
        """Solve these on every fold. told: as `Lockstep.solve` has it."""
        self._lockstep.solve(penalties, told=told)

    def model(self, penalty: Penalty, fold: int) -> LinearModel:
        """The model of a solved penalty; E0820, E0821 where there is none."""
        found = self._lockstep.found[fold, penalty]
        if isinstance(found, CauceError):
            raise found
        two = len(self._kept.target.class_names) == 2
        return logistic_model(self._folds[fold].problem, found.coefficients, binary=two)
