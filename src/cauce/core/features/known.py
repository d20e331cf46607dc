"""Features that were learned before and are taken as they are."""

from __future__ import annotations

from dataclasses import dataclass

from cauce.core.features.fitted import FittedFeatures


@dataclass(frozen=True)
class KnownFeatures:
    """Stands where a `FeaturePlan` does; fitting it looks at no row and gives `fitted`."""

    fitted: FittedFeatures

    @property
    def columns(self) -> tuple[str, ...]:
        """The user's columns that features read."""
        return self.fitted.required.names

    def width_bounds(self) -> tuple[int, int]:
        """The fewest and the most features there can be."""
        return self.fitted.width, self.fitted.width
