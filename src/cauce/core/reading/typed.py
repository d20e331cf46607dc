"""Text batches to typed batches, and the cells that stand in the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from cauce.core.reading.decision import Reading
from cauce.core.reading.evidence import text_column
from cauce.expr.nodes import Column
from cauce.expr.polars import to_polars
from cauce.expr.schema import Field, Schema

_CELLS = 4_000_000


@dataclass(frozen=True)
class Typing:
    """Several columns' readings, applied together. columns: what a text batch must hold, in any order."""

    readings: tuple[Reading, ...]

    @cached_property
    def _expressions(self) -> list[pl.Expr]:
        return [
            to_polars(reading.expression, Schema((reading.source,))).alias(reading.field.name)
            for reading in self.readings
        ]

    @cached_property
    def _columns(self) -> list[pl.Expr]:
        return [to_polars(Column(field.name), Schema((field,))).cast(field.dtype) for field in self.fields]

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(reading.field for reading in self.readings)

    @cached_property
    def _demanding(self) -> tuple[Reading, ...]:
        return tuple(
            reading for reading in self.readings if reading.declared and (reading.formats or reading.held)
        )

    def __call__(self, texts: pl.DataFrame) -> pl.DataFrame:
        """The typed columns, in the order of the readings; null where a cell is empty or does not parse.

        A column that comes as values instead of text is only widened to its field's type.
        """
        types = texts.schema
        return texts.select(
            column if types[reading.field.name] != reading.source.dtype else parsed
            for reading, column, parsed in zip(self.readings, self._columns, self._expressions, strict=True)
        )

    def failures(self, texts: pl.DataFrame, typed: pl.DataFrame) -> Mapping[int, str]:
        """Rows with a filled cell that its declared kind does not read: row → its first such column."""
        found: dict[int, str] = {}
        for reading in self._demanding:
            name = reading.field.name
            if typed[name].null_count() == texts[name].null_count():
                continue
            failing = (self._filled(reading, texts) & typed[name].is_null()).arg_true()
            for row in failing:
                found.setdefault(row, name)
        return found

    def _filled(self, reading: Reading, texts: pl.DataFrame) -> pl.Series:
        filled = to_polars(reading.text, Schema((reading.source,))).is_not_null()
        if reading.held is None:
            filled = filled & (text_column(reading.field.name).str.strip_chars() != "")
        return texts.select(filled.alias("filled"))["filled"]


def check_columns(schema: Schema, columns: Sequence[str]) -> frozenset[str]:
    """The columns as a set; E0101 for one that the schema lacks."""
    asked = frozenset(columns)
    for name in asked.difference(schema.names):
        schema.select((name,))
    return asked


def gathered(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows in larger batches of about 4 million cells, as what follows has a price for each batch.

    Frames whose types differ are not put together; empty ones are left out.
    """
    held: list[pl.DataFrame] = []
    rows = 0
    for frame in frames:
        if not frame.height:
            continue
        if held and (rows * frame.width >= _CELLS or frame.schema != held[0].schema):
            yield pl.concat(held, rechunk=True)
            held, rows = [], 0
        held.append(frame)
        rows += frame.height
    if held:
        yield pl.concat(held, rechunk=True)


def without(frame: pl.DataFrame, rows: Sequence[int]) -> pl.DataFrame:
    """The frame less these rows."""
    if not rows:
        return frame
    keep = pl.Series([True]).new_from_index(0, frame.height).scatter(list(rows), False)
    return frame.filter(keep)
