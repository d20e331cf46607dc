"""A part of the rows outside the test: those whose place, by their hash, lies between two limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauce.core.splits.rules import Floats
from cauce.stats.mixing import Words
from cauce.stats.row_hash import unit_interval

OTHER_PART = -2
"""The fold of a training row that is not in the part that a model learns from."""


def part_places(lane: Words, seed: int) -> Floats:
    """Each row's place in [0, 1), by the first lane of its hash; no split or fold goes by the same."""
    return unit_interval(lane, f"{seed}/batches")


@dataclass(frozen=True)
class Part:
    """Rows whose place is above `low`, and not above `high`."""

    seed: int
    low: float
    high: float

    def holds(self, lane: Words) -> NDArray[np.bool_]:
        """Which rows are in the part."""
        place = part_places(lane, self.seed)
        found: NDArray[np.bool_] = (place > self.low) & (place <= self.high)
        return found

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return dict(vars(self))

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Part:
        """What `to_json` gave."""
        return Part(int(value["seed"]), float(value["low"]), float(value["high"]))
