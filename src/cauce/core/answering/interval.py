"""Intervals around predicted numbers by split conformal prediction."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from cauce.core.canonical import check_fields, damaged

Floats = npt.NDArray[np.float64]
IntervalKind = Literal["constant", "relative", "quantile"]
PLACE = "answering.interval"


@dataclass(frozen=True)
class IntervalRule:
    """prediction ± radius × size, on the scale that is learned (Vovk et al. 2005; Lei et al. 2018).

    level: the share of new rows, of those like the rows it was fitted on, whose value lies inside.
    constant: size is 1. relative: size is |prediction| + floor, floor > 0. quantile: two more models say
    where the ends lie, and both are moved outwards by the radius, inwards where it is negative (Romano,
    Patterson & Candès 2019).
    """

    level: float
    kind: IntervalKind
    radius: float
    floor: float = 1.0

    def __call__(self, raw: Floats) -> Floats:
        """Lower and upper ends [n, 2]. raw: values [n], or of quantiles [n, 3]: value, lower and upper end.

        Of ends that cross, or leave the value outside, the value is the end.
        """
        if self.kind == "quantile":
            value, low, high = raw.T
            low, high = low - self.radius, high + self.radius
            return np.stack((np.minimum(low, value), np.maximum(high, value)), axis=1)
        values = raw
        reach = self.radius * self.size(values)
        return np.stack((values - reach, values + reach), axis=1)

    def distance(self, label: Floats, raw: Floats) -> Floats:
        """How far labels lie from the prediction, by its size; of quantiles, beyond the nearer end (inside:
        below 0)."""
        if self.kind == "quantile":
            return np.asarray(np.maximum(raw[:, 1] - label, label - raw[:, 2]))
        return np.abs(label - raw) / self.size(raw)

    def size(self, values: Floats) -> Floats:
        """What a residual is measured by, for each value."""
        return np.ones_like(values) if self.kind == "constant" else np.abs(values) + self.floor

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return dict(vars(self))

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> IntervalRule:
        """What `to_json` gave; E0507 for anything else."""
        check_fields(value, ("level", "kind", "radius", "floor"), key=PLACE)
        numbers = [value[name] for name in ("level", "radius", "floor")]
        if not all(type(one) is float and math.isfinite(one) for one in numbers):
            raise damaged(PLACE, "it holds something else than numbers")
        level, radius, floor = numbers
        kind = value["kind"]
        inward = radius < 0 and kind != "quantile"
        if kind not in get_args(IntervalKind) or not 0 < level < 1 or inward or floor <= 0:
            raise damaged(PLACE, "an interval is of an unknown kind or out of range")
        return IntervalRule(level, kind, radius, floor)
