"""A linear model's numbers, as a payload that any machine reads alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauce.core.canonical import canonical_json
from cauce.core.matrix import LARGEST, Matrix
from cauce.core.trees.model import Output
from cauce.errors import CauceError

Floats = NDArray[np.float64]
FORMAT = 1
_KINDS = ("binary", "multiclass", "regression")
_MOST = 1 << 20


@dataclass(frozen=True, eq=False)
class LinearModel:
    """margin = intercepts + features · coefficients', in float64, for features in their own units.

    coefficients: [outputs, p], intercepts: [outputs]; one output for a regression and for two classes (the
    positive one's), else one for each class. fill: [p], float32: what stands for a missing value, which the
    training rows had none of: their mean.
    """

    kind: Output
    intercepts: Floats
    coefficients: Floats
    fill: NDArray[np.float32]

    @property
    def features(self) -> int:
        """How many columns the matrix it reads has."""
        return int(self.coefficients.shape[1])

    def margins(self, matrix: Matrix) -> Floats:
        """The sums [n, outputs] of a float32 matrix [n, p]; NaN is missing."""
        rows = np.where(np.isnan(matrix), self.fill, matrix).astype(np.float64)
        found: Floats = rows @ self.coefficients.T + self.intercepts
        return found

    def scores(self, matrix: Matrix) -> Matrix:
        """Probabilities [n, classes] or values [n], float32, of a float32 matrix [n, p]; NaN is missing.

        Values beyond ±1e38 count as ±1e38.
        """
        margins = self.margins(matrix)
        if self.kind == "regression":
            values: Matrix = np.clip(margins[:, 0], -LARGEST, LARGEST).astype(np.float32)
            return values
        if self.kind == "binary":
            margins = margins * np.array([[-0.5, 0.5]])
        return softmax(margins).astype(np.float32)

    def to_bytes(self) -> bytes:
        """Canonical JSON that `read_linear` reads back equal."""
        return canonical_json(
            {
                "format": FORMAT,
                "learner": "linear",
                "kind": self.kind,
                "intercepts": self.intercepts.tolist(),
                "coefficients": self.coefficients.tolist(),
                "fill": [float(one) for one in self.fill],
            }
        )


def softmax(margins: Floats) -> Floats:
    """exp(m)/Σexp(m) of each row, without overflow."""
    powers = np.exp(margins - margins.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


def read_linear(payload: bytes) -> LinearModel:
    """The model that `to_bytes` wrote; E0819 for anything else, a number that is not finite among it."""
    import json  # noqa: PLC0415

    try:
        value = json.loads(payload)
        return _model(value)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise CauceError("E0819", reason=f"{type(error).__name__}: {error}") from None


def _model(value: Any) -> LinearModel:
    if (value["format"], value["learner"]) != (FORMAT, "linear") or value["kind"] not in _KINDS:
        raise ValueError("not a linear model of this version")
    intercepts, fill = _numbers(value["intercepts"]), _numbers(value["fill"])
    coefficients = np.array([_numbers(one) for one in value["coefficients"]])
    single = value["kind"] != "multiclass"
    if not 1 <= len(fill) < _MOST or coefficients.shape != (len(intercepts), len(fill)):
        raise ValueError("sizes differ")
    if (len(intercepts) == 1) != single or not 1 <= len(intercepts) < _MOST:
        raise ValueError("outputs and kind differ")
    if max(map(abs, fill)) > float(LARGEST):
        raise ValueError("a fill beyond the numbers of the matrix")
    return LinearModel(value["kind"], np.array(intercepts), coefficients, np.array(fill, dtype=np.float32))


def _numbers(value: Any) -> list[float]:
    if not isinstance(value, list) or any(type(one) not in (int, float) for one in value):
        raise TypeError("not a list of numbers")
    found = [float(one) for one in value]
    if not all(math.isfinite(one) and abs(one) < 1e300 for one in found):
        raise ValueError("a number is not finite")
    return found
