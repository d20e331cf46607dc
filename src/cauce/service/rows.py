"""Bodies to rows: typed in one go where all is well, else read again strictly to name every fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, NotRequired, TypedDict

import msgspec

from cauce.core.bundle.inputs import InputColumn
from cauce.errors import CauceError
from cauce.expr.schema import Field
from cauce.expr.value_types import INTEGER_MAX, INTEGER_MIN
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.service.json_text import read_json
from cauce.service.settings import Extra
from cauce.service.values import (
    Fault,
    Reader,
    RowsRefused,
    Unfit,
    column_faults,
    described,
    each_repeated,
    is_deep,
    kept_fault,
    plain,
    reader_of,
    takes,
)

Row = dict[str, Any]
MOST_FAULTS = 1000
_TYPES: Mapping[str, Any] = {
    "float": float | None,
    "integer": Annotated[int, msgspec.Meta(ge=INTEGER_MIN, le=INTEGER_MAX)] | None,
    "boolean": bool | None,
    "text": str | None,
    "date": str | None,
    "datetime": str | None,
}
"""What is decoded at once. Not decimals: a JSON number would pass through a float."""
_WRONG = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Unfit)


@dataclass(frozen=True)
class RowReader:
    """Reads rows of a model's columns.

    key: columns that may come along, of any kind and nested up to `DEEPEST` levels, and are kept. extra: what
    happens to others. most: rows.
    """

    columns: tuple[InputColumn, ...]
    key: tuple[str, ...] = ()
    extra: Extra = "ignore"
    most: int = 10_000

    def one(self, body: bytes) -> Row:
        """The row in a JSON object. RowsRefused names every field that cannot be used; E2410."""
        if self._at_once:
            try:
                row: Row = self._one.decode(body)
                if self._surely_once(body, (row,)) and self._keeps((row,)):
                    return self._finished(row)
            except _WRONG:
                pass
        return self.strictly((read_json(body),), single=True)[0]

    def many(self, body: bytes) -> list[Row]:
        """The rows in a JSON list. RowsRefused, E2410, E2413, E2422."""
        if self._at_once:
            try:
                rows: list[Row] = self._many.decode(body)
                if len(rows) <= self.most and self._surely_once(body, rows) and self._keeps(rows):
                    return [self._finished(row) for row in rows] if self._unfinished else rows
            except _WRONG:
                pass
        found = read_json(body)
        if type(found) is not list:
            raise CauceError("E2422", reason=self._neither(found))
        return self.strictly(found)

    def strictly(self, found: Sequence[Any], *, single: bool = False) -> list[Row]:
        """Rows of values as `read_json` gives them; the faults of all rows at once (RowsRefused), E2413."""
        if len(found) > self.most:
            raise CauceError("E2413", rows=len(found), limit=self.most)
        faults: list[Fault] = []
        rows = [
            self._checked(one, None if single else place, faults=faults) for place, one in enumerate(found)
        ]
        if faults:
            raise RowsRefused(faults)
        return rows

    def _checked(self, found: Any, place: int | None, *, faults: list[Fault]) -> Row:
        if not isinstance(found, dict):
            expected = translate(_("an object"))
            _add(faults, [Fault("E2435", place, None, {"found": described(found), "expected": expected})])
            return {}
        _add(faults, each_repeated(found, place))
        row: Row = {}
        for name, (read, field) in self._readers.items():
            value = found.get(name, _MISSING)
            if value is _MISSING:
                _add(faults, [Fault("E2430", place, name, {"expected": takes(field)})])
                continue
            try:
                row[name] = read(value)
            except Unfit as error:
                _add(faults, [column_faults(field, error, value=value, row=place)])
        for name in self._beside:
            if is_deep(found.get(name)):
                _add(faults, [kept_fault(name, place)])
            elif name in found:
                row[name] = plain(found[name])
        if self.extra == "refuse" and len(found) > len(row):
            others = (name for name in found if name not in self._readers and name not in self.key)
            _add(faults, [Fault("E2434", place, name, {}) for name in others])
        return row

    def _surely_once(self, body: bytes, rows: Sequence[Row]) -> bool:
        """Whether no name occurs twice, and no other is there: as many colons as there are members.

        Every member of an object has a colon outside texts; those inside are counted where nothing is
        escaped. Where that does not come out, the strict reading decides.
        """
        colons, members = body.count(b":"), sum(map(len, rows))
        if colons == members:
            return True
        inside = self._name_colons * len(rows)
        inside += sum(value.count(":") for row in rows for value in row.values() if type(value) is str)
        return colons == members + inside and b"\\" not in body

    def _keeps(self, rows: Sequence[Row]) -> bool:
        """Whether what comes along can be kept."""
        return not any(is_deep(row.get(name)) for name in self._beside for row in rows)

    def _finished(self, row: Row) -> Row:
        for name, read in self._unfinished:
            row[name] = read(row[name])
        return row

    def _neither(self, found: Any) -> str:
        words = translate(_("{found} in place of an object or a list of objects"))
        return words.format(found=described(found))

    @cached_property
    def _readers(self) -> dict[str, tuple[Reader, Field]]:
        return {one.name: (reader_of(one.field), one.field) for one in self.columns}

    @cached_property
    def _beside(self) -> tuple[str, ...]:
        return tuple(name for name in self.key if name not in self._readers)

    @cached_property
    def _unfinished(self) -> tuple[tuple[str, Reader], ...]:
        timed = (one for one in self.columns if one.field.kind in ("date", "datetime"))
        return tuple((one.name, reader_of(one.field)) for one in timed)

    @cached_property
    def _at_once(self) -> bool:
        return all(one.field.kind in _TYPES for one in self.columns)

    @cached_property
    def _name_colons(self) -> int:
        return sum(one.name.count(":") for one in self.columns)

    @cached_property
    def _typed(self) -> Any:
        known: dict[str, Any] = dict.fromkeys(self.key, NotRequired[Any])
        known |= {one.name: _TYPES[one.field.kind] for one in self.columns}
        return TypedDict("Row", known)  # type: ignore[operator]

    @cached_property
    def _one(self) -> msgspec.json.Decoder[Any]:
        return msgspec.json.Decoder(self._typed)

    @cached_property
    def _many(self) -> msgspec.json.Decoder[Any]:
        return msgspec.json.Decoder(list[self._typed])  # type: ignore[name-defined]


_MISSING: Any = object()


def _add(faults: list[Fault], more: Iterable[Fault]) -> None:
    """Keep the first faults: a body of ten thousand wrong rows needs no list of them all."""
    if len(faults) < MOST_FAULTS:
        faults.extend(more)
