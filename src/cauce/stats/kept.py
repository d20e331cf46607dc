"""A summary whose state is wanted beside its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from cauce.stats.summary import Summary


@dataclass(frozen=True)
class KeptState:
    """The result of a summary, and its state as `dump` gives it."""

    result: Any
    state: bytes


@dataclass(frozen=True)
class Kept:
    """`summary`, with its dumped state in the result: what a later comparison is merged or measured with."""

    summary: Summary

    @property
    def columns(self) -> tuple[str, ...]:
        return self.summary.columns

    def start(self) -> Any:
        return self.summary.start()

    def update(self, state: Any, batch: pl.DataFrame) -> Any:
        return self.summary.update(state, batch)

    def merge(self, left: Any, right: Any) -> Any:
        return self.summary.merge(left, right)

    def result(self, state: Any) -> KeptState:
        return KeptState(self.summary.result(state), self.summary.dump(state))

    def dump(self, state: Any) -> bytes:
        return self.summary.dump(state)

    def load(self, data: bytes) -> Any:
        return self.summary.load(data)
