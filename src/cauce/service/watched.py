"""What became of swaps, in the memory that the supervisor shares with its workers."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from functools import cached_property

_BYTES = 8
_NAMES = ("swaps", "refused", "away", "answered")


@dataclass(frozen=True, eq=False)
class Watched:
    """Four numbers behind the counters: swaps, models that were refused, questions that nobody answered, and
    when one was answered last, in seconds since 1970. Only the supervisor writes them."""

    memory: mmap.mmap
    start: int

    SIZE = _BYTES * len(_NAMES)

    @cached_property
    def _numbers(self) -> memoryview[float]:
        return memoryview(self.memory)[self.start : self.start + self.SIZE].cast("d")

    def add(self, name: str) -> None:
        """One more of `name`."""
        self._numbers[_NAMES.index(name)] += 1.0

    def answered(self, moment: float) -> None:
        """The registry answered then."""
        self._numbers[_NAMES.index("answered")] = moment

    def read(self) -> dict[str, float]:
        """All four, by name."""
        return dict(zip(_NAMES, self._numbers, strict=True))
