"""CSV bodies as rows: texts that are read as the training file's texts were."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from cauce.core.bundle.conversion import Conversion
from cauce.core.bundle.inputs import InputColumn
from cauce.core.bundle.manifest import Manifest
from cauce.core.bundle.text_forms import readable
from cauce.errors import CauceError
from cauce.expr.schema import Field
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.service.rows import Row
from cauce.service.settings import Extra
from cauce.service.values import Fault, RowsRefused, takes

Cells = list[str | None]
_CELL = re.compile(r'(?:"((?:[^"]|"")*)"([^,\r\n]*)|([^,\r\n]*))(,|\r\n|\n|\r|\Z)')


@dataclass(frozen=True)
class CsvReader:
    """Reads CSV by the columns' own readings of texts.

    extra: what happens to further columns of a body that has a line of names; key: columns that may come
    along. most: rows.
    """

    manifest: Manifest
    extra: Extra = "ignore"
    most: int = 10_000

    def rows(self, body: bytes, *, header: bool | None = None) -> list[Row]:
        """The rows of a body. header: whether a line of names comes first; None for where it shows.

        A cell with nothing at all is missing; a pair of quotes is an empty text. RowsRefused names each
        column with a cell that cannot be read; E2413, E2423.
        """
        records = list(_records(_decoded(body), most=self.most + 1))
        names = self._names(records, header)
        given = records[0 if names is None else 1 :]
        order = [one.name for one in self.columns] if names is None else names
        self._check(given, order, has_names=names is not None)
        texts = pl.DataFrame(
            {one.name: [row[order.index(one.name)] for row in given] for one in self.columns},
            schema={one.name: pl.String() for one in self.columns},
        )
        return self._typed(texts)

    def _typed(self, texts: pl.DataFrame) -> list[Row]:
        fixed = [one for one in self.columns if one.text is None and one.field.kind != "text"]
        faults = [_unread(one.field, None) for one in fixed]
        if not faults:
            faults = [
                _unread(self.manifest.schema[name], place)
                for place, name in self._conversion.failing(texts).items()
            ]
        if faults:
            raise RowsRefused(faults)
        return self._conversion(texts).to_dicts()

    def _check(self, rows: Sequence[Cells], order: list[str], *, has_names: bool) -> None:
        if len(rows) > self.most:
            raise CauceError("E2413", rows=len(rows), limit=self.most)
        for place, row in enumerate(rows):
            if len(row) != len(order):
                raise _bad(_("row {row} has {found} cells in place of {expected}"), row=place + 1,
                           found=len(row), expected=len(order))  # fmt: skip
        if has_names:
            self._check_names(order)

    def _check_names(self, names: list[str]) -> None:
        wanted = {one.name: one for one in self.columns}
        faults = [
            Fault("E2430", None, name, {"expected": takes(one.field)})
            for name, one in wanted.items()
            if name not in names
        ]
        faults += [Fault("E2433", None, name, {}) for name in wanted if names.count(name) > 1]
        if self.extra == "refuse":
            keys = {one.name for one in self.manifest.key}
            others = (name for name in names if name not in wanted and name not in keys)
            faults += [Fault("E2434", None, name, {}) for name in dict.fromkeys(others)]
        if faults:
            raise RowsRefused(faults)

    def _names(self, records: Sequence[Cells], header: bool | None) -> list[str] | None:
        """The line of names, or None where there is none."""
        if not records:
            if header:
                raise _bad(_("the line of names is missing"))
            return None
        first = ["" if cell is None else cell for cell in records[0]]
        wanted = [one.name for one in self.columns]
        if header is None:
            header = any(name in first for name in wanted)
            if not header and len(first) != len(wanted):
                raise _bad(_("the first line neither names the columns nor has {expected} cells"),
                           expected=len(wanted))  # fmt: skip
        return first if header else None

    @cached_property
    def columns(self) -> tuple[InputColumn, ...]:
        """The model's columns, each with its way to read texts."""
        return tuple(readable(one, self.manifest) for one in self.manifest.input)

    @cached_property
    def _conversion(self) -> Conversion:
        return Conversion(self.columns, {one.name: Field(one.name, "text") for one in self.columns})


def _unread(field: Field, row: int | None) -> Fault:
    return Fault("E2436", row, field.name, {"expected": takes(field)})


def _decoded(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(_("byte {place} is not UTF-8"), place=error.start + 1) from None
    if "\0" in text:
        raise _bad(_("it holds NUL"))
    return text


def _records(text: str, *, most: int) -> Iterator[Cells]:
    """The records; lines with nothing in them are none. One more than `most` ends it."""
    cells: Cells = []
    place, found = 0, 0
    while place < len(text) or cells:
        cell = _CELL.match(text, place)
        if cell is None or (cell[1] is None and (cell[3] or "").startswith('"')):
            raise _bad(_("a quote in line {line} is never closed"), line=text.count("\n", 0, place) + 1)
        quoted = None if cell[1] is None else cell[1].replace('""', '"') + cell[2]
        cells.append((cell[3] or None) if quoted is None else quoted)
        place = cell.end()
        if cell[4] != ",":
            if cells != [None]:
                yield cells
                found += 1
                if found > most:
                    return
            cells = []
            if not cell[4]:
                return


def _bad(text: str, **values: object) -> CauceError:
    return CauceError("E2423", reason=translate(text).format(**values))
