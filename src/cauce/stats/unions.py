"""One summary of several overlapping sets of rows, each a union of groups, from one pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from cauce.stats.grouped import Filtered, Grouped, GroupedState
from cauce.stats.summary import Summary


@dataclass(frozen=True)
class Unions:
    """`summary` of each union of groups of `by`, a whole-number column; the result is a tuple in their order.

    Each row is looked at once, however many unions it is in: states are merged, never taken apart, so that
    no rounding of the whole reaches a part. Cross-validation asks for what is outside each fold so.
    """

    by: str
    unions: tuple[tuple[int, ...], ...]
    summary: Summary

    @cached_property
    def _grouped(self) -> Filtered:
        groups = tuple(sorted({group for union in self.unions for group in union}))
        return Filtered(self.by, groups, Grouped(self.by, self.summary, max(len(groups), 1)))

    @property
    def columns(self) -> tuple[str, ...]:
        return self._grouped.columns

    def start(self) -> GroupedState:
        return GroupedState()

    def update(self, state: GroupedState, batch: pl.DataFrame) -> GroupedState:
        """The state with the rows of `batch` that are in any union added. Raises E0101, E0202."""
        found: GroupedState = self._grouped.update(state, batch)
        return found

    def merge(self, left: GroupedState, right: GroupedState) -> GroupedState:
        found: GroupedState = self._grouped.merge(left, right)
        return found

    def result(self, state: GroupedState) -> tuple[Any, ...]:
        known = dict(state.groups)
        found = []
        for union in self.unions:
            merged = self.summary.start()
            for group in union:
                if group in known:
                    merged = self.summary.merge(merged, known[group])
            found.append(self.summary.result(merged))
        return tuple(found)

    def dump(self, state: GroupedState) -> bytes:
        return self._grouped.dump(state)

    def load(self, data: bytes) -> GroupedState:
        """The state `dump` wrote. Raises E0203, E0204, E0205."""
        found: GroupedState = self._grouped.load(data)
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return Unions, (self.by, self.unions, self.summary)
