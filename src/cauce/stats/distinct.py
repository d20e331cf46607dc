"""How many different values a column holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.errors import CauceError
from cauce.expr.schema import Field, Kind, Schema
from cauce.stats.mergeable import ByColumn, at_least
from cauce.stats.mixing import Words
from cauce.stats.row_hash import key_hashes

_INDEX_BITS: Final = 14
_RANK_BITS: Final = 64 - _INDEX_BITS
_REGISTERS: Final = 1 << _INDEX_BITS
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
        return 0.0 if self.exact else 1.04 / math.sqrt(_REGISTERS)


@dataclass(frozen=True)
class Distinct(ByColumn[DistinctState, ColumnDistinct]):
    """Different values of columns of any kind; nulls are no value, all NaN are one, 0.0 and -0.0 too.

    limit: exact up to so many (but for a 64-bit collision); beyond, HyperLogLog with 2^14 registers on
    the first lane of our hash, estimated as in Ertl, "New cardinality estimation algorithms for
    HyperLogLog sketches" (2017), algorithm 6. Raises E0202 for a type outside the schema's kinds.
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
        return _registered(hashes) if many else self._kept(np.unique(hashes))

    def merge_column(self, left: DistinctState, right: DistinctState) -> DistinctState:
        if left.registers is None and right.registers is None:
            return self._kept(np.union1d(left.hashes, right.hashes))
        both = np.maximum(_registers(left), _registers(right))
        return DistinctState(np.empty(0, np.uint64), both)

    def result_column(self, state: DistinctState) -> ColumnDistinct:
        if state.registers is None:
            return ColumnDistinct(len(state.hashes), exact=True)
        return ColumnDistinct(round(_estimate(state.registers)), exact=False)

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


def _registers(state: DistinctState) -> NDArray[np.uint8]:
    if state.registers is not None:
        return state.registers
    registers = _registered(state.hashes).registers
    assert registers is not None
    return registers


def _registered(hashes: Words) -> DistinctState:
    places = (hashes >> np.uint64(_RANK_BITS)).astype(np.intp)
    rest = hashes & np.uint64((1 << _RANK_BITS) - 1)
    # Below 2^53 the conversion is exact, so the exponent counts the leading zeros.
    _, exponents = np.frexp(rest.astype(np.float64))
    registers = np.zeros(_REGISTERS, np.uint8)
    np.maximum.at(registers, places, (_RANK_BITS + 1 - exponents).astype(np.uint8))
    return DistinctState(np.empty(0, np.uint64), registers)


def _estimate(registers: NDArray[np.uint8]) -> float:
    counts = np.bincount(registers, minlength=_RANK_BITS + 2)
    total = _REGISTERS * _tau(1 - counts[_RANK_BITS + 1] / _REGISTERS)
    for rank in range(_RANK_BITS, 0, -1):
        total = 0.5 * (total + counts[rank])
    total += _REGISTERS * _sigma(counts[0] / _REGISTERS)
    return float(_REGISTERS * _REGISTERS / (2 * math.log(2)) / total)


def _sigma(share: float) -> float:
    if share == 1.0:
        return math.inf
    power, total, before = 1.0, share, -1.0
    while total != before:
        share *= share
        before = total
        total += share * power
        power += power
    return total


def _tau(share: float) -> float:
    if share in (0.0, 1.0):
        return 0.0
    power, total, before = 1.0, 1.0 - share, -1.0
    while total != before:
        share = math.sqrt(share)
        before = total
        power *= 0.5
        total -= (1.0 - share) ** 2 * power
    return total / 3.0
