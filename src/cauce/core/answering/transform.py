"""A target that is learned on another scale, and the way back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from cauce.core.canonical import check_fields, damaged
from cauce.core.matrix import LARGEST

Floats = npt.NDArray[np.float64]
Scale = Literal["log1p"]
PLACE = "answering.transform"
LOG_LARGEST = math.log1p(float(LARGEST))
"""Where the way back leaves the numbers that float32 features and answers may have."""
LEAST = -1.0
"""Targets must lie above it: log(1 + x) has no value there."""


@dataclass(frozen=True)
class Transform:
    """The scale log(1 + x). factor: what 1 + a prediction is multiplied with on the way back, 1 for nothing.

    Without a factor exp(mean of the logarithms) is the geometric mean, below the mean of a skewed target.
    Duan's smearing factor (1983), the mean of exp(residual), turns it into an estimate of the mean.
    """

    scale: Scale = "log1p"
    factor: float = 1.0

    def forward(self, values: Floats) -> Floats:
        """Numbers on the scale that is learned; NaN where there is none (values of LEAST or less)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Floats = np.log1p(values)
        found[~np.isfinite(found)] = np.nan
        return found

    def back(self, values: npt.ArrayLike) -> Floats:
        """Numbers on the target's own scale, limited to 1e38."""
        limited = np.minimum(np.asarray(values, dtype=np.float64), LOG_LARGEST)
        found = self.factor * np.expm1(limited) + (self.factor - 1.0)
        return np.asarray(np.minimum(found, float(LARGEST)))

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {"scale": self.scale, "factor": self.factor}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Transform:
        """What `to_json` gave; E0507 for anything else."""
        check_fields(value, ("scale", "factor"), key=PLACE)
        factor = value["factor"]
        if value["scale"] not in get_args(Scale):
            raise damaged(PLACE, "the scale is unknown")
        if type(factor) is not float or not (math.isfinite(factor) and factor > 0):
            raise damaged(PLACE, "the factor is no positive number")
        return Transform(value["scale"], factor)
