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
    """The scale log(1 + x). least: the lowest prediction, 0 where no target learned from is below it.

    Predictions brought back are near the median of a skewed target, below its mean. By how much is measured
    (`Fitting`), and not made good: on real amounts Duan's smearing factor (1983) is a matter of a few rows.
    """

    scale: Scale = "log1p"
    least: float = LEAST

    def forward(self, values: npt.ArrayLike) -> Floats:
        """Numbers on the scale that is learned; NaN where there is none (values of LEAST or less)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log1p(np.asarray(values, dtype=np.float64))
        return np.where(np.isfinite(found), found, np.nan)

    def back(self, values: npt.ArrayLike) -> Floats:
        """Numbers on the target's own scale, from `least` to 1e38."""
        limited = np.minimum(np.asarray(values, dtype=np.float64), LOG_LARGEST)
        return np.clip(np.expm1(limited), self.least, float(LARGEST))

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {"scale": self.scale, "least": self.least}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Transform:
        """What `to_json` gave; E0507 for anything else."""
        check_fields(value, ("scale", "least"), key=PLACE)
        least = value["least"]
        if value["scale"] not in get_args(Scale):
            raise damaged(PLACE, "the scale is unknown")
        if type(least) is not float or not (math.isfinite(least) and LEAST <= least <= 0.0):
            raise damaged(PLACE, "the lowest prediction is out of range")
        return Transform(value["scale"], least)
