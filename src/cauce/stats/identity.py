"""What a table is, whatever its files, batches and order of rows."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from cauce.expr.schema import Schema
from cauce.stats.mergeable import Mergeable
from cauce.stats.row_hash import row_hashes

_TURN: Final = 1 << 64


@dataclass(frozen=True)
class IdentityState:
    """Rows and the sums of both lanes of their hashes, modulo 2^64."""

    rows: int = 0
    first: int = 0
    second: int = 0


@dataclass(frozen=True)
class TableIdentity:
    """Rows and the 64 hexadecimal digits that name a table's content."""

    rows: int
    identity: str


@dataclass(frozen=True)
class Identity(Mergeable[IdentityState, TableIdentity]):
    """The identity of a table: declared schema, row count and the sum of its rows' hashes.

    The SHA-256 of the text laid down in docs/meaning/row-hash.md. Raises E0101, E0201.
    """

    schema: Schema
    state_type = IdentityState

    @property
    def columns(self) -> tuple[str, ...]:
        return self.schema.names

    def start(self) -> IdentityState:
        return IdentityState()

    def of(self, batch: pl.DataFrame) -> IdentityState:
        first, second = (int(np.add.reduce(lane)) for lane in row_hashes(batch, self.schema))
        return IdentityState(batch.height, first, second)

    def merge(self, left: IdentityState, right: IdentityState) -> IdentityState:
        return IdentityState(
            left.rows + right.rows, (left.first + right.first) % _TURN, (left.second + right.second) % _TURN
        )

    def result(self, state: IdentityState) -> TableIdentity:
        fields = sorted(self.schema.to_json(), key=lambda field: str(field["name"]))
        schema = json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        text = f"cauce table 1\n{schema}\n{state.rows}\n{state.first:016x}{state.second:016x}"
        return TableIdentity(state.rows, hashlib.sha256(text.encode()).hexdigest())
