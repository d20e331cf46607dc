"""Files to be scored: the model's columns with its own readings, in one pass, whatever else is in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import polars as pl

from cauce.core.bundle.conversion import Conversion, Mismatch, described
from cauce.core.bundle.inputs import InputColumn
from cauce.core.bundle.manifest import Manifest
from cauce.core.bundle.text_forms import readable
from cauce.core.reading.notices import Notice
from cauce.core.reading.typed import without
from cauce.errors import CauceError
from cauce.expr.batch import take
from cauce.expr.nodes import Column
from cauce.expr.schema import Field, Schema
from cauce.ports.pieces import Ask
from cauce.sources.asking import asked_here
from cauce.sources.containers import open_container
from cauce.sources.delimited import DelimitedFile, open_delimited, same_columns
from cauce.sources.files import SourceFile, content_of, find_files
from cauce.sources.json_files import JsonFiles, open_json_files
from cauce.sources.options import ReadOptions
from cauce.sources.parquet import ParquetFiles, RowGroups, open_parquet
from cauce.sources.rejections import Rejection, Rejections
from cauce.sources.source import form_of
from cauce.sources.stretches import stretched
from cauce.sources.tokens import Tokens

ROW = "row"
KEY_PREFIX = "key "
_SURELY = 10
_READ_AS = ("encoding", "delimiter", "quote", "header")


@dataclass(frozen=True)
class Piece:
    """Some rows. keys: the key columns as they are written; rows: the model's columns; seen: rows read so
    far, rejected ones included."""

    keys: pl.DataFrame
    rows: pl.DataFrame
    seen: int


@dataclass(frozen=True)
class Share:
    """Some of the rows, for one of many to read: row groups of a Parquet file, a stretch of a text file.

    file: its place among the files; stretch: its place among the stretches of all of them. before: the rows
    of all files before these, and rows: how many these are, rejected ones included; None where only reading
    tells.
    """

    file: int
    groups: RowGroups | None = None
    before: int | None = None
    rows: int | None = None
    stretch: int = 0


class Readable(Protocol):
    """Rows of files of one form."""

    @property
    def key_schema(self) -> Schema:
        """Of the columns that name a row."""
        ...

    def pieces(self, rejections: Rejections, share: Share | None = None) -> Iterator[Piece]:
        """The rows, piece by piece; those that cannot be read go to `rejections`. share: these alone."""
        ...

    def shares(self, rows: int) -> tuple[Share, ...]:
        """All the rows, in order, in shares of about so many at least where they can be divided."""
        ...

    def count(self, share: Share) -> int:
        """How many rows the share has, rejected ones included."""
        ...


@dataclass(frozen=True)
class RowsToScore:
    """The rows of the files, and what is known beforehand. total: rows, None where only reading tells."""

    files: tuple[SourceFile, ...]
    notices: tuple[Notice, ...]
    total: int | None
    readable: Readable

    @property
    def key(self) -> Schema:
        """Of the columns that name a row."""
        return self.readable.key_schema


def reading_options(manifest: Manifest, paths: tuple[str, ...]) -> ReadOptions:
    """How text files are read where nothing else is said: as the training files were declared to be."""
    said = {name: manifest.reading.get(name) for name in _READ_AS}
    if manifest.reading.get("format") == "tsv" and said["delimiter"] is None:
        said["delimiter"] = "\t"
    fitting: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    return ReadOptions(paths=paths, **fitting)


def open_rows(
    manifest: Manifest, options: ReadOptions, *, key: tuple[str, ...] | None, ask: Ask | None = None
) -> RowsToScore:
    """The rows of the files of `options`.

    key: columns to keep beside the predictions; None for the manifest's where all are there; where there is
    none, rows are numbered from 1. ask: who looks at values, and into long files of text, which then have
    several shares; None for this process. E1209 for all that is missing or of another kind, E1213 for a key
    column that is not there, and what reading raises (E0401 to E0426).
    """
    files = find_files(options.paths)
    contents = [content_of(file) for file in files]
    form = form_of(files, contents, options=options)
    if form == "JSON":
        found, about = open_json_files(files, contents, options=options, ask=ask or asked_here)
        chosen = _chosen_key(manifest, found.schema.names, key)
        return RowsToScore(files, tuple(about), None, _TypedRows(found, manifest, chosen))
    if form != "text":
        return _typed_rows(files, manifest, key, ask=ask or asked_here)
    pairs = zip(files, contents, strict=True)
    opened = [open_delimited(file, content, options=options, thorough=True) for file, content in pairs]
    tables = tuple(table for table, _ in opened)
    for other_table in tables[1:]:
        same_columns(tables[0], other_table)
    if ask is not None:
        tables = stretched(tables, ask)
    rows = _TextRows(files, tables, manifest, _chosen_key(manifest, tables[0].names, key))
    said = tuple(notice for _, notices in opened for notice in notices)
    return RowsToScore(files, said, None, rows)


def _chosen_key(manifest: Manifest, names: tuple[str, ...], key: tuple[str, ...] | None) -> tuple[str, ...]:
    if key is None:
        own = tuple(column.name for column in manifest.key)
        return own if set(own) <= set(names) else ()
    for name in key:
        if name not in names:
            raise CauceError("E1213", column=name)
    return key


def _keys(frame: pl.DataFrame, names: tuple[str, ...], numbers: Any) -> pl.DataFrame:
    return take(frame, names) if names else pl.DataFrame({ROW: numbers}, schema={ROW: pl.Int64})


def _key_schema(fields: Mapping[str, Field], names: tuple[str, ...]) -> Schema:
    return Schema(tuple(fields[name] for name in names) or (Field(ROW, "integer"),))


def _is_first(share: Share | None) -> bool:
    """Whether the first of all rows is among these."""
    return share is None or share.before == 0


def _refuse_unreadable(conversion: Conversion, frame: pl.DataFrame) -> None:
    """E1209 where the first rows show that a column is nothing like what is wanted."""
    wanted = {column.name: column.field for column in conversion.columns}
    wrong = conversion.unreadable(frame, least=_SURELY)
    found = ((name, conversion.found[name], wanted[name]) for name in wrong)
    apart = Mismatch(
        (), tuple((name, described(own), described(to)) for name, own, to in found if isinstance(own, Field))
    )
    if apart:
        raise apart.error()


@dataclass(frozen=True)
class _TextRows:
    """Delimited files, read with the bundle's own readings. tables: the files, or stretches of them."""

    files: tuple[SourceFile, ...]
    tables: tuple[DelimitedFile, ...]
    manifest: Manifest
    key: tuple[str, ...]

    @property
    def columns(self) -> tuple[InputColumn, ...]:
        """What is read: the model's columns, then those of the key, each with a way to read it."""
        known = {column.name: column for column in self.manifest.known}
        own = [column.name for column in self.manifest.input]
        names = dict.fromkeys((*own, *self.key))
        plain = {name: InputColumn(Field(name, "text"), Column(name)) for name in self.key}
        return tuple(readable(known.get(name) or plain[name], self.manifest) for name in names)

    @property
    def key_schema(self) -> Schema:
        return _key_schema({column.name: column.field for column in self.columns}, self.key)

    def shares(self, rows: int) -> tuple[Share, ...]:  # noqa: ARG002 - only reading tells how many there are
        """One for each file, or for each stretch of a long one."""
        files = {file: place for place, file in enumerate(self.files)}
        return tuple(
            Share(files[table.text.file], stretch=place, before=None if place else 0)
            for place, table in enumerate(self.tables)
        )

    def count(self, share: Share) -> int:
        """How many records there are."""
        table = self.tables[share.stretch]
        wanted = {table.names[0]: "text"}
        found = table.tokens(lambda: wanted)  # type: ignore[arg-type,return-value]
        return sum(tokens.frame.height + len(tokens.ragged) for tokens in found)

    def pieces(self, rejections: Rejections, share: Share | None = None) -> Iterator[Piece]:
        """The rows, piece by piece; those that cannot be read go to `rejections`."""
        columns = self.columns
        found = {name: Field(name, "text") for name in self.tables[0].names}
        conversion = Conversion(columns, found)
        wanted = {column.name: "text" for column in columns} or {self.tables[0].names[0]: "text"}
        seen, first = 0 if share is None else share.before or 0, _is_first(share)
        for table in self.tables if share is None else (self.tables[share.stretch],):
            for tokens in table.tokens(lambda: wanted):  # type: ignore[arg-type,return-value]
                if first and not seen:
                    _refuse_unreadable(conversion, tokens.frame)
                failing = conversion.failing(tokens.frame)
                _reject(table, tokens, failing, keys=self.key, kinds=conversion, into=rejections)
                typed = without(conversion(tokens.frame), tuple(failing))
                numbers = _numbers(tokens, failing, seen)
                seen += tokens.frame.height + len(tokens.ragged)
                rows = take(typed, self.manifest.schema.names)
                yield Piece(_keys(typed, self.key, numbers), rows, seen)


