"""JSON files as typed columns: every value is looked at before a kind is decided, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import polars as pl

from cauce.core.canonical import Json
from cauce.core.reading.notices import Notice
from cauce.errors import CauceError, CauceErrors, Place
from cauce.expr.schema import Field, Schema
from cauce.ports.pieces import Ask
from cauce.sources.asking import asked_here
from cauce.sources.files import Content, SourceFile
from cauce.sources.json_records import JsonFile, Unread, cells, open_json
from cauce.sources.options import ReadOptions
from cauce.sources.parquet import RowGroups
from cauce.sources.rejections import Rejection, Rejections

_BATCH_CELLS = 1 << 18
_LARGEST, _EXACT = 2**63, 2**53
_DIGITS = 10**38
_NUMBERS = frozenset(("integer", "big", "float"))


@dataclass(frozen=True)
class JsonFiles:
    """JSON files of one schema, read like `ParquetFiles`. markers: texts that mean "no value", by column.
    empty: columns without any value."""

    sources: tuple[JsonFile, ...]
    schema: Schema
    markers: Mapping[str, tuple[str, ...]]
    empty: frozenset[str] = frozenset()
    exact: bool = False

    @property
    def files(self) -> tuple[SourceFile, ...]:
        return tuple(source.file for source in self.sources)

    def batches(
        self,
        columns: Sequence[str],
        part: RowGroups | None = None,
        *,
        rejections: Rejections | None = None,
    ) -> Iterator[tuple[SourceFile, int, pl.DataFrame]]:
        """Batches of these columns with their file and the line they begin at; a batch's rows have lines one
        after the other. Records that cannot be read go to `rejections`. part: this file alone."""
        fields = tuple(self.schema.select(tuple(columns)))
        most = max(256, _BATCH_CELLS // max(1, len(fields)))
        for source in self.sources if part is None else self.sources[part.file : part.file + 1]:
            first, rows = 0, []  # type: int, list[Mapping[str, Any]]
            for line, text in source.records():
                try:
                    found: Mapping[str, Any] | None = cells(text)
                except Unread as error:
                    found, why = None, error
                if rows and (found is None or line != first + len(rows) or len(rows) >= most):
                    yield source.file, first, _frame(rows, fields, self.markers)
                    rows = []
                if found is not None:
                    first = first if rows else line
                    rows.append(found)
                elif rejections is not None:
                    shown = text.decode("utf-8", "replace")
                    rejections.add(Rejection(source.file.name, line, None, why.code, dict(why.values), shown))
            if rows:
                yield source.file, first, _frame(rows, fields, self.markers)

    def count(self, part: RowGroups) -> int:
        """How many records a file has, those that cannot be read included."""
        return sum(1 for _ in self.sources[part.file].records())

    def parts(self, rows: int) -> tuple[RowGroups, ...]:  # noqa: ARG002 - a file is not cut
        """One part for each file."""
        return tuple(RowGroups(place, (), 1, 0) for place in range(len(self.sources)))


def _frame(
    rows: Sequence[Mapping[str, Any]], fields: Sequence[Field], markers: Mapping[str, tuple[str, ...]]
) -> pl.DataFrame:
    return pl.DataFrame(
        {field.name: _series([row.get(field.name) for row in rows], field, markers) for field in fields}
    )


def _series(values: list[Any], field: Field, markers: Mapping[str, tuple[str, ...]]) -> pl.Series:
    marked = markers.get(field.name, ())
    if field.kind == "text":
        return pl.Series(field.name, values, dtype=pl.String)
    if marked:
        values = [None if isinstance(one, str) and one.strip() in marked else one for one in values]
    if field.kind == "float":
        values = [None if one is None else float(one) for one in values]
    if field.kind == "decimal":
        values = [None if one is None else Decimal(one) for one in values]
    return pl.Series(field.name, values, dtype=field.dtype)


@dataclass
class _Column:
    """What the values of a column were. seen: the file and line of the first of each kind."""

    seen: dict[str, tuple[str, int]] = field(default_factory=dict)
    inexact: int = 0
    digits: int = 0

    def see(self, value: Any, place: tuple[str, int]) -> None:
        kind = _kind(value)
        if kind not in self.seen:
            self.seen[kind] = place
        if kind == "big" or (kind == "integer" and not -_EXACT <= value <= _EXACT):
            self.inexact += int(_loses(value))
            self.digits += abs(value) >= _DIGITS

    def add(self, other: _Column) -> None:
        self.seen = {**other.seen, **self.seen}
        self.inexact, self.digits = self.inexact + other.inexact, self.digits + other.digits


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer" if -_LARGEST <= value < _LARGEST else "big"
    if isinstance(value, tuple):
        return "object"
    return {float: "float", str: "text"}.get(type(value), "array")


def _loses(value: int) -> bool:
    try:
        return int(float(value)) != value
    except OverflowError:
        return True


@dataclass(frozen=True)
class _Look:
    """Asks what the columns of a file hold, and how many records it has."""

    source: JsonFile
    markers: tuple[str, ...]
    marked: Mapping[str, tuple[str, ...]]

    def __call__(self) -> Json:
        columns: dict[str, _Column] = {}
        count = 0
        for line, text in self.source.records():
            count += 1
            try:
                found = cells(text)
            except Unread:
                continue
            for name, value in found.items():
                column = columns.setdefault(name, _Column())
                if value is not None and not self._is_marker(name, value):
                    column.see(value, (self.source.file.name, line))
        return {
            "records": count,
            "columns": {name: [one.seen, one.inexact, one.digits] for name, one in columns.items()},
        }

    def _is_marker(self, name: str, value: Any) -> bool:
        if not isinstance(value, str) or not (self.markers or self.marked):
            return False
        return value.strip() in self.markers or value.strip() in self.marked.get(name, ())


def open_json_files(
    files: Sequence[SourceFile],
    contents: Sequence[Content],
    *,
    options: ReadOptions,
    ask: Ask = asked_here,
) -> tuple[JsonFiles, list[Notice]]:
    """The files with the kind of every column decided from all values. ask: who looks at them.

    A column with whole numbers alone is integer (decimal where one passes 64 bits), with other numbers
    float; with texts alone, text; with true and false alone, boolean. E0422 (nested), E0424 (beyond 38
    digits), E0432 (values of several kinds), all columns at once; E0406 where there are no records, E0745 no
    columns.
    """
    limits = {"expansion_limit": options.expansion_limit, "record_limit": options.record_limit}
    pairs = zip(files, contents, strict=True)
    sources = tuple(open_json(file, content, **limits) for file, content in pairs)
    strip = tuple(one.strip() for one in options.missing)
    marked = {name: tuple(one.strip() for one in found) for name, found in options.missing_in.items()}
    columns: dict[str, _Column] = {}
    records = 0
    for answer in ask([_Look(source, strip, marked) for source in sources]):
        records += answer["records"]
        for name, (seen, inexact, digits) in answer["columns"].items():
            own = {kind: (place[0], place[1]) for kind, place in seen.items()}
            columns.setdefault(name, _Column()).add(_Column(own, inexact, digits))
    if not records:
        raise CauceError("E0406", place=files[0].place())
    fields, said, refused = [], [], []
    for name, column in columns.items():
        if name in options.drop:
            continue
        decided = _decided(name, column)
        if isinstance(decided, CauceError):
            refused.append(decided)
        else:
            fields.append(decided)
            said.extend(_notices(decided, column))
    if refused:
        raise CauceErrors(refused) if len(refused) > 1 else refused[0]
    if not fields:
        raise CauceError("E0745", place=files[0].place())
    schema = Schema(tuple(fields))
    markers = {one.name: (*strip, *marked.get(one.name, ())) for one in schema}
    empty = frozenset(one.name for one in schema if not columns[one.name].seen)
    marked = {name: found for name, found in markers.items() if found}
    return JsonFiles(sources, schema, marked, empty), said


def _decided(name: str, column: _Column) -> Field | CauceError:  # noqa: PLR0911 - one for each kind
    kinds = set(column.seen)
    for nested in ("object", "array"):
        if nested in kinds:
            return CauceError("E0422", place=_place(column, nested), column=name, found=nested)
    if not kinds:
        return Field(name, "text")
    if len(kinds) > 1 and not kinds <= _NUMBERS:
        first, second = _two_kinds(column)
        return CauceError(
            "E0432", place=_place(column, second), column=name, first=_word(first), second=_word(second)
        )
    if kinds <= {"integer", "big"} and "big" in kinds:
        if column.digits:
            return CauceError("E0424", place=_place(column, "big"), column=name, found="integer")
        return Field(name, "decimal", scale=0)
    if kinds & _NUMBERS:
        return Field(name, "integer" if kinds == {"integer"} else "float")
    return Field(name, "boolean" if "boolean" in kinds else "text")


def _two_kinds(column: _Column) -> tuple[str, str]:
    """The kind seen first in the first file, and the first that contradicts it."""
    first, *others = sorted(column.seen, key=lambda kind: column.seen[kind])
    return first, next(kind for kind in others if not {first, kind} <= _NUMBERS)


def _word(kind: str) -> str:
    return "number" if kind in _NUMBERS else kind


def _place(column: _Column, kind: str) -> Place:
    return Place(*column.seen[kind])


def _notices(decided: Field, column: _Column) -> list[Notice]:
    if not column.seen:
        return [Notice.of("W0417", column=decided.name)]
    if decided.kind == "decimal":
        return [Notice.of("W0430", column=decided.name)]
    if decided.kind == "float" and column.inexact:
        return [Notice.of("W0418", column=decided.name, count=column.inexact)]
    return []
