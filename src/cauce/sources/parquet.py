"""Parquet and ORC files as one table, read in batches, every type widened without loss or said aloud."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from cauce.core.reading.notices import Notice
from cauce.errors import CauceError, CauceErrors
from cauce.expr.schema import Schema
from cauce.ports.pieces import Ask
from cauce.sources.asking import asked_here
from cauce.sources.containers import open_container, translated_container
from cauce.sources.files import SourceFile
from cauce.sources.parquet_types import Arrived, Refused, arrived, offending

_CELLS = 1 << 22


@dataclass(frozen=True)
class RowGroups:
    """Some row groups of a file, one after the other. file: its place among the files. row: the 1-based row
    of the file they begin at; rows: how many they hold."""

    file: int
    groups: tuple[int, ...]
    row: int
    rows: int


@dataclass(frozen=True)
class ParquetFiles:
    """Parquet files of one schema. columns: by name, per file, how the values arrive."""

    files: tuple[SourceFile, ...]
    arrivals: tuple[dict[str, Arrived], ...]
    schema: Schema
    exact: bool

    def batches(
        self,
        columns: Sequence[str],
        part: RowGroups | None = None,
        *,
        rejections: object = None,  # noqa: ARG002 - every row of such a file can be read
    ) -> Iterator[tuple[SourceFile, int, pl.DataFrame]]:
        """Batches of these columns with their file and the 1-based row they begin at. part: these alone."""
        files = range(len(self.files)) if part is None else (part.file,)
        for place in files:
            file, arrivals, row = self.files[place], self.arrivals[place], 1 if part is None else part.row
            for batch in _raw_batches(file, columns, None if part is None else part.groups):
                with translated_container(file):
                    data = {name: arrivals[name].convert(batch[name]) for name in columns}
                frame = _frame(data, self.schema.select(list(columns)))
                yield file, row, frame
                row += frame.height

    @property
    def empty(self) -> frozenset[str]:
        """Columns without any value."""
        names = self.schema.names
        return frozenset(name for name in names if all(one[name].said == "W0417" for one in self.arrivals))

    def parts(self, rows: int) -> tuple[RowGroups, ...]:
        """The row groups of all files, in order, divided into parts of about so many rows at least."""
        found: list[RowGroups] = []
        for place, file in enumerate(self.files):
            row, first, count = 1, 0, 0
            with translated_container(file):
                groups = open_container(file).group_rows
            for group, height in enumerate(groups):
                count += height
                if count >= rows or group == len(groups) - 1:
                    found.append(RowGroups(place, tuple(range(first, group + 1)), row, count))
                    row, first, count = row + count, group + 1, 0
        return tuple(found)

    @cached_property
    def rows(self) -> int:
        """Rows of all files, by their footers."""
        return sum(open_container(file).rows for file in self.files)


def _frame(data: dict[str, Any], schema: Schema) -> pl.DataFrame:
    series = [pl.Series(name, pl.from_arrow(array)).cast(schema[name].dtype) for name, array in data.items()]
    return pl.DataFrame(series)


def _raw_batches(
    file: SourceFile, columns: Sequence[str], groups: tuple[int, ...] | None = None
) -> Iterator[dict[str, Any]]:
    source = open_container(file)
    rows = max(1024, min(1 << 17, _CELLS // max(1, len(columns))))
    with translated_container(file):
        batches = source.batches(columns, groups=groups, rows=rows)
    while True:
        with translated_container(file):
            batch = next(batches, None)
            if batch is None:
                return
            found = {name: batch.column(batch.schema.get_field_index(name)) for name in columns}
        yield found


def open_parquet(
    files: tuple[SourceFile, ...], drop: tuple[str, ...], *, ask: Ask = asked_here
) -> tuple[ParquetFiles, list[Notice]]:
    """The files with every column's field decided. ask: who looks at values where types leave doubt.

    E0420 (damaged), E0421 (encrypted), E0422 (nested and other types), E0423 (bytes), E0424 (decimals of
    more than 38 digits), E0425 and E0416 (files that differ), E0426 (a name twice). All columns at once.
    """
    layouts = [_layout(file, drop) for file in files]
    for file, layout in zip(files, layouts, strict=True):
        _same_names(files[0], layouts[0], file, layout)
    big = _big_columns(files, layouts, ask)
    arrivals = [_arrivals(file, layout, big) for file, layout in zip(files, layouts, strict=True)]
    said = _looked_at(files, arrivals, ask)
    _same_fields(files, arrivals)
    schema = Schema(tuple(_widest(arrivals, name).field for name in layouts[0]))
    exact = all(
        list(layout) == list(layouts[0])
        and all(found[name].exact for name in layout)
        and open_container(file).plain
        for file, layout, found in zip(files, layouts, arrivals, strict=True)
    )
    return ParquetFiles(files, tuple(arrivals), schema, exact and not drop), said


def _layout(file: SourceFile, drop: tuple[str, ...]) -> dict[str, Any]:
    source = open_container(file)
    with translated_container(file):
        arrow = source.schema
    names = [name for name in arrow.names if name not in drop]
    for name, count in Counter(names).items():
        if count > 1:
            raise CauceError("E0426", place=file.place(), column=name)
    return {name: arrow.field(name).type for name in names}


def _same_names(
    first: SourceFile, expected: dict[str, Any], file: SourceFile, layout: dict[str, Any]
) -> None:
    missing, extra = sorted(expected.keys() - layout.keys()), sorted(layout.keys() - expected.keys())
    if missing or extra:
        values = {"missing": ", ".join(missing) or "-", "extra": ", ".join(extra) or "-"}
        raise CauceError("E0416", place=file.place(), first=first.name, **values)


def _arrivals(file: SourceFile, layout: dict[str, Any], big: set[str]) -> dict[str, Arrived]:
    found, refused = {}, []
    for name, arrow in layout.items():
        arrival = arrived(name, arrow, big=name in big)
        if isinstance(arrival, Refused):
            refused.append(CauceError(arrival.code, place=file.place(), column=name, found=arrival.found))
        else:
            found[name] = arrival
    if refused:
        raise CauceErrors(refused) if len(refused) > 1 else refused[0]
    return found


@dataclass(frozen=True)
class _Troubles:
    """Asks which columns of a file have values that trouble the reader. looks: `Arrived.look`, by column."""

    file: SourceFile
    looks: tuple[tuple[str, str], ...]

    def __call__(self) -> list[str]:
        found: set[str] = set()
        for batch in _raw_batches(self.file, [name for name, _ in self.looks]) if self.looks else ():
            found |= {name for name, look in self.looks if offending(look, batch[name])}
        return sorted(found)


def _big_columns(files: tuple[SourceFile, ...], layouts: list[dict[str, Any]], ask: Ask) -> set[str]:
    """Columns of unsigned 64-bit numbers beyond the largest signed one, in any file."""
    questions = [
        _Troubles(
            file,
            tuple(
                (name, "size")
                for name, arrow in layout.items()
                if isinstance(found := arrived(name, arrow), Arrived) and found.look == "size"
            ),
        )
        for file, layout in zip(files, layouts, strict=True)
    ]
    return {name for found in ask([one for one in questions if one.looks]) for name in found}


def _looked_at(files: tuple[SourceFile, ...], arrivals: list[dict[str, Arrived]], ask: Ask) -> list[Notice]:
    """What the values themselves decide, and the notices that types call for. E0423 for bytes that are not
    text, all columns of a file at once."""
    said: dict[Notice, None] = {}
    looks = [_doubts(found) for found in arrivals]
    asked = [_Troubles(file, one) for file, one in zip(files, looks, strict=True) if one]
    answers = iter(ask(asked))
    for file, found, looked in zip(files, arrivals, looks, strict=True):
        trouble = set(next(answers)) if looked else set()
        bytes_ = [name for name, look in looked if name in trouble and look == "letters"]
        if bytes_:
            errors = [CauceError("E0423", place=file.place(), column=name) for name in bytes_]
            raise CauceErrors(errors) if len(errors) > 1 else errors[0]
        for name, _ in looked:
            if name in trouble:
                said[Notice.of("W0421", column=name)] = None
        for name, arrival in found.items():
            if arrival.said:
                said[Notice.of(arrival.said, column=name)] = None
    return list(said)


def _doubts(found: dict[str, Arrived]) -> tuple[tuple[str, str], ...]:
    return tuple((name, one.look) for name, one in found.items() if one.look in ("letters", "digits"))


def _widest(arrivals: list[dict[str, Arrived]], name: str) -> Arrived:
    """The arrival that decides a column's field: the first that is not a column of nulls."""
    return next((found[name] for found in arrivals if found[name].said != "W0417"), arrivals[0][name])


def _same_fields(files: tuple[SourceFile, ...], arrivals: list[dict[str, Arrived]]) -> None:
    for file, found in zip(files, arrivals, strict=True):
        for name, arrival in found.items():
            expected = _widest(arrivals, name).field
            if arrival.field != expected and arrival.said != "W0417":
                raise CauceError(
                    "E0425",
                    place=file.place(),
                    column=name,
                    found=_described(arrival.field.kind, arrival.field.scale, arrival.field.zone),
                    expected=_described(expected.kind, expected.scale, expected.zone),
                    first=files[0].name,
                )


def _described(kind: str, scale: int | None, zone: str | None) -> str:
    return " ".join(str(part) for part in (kind, scale, zone) if part is not None)
