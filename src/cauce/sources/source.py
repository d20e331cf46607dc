"""Files as a source of typed rows."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from cauce.core.reading.notices import Notice
from cauce.errors import CauceError
from cauce.expr.nodes import Expression
from cauce.expr.schema import Schema
from cauce.ports.pieces import Ask
from cauce.sources import files as file_names
from cauce.sources.asking import asked_here
from cauce.sources.delimited import open_delimited, same_columns
from cauce.sources.files import Content, SourceFile, content_of, find_files
from cauce.sources.json_files import JsonFiles, open_json_files
from cauce.sources.json_records import looks_like_json
from cauce.sources.options import ReadOptions
from cauce.sources.parquet import ParquetFiles, open_parquet
from cauce.sources.parquet_table import ParquetTable, parquet_table
from cauce.sources.rejections import Rejections
from cauce.sources.text_table import TextTable, text_table


@dataclass
class FileSource:
    """Files whose schema is decided. notices: what was found out and decided, in the order it was."""

    files: tuple[SourceFile, ...]
    notices: tuple[Notice, ...]
    _table: TextTable | ParquetTable
    _rejections: Rejections = field(default_factory=Rejections)

    @property
    def schema(self) -> Schema:
        return self._table.schema

    @property
    def names(self) -> tuple[str, ...]:
        """Of the files, relative to what was named."""
        return tuple(file.name for file in self.files)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows in order, with these columns (None: all), each batch of exactly the schema's types.

        Starts `rejected` anew: after the last batch it holds every row left out, whatever the columns.
        Raises E0101 for an unknown column and what reading raises (E0402 to E0421).
        """
        rejections = Rejections()
        self._rejections = rejections
        return self._table.batches(columns, rejections)

    @property
    def rejected(self) -> Rejections:
        """The rows the latest call of `batches` left out, as far as it has been read."""
        return self._rejections

    @cached_property
    def pieces(self) -> tuple[FilePiece, ...]:
        """The same rows in the same order, in parts that workers read without each other."""
        return tuple(FilePiece(table) for table in self._table.pieces())

    def parquet_paths(self) -> tuple[str, ...] | None:
        """The files where they are Parquet with exactly this schema's types and all their rows, else None."""
        if isinstance(self._table, ParquetTable) and self._table.exact:
            return tuple(str(file.path) for file in self.files)
        return None

    @property
    def texts(self) -> Mapping[str, Expression]:
        """How a text cell of each column became its value; nothing where the files hold typed values."""
        if not isinstance(self._table, TextTable):
            return {}
        return {reading.field.name: reading.expression for reading in self._table.readings}

    @cached_property
    def _fingerprint(self) -> str:
        return file_names.fingerprint(self.files)

    def fingerprint(self) -> str:
        """SHA-256 over the files' names and bytes, in hex: equal where nothing changed."""
        return self._fingerprint


@dataclass(frozen=True)
class FilePiece:
    """Some rows of files: a value that can be sent to another process that reaches the files."""

    table: TextTable | ParquetTable

    def batches(
        self, columns: Sequence[str] | None = None, rejections: Rejections | None = None
    ) -> Iterator[pl.DataFrame]:
        """The rows with these columns (None: all), in order; rejected rows go to `rejections`."""
        return self.table.batches(columns, Rejections() if rejections is None else rejections)


def open_source(options: ReadOptions, *, ask: Ask | None = None) -> FileSource:
    """The files of `options` with their format, dialect and kinds decided.

    Text files are read once, whole, to decide; Parquet files where their types leave doubt. ask: who looks
    at values, each file by itself; None for this process. Raises E0401 to E0429; a row that cannot be read
    is no error, it is in `rejected`.
    """
    files = find_files(options.paths)
    contents = [content_of(file) for file in files]
    form = form_of(files, contents, options=options)
    said = _folder_notices(files)
    if form != "text":
        return _typed_source(_Files(files, contents, said, ask), form, options)
    try:
        return _text_source(_Files(files, contents, said, ask), options, thorough=False)
    except CauceError as error:
        if error.code != "E0407" or options.encoding is not None:
            raise
    # The first bytes were UTF-8 and later ones are not: now all of them decide.
    return _text_source(_Files(files, contents, said, ask), options, thorough=True)


