"""What the gate looks at: a sample of rows that depends on their hashes alone, and where nulls lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.core.columns import TARGET
from cauce.core.preparation import Preparation
from cauce.core.task import Target
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Field, Schema
from cauce.stats.mergeable import Mergeable
from cauce.stats.row_hash import row_hashes, unit_interval

CONTENT = "__content__"
"""integer: the hash of the columns that make a row's content."""
_ORDER = ("#0", "#1")
_EMPTY = 0.75
"""A row without a target that lacks more of its cells than this says nothing about single columns."""

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class SampleState:
    """Rows with their two lanes, in no order; None before any."""

    rows: pl.DataFrame | None = None


@dataclass(frozen=True)
class SampledRows(Mergeable[SampleState, pl.DataFrame]):
    """The rows whose hash over `hashed` falls below `share`, prepared; at most the `limit` lowest.

    hashed: columns of the source; equal values are sampled together. The result is in the order of the
    hash, then of the content, so it depends on the rows alone. content: columns whose hash is added as
    CONTENT, where there are any.
    """

    hashed: tuple[str, ...]
    share: float
    limit: int
    work: Preparation
    content: tuple[str, ...] = ()
    state_type = SampleState

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.hashed, *self.work.columns, *self.content)))

    @cached_property
    def schema(self) -> Schema:
        """What a result holds."""
        added = (Field(CONTENT, "integer"),) if self.content else ()
        return Schema((*self.work.schema, *added))

    def start(self) -> SampleState:
        return SampleState()

    def of(self, batch: pl.DataFrame) -> SampleState:
        lanes = row_hashes(batch, self.work.input, columns=self.hashed)
        rows = batch
        if self.share < 1.0:
            taken = unit_interval(lanes[0], "leaks") < self.share
            rows, lanes = batch.filter(pl.Series(taken)), (lanes[0][taken], lanes[1][taken])
        found = self.work(rows)
        made = {f"={place}": found.to_series(place) for place in range(found.width)}
        if self.content:
            lane, _ = row_hashes(rows, self.work.input, columns=self.content)
            made[f"={found.width}"] = pl.Series(lane.view(np.int64))
        first, second = (pl.Series(lane) for lane in lanes)
        return self._kept(pl.DataFrame({_ORDER[0]: first, _ORDER[1]: second, **made}))

    def merge(self, left: SampleState, right: SampleState) -> SampleState:
        if left.rows is None or right.rows is None:
            return right if left.rows is None else left
        return self._kept(pl.concat((left.rows, right.rows), rechunk=False))

    def result(self, state: SampleState) -> pl.DataFrame:
        if state.rows is None:
            return pl.DataFrame(schema=self.schema.dtypes)
        rows = self._sorted(state.rows)
        return pl.DataFrame({name: rows.to_series(place + 2) for place, name in enumerate(self.schema.names)})

    def dump(self, state: SampleState) -> bytes:
        """The state as bytes; rows in their order, so that equal samples are equal bytes."""
        return super().dump(state if state.rows is None else SampleState(self._sorted(state.rows).rechunk()))

    def _kept(self, rows: pl.DataFrame) -> SampleState:
        if not rows.height:
            return SampleState()
        return SampleState(rows if rows.height <= self.limit else self._sorted(rows).head(self.limit))

    def _sorted(self, rows: pl.DataFrame) -> pl.DataFrame:
        ordered = rows.sort(_ORDER)
        lanes = ordered.select(_ORDER)
        tied = (lanes.head(-1) == lanes.tail(-1)).select(pl.all_horizontal(pl.all())).to_series()
        # Rows of one hash are equal but for what is not hashed: only then does the order need more.
        return rows.sort(rows.columns) if tied.any() else ordered


@dataclass(frozen=True)
class NullState:
    """Rows and rows without a target; for each column its nulls, and those of them without a target."""

    rows: int
    missing: int
    nulls: Counts
    both: Counts


@dataclass(frozen=True)
class NullTable:
    """rows: counted; missing: of them without a target. nulls: by column; both: of them without a target."""

    rows: int
    missing: int
    nulls: dict[str, int]
    both: dict[str, int]


@dataclass(frozen=True)
class NullPairs(Mergeable[NullState, NullTable]):
    """How the nulls of columns lie beside those of the target, over rows that are not all but empty.

    watched: the columns counted. NaN is missing too.
    """

    watched: tuple[str, ...]
    target: Target
    input: Schema
    state_type = NullState

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.watched, *self.target.columns)))

    @cached_property
    def _label(self) -> Projection:
        return Projection((Output(TARGET, self.target.label()),), self.input)

    def start(self) -> NullState:
        none = np.zeros(len(self.watched), np.int64)
        return NullState(0, 0, none, none)

    def of(self, batch: pl.DataFrame) -> NullState:
        lost = self._label(batch).get_column(TARGET).is_null().to_numpy()
        masks = [_missing(batch.get_column(name)) for name in self.watched]
        count = np.zeros(batch.height, np.int64)
        for mask in masks:
            if mask is not None:
                count += mask
        full = ~(lost & (count > _EMPTY * len(masks)))
        nulls = [0 if mask is None else int((mask & full).sum()) for mask in masks]
        both = [0 if mask is None else int((mask & full & lost).sum()) for mask in masks]
        return NullState(
            int(full.sum()), int((lost & full).sum()), np.array(nulls, np.int64), np.array(both, np.int64)
        )

    def merge(self, left: NullState, right: NullState) -> NullState:
        return NullState(
            left.rows + right.rows,
            left.missing + right.missing,
            left.nulls + right.nulls,
            left.both + right.both,
        )

    def result(self, state: NullState) -> NullTable:
        nulls = dict(zip(self.watched, state.nulls.tolist(), strict=True))
        both = dict(zip(self.watched, state.both.tolist(), strict=True))
        return NullTable(state.rows, state.missing, nulls, both)


def _missing(series: pl.Series) -> NDArray[np.bool_] | None:
    """Where cells are null or NaN; None where there are none."""
    cells = series.alias("cells")
    mask = cells.is_null()
    if cells.dtype.is_float():
        mask = mask | cells.is_nan().fill_null(value=False)
    elif not cells.null_count():
        return None
    found: NDArray[np.bool_] = mask.to_numpy()
    return found if found.any() else None
