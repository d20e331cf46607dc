"""Rows on their way into a Parquet file, read before the file is whole as the file will be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from cauce.core.reading.decision import Reading
from cauce.core.reading.typed import Typing
from cauce.errors import CauceError
from cauce.expr.schema import Schema
from cauce.sources.options import ReadOptions
from cauce.sources.parquet_table import reading_of
from cauce.sources.parquet_types import Arrived, arrived, offending


class Undecided(Exception):  # noqa: N818 - it says what happened
    """How a value is to be read shows in the whole file alone."""


@dataclass(frozen=True)
class ArrivingRows:
    """Columns of a file in the making. arrivals: by name, how their values arrive."""

    arrivals: Mapping[str, Arrived]
    readings: tuple[Reading, ...]

    @cached_property
    def schema(self) -> Schema:
        """What they become, unless a value says otherwise."""
        return Schema(tuple(reading.field for reading in self.readings))

    def read(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows as they will be read; every column in one piece. `Undecided` where that cannot be told."""
        columns = pl.DataFrame([self._arrived(frame[name]) for name in self.arrivals])
        typed = self._typing(columns)
        if self._typing.failures(columns, typed):
            raise Undecided
        return typed

    @cached_property
    def _typing(self) -> Typing:
        return Typing(self.readings)

    def _arrived(self, values: pl.Series) -> pl.Series:
        arrival = self.arrivals[values.name]
        if values.dtype == arrival.field.dtype:
            return values
        array = values.to_arrow(compat_level=pl.CompatLevel.oldest())
        if arrival.look and offending(arrival.look, array):
            raise Undecided
        return pl.Series(values.name, pl.from_arrow(arrival.convert(array))).cast(arrival.field.dtype)


def arriving_rows(schema: Any, options: ReadOptions) -> ArrivingRows | None:
    """The rows of a file of this Arrow schema; None where no row can be read before the last is there, or
    something is wrong, which whoever reads the file will say."""
    arrivals = {name: arrived(name, schema.field(name).type) for name in schema.names}
    found = {name: one for name, one in arrivals.items() if isinstance(one, Arrived)}
    try:
        readings = [reading_of(one.field, options) for one in found.values()]
    except CauceError:
        return None
    decided = tuple(one for one in readings if one is not None)
    return ArrivingRows(found, decided) if len(decided) == len(schema.names) else None
