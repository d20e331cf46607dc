"""What was answered, counted in memory that all workers share, so that whichever is asked knows it all."""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

STATUSES = (200, 400, 401, 403, 404, 405, 408, 413, 415, 422, 500, 503)
EDGES = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds: a request belongs to the first edge that it does not exceed."""
_BYTES = 8


@dataclass(frozen=True)
class Counted:
    """Of one door: answers by status, rows that were scored, seconds taken in all, and requests by edge
    (the last beyond all edges)."""

    statuses: dict[int, int]
    rows: int
    seconds: float
    edges: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Counters:
    """Numbers of several workers in one piece of memory; each writes its own part, and all are read.

    doors: what is told apart. worker: whose part is written, from 0.
    """

    memory: mmap.mmap
    doors: tuple[str, ...]
    worker: int = 0
    workers: int = 1

    @staticmethod
    def size(doors: Sequence[str], workers: int) -> int:
        """Bytes for so many workers."""
        return _BYTES * (_WIDTH * len(doors) + _CAPTURED) * workers

    @cached_property
    def _numbers(self) -> memoryview[float]:
        return memoryview(self.memory)[: self.size(self.doors, self.workers)].cast("d")

    def count(self, door: int, status: int, *, seconds: float, rows: int = 0) -> None:
        """One answer. door: its place among the doors."""
        numbers = self._numbers
        start = (self.worker * len(self.doors) + door) * _WIDTH
        numbers[start + _PLACES.get(status, _OTHER)] += 1.0
        numbers[start + _ROWS] += rows
        numbers[start + _SECONDS] += seconds
        numbers[start + _FIRST_EDGE + bisect_left(EDGES, seconds)] += 1.0

    def count_captured(self, *, kept: int = 0, dropped: int = 0) -> None:
        """Rows that were kept with their predictions, or answered and not kept."""
        place = len(self.doors) * _WIDTH * self.workers + self.worker * _CAPTURED
        self._numbers[place] += kept
        self._numbers[place + 1] += dropped

    def captured(self) -> tuple[int, int]:
        """Rows that all workers kept, and dropped."""
        numbers = self._numbers[len(self.doors) * _WIDTH * self.workers :]
        return int(sum(numbers[::_CAPTURED])), int(sum(numbers[1::_CAPTURED]))

    def total(self, door: int) -> Counted:
        """What all workers counted at this door."""
        size = len(self.doors) * _WIDTH
        parts = (
            self._numbers[one * size + door * _WIDTH : one * size + (door + 1) * _WIDTH]
            for one in range(self.workers)
        )
        sums = [sum(column) for column in zip(*parts, strict=True)]
        return Counted(
            statuses={status: int(sums[place]) for status, place in _PLACES.items()},
            rows=int(sums[_ROWS]),
            seconds=sums[_SECONDS],
            edges=tuple(int(one) for one in sums[_FIRST_EDGE:]),
        )


_PLACES = {status: place for place, status in enumerate(STATUSES)}
_OTHER = _PLACES[500]
_ROWS = len(STATUSES)
_SECONDS = _ROWS + 1
_FIRST_EDGE = _SECONDS + 1
_WIDTH = _FIRST_EDGE + len(EDGES) + 1
_CAPTURED = 2
