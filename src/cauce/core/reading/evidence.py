"""What all the cells of each text column say about how they are written.

A format stays possible as long as it reads every value seen. Formats contained in another (whole numbers in
decimals) are tested first and stand for the wider ones, so a column of numbers costs one parse a batch and a
column of words nothing after its first batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import polars as pl

from cauce.core.reading.formats import CURRENCIES, Format
from cauce.expr.nodes import Column
from cauce.expr.polars import to_polars
from cauce.expr.row import to_row
from cauce.expr.schema import Field, Schema

# Texts that stand for "no value" in otherwise numeric columns of exports seen in the wild.
MARKERS = (
    "?", "-", "--", ".", "..", "NA", "N/A", "n/a", "na", "#N/A", "#NA", "NULL", "null", "Null", "None",
    "none", "NaN", "nan", "NAN", "ND", "N.D.", "N/D", "n/d", "S/D", "s/d", "NR", "N.A.", "n.a.", "missing",
    "unknown", "No Definido", "No definido", "NO DEFINIDO", "No definida", "No Definida", "No Aplica",
    "No aplica", "NO APLICA", "Sin dato", "Sin datos", "Sin información", "No reporta", "Desconocido",
    "(null)", "\\N",
    "#VALUE!", "#REF!", "#DIV/0!",
)  # fmt: skip
# Of these, the ones that mean nothing else in a column of words ("None" and "NA" may be levels).
SUSPICIOUS_WORDS = frozenset(
    ("?", "N/A", "n/a", "#N/A", "NULL", "null", "(null)", "\\N", "NaN", "nan", "No Definido", "No definido",
     "NO DEFINIDO", "No definida", "No Definida", "#VALUE!", "#REF!", "#DIV/0!")
)  # fmt: skip
_NOTHING = frozenset((*MARKERS, ""))
_HEAD = 200
_ANY = "cells"  # a series called ^a$ would be looked for as a pattern by its own methods
_FIRST = 5
_SAMPLED = 20
_FEW = 3
LARGEST_EXACT = 2**53
_LONG = 16  # bytes: a whole number this long may be beyond 2^53
_VERY_LONG = 21  # bytes: a decimal this long may have more digits than a float


@dataclass
class ColumnEvidence:
    """What one column's cells showed.

    alive: formats that read every value that is no known marker. nearly: of a column that is text, how many
    of how many values some format reads, where they are many.
    """

    name: str
    alive: tuple[Format, ...]
    values: int = 0
    empty_texts: int = 0
    markers: dict[str, int] = field(default_factory=dict)
    leading_zeros: int = 0
    inexact_wholes: int = 0
    rounded: int = 0
    nearly: tuple[int, int] | None = None

    @property
    def settled(self) -> bool:
        """Whether no further cell can change anything."""
        return not self.alive


class Evidence:
    """The evidence on several text columns, gathered batch by batch in any order.

    open: the formats each column without a declared kind may have. declared: those of each column whose
    kind is declared and whose writing is not; of these it counts the cells each format reads.
    """

    def __init__(self, open: dict[str, tuple[Format, ...]], declared: dict[str, tuple[Format, ...]]) -> None:  # noqa: A002
        self.began = open
        self.columns = {name: ColumnEvidence(name, found) for name, found in open.items()}
        self.tallies = {name: dict.fromkeys(found, 0) for name, found in declared.items()}
        self.rows = 0

    def wanted(self) -> tuple[str, ...]:
        """The columns whose cells can still change a decision."""
        return (*(name for name, column in self.columns.items() if not column.settled), *self.tallies)

    def likely(self, name: str) -> Format | None:
        """The one narrowest format that read every cell of a column so far, or None."""
        column = self.columns.get(name)
        if column is None or not column.values:
            return None
        narrowest = _narrowest(column.alive)
        return narrowest[0] if len(narrowest) == 1 else None

    def see(self, frame: pl.DataFrame) -> None:
        """Take in a batch of text columns: those `wanted`, or more.

        A column may come as the values of what was once its `likely` format, if no float passes
        LARGEST_EXACT and no cell has a leading zero.
        """
        self.rows += frame.height
        for name in self.tallies.keys() & set(frame.columns):
            _tally(self.tallies[name], frame, name)
        columns = [self.columns[name] for name in frame.columns if name in self.columns]
        columns = [column for column in columns if not column.settled]
        types = frame.schema
        for column in columns:
            if types[column.name] != pl.String:
                _see_values(column, frame[column.name].alias(_ANY))
            elif not column.values:
                _see_head(column, frame[column.name].alias(_ANY))
        columns = [column for column in columns if not column.settled and types[column.name] == pl.String]
        _see_formats(columns, frame)


def _see_values(column: ColumnEvidence, values: pl.Series) -> None:
    """Take in cells that were read as values: what their digits would lose shows in their size."""
    column.values += len(values) - values.null_count()
    if values.dtype == pl.Int64:
        ends = (values.min() or 0, values.max() or 0)
        if ends[0] < -LARGEST_EXACT or ends[1] > LARGEST_EXACT:  # type: ignore[operator]
            column.inexact_wholes += _inexact(values.drop_nulls())


def _see_head(column: ColumnEvidence, cells: pl.Series) -> None:
    """Leave only formats that read the first distinct values; a word ends the matter here, cheaply."""
    head = cells.drop_nulls().head(_HEAD).to_list()
    distinct = [text for text in dict.fromkeys(head) if text.strip() not in _NOTHING]
    if not distinct:
        return
    first = distinct[:_FIRST]
    currencies = ("", *_currencies_in(first))
    possible = tuple(item for item in column.alive if item.marks.currency in currencies)
    column.alive = tuple(item for item in possible if all(_reads(item, text) for text in first))
    if len(_narrowest(column.alive)) > _FEW:
        sample = pl.DataFrame({column.name: distinct})
        column.alive = tuple(_reading_all(column.alive, sample, column.name))
    if any(item.kind == "integer" for item in column.alive):
        column.alive = tuple(item for item in column.alive if not item.words)  # 0 and 1 are numbers
    if not column.alive:
        _see_words(column, cells, possible, distinct)


def _see_words(
    column: ColumnEvidence, cells: pl.Series, possible: tuple[Format, ...], distinct: list[str]
) -> None:
    """No format reads the column: note what would be said about it as text."""
    counts = cells.filter(cells.is_in(sorted(SUSPICIOUS_WORDS))).value_counts()
    column.markers = dict(counts.iter_rows())
    column.empty_texts = int((cells == "").sum())
    sample = distinct[:_SAMPLED]
    likely = [
        item for item in possible if not item.marks.grouping and not item.marks.currency and not item.words
    ]
    most = max((sum(_reads(item, text) for text in sample) for item in likely), default=0)
    if most >= len(sample) / 4:
        column.nearly = (most, len(sample))


@lru_cache(maxsize=1024)
def _reader(item: Format) -> Callable[[Mapping[str, Any]], Any]:
    return to_row(item.expression(Column("x")), _text_schema(["x"]))


def _reads(item: Format, text: str) -> bool:
    return _reader(item)({"x": text}) is not None


def _currencies_in(texts: Sequence[str]) -> list[str]:
    return [sign for sign in CURRENCIES if any(sign in text for text in texts)]


def _tally(counts: dict[Format, int], frame: pl.DataFrame, name: str) -> None:
    found = frame.select(
        _parsed(item, name).count().alias(str(place)) for place, item in enumerate(counts)
    ).row(0)
    for item, count in zip(list(counts), found, strict=True):
        counts[item] += count


def _text_schema(names: Iterable[str]) -> Schema:
    return Schema(tuple(Field(name, "text") for name in names))


def text_column(name: str) -> pl.Expr:
    """The text column of exactly this name."""
    return to_polars(Column(name), _text_schema([name]))


def _parsed(item: Format, name: str) -> pl.Expr:
    return to_polars(item.expression(Column(name)), _text_schema([name]))


def _reading_all(formats: Sequence[Format], frame: pl.DataFrame, name: str) -> list[Format]:
    """The formats that read every cell of a column without nulls."""
    if not formats:
        return []
    failed = frame.select(
        _parsed(item, name).is_null().any().alias(str(place)) for place, item in enumerate(formats)
    ).row(0)
    return [item for item, failing in zip(formats, failed, strict=True) if not failing]


@lru_cache(maxsize=4096)
def _narrowest(alive: tuple[Format, ...]) -> list[Format]:
    return [item for item in alive if not any(other is not item and other.within(item) for other in alive)]


def _see_formats(columns: Sequence[ColumnEvidence], frame: pl.DataFrame) -> None:
    tests = [(column, item) for column in columns for item in _narrowest(column.alive)]
    if not tests:
        return
    counts = frame.select(
        *(_filled(column.name).alias(f"n{place}") for place, column in enumerate(columns)),
        *(_may_lose(column).alias(f"d{place}") for place, column in enumerate(columns)),
        *(
            _parsed(item, column.name).count().alias(f"r{place}")
            for place, (column, item) in enumerate(tests)
        ),
    ).row(0, named=True)
    present = {column.name: counts[f"n{place}"] for place, column in enumerate(columns)}
    failing = [
        (column, item)
        for place, (column, item) in enumerate(tests)
        if counts[f"r{place}"] < present[column.name]
    ]
    for column in {id(column): column for column, _ in failing}.values():
        present[column.name] -= _count_markers(column, frame[column.name])
    for column, item in failing:
        _drop_failing(column, item, frame[column.name], present[column.name])
    for place, column in enumerate(columns):
        column.values += present[column.name]
        if counts[f"d{place}"] and column.alive:
            _see_digits(column, frame[column.name])


def _filled(name: str) -> pl.Expr:
    """How many cells of a text column hold a value: not null, not empty."""
    return (text_column(name).str.len_bytes() > 0).sum()


def _may_lose(column: ColumnEvidence) -> pl.Expr:
    """Whether a closer look at the digits of a batch is needed."""
    text = text_column(column.name)
    first = column.alive[0]
    if first.kind == "datetime":
        return pl.lit(".%f" in first.pattern)
    if first.kind not in ("integer", "float"):
        return pl.lit(False)
    zeros = text.str.starts_with("0") | text.str.starts_with("-0") | text.str.starts_with(" ")
    return ((zeros & (text.str.len_bytes() > 1)) | (text.str.len_bytes() >= _LONG)).any()


def _drop_failing(column: ColumnEvidence, narrow: Format, cells: pl.Series, filled: int) -> None:
    """`narrow` did not read some cells: unless all are known markers, only wider formats may remain.

    filled: how many of the cells hold a value that is no known marker.
    """
    frame = cells.to_frame()
    failing = frame.filter(
        _parsed(narrow, column.name).is_null() & (text_column(column.name).str.len_bytes() > 0)
    )
    rest = failing.filter(~failing[column.name].str.strip_chars().is_in(sorted(_NOTHING)))
    if rest.height == 0:
        return
    wider = [item for item in column.alive if item is not narrow and narrow.within(item)]
    gone = {narrow, *wider}.difference(_reading_all(wider, rest, column.name))
    column.alive = tuple(item for item in column.alive if item not in gone)
    if not column.alive and narrow.kind != "boolean":
        column.nearly = (filled - rest.height, filled)


def _count_markers(column: ColumnEvidence, cells: pl.Series) -> int:
    """Count the known markers among a batch's cells; how many cells hold one, or only blanks."""
    stripped = cells.filter(cells.str.len_bytes() > 0).str.strip_chars()
    found = stripped.filter(stripped.is_in(sorted(_NOTHING)))
    for text, count in found.value_counts().iter_rows():
        if text:
            column.markers[text] = column.markers.get(text, 0) + count
    return len(found)