def _numbers(tokens: Tokens, failing: Mapping[int, str], seen: int) -> np.ndarray[Any, Any]:
    """The numbers of the rows that are left among all records, from 1."""
    every = np.arange(tokens.frame.height + len(tokens.ragged))
    whole = np.delete(every, [item.record for item in tokens.ragged])
    return np.delete(whole, list(failing)) + seen + 1


def _reject(
    table: DelimitedFile,
    tokens: Tokens,
    failing: Mapping[int, str],
    *,
    keys: tuple[str, ...],
    kinds: Conversion,
    into: Rejections,
) -> None:
    wanted = {column.name: column.field.kind for column in kinds.columns}
    failed = {}
    for row, name in failing.items():
        own = {f"{KEY_PREFIX}{key}": str(tokens.frame.get_column(key)[row]) for key in keys}
        values: dict[str, str | int] = {"column": name, "kind": wanted[name], **own}
        failed[row] = Rejection(table.text.file.name, 0, name, "E0431", values)
    table.reject(tokens, failed, rejections=into)


def _typed_rows(
    files: tuple[SourceFile, ...], manifest: Manifest, key: tuple[str, ...] | None, *, ask: Ask
) -> RowsToScore:
    names = _typed_names(files[0])
    chosen = _chosen_key(manifest, tuple(names), key)
    needed = {*manifest.schema.names, *chosen}
    opened, said = open_parquet(files, tuple(name for name in names if name not in needed), ask=ask)
    rows = _TypedRows(opened, manifest, chosen)
    return RowsToScore(files, tuple(said), opened.rows, rows)


