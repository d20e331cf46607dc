"""What a trial took, kept beside its record: clocks change no number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TrialCosts:
    """seconds: of fitting and scoring, added up over the folds. scans: readings of the rows it caused."""

    seconds: float
    scans: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return dict(vars(self))

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> TrialCosts:
        """What `to_json` gave."""
        return TrialCosts(float(value["seconds"]), float(value["scans"]))