def _see_digits(column: ColumnEvidence, cells: pl.Series) -> None:
    """Count what a number would lose: leading zeros, and digits beyond those of a float."""
    if column.alive[0].kind == "datetime":
        column.rounded += int(cells.str.contains(r"[.][0-9]{7}").sum())
        return
    cells = cells.str.strip_chars()
    zero = cells.filter(cells.str.starts_with("0") | cells.str.starts_with("-0"))
    column.leading_zeros += int(zero.str.contains("^-?0[0-9]").sum())
    long = cells.filter(cells.str.len_bytes() >= _LONG).drop_nulls()
    if not len(long):
        return
    marks = column.alive[0].marks
    plain = long.str.replace_all(f"[^0-9{marks.decimal}eE+-]", "")
    wholes = plain.filter(~plain.str.contains(f"[{marks.decimal}eE]"))
    column.inexact_wholes += _inexact(wholes)
    very_long = plain.filter(plain.str.len_bytes() >= _VERY_LONG)
    digits = very_long.str.replace("[eE].*", "").str.replace_all("[^0-9]", "").str.strip_chars_start("0")
    column.rounded += int((digits.str.len_bytes() > 17).sum())


def _inexact(wholes: pl.Series) -> int:
    """How many whole numbers (texts or integers) a float does not hold exactly, or perhaps not."""
    numbers = wholes.cast(pl.Int64, strict=False)
    back = numbers.cast(pl.Float64).cast(pl.Int64, strict=False)
    return int((back.is_null() | (back != numbers)).sum())
