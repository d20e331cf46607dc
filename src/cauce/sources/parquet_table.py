"""A table of typed files: their own types, declared kinds, and markers in text columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from cauce.core.canonical import Json
from cauce.core.reading.decision import Reading, decide
from cauce.core.reading.evidence import Evidence
from cauce.core.reading.formats import Format
from cauce.core.reading.merging import dumped, loaded, merged
from cauce.core.reading.notices import Notice
from cauce.core.reading.typed import Typing, check_columns, without
from cauce.errors import CauceError
from cauce.expr.kinds import kind_of
from cauce.expr.schema import Field, Schema
from cauce.ports.pieces import Ask
from cauce.sources.asking import asked_here
from cauce.sources.declared import declared_formats, fixed_reading
from cauce.sources.json_files import JsonFiles
from cauce.sources.options import ReadOptions
from cauce.sources.parquet import ParquetFiles, RowGroups
from cauce.sources.rejections import Rejection, Rejections

_PART_CELLS = 1 << 24


@dataclass(frozen=True)
class ParquetTable:
    """Typed files with one reading for each column. part: these rows alone."""

    files: ParquetFiles | JsonFiles
    readings: tuple[Reading, ...]
    part: RowGroups | None = None

    @property
    def schema(self) -> Schema:
        return Schema(tuple(reading.field for reading in self.readings))

    @property
    def exact(self) -> bool:
        """Whether the files hold exactly these rows and types."""
        return self.files.exact and all(item.held == item.field for item in self.readings)

    def pieces(self) -> Iterator[ParquetTable]:
        """The same rows in order, in parts that can be read without each other."""
        return (replace(self, part=part) for part in self.files.parts(_part_rows(len(self.readings))))

    def batches(self, columns: Sequence[str] | None, rejections: Rejections) -> Iterator[pl.DataFrame]:
        """Typed batches of these columns (None: all); rejected rows go to `rejections`."""
        chosen = list(self.schema.names if columns is None else columns)
        asked = check_columns(self.schema, chosen)
        needed = tuple(item for item in self.readings if item.declared or item.field.name in asked)
        needed = needed or self.readings[:1]
        typing = Typing(needed)
        for file, row, frame in self.files.batches(
            [item.field.name for item in needed], self.part, rejections=rejections
        ):
            typed = typing(frame)
            failing = typing.failures(frame, typed)
            for place in sorted(failing):
                kind = self.schema[failing[place]].kind
                rejections.add(
                    cell_rejection(file.name, row + place, cell=(failing[place], kind), frame=frame[place])
                )
            yield without(typed, tuple(failing))[chosen]


def cell_rejection(file: str, row: int, *, cell: tuple[str, str], frame: pl.DataFrame) -> Rejection:
    """A row rejected for one cell. cell: its column, and the kind it does not read as. frame: the row."""
    values: dict[str, str | int] = {"column": cell[0], "kind": cell[1]}
    text = json.dumps(frame.row(0, named=True), ensure_ascii=False, default=str)
    return Rejection(file, row, cell[0], "E0431", values, text)


def _part_rows(columns: int) -> int:
    return max(1024, _PART_CELLS // max(1, columns))


@dataclass(frozen=True)
class _Writings:
    """Asks how the texts of columns of a declared kind are written."""

    files: ParquetFiles | JsonFiles
    columns: tuple[str, ...]
    options: ReadOptions
    part: RowGroups | None = None

    def __call__(self) -> Json:
        return dumped(self.evidence())

    def evidence(self) -> Evidence:
        evidence = Evidence({}, self.formats)
        texts = Typing(
            tuple(
                Reading(Field(name, "text"), markers=self.options.markers_of(name)) for name in self.columns
            )
        )
        for _, _, frame in self.files.batches(self.columns, self.part):
            evidence.see(texts(frame))
        return evidence

    @property
    def formats(self) -> dict[str, tuple[Format, ...]]:
        return {name: declared_formats(name, self.options) for name in self.columns}


def parquet_table(
    files: ParquetFiles | JsonFiles, options: ReadOptions, *, ask: Ask = asked_here
) -> tuple[ParquetTable, list[Notice]]:
    """One reading a column: as it is, unless a kind or markers are declared. Text columns whose declared kind
    may be written several ways are read once to tell. E0427, E0428."""
    readings = {field.name: reading_of(field, options) for field in files.schema}
    open_ = [name for name, reading in readings.items() if reading is None]
    said: list[Notice] = []
    if open_:
        whole = _Writings(files, tuple(open_), options)
        parts = files.parts(_part_rows(len(open_))) if ask is not asked_here else (None,)
        asked, formats = [replace(whole, part=part) for part in parts], whole.formats
        evidence, _ = merged(
            [loaded(one, open_={}, declared=formats) for one in ask(asked)], open_={}, declared=formats
        )
        decided, said = decide(evidence, comma=None if options.decimal is None else options.decimal == ",")
        for name, found in decided.items():
            readings[name] = replace(found, markers=options.markers_of(name))
    return ParquetTable(files, tuple(found for found in readings.values() if found is not None)), said


def reading_of(field: Field, options: ReadOptions) -> Reading | None:
    """The reading of a column, or None where its texts must be seen first."""
    kind = options.types.get(field.name, field.kind)
    markers = options.markers_of(field.name)
    if field.kind == "text" and kind == "text":
        held = None if markers else field
        return Reading(field, markers=markers, held=held)
    if field.kind == "text":
        found = fixed_reading(field.name, options)
        return None if found is None else replace(found, markers=markers)
    if kind == field.kind:
        return Reading(field, held=field)
    target = Reading(Field(field.name, kind), declared=True, held=field)
    try:
        found_kind = kind_of(target.expression, Schema((field,)))
    except CauceError:
        found_kind = None
    if found_kind != kind or kind == "decimal":
        raise CauceError("E0428", column=field.name, kind=kind, found=field.kind)
    return target