@dataclass(frozen=True)
class _Files:
    """Files with what they are, what was said about them so far, and who looks at them."""

    files: tuple[SourceFile, ...]
    contents: list[Content]
    said: list[Notice]
    ask: Ask | None


def _text_source(texts: _Files, options: ReadOptions, *, thorough: bool) -> FileSource:
    tables, said, files = [], texts.said, texts.files
    for file, content in zip(files, texts.contents, strict=True):
        table, about_file = open_delimited(file, content, options=options, thorough=thorough)
        tables.append(table)
        said = said + about_file
    for other in tables[1:]:
        same_columns(tables[0], other)
    check_names(options, tables[0].names)
    decided, about_columns, rows = text_table(tuple(tables), options, ask=texts.ask)
    if not rows:
        raise CauceError("E0406", place=files[0].place())
    return FileSource(files, (*said, *about_columns), decided)


def _typed_source(found: _Files, form: str, options: ReadOptions) -> FileSource:
    """The source of files whose values have kinds: Parquet, ORC, JSON."""
    looking = found.ask or asked_here
    read: ParquetFiles | JsonFiles
    if form == "JSON":
        read, about_files = open_json_files(found.files, found.contents, options=options, ask=looking)
    else:
        read, about_files = open_parquet(found.files, options.drop, ask=looking)
    dropped = set(options.drop) - set(read.schema.names)
    check_names(options, (*read.schema.names, *dropped))
    table, about_columns = parquet_table(read, options, ask=looking)
    return FileSource(found.files, (*found.said, *about_files, *about_columns), table)


def form_of(files: tuple[SourceFile, ...], contents: list[Content], *, options: ReadOptions) -> str:
    """What all the files are: Parquet, ORC, JSON or text. E0404 where they differ, E0433 where another
    format is declared."""
    wanted = _DECLARED.get(options.format)
    forms = [
        _form_of(file, content, options) if wanted != "text" else _NAMES.get(content, "text")
        for file, content in zip(files, contents, strict=True)
    ]
    for file, form in zip(files, forms, strict=True):
        if form != forms[0]:
            raise CauceError("E0404", first=files[0].name, format=forms[0], second=file.name)
    if wanted is not None and wanted != forms[0]:
        raise CauceError("E0433", place=files[0].place(), format=options.format, found=forms[0])
    return forms[0]


_DECLARED = {"csv": "text", "tsv": "text", "json": "JSON", "parquet": "Parquet", "orc": "ORC"}
_NAMES = {"parquet": "Parquet", "orc": "ORC"}


def _form_of(file: SourceFile, content: Content, options: ReadOptions) -> str:
    if content in _NAMES:
        return _NAMES[content]
    json = looks_like_json(file, content, expansion_limit=options.expansion_limit)
    return "JSON" if json else "text"


def _folder_notices(files: tuple[SourceFile, ...]) -> list[Notice]:
    keys = {part.split("=", 1)[0] for file in files for part in file.name.split("/")[:-1] if "=" in part}
    return [Notice.of("W0424", names=", ".join(sorted(keys)))] if keys else []


def check_names(options: ReadOptions, names: Sequence[str]) -> None:
    """E0418 for a declared column that the files do not have."""
    known = set(names)
    for option, declared in (
        ("types", options.types),
        ("missing_in", options.missing_in),
        ("drop", options.drop),
    ):
        for name in declared:
            if name not in known:
                near = difflib.get_close_matches(name, list(names)[:5000], n=1)
                raise CauceError(
                    "E0418", option=option, column=name, near=near[0] if near else ", ".join(names)
                )
