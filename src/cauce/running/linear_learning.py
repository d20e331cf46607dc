"""Linear and logistic models from prepared rows: sums in one scan, or in one for each step of Newton's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from cauce.core.columns import FOLD, TARGET, TRAIN, WEIGHT
from cauce.core.linear.coefficients import Coefficients, coefficient_rows, linear_model, logistic_model
from cauce.core.linear.logistic import Logistic as Solved
from cauce.core.linear.logistic import fit_logistic, intercept_alone
from cauce.core.linear.logistic_folds import balanced, intercepts_alone
from cauce.core.linear.model import LinearModel
from cauce.core.linear.ordinary import precision
from cauce.core.linear.path import CoefficientPath
from cauce.core.linear.path_making import coefficient_path, logistic_path
from cauce.core.linear.penalties import solve
from cauce.core.linear.problem import ACCURATE, LeastSquares, problem_of
from cauce.core.linear.quadratic import Floats, Penalty
from cauce.core.row_work import SameColumns
from cauce.core.task import Target
from cauce.errors import CauceError, warn
from cauce.expr.schema import Field, Schema
from cauce.ports.engine import KEPT_BYTES, Engine
from cauce.spec.models import ClassWeight
from cauce.spec.models import Penalty as Declared
from cauce.stats import Comoments, Counts, LevelSums, LogisticSums
from cauce.stats.comoments import joined
from cauce.stats.logistic import LogisticTotals

LARGEST = 1e30
MOST_PATH_WORK = 10_000_000
"""Rows × the square of the coefficients: what one reading of a logistic path may cost."""
_NAMED = 5
Progress = Callable[[float, float | None], None]


@dataclass(frozen=True)
class TrainingNumbers:
    """Work: the features, TARGET and WEIGHT of the rows that train and whose weight is above 0."""

    features: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return (*self.features, TARGET, WEIGHT, FOLD)

    @property
    def schema(self) -> Schema:
        """What it returns."""
        return Schema(tuple(Field(name, "float") for name in (*self.features, TARGET, WEIGHT)))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The rows that train, in their order."""
        keep = (batch.get_column(FOLD) == TRAIN) & (batch.get_column(WEIGHT) > 0)
        kept = batch if keep.all() else batch.filter(keep)
        return pl.DataFrame([kept.get_column(name).cast(pl.Float64) for name in self.schema.names])


@dataclass(frozen=True)
class ClassWeighted:
    """The batch, its WEIGHT multiplied by that of each row's class."""

    weights: tuple[float, ...]

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        by_class = np.array(self.weights)[batch.get_column(TARGET).to_numpy().astype(np.int64)]
        weights = pl.Series(WEIGHT, batch.get_column(WEIGHT).to_numpy() * by_class)
        return pl.DataFrame([weights if one.name == WEIGHT else one for one in batch.get_columns()])


def learn_linear(
    engine: Engine, table: Any, *, features: tuple[str, ...], penalty: Declared | None
) -> tuple[LinearModel, Coefficients]:
    """Least squares on the rows that train, with their weights: one scan, and none beside it.

    W0830 where features say nearly the same and there is no penalty, W0831 where there are too few rows;
    E0801, E0804, E0833, E0834, E0835, E2160, E2161.
    """
    rows = engine.map(table, TrainingNumbers(features))
    (found,) = engine.summarise(rows, Comoments(features, TARGET, WEIGHT))
    problem = _problem(engine, rows, found, features)
    solved = single(penalty)
    standardised = solve(problem, [solved])[0]
    model = linear_model(problem, standardised)
    plain = solved.strength == 0
    freedom = problem.rows - problem.rank - 1
    known = (precision(problem, standardised), freedom) if plain and freedom > 0 else None
    rows_of = coefficient_rows(model, features, deviations=problem.deviations, known=known)
    told = _described(problem, features, rows_of, learner="linear", penalty=solved, scans=1)
    return model, replace(told, path=coefficient_path(problem, features, penalty=solved))


