"""Tables that an engine holds, read with what a project declares of their columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from cauce.core.reading.decision import Reading, decide
from cauce.core.reading.evidence import Evidence
from cauce.core.reading.formats import Format
from cauce.core.reading.merging import dumped, loaded, merged
from cauce.core.reading.typed import Typing, without
from cauce.expr.schema import Field, Schema
from cauce.sources.declared import declared_formats
from cauce.sources.options import ReadOptions
from cauce.sources.parquet_table import cell_rejection, reading_of
from cauce.sources.rejections import Rejections
from cauce.sources.source import check_names


@dataclass(frozen=True)
class HeldTable:
    """One reading for each column of a table. A serialisable value. name: the table's, for rejected rows."""

    name: str
    readings: tuple[Reading, ...]

    @property
    def schema(self) -> Schema:
        return Schema(tuple(reading.field for reading in self.readings))

    @property
    def plain(self) -> bool:
        """Whether every column stays as it is."""
        return all(reading.held == reading.field for reading in self.readings)

    def batches(self, frames: Iterator[pl.DataFrame], rejections: Rejections) -> Iterator[pl.DataFrame]:
        """Typed batches of the table's own; rejected rows go to `rejections`, without a number."""
        typing = Typing(self.readings)
        for frame in frames:
            typed = typing(frame)
            failing = typing.failures(frame, typed)
            for place in sorted(failing):
                kind = self.schema[failing[place]].kind
                rejections.add(cell_rejection(self.name, 0, cell=(failing[place], kind), frame=frame[place]))
            yield without(typed, tuple(failing))


@dataclass(frozen=True)
class Writings:
    """How many cells of text columns each format reads that their declared kind may have: a summary.

    formats: by column. markers: texts that mean "no value", by column.
    """

    formats: tuple[tuple[str, tuple[Format, ...]], ...]
    markers: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.formats)

    @property
    def _declared(self) -> dict[str, tuple[Format, ...]]:
        return dict(self.formats)

    def start(self) -> Evidence:
        return Evidence({}, self._declared)

    def update(self, state: Evidence, batch: pl.DataFrame) -> Evidence:
        """The state with the cells of `batch`."""
        known = dict(self.markers)
        texts = Typing(
            tuple(Reading(Field(name, "text"), markers=known.get(name, ())) for name in self.columns)
        )
        fresh = self.start()
        fresh.see(texts(batch))
        return self.merge(state, fresh)

    def merge(self, left: Evidence, right: Evidence) -> Evidence:
        return merged([left, right], open_={}, declared=self._declared)[0]

    def result(self, state: Evidence) -> Evidence:
        return state

    def dump(self, state: Evidence) -> bytes:
        return json.dumps(dumped(state)).encode()

    def load(self, data: bytes) -> Evidence:
        return loaded(json.loads(data), open_={}, declared=self._declared)


def undecided(held: Schema, options: ReadOptions) -> Writings | None:
    """What must be summarised of the table's rows before its readings are known; None for nothing."""
    names = [one.name for one in held if reading_of(one, options) is None]
    if not names:
        return None
    return Writings(
        tuple((name, declared_formats(name, options)) for name in names),
        tuple((name, options.markers_of(name)) for name in names),
    )


def held_table(name: str, held: Schema, *, options: ReadOptions, evidence: Evidence | None) -> HeldTable:
    """The table's readings. evidence: of what `undecided` asks. E0418, E0427, E0428."""
    check_names(options, (*held.names, *options.drop))
    found: Mapping[str, Reading] = {}
    if evidence is not None:
        comma = None if options.decimal is None else options.decimal == ","
        decided, _ = decide(evidence, comma=comma)
        found = {one: replace(read, markers=options.markers_of(one)) for one, read in decided.items()}
    return HeldTable(name, tuple(reading_of(one, options) or found[one.name] for one in held))
