"""Workers that grow the same trees together, each from its own rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]


class Group(Protocol):
    """One worker among those of a fit. rank: from 0; those of higher rank hold rows of higher hashes."""

    @property
    def rank(self) -> int: ...

    @property
    def size(self) -> int: ...

    def added(self, numbers: Doubles) -> Doubles:
        """The sums of numbers over all workers, which all must ask for at the same point."""
        ...


@dataclass(frozen=True)
class Alone:
    """The group of a worker that has all the rows."""

    rank: int = 0
    size: int = 1

    def added(self, numbers: Doubles) -> Doubles:
        """The numbers themselves."""
        return numbers
