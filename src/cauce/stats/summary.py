"""What every summary is: a frozen declaration whose state is updated by batches and merged."""

from __future__ import annotations

from typing import Any, Protocol

import polars as pl


class Summary(Protocol):
    """A mergeable statistic of batches.

    The declaration is a frozen, hashable dataclass of plain values (names, bounds), so that it can be
    sent to workers and compared. Laws, for any split of the rows into batches and any order of merging:
    `merge` is associative and commutative, `start()` is its neutral element, and the result is the same
    (float sums: within 1e-9 of Σ|x|). `update` never changes the state it is given unless it owns it.
    `load(dump(state))` gives an equal state; `dump` is versioned and holds no code.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a batch this summary reads."""
        ...

    def start(self) -> Any: ...

    def update(self, state: Any, batch: pl.DataFrame) -> Any: ...

    def merge(self, left: Any, right: Any) -> Any: ...

    def result(self, state: Any) -> Any: ...

    def dump(self, state: Any) -> bytes: ...

    def load(self, data: bytes) -> Any: ...