def learn_logistic(
    engine: Engine,
    table: Any,
    *,
    features: tuple[str, ...],
    target: Target,
    settings: LogisticSettings,
) -> tuple[LinearModel, Coefficients]:
    """Logistic regression on the rows that train: the first scan makes the numbers, the others read them.

    Features are standardised by the rows' own weights; the classes' weights multiply those in the loss.
    E0820, E0821, E0836 and as `learn_linear`.
    """
    rows = engine.map(table, TrainingNumbers(features))
    classes = len(target.classes)
    with engine.kept(rows, single=features, memory=settings.memory) as kept:
        sums = (Comoments(features, TARGET, WEIGHT), LevelSums(TARGET, WEIGHT))
        found, levels = engine.summarise(kept, *sums)
        problem = _problem(engine, rows, found, features)
        weights = _class_weights(levels.frame, settings.class_weight, target)
        weighted = kept
        if weights is not None:
            weighted = engine.map(kept, SameColumns(kept.schema, ClassWeighted(weights)))
        asked = _Asked(engine, weighted, problem, features, settings.progress)
        solved = fit_logistic(
            asked,
            outputs=1 if classes == 2 else classes,
            width=int(problem.varying.sum()),
            penalty=single(settings.penalty),
            known=intercept_alone(problem) if classes == 2 and weights is None else None,
        )
        model, told = _logistic(problem, solved, features, target=target, penalty=single(settings.penalty))
        shares = _shares(levels.frame, weights, classes)
        path = _path_of(asked, target, shares, penalty=told.penalty) if settings.path else None
    return model, replace(told, path=path)


def _shares(frame: pl.DataFrame, weights: tuple[float, ...] | None, classes: int) -> Floats:
    """Each class's share of the weight."""
    found = dict(zip(frame["level"].to_list(), frame["sum"].to_list(), strict=True))
    own = np.array([found[float(at)] for at in range(classes)]) * (weights or (1.0,) * classes)
    return np.asarray(own / own.sum())


def _path_of(asked: _Asked, target: Target, shares: Floats, *, penalty: Penalty) -> CoefficientPath | None:
    """The coefficients along the penalty's strengths, where working them out takes a second or so."""
    problem = asked.problem
    start = intercepts_alone(shares, int(problem.varying.sum()))
    if problem.rows * start.size**2 > MOST_PATH_WORK:
        return None
    classes = (None,) if target.task == "binary" else target.class_names
    own = [name for name, varies in zip(asked.features, problem.varying, strict=True) if varies]
    names = [name if one is None else f"{name} [{one}]" for one in classes for name in own]
    return logistic_path(asked, names, start=start, penalty=penalty)


@dataclass(frozen=True, kw_only=True)
class LogisticSettings:
    """How a logistic model is fitted. memory: bytes of numbers kept in memory between scans. path: whether
    the coefficients along the penalty's strengths are wanted too, where that is quick."""

    penalty: Declared
    class_weight: ClassWeight = "none"
    memory: int = KEPT_BYTES
    progress: Progress = lambda done, of: None  # noqa: ARG005
    path: bool = False


@dataclass
class _Asked:
    """The loss and its derivatives at coefficients of the standardised features that vary."""

    engine: Engine
    table: Any
    problem: LeastSquares
    features: tuple[str, ...]
    progress: Progress
    scans: int = 0

    def __call__(self, here: Floats, curved: bool) -> LogisticTotals:
        varying = np.flatnonzero(self.problem.varying)
        asked = LogisticSums(
            tuple(self.features[place] for place in varying),
            TARGET,
            tuple(tuple(one) for one in here.tolist()),
            tuple(self.problem.means[varying].tolist()),
            tuple(self.problem.deviations[varying].tolist()),
            WEIGHT,
            curved,
        )
        (found,) = self.engine.summarise(self.table, asked)
        self.scans += 1
        self.progress(self.scans, None)
        totals: LogisticTotals = found
        return totals


