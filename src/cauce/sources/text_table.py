"""A table read from delimited text: every cell is looked at before a kind is decided, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from cauce.core.canonical import Json
from cauce.core.reading.decision import Reading, decide
from cauce.core.reading.evidence import Evidence
from cauce.core.reading.formats import Format
from cauce.core.reading.merging import dumped, loaded, merged
from cauce.core.reading.notices import Notice
from cauce.core.reading.typed import Typing, check_columns, gathered, without
from cauce.expr.schema import Field, Kind, Schema
from cauce.ports.pieces import Ask
from cauce.sources.declared import declared_formats, fixed_reading, open_formats
from cauce.sources.delimited import DelimitedFile
from cauce.sources.native import is_native_number, native_kind
from cauce.sources.options import ReadOptions
from cauce.sources.rejections import Rejection, Rejections
from cauce.sources.spill import Spill, new_spill
from cauce.sources.stretches import stretched


@dataclass(frozen=True)
class _Kept:
    """What the pass that decided the readings left behind: all cells, and the rows that have too many or too
    few."""

    spill: Spill
    ragged: Rejections


@dataclass(frozen=True)
class TextTable:
    """Delimited files of the same columns, with one reading for each column that is not dropped."""

    files: tuple[DelimitedFile, ...]
    readings: tuple[Reading, ...]
    kept: _Kept | None = None

    @property
    def schema(self) -> Schema:
        return Schema(tuple(reading.field for reading in self.readings))

    def pieces(self) -> Iterator[TextTable]:
        """The same rows in order, in parts to be read without each other: files, stretches of long ones."""
        return (TextTable((file,), self.readings) for file in self.files)

    def batches(self, columns: Sequence[str] | None, rejections: Rejections) -> Iterator[pl.DataFrame]:
        """Typed batches of these columns (None: all), in order; rejected rows go to `rejections`."""
        chosen = list(self.schema.names if columns is None else columns)
        asked = check_columns(self.schema, chosen)
        needed = tuple(item for item in self.readings if item.declared or item.field.name in asked)
        needed = needed or self.readings[:1]  # a batch without columns would have no rows
        typing = Typing(needed)
        if self.kept is not None:
            for rejection in self.kept.ragged:
                rejections.add(rejection)
            kept = self.kept.spill.frames([item.field.name for item in needed])
            yield from (typing(frame)[chosen] for frame in gathered(kept))
            return
        for file in self.files:
            yield from (typed[chosen] for typed in gathered(self._typed(file, typing, rejections)))

    def _typed(self, file: DelimitedFile, typing: Typing, rejections: Rejections) -> Iterator[pl.DataFrame]:
        kinds = {item.field.name: native_kind(item) for item in typing.readings}
        for tokens in file.tokens(lambda: kinds):
            typed = typing(tokens.frame)
            failing = typing.failures(tokens.frame, typed)
            failed = {row: self._rejection(file, name) for row, name in failing.items()}
            file.reject(tokens, failed, rejections=rejections)
            yield without(typed, tuple(failing))

    def _rejection(self, file: DelimitedFile, name: str) -> Rejection:
        kind = self.schema[name].kind
        return Rejection(file.text.file.name, 0, name, "E0431", {"column": name, "kind": kind})


def text_table(
    files: tuple[DelimitedFile, ...], options: ReadOptions, *, ask: Ask | None = None
) -> tuple[TextTable, list[Notice], int]:
    """Read every cell once, decide each column's reading; also how many records there are.

    ask: who looks at the files; None for this process, which then keeps the cells where they fit.
    E0427 (a declared date may be read two ways), E0428 (a kind that text does not hold).
    """
    kept = tuple(name for name in files[0].names if name not in options.drop)
    asked = _Asked.of(kept, options)
    if ask is None:
        gathered = _Gathering(
            options, asked.evidence(), None if options.types else new_spill(_size(files)), kept
        )
        for file in files:
            gathered.read(file)
        evidence, rows = gathered.evidence, gathered.rows
    else:
        parts = stretched(files, ask)
        evidence, rows = _evidence_of(files, parts, asked, options=options, ask=ask)
    decided, said = decide(evidence, comma=None if options.decimal is None else options.decimal == ",")
    readings = asked.fixed | decided
    found = tuple(replace(readings[name], markers=options.markers_of(name)) for name in kept)
    if ask is None:
        return TextTable(files, found, gathered.kept_for(found)), said, rows
    return TextTable(parts, found), said, rows


@dataclass(frozen=True)
class _Asked:
    """What is to be found out about columns. fixed: readings that need no evidence; undecided: the formats
    that columns of a declared kind may have, open: those of the others."""

    fixed: dict[str, Reading]
    undecided: dict[str, tuple[Format, ...]]
    open: dict[str, tuple[Format, ...]]

    @staticmethod
    def of(names: Sequence[str], options: ReadOptions) -> _Asked:
        fixed = {name: found for name in names if (found := fixed_reading(name, options)) is not None}
        undecided = {
            name: declared_formats(name, options)
            for name in names
            if name in options.types and name not in fixed
        }
        every = open_formats(options)
        return _Asked(
            fixed, undecided, {name: every for name in names if name not in fixed and name not in undecided}
        )

    def evidence(self) -> Evidence:
        """Evidence on them, before any cell is seen."""
        return Evidence(self.open, self.undecided)


@dataclass(frozen=True)
class _Look:
    """Asks for the evidence on columns of some files, and how many records these have."""

    files: tuple[DelimitedFile, ...]
    columns: tuple[str, ...]
    options: ReadOptions

    def __call__(self) -> Json:
        gathered = _Gathering(
            self.options, _Asked.of(self.columns, self.options).evidence(), None, self.columns
        )
        for file in self.files:
            gathered.read(file)
        return {"rows": gathered.rows, "evidence": dumped(gathered.evidence)}


def _evidence_of(
    files: tuple[DelimitedFile, ...],
    parts: tuple[DelimitedFile, ...],
    asked: _Asked,
    *,
    options: ReadOptions,
    ask: Ask,
) -> tuple[Evidence, int]:
    """The evidence on all files, of which each part is looked at by itself; columns on which they differ are
    looked at again, file after file."""
    names = (*asked.undecided, *asked.open)
    found = list(ask([_Look((part,), names, options) for part in parts]))
    seen = [loaded(one["evidence"], open_=asked.open, declared=asked.undecided) for one in found]
    evidence, disputed = merged(seen, open_=asked.open, declared=asked.undecided)
    if disputed:
        (answer,) = ask([_Look(files, disputed, options)])
        whole = loaded(answer["evidence"], open_={name: asked.open[name] for name in disputed}, declared={})
        evidence.columns |= whole.columns
    return evidence, sum(one["rows"] for one in found)


def _size(files: tuple[DelimitedFile, ...]) -> int:
    return sum(file.text.stamp[0] for file in files)


@dataclass
class _Gathering:
    """The pass over all cells that decides. spill: where they are kept for reading them, None if nowhere."""

    options: ReadOptions
    evidence: Evidence
    spill: Spill | None
    columns: tuple[str, ...]
    ragged: Rejections = field(default_factory=Rejections)
    rows: int = 0

    def read(self, file: DelimitedFile) -> None:
        for tokens in file.tokens(lambda: self._wanted() or {file.names[0]: "text"}, guarded=True):
            self.rows += tokens.frame.height + len(tokens.ragged)
            self.evidence.see(_unmarked(tokens.frame, self.options))
            if self.spill is not None:
                self.spill.add(
                    tokens.table, {name: KINDS[kind] for name, kind in tokens.frame.schema.items()}
                )
                file.reject(tokens, {}, rejections=self.ragged)

    def _wanted(self) -> dict[str, Kind]:
        """The columns whose cells are wanted; Arrow may convert those that look like plain numbers."""
        open_ = dict.fromkeys(self.evidence.wanted())
        return {
            name: "text" if self.options.markers_of(name) else _likely(self.evidence.likely(name))
            for name in (self.columns if self.spill is not None else open_)
        }

    def kept_for(self, readings: tuple[Reading, ...]) -> _Kept | None:
        if self.spill is None or not self.spill.fits(readings):
            return None
        return _Kept(self.spill, self.ragged)


KINDS: dict[pl.DataType | type[pl.DataType], Kind] = {
    pl.String(): "text",
    pl.Int64(): "integer",
    pl.Float64(): "float",
    pl.Boolean(): "boolean",
}


def _likely(item: Format | None) -> Kind:
    return item.kind if item is not None and is_native_number(item) else "text"


def _unmarked(frame: pl.DataFrame, options: ReadOptions) -> pl.DataFrame:
    if not options.missing and not options.missing_in:
        return frame
    texts = {name: Reading(Field(name, "text"), markers=options.markers_of(name)) for name in frame.columns}
    marked = tuple(reading for reading in texts.values() if reading.markers)
    return frame.with_columns(Typing(marked)(frame)) if marked else frame
