"""The coefficients of a linear or logistic model as a reader wants them: by name, on two scales."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cauce.core.linear.model import LinearModel
from cauce.core.linear.ordinary import Precision
from cauce.core.linear.path import CoefficientPath
from cauce.core.linear.problem import LeastSquares
from cauce.core.linear.quadratic import Floats, Penalty
from cauce.core.trees.model import Output

LEVEL = 0.95
"""The confidence of the coefficients' intervals."""


@dataclass(frozen=True, kw_only=True)
class Coefficient:
    """One number of the model.

    feature: None for the intercept. output: the class it is for, None where there is one output. own: the
    change of the margin (for a regression, of the prediction) when the feature rises by 1; standardised:
    when it rises by one deviation of the training rows. error, low, high: standard error and the ends of the
    95 % interval of `own`, None where they are not known: with a penalty, for classes, or where the data do
    not determine it.
    """

    feature: str | None
    output: str | None
    own: float
    standardised: float
    error: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Coefficients:
    """What was learned of a linear or logistic model.

    penalty: λ and the l1 share, as solved. scans: how often rows were read for it. condition: scaled
    condition number of the features, None where it is infinite. collinear, constant: features by name.
    path: how they grow as the penalty weakens, None without one.
    """

    rows: tuple[Coefficient, ...]
    learner: str
    penalty: Penalty
    scans: int
    condition: float | None
    collinear: tuple[str, ...] = ()
    constant: tuple[str, ...] = ()
    path: CoefficientPath | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON value that `from_json` reads back equal."""
        path = {} if self.path is None else {"path": self.path.to_json()}
        return {
            **path,
            "learner": self.learner,
            "penalty": {"lambda": self.penalty.strength, "l1_ratio": self.penalty.l1_ratio},
            "scans": self.scans,
            "condition": self.condition,
            "collinear": list(self.collinear),
            "constant": list(self.constant),
            "rows": [list(asdict(one).values()) for one in self.rows],
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Coefficients:
        """What `to_json` gave."""
        names = tuple(Coefficient.__dataclass_fields__)
        return Coefficients(
            rows=tuple(Coefficient(**dict(zip(names, one, strict=True))) for one in value["rows"]),
            learner=value["learner"],
            penalty=Penalty(value["penalty"]["lambda"], value["penalty"]["l1_ratio"]),
            scans=value["scans"],
            condition=value["condition"],
            collinear=tuple(value["collinear"]),
            constant=tuple(value["constant"]),
            path=CoefficientPath.from_json(value["path"]) if "path" in value else None,
        )


def linear_model(problem: LeastSquares, standardised: Floats, *, kind: Output = "regression") -> LinearModel:
    """The model of standardised coefficients: [p] of a regression, or [outputs, 1 + p] of classes.

    What stands for a missing value is the feature's mean, which in a sum changes nothing.
    """
    fill = problem.means.astype(np.float32)
    if kind == "regression":
        intercept, own = problem.unscaled(standardised)
        return LinearModel(kind, np.array([intercept]), own[None, :], fill)
    varying = problem.varying
    own = np.divide(
        standardised[:, 1:],
        problem.deviations,
        out=np.zeros((len(standardised), problem.width)),
        where=varying[None, :],
    )
    return LinearModel(kind, standardised[:, 0] - own @ problem.means, own, fill)


def logistic_model(problem: LeastSquares, solved: Floats, *, binary: bool) -> LinearModel:
    """The model of coefficients [outputs, 1 + features that vary], standardised; the others count nothing."""
    whole = np.zeros((len(solved), problem.width + 1))
    whole[:, np.concatenate(([True], problem.varying))] = solved
    return linear_model(problem, whole, kind="binary" if binary else "multiclass")


def coefficient_rows(
    model: LinearModel,
    names: Sequence[str],
    *,
    deviations: Floats,
    outputs: Sequence[str | None] = (None,),
    known: tuple[Precision, int] | None = None,
) -> tuple[Coefficient, ...]:
    """Intercept and features of each output, in the model's order.

    known: how exactly ordinary least squares knows them, and the degrees of freedom: Student's t then gives
    the intervals, own ± t·error (Greene, Econometric Analysis, 4.5).
    """
    found = []
    for place, output in enumerate(outputs):
        intercept, own = float(model.intercepts[place]), model.coefficients[place]
        centre = float(intercept + own @ model.fill.astype(np.float64))
        errors: list[float | None] = [None] * (len(names) + 1)
        if known is not None:
            errors = [_known(one) for one in (known[0].intercept, *known[0].errors)]
        half = 0.0 if known is None else _half(known[1])
        pairs = (
            (None, intercept, centre),
            *zip(names, own.tolist(), (own * deviations).tolist(), strict=True),
        )
        for (name, value, scaled), error in zip(pairs, errors, strict=True):
            ends = (None, None) if error is None else (value - half * error, value + half * error)
            found.append(
                Coefficient(
                    feature=name,
                    output=output,
                    own=value,
                    standardised=scaled,
                    error=error,
                    low=ends[0],
                    high=ends[1],
                )
            )
    return tuple(found)


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _half(freedom: int) -> float:
    """Student's t quantile of the two-sided interval."""
    from scipy.special import stdtrit  # noqa: PLC0415

    return float(stdtrit(max(freedom, 1), (1 + LEVEL) / 2))


def importances(rows: Sequence[Coefficient]) -> tuple[tuple[str, float], ...]:
    """The size of each feature's standardised coefficient, by feature; of several outputs, the largest."""
    found: dict[str, float] = {}
    for one in rows:
        if one.feature is not None:
            found[one.feature] = max(found.get(one.feature, 0.0), abs(one.standardised))
    return tuple(found.items())
