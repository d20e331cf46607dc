"""A table read from delimited text: every cell is looked at before a kind is decided, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from cauce.core.reading.decision import Reading, decide
from cauce.core.reading.evidence import Evidence
from cauce.core.reading.formats import Format
from cauce.core.reading.notices import Notice
from cauce.core.reading.typed import Typing, check_columns, without
from cauce.expr.schema import Field, Kind, Schema
from cauce.sources.declared import declared_formats, fixed_reading, open_formats
from cauce.sources.delimited import DelimitedFile
from cauce.sources.native import is_native_number, native_kind
from cauce.sources.options import ReadOptions
from cauce.sources.rejections import Rejection, Rejections


@dataclass(frozen=True)
class TextTable:
    """Delimited files of the same columns, with one reading for each column that is kept."""

    files: tuple[DelimitedFile, ...]
    readings: tuple[Reading, ...]

    @property
    def schema(self) -> Schema:
        return Schema(tuple(reading.field for reading in self.readings))

    def batches(self, columns: Sequence[str] | None, rejections: Rejections) -> Iterator[pl.DataFrame]:
        """Typed batches of these columns (None: all), in order; rejected rows go to `rejections`."""
        chosen = list(self.schema.names if columns is None else columns)
        asked = check_columns(self.schema, chosen)
        needed = tuple(item for item in self.readings if item.declared or item.field.name in asked)
        needed = needed or self.readings[:1]  # a batch without columns would have no rows
        typing, kinds = Typing(needed), {item.field.name: native_kind(item) for item in needed}
        for file in self.files:
            for tokens in file.tokens(lambda: kinds):
                typed = typing(tokens.frame)
                failing = typing.failures(tokens.frame, typed)
                failed = {row: self._rejection(file, name) for row, name in failing.items()}
                file.reject(tokens, failed, rejections)
                typed = without(typed, tuple(failing)).select(chosen)
                if typed.height or not chosen:
                    yield typed

    def _rejection(self, file: DelimitedFile, name: str) -> Rejection:
        kind = self.schema[name].kind
        return Rejection(file.text.file.name, 0, name, "E0431", {"column": name, "kind": kind})


def text_table(files: tuple[DelimitedFile, ...], options: ReadOptions) -> tuple[TextTable, list[Notice], int]:
    """Read every cell once, decide each column's reading; also how many records there are.

    E0427 (a declared date may be read two ways), E0428 (a kind that text does not hold).
    """
    kept = tuple(name for name in files[0].names if name not in options.drop)
    readings = {name: fixed for name in kept if (fixed := fixed_reading(name, options)) is not None}
    undecided = {
        name: declared_formats(name, options)
        for name in kept
        if name in options.types and name not in readings
    }
    open_ = {name: open_formats(options) for name in kept if name not in readings and name not in undecided}
    evidence = Evidence(open_, undecided)
    rows = _gather(files, evidence, options)
    decided, said = decide(evidence, comma=None if options.decimal is None else options.decimal == ",")
    readings |= decided
    readings = {name: replace(readings[name], markers=options.markers_of(name)) for name in kept}
    return TextTable(files, tuple(readings.values())), said, rows


def _gather(files: tuple[DelimitedFile, ...], evidence: Evidence, options: ReadOptions) -> int:
    rows = 0
    for file in files:
        first: dict[str, Kind] = {file.names[0]: "text"}
        for tokens in file.tokens(lambda: _wanted(evidence, options) or first, guarded=True):  # noqa: B023 - used within
            rows += tokens.frame.height + len(tokens.ragged)
            evidence.see(_unmarked(tokens.frame, options))
    return rows


def _wanted(evidence: Evidence, options: ReadOptions) -> dict[str, Kind]:
    """The columns whose cells still matter; those that look like plain numbers may be converted by Arrow."""
    return {
        name: "text" if options.markers_of(name) else _likely(evidence.likely(name))
        for name in evidence.wanted()
    }


def _likely(item: Format | None) -> Kind:
    return item.kind if item is not None and is_native_number(item) else "text"


def _unmarked(frame: pl.DataFrame, options: ReadOptions) -> pl.DataFrame:
    if not options.missing and not options.missing_in:
        return frame
    texts = {name: Reading(Field(name, "text"), markers=options.markers_of(name)) for name in frame.columns}
    marked = tuple(reading for reading in texts.values() if reading.markers)
    return frame.with_columns(Typing(marked)(frame)) if marked else frame
