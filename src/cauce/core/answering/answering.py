"""All that lies between a model's own number and the answer a user gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cauce.core.answering.calibration import Calibration
from cauce.core.answering.interval import IntervalRule
from cauce.core.answering.transform import Transform
from cauce.core.canonical import check_fields, damaged
from cauce.core.matrix import Matrix
from cauce.core.task import Target

_PARTS: Mapping[str, Any] = {"transform": Transform, "calibration": Calibration, "interval": IntervalRule}


@dataclass(frozen=True)
class Answering:
    """What is done to a model's numbers, alike in batches, for one row and for every payload.

    transform, interval: of a regression. calibration: of classes.
    """

    transform: Transform | None = None
    calibration: Calibration | None = None
    interval: IntervalRule | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, name) is not None for name in _PARTS)

    @property
    def margins(self) -> bool:
        """Whether it reads the payload's margins in place of its probabilities."""
        return self.calibration is not None

    @property
    def quantiles(self) -> bool:
        """Whether two more payloads say where the ends of intervals lie."""
        return self.interval is not None and self.interval.kind == "quantile"

    def __call__(self, raw: npt.NDArray[Any]) -> Matrix:
        """Probabilities [n, classes] or values [n], float32, of the payload's numbers.

        Of a regression they may be [n, 3], with the ends that `limits` reads beside the value.
        """
        if self.calibration is not None:
            return self.calibration(raw).astype(np.float32)
        if self.quantiles and raw.ndim == 2:
            raw = raw[:, 0]
        if self.transform is not None:
            return self.transform.back(raw).astype(np.float32)
        return raw

    def limits(self, raw: npt.NDArray[Any]) -> Matrix:
        """Lower and upper ends [n, 2] of a regression's intervals; ValueError where there is no rule."""
        if self.interval is None:
            raise ValueError("no interval")
        ends = self.interval(np.asarray(raw, dtype=np.float64))
        own = ends if self.transform is None else self.transform.back(ends)
        return own.astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        """A JSON value; what is absent is left out."""
        parts = ((name, getattr(self, name)) for name in _PARTS)
        return {name: part.to_json() for name, part in parts if part is not None}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Answering:
        """What `to_json` gave; E0507 for anything else."""
        if not isinstance(value, dict):
            raise damaged("answering", "it is not a JSON object")
        check_fields(value, set(value) & set(_PARTS), key="answering")
        return Answering(**{name: _PARTS[name].from_json(part) for name, part in value.items()})

    def misfit(self, target: Target) -> str | None:
        """Why it cannot answer for this target, or None."""
        maps = 0 if self.calibration is None else len(self.calibration.maps)
        if target.task == "regression":
            return "probabilities of a number" if maps else None
        if self.transform is not None or self.interval is not None:
            return "a scale or an interval of classes"
        wanted = 1 if target.task == "binary" else len(target.classes)
        return "a map for each class is wanted" if maps not in (0, wanted) else None


NOTHING = Answering()
