"""A summary of what work makes of each batch: several feature states over one read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from cauce.errors import CauceError
from cauce.stats.state_bytes import pack, unpack
from cauce.stats.summary import Summary

_VERSION = 1


class Work(Protocol):
    """A function from a batch to a batch, row by row; a frozen, serialisable value."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame: ...


@dataclass(frozen=True)
class Worked:
    """`summary` of what `works` (at least one) make of a batch, one after the other."""

    works: tuple[Any, ...]
    summary: Summary

    @property
    def columns(self) -> tuple[str, ...]:
        first: Work = self.works[0]
        return first.columns

    def start(self) -> Any:
        return self.summary.start()

    def update(self, state: Any, batch: pl.DataFrame) -> Any:
        """The state with what is made of `batch` added. Raises E0202 and what the works raise."""
        if not batch.height:
            return state
        made = batch
        for work in self.works:
            made = work(made)
        return self.summary.update(state, made)

    def merge(self, left: Any, right: Any) -> Any:
        return self.summary.merge(left, right)

    def result(self, state: Any) -> Any:
        return self.summary.result(state)

    def dump(self, state: Any) -> bytes:
        return pack(self, _VERSION, tree=self.summary.dump(state))

    def load(self, data: bytes) -> Any:
        """The state `dump` wrote. Raises E0203, E0204, E0205."""
        inner = unpack(self, _VERSION, data=data)
        if not isinstance(inner, bytes):
            raise CauceError("E0205", summary="Worked", detail="parts")
        return self.summary.load(inner)