def _logistic(
    problem: LeastSquares, solved: Solved, features: tuple[str, ...], *, target: Target, penalty: Penalty
) -> tuple[LinearModel, Coefficients]:
    binary = target.task == "binary"
    model = logistic_model(problem, solved.coefficients, binary=binary)
    outputs = (None,) if binary else target.class_names
    rows = coefficient_rows(model, features, deviations=problem.deviations, outputs=outputs)
    scans = solved.scans + 1
    return model, _described(problem, features, rows, learner="logistic", penalty=penalty, scans=scans)


def single(declared: Declared | None) -> Penalty:
    """The one penalty that is declared; none where it is None. E0835 where there are several."""
    if declared is None:
        return Penalty()
    ratio, strength = declared.l1_ratio, declared.strength
    if not isinstance(ratio, int | float) or not isinstance(strength, int | float):
        raise CauceError("E0835")
    return Penalty(float(strength), float(ratio))


def _problem(engine: Engine, rows: Any, found: Any, features: tuple[str, ...]) -> LeastSquares:
    """The least-squares problem of the rows, once nothing forbids one."""
    if found.skipped:
        _refuse_missing(engine, rows, features)
    if not found.groups:
        raise CauceError("E0801")
    part = joined(found.groups)
    sizes = np.abs(part.means[:-1]) + np.sqrt(np.diag(part.products)[:-1] / part.weight)
    far = [name for name, size in zip(features, sizes, strict=True) if not size < LARGEST]
    if far:
        raise CauceError("E0834", features=_some(far))
    return problem_of(part)


def _refuse_missing(engine: Engine, rows: Any, features: tuple[str, ...]) -> None:
    """Raise what left rows out, by name; one scan more, of a fit that cannot go on."""
    (counts,) = engine.summarise(rows, Counts((*features, TARGET)))
    missing = [name for name in features if counts[name].nulls + counts[name].nans]
    if missing:
        raise CauceError("E0833", features=_some(missing))
    bad = counts[TARGET].rows - counts[TARGET].present + counts[TARGET].infinities
    raise CauceError("E0804", column=TARGET, count=bad, allowed="finite")


def _class_weights(frame: pl.DataFrame, asked: ClassWeight, target: Target) -> tuple[float, ...] | None:
    """The weight of each class, None for ones; E0836 for a class without rows."""
    rows = dict(zip(frame["level"].to_list(), frame["count"].to_list(), strict=True))
    for place, name in enumerate(target.class_names):
        if not rows.get(float(place)):
            raise CauceError("E0836", label=name)
    return weights_by_class(asked, target, rows=rows)


def weights_by_class(
    asked: ClassWeight, target: Target, *, rows: Mapping[float, int]
) -> tuple[float, ...] | None:
    """The weight of each class, None for ones. rows: of each class number, all above 0."""
    if asked == "none":
        return None
    if asked == "balanced":
        return balanced(rows, len(target.class_names))
    return tuple(float(asked.get(name, 1.0)) for name in target.class_names)


def _described(problem: LeastSquares, features: tuple[str, ...], rows: Any, **told: Any) -> Coefficients:
    condition = problem.condition
    constant = tuple(name for name, one in zip(features, problem.varying, strict=True) if not one)
    together = precision(problem, np.zeros(problem.width)).collinear if condition > ACCURATE else ()
    collinear = tuple(features[place] for place in together)
    plain = told["penalty"].strength == 0
    if plain and problem.rows <= problem.varying.sum() + 1:
        warn("W0831", rows=problem.rows)
    elif plain and collinear:
        warn("W0830", features=_some(list(collinear)))
    finite = condition if np.isfinite(condition) else None
    return Coefficients(rows=rows, condition=finite, collinear=collinear, constant=constant, **told)


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
