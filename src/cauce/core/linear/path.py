"""How coefficients grow as a penalty weakens: what it leaves out, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CoefficientPath:
    """Standardised coefficients along the strengths of a penalty.

    strengths: from strong to weak, the chosen one among them. coefficients: of each feature in `features`,
    one for each strength. left: how many features have none shown here.
    """

    l1_ratio: float
    chosen: float
    strengths: tuple[float, ...]
    features: tuple[str, ...]
    coefficients: tuple[tuple[float, ...], ...]
    left: int = 0

    def to_json(self) -> dict[str, Any]:
        """A JSON value that `from_json` reads back equal."""
        found = dict(vars(self))
        found["coefficients"] = [list(one) for one in self.coefficients]
        return {**found, "strengths": list(self.strengths), "features": list(self.features)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> CoefficientPath:
        """What `to_json` gave."""
        return CoefficientPath(
            float(value["l1_ratio"]),
            float(value["chosen"]),
            tuple(value["strengths"]),
            tuple(value["features"]),
            tuple(tuple(one) for one in value["coefficients"]),
            int(value["left"]),
        )