def _typed_names(file: SourceFile) -> list[str]:
    """The names of its columns; none where it cannot be read, which opening it says better."""
    try:
        return list(open_container(file).schema.names)
    except CauceError:
        return []


class _Counting(Rejections):
    """Rejections that go on to others, counted."""

    def __init__(self, into: Rejections) -> None:
        super().__init__()
        self.into, self.count = into, 0

    def add(self, rejection: Rejection) -> None:
        self.count += 1
        self.into.add(rejection)


@dataclass(frozen=True)
class _TypedRows:
    """Typed files: the key as it is there, the model's columns converted where that is honest."""

    opened: ParquetFiles | JsonFiles
    manifest: Manifest
    key: tuple[str, ...]

    @property
    def key_schema(self) -> Schema:
        return _key_schema({field.name: field for field in self.opened.schema}, self.key)

    @property
    def found(self) -> dict[str, Field | None]:
        """The fields of the columns; None for a column of nulls alone."""
        empty = self.opened.empty
        return {field.name: None if field.name in empty else field for field in self.opened.schema}

    @property
    def _columns(self) -> tuple[InputColumn, ...]:
        """The model's columns; in JSON, dates can only be texts."""
        if isinstance(self.opened, JsonFiles):
            return tuple(readable(column, self.manifest) for column in self.manifest.input)
        return self.manifest.input

    def shares(self, rows: int) -> tuple[Share, ...]:
        """Some row groups each, or a file of JSON."""
        if isinstance(self.opened, JsonFiles):
            return tuple(
                Share(one.file, one, before=None if one.file else 0) for one in self.opened.parts(rows)
            )
        before, found = 0, []
        for groups in self.opened.parts(rows) or (RowGroups(0, (), 1, 0),):
            found.append(Share(groups.file, groups, before, groups.rows))
            before += groups.rows
        return tuple(found)

    def count(self, share: Share) -> int:
        """What the footer says; of JSON, as many as are there."""
        if isinstance(self.opened, JsonFiles) and share.groups is not None:
            return self.opened.count(share.groups)
        return share.rows or 0

    def pieces(self, rejections: Rejections, share: Share | None = None) -> Iterator[Piece]:
        """The rows, piece by piece; those with a cell that cannot be converted go to `rejections`."""
        conversion = Conversion(self._columns, self.found)
        names = tuple(dict.fromkeys((*self.manifest.schema.names, *self.key)))
        groups, rows = (None, 0) if share is None else (share.groups, share.before or 0)
        unread = _Counting(rejections)
        for file, first, frame in self.opened.batches(names, groups, rejections=unread):
            seen = rows + unread.count
            if _is_first(share) and not rows and conversion.may_fail:
                _refuse_unreadable(conversion, frame)
            failing = conversion.failing(frame) if conversion.may_fail else {}
            for row in sorted(failing):
                rejections.add(self._rejection(file, first + row, failing[row], frame.slice(row, 1)))
            left = without(frame, tuple(failing))
            numbers = np.delete(np.arange(frame.height), list(failing)) + seen + 1
            rows += frame.height
            yield Piece(_keys(left, self.key, numbers), conversion(left), rows + unread.count)

    def _rejection(self, file: SourceFile, row: int, name: str, frame: pl.DataFrame) -> Rejection:
        own = {f"{KEY_PREFIX}{key}": str(frame.get_column(key)[0]) for key in self.key}
        kind = self.manifest.schema[name].kind
        text = json.dumps(frame.row(0, named=True), ensure_ascii=False, default=str)
        return Rejection(file.name, row, name, "E0431", {"column": name, "kind": kind, **own}, text)
