"""A table's columns as a model needs them: which fit, how they are converted, and cells that cannot be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from cauce.core.bundle.inputs import InputColumn
from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.expr.nodes import Expression
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Field, Schema
from cauce.expr.tree import walk

Found = Mapping[str, Field | str | None]
"""The columns that are there, by name; None for one of nulls alone, which is of any kind; the name of its
type for one that is of no kind."""


@dataclass(frozen=True)
class _Way:
    """How a column becomes the one wanted. failing: true for a cell that says something and yet cannot."""

    made: Expression
    failing: Expression | None = None


def _way(column: InputColumn, found: Field) -> _Way | None:
    """The way from `found` to the column wanted, or None where there is no honest one.

    Texts by the training file's own reading; whole floats and decimals become integers; integers and
    decimals floats; midnights dates (pandas has no dates). Nothing else: 1234 is not the text "01234", and a
    date is no moment.
    """
    source, wanted = n.Column(found.name), column.field
    if found.kind == "text" and column.text is not None:
        failing = None if wanted.kind == "text" else _unread(source, column.text)
        return _Way(column.text, failing)
    if found.kind == wanted.kind:
        same = found.scale == wanted.scale and found.zone == wanted.zone
        return _Way(source) if same else None
    if wanted.kind == "float" and found.kind in ("integer", "decimal"):
        return _Way(n.Cast(source, "float"))
    if wanted.kind == "integer" and found.kind in ("float", "decimal"):
        whole = _whole(source)
        return _Way(whole, n.And((n.Not(n.IsMissing(source)), n.IsNull(whole))))
    if wanted.kind == "date" and found.kind == "datetime" and found.zone is None:
        day = n.Cast(source, "date")
        return _Way(day, n.Compare(n.Cast(day, "datetime"), source, "!="))
    return None


def _whole(source: Expression) -> Expression:
    whole = n.Cast(source, "integer")
    same = n.Compare(n.Cast(whole, "float"), n.Cast(source, "float"), "==")
    return n.IfElse(n.Coalesce((same, n.literal(False))), whole, n.Literal(None, "integer"))


def _unread(source: Expression, reading: Expression) -> Expression:
    stripped = n.Strip(source)
    empty = ("", *_markers(reading))
    said = n.And((n.Not(n.IsNull(source)), n.Not(n.IsIn(stripped, empty))))
    return n.And((said, n.IsNull(reading)))


def _markers(reading: Expression) -> tuple[str, ...]:
    """The texts that mean "no value", as a file's reading tests for them."""
    found: list[str] = []
    for node in walk(reading):
        match node:
            case n.IfElse(n.IsIn(n.Strip(n.Column()), values), n.Literal(None), n.Column()):
                found += [value for value in values if isinstance(value, str)]
    return tuple(found)


@dataclass(frozen=True)
class Mismatch:
    """What keeps a table from being scored: columns it lacks, and (name, found, wanted) of other kinds."""

    missing: tuple[str, ...] = ()
    wrong: tuple[tuple[str, str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.wrong)

    def error(self) -> CauceError:
        """E1209, naming every column at once."""
        wrong = ", ".join(f"{name} ({found} ≠ {wanted})" for name, found, wanted in self.wrong)
        return CauceError("E1209", missing=", ".join(self.missing) or "-", wrong=wrong or "-")


def described(field: Field) -> str:
    """A field's kind with its scale or zone."""
    parts = (field.kind, field.scale, field.zone)
    return " ".join(str(part) for part in parts if part is not None)


def mismatch(columns: Sequence[InputColumn], found: Found) -> Mismatch:
    """What of `columns` is missing or of another kind in `found`; empty where the table can be scored."""
    missing = tuple(column.name for column in columns if column.name not in found)
    wrong = tuple(
        (column.name, own if isinstance(own, str) else described(own), described(column.field))
        for column in columns
        if (own := found.get(column.name)) is not None and (isinstance(own, str) or _way(column, own) is None)
    )
    return Mismatch(missing, wrong)


@dataclass(frozen=True)
class Conversion:
    """From a table as it is to the columns a model reads. Raises E1209 for all that does not fit."""

    columns: tuple[InputColumn, ...]
    found: Found

    def __post_init__(self) -> None:
        if apart := mismatch(self.columns, self.found):
            raise apart.error()

    def __call__(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The columns, in order, each of exactly its kind; null for a cell that cannot be converted."""
        made = self._projection(frame)
        return pl.DataFrame([self._column(made, one.field, frame.height) for one in self.columns])

    def failing(self, frame: pl.DataFrame, *, row: Callable[[int], int] | None = None) -> dict[int, str]:
        """Rows with a cell that says something and cannot be converted: row → the first such column."""
        found: dict[int, str] = {}
        for output, marks in zip(self._failing.outputs, self._failing(frame), strict=True):
            for place in marks.alias("").arg_true().to_list():
                found.setdefault(place if row is None else row(place), output.name)
        return found

    def unreadable(self, frame: pl.DataFrame, *, least: int) -> tuple[str, ...]:
        """Columns of which at least so many cells say something and not one can be converted."""
        if not self._failing.outputs:
            return ()
        made, marks = self(frame), self._failing(frame)
        return tuple(
            name
            for name in marks.columns
            if (marks.get_column(name).sum() or 0) >= least
            and made.get_column(name).null_count() == made.height
        )

    @property
    def may_fail(self) -> bool:
        """Whether there can be cells that cannot be converted."""
        return bool(self._failing.outputs)

    def _column(self, made: pl.DataFrame, field: Field, height: int) -> pl.Series:
        if self.found[field.name] is None:
            return pl.Series(field.name, [None], dtype=field.dtype).new_from_index(0, height)
        return made.get_column(field.name)

    @cached_property
    def _ways(self) -> dict[str, _Way]:
        ways = {
            one.name: _way(one, self._fields[one.name]) for one in self.columns if one.name in self._fields
        }
        return {name: way for name, way in ways.items() if way is not None}

    @cached_property
    def _fields(self) -> dict[str, Field]:
        return {name: own for name, own in self.found.items() if isinstance(own, Field)}

    @cached_property
    def _input(self) -> Schema:
        return Schema(tuple(self._fields[name] for name in self._ways))

    @cached_property
    def _projection(self) -> Projection:
        return Projection(tuple(Output(name, way.made) for name, way in self._ways.items()), self._input)

    @cached_property
    def _failing(self) -> Projection:
        outputs = (Output(name, way.failing) for name, way in self._ways.items() if way.failing is not None)
        return Projection(tuple(outputs), self._input)
