"""How many different values a column holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.errors import CauceError
from cauce.expr.schema import Field, Kind, Schema
from cauce.stats.mergeable import ByColumn, at_least
from cauce.stats.mixing import Words
from cauce.stats.registers import RELATIVE_ERROR, Registers, estimate, registers_of
from cauce.stats.row_hash import key_hashes

_KINDS: Final[tuple[tuple[pl.DataType, Kind], ...]] = (
    (pl.Boolean(), "boolean"),
    (pl.Int64(), "integer"),
    (pl.Float64(), "float"),
    (pl.String(), "text"),
    (pl.Date(), "date"),
    (pl.Datetime("us"), "datetime"),
)


@dataclass(frozen=True)
class DistinctState:
    """The hashes seen, ascending, while they are few; beyond the limit the HyperLogLog registers."""

    hashes: NDArray[np.uint64]
    registers: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class ColumnDistinct:
    """How many different values; `relative_error` is one standard error, 0.0 where `exact`."""

    count: int
    exact: bool

    @property
    def relative_error(self) -> float:
        return 0.0 if self.exact else RELATIVE_ERROR


@dataclass(frozen=True)
class Distinct(ByColumn[DistinctState, ColumnDistinct]):
    """Different values of columns of any kind; nulls are no value, all NaN are one, 0.0 and -0.0 too.

    limit: exact up to so many (but for a 64-bit collision); beyond, HyperLogLog with 2^14 registers on
    the first lane of our hash. Raises E0202 for a type outside the schema's kinds.
    """

    columns: tuple[str, ...]
    limit: int = 4096
    state_type = DistinctState

    def __post_init__(self) -> None:
        at_least(self, "limit", lowest=1)

    def start_column(self) -> DistinctState:
        return DistinctState(np.empty(0, np.uint64))

    def of_column(self, series: pl.Series, known: DistinctState) -> DistinctState:
        present = series.drop_nulls()
        schema = Schema((_field(present, self),))
        hashes = key_hashes(present.to_frame(), schema, columns=(present.name,))[0]
        many = known.registers is not None or len(np.unique(hashes[: 4 * self.limit])) > self.limit
        return _registered(hashes, known.registers) if many else self._kept(np.unique(hashes))

    def merge_column(self, left: DistinctState, right: DistinctState) -> DistinctState:
        if left.registers is None and right.registers is None:
            return self._kept(np.union1d(left.hashes, right.hashes))
        both = np.maximum(_registers(left), _registers(right))
        return DistinctState(np.empty(0, np.uint64), both)

    def result_column(self, state: DistinctState) -> ColumnDistinct:
        if state.registers is None:
            return ColumnDistinct(len(state.hashes), exact=True)
        return ColumnDistinct(round(estimate(state.registers)), exact=False)

    def _kept(self, hashes: Words) -> DistinctState:
        return DistinctState(hashes) if len(hashes) <= self.limit else _registered(hashes)


def _field(series: pl.Series, summary: Distinct) -> Field:
    if isinstance(series.dtype, pl.Decimal):
        return Field(series.name, "decimal", scale=series.dtype.scale)
    for dtype, kind in _KINDS:
        if series.dtype == dtype:
            return Field(series.name, kind)
    name, needed = type(summary).__name__, "a kind of the schema"
    raise CauceError("E0202", column=series.name, found=series.dtype, summary=name, needed=needed)


def _registers(state: DistinctState) -> Registers:
    return registers_of(state.hashes) if state.registers is None else state.registers


def _registered(hashes: Words, known: Registers | None = None) -> DistinctState:
    return DistinctState(np.empty(0, np.uint64), registers_of(hashes, known=known))
