"""Everything one looks at a column of texts for, from its different values and how often each comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from cauce.errors import CauceError
from cauce.stats.counts import ColumnCounts, ColumnLengths, merged_lengths
from cauce.stats.distinct import ColumnDistinct
from cauce.stats.levels import ColumnLevels, LevelState, levels_of, merged_levels
from cauce.stats.mergeable import ByColumn, at_least
from cauce.stats.registers import Registers, estimate, registers_of
from cauce.stats.text_hash import text_digests

_FORMS = 16


@dataclass(frozen=True)
class TextState:
    """registers: None while the levels are kept. marked: marks found, ascending, with their cells."""

    counts: ColumnCounts = field(default_factory=ColumnCounts)
    levels: LevelState = field(default_factory=LevelState)
    lengths: ColumnLengths = field(default_factory=ColumnLengths)
    registers: Registers | None = None
    marked: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class ColumnTexts:
    """What a column of texts holds. marked: cells by what they hold, of those that are a mark."""

    counts: ColumnCounts
    levels: ColumnLevels
    lengths: ColumnLengths
    distinct: ColumnDistinct
    marked: dict[str, int]


@dataclass(frozen=True)
class TextFacts(ByColumn[TextState, ColumnTexts]):
    """Counts, levels, lengths, distinct values and marks of text columns.

    marks: words in lower case; a cell is one where it equals it in lower case and without blanks around.
    At most the first 16 written forms are kept, in order of code points. limit: of levels, as in `Levels`;
    beyond it `distinct` comes from HyperLogLog. Raises E0202 for other kinds.
    """

    columns: tuple[str, ...]
    marks: tuple[str, ...] = ()
    limit: int = 1000
    state_type = TextState

    def __post_init__(self) -> None:
        at_least(self, "limit", lowest=1)

    def start_column(self) -> TextState:
        return TextState()

    def of_column(self, series: pl.Series, known: TextState) -> TextState:
        if series.dtype != pl.String:
            raise CauceError(
                "E0202", column=series.name, found=series.dtype, summary="TextFacts", needed="text"
            )
        nulls = series.null_count()
        every = pl.DataFrame({"value": series}).lazy().group_by("value").agg(count=pl.len().cast(pl.Int64))
        marked = pl.lit(value=False) if not self.marks else self._is_mark()
        found = (
            every.filter(pl.col("value").is_not_null())
            .with_columns(length=pl.col("value").str.len_chars().cast(pl.Int64), marked=marked)
            .collect()
        )
        empty = int(found.filter(pl.col("length") == 0)["count"].sum())
        levels = found.select("value", "count")
        overflow = known.levels.overflow or levels.height > self.limit
        state = LevelState(None, overflow=True, nulls=nulls)
        if not overflow:
            state = LevelState(levels.sort("value") if len(series) > nulls else None, nulls=nulls)
        return TextState(
            ColumnCounts(len(series), nulls, empty=empty),
            state,
            _lengths(found),
            _registers(levels, known.registers) if overflow else None,
            _first(dict(found.filter("marked").select("value", "count").iter_rows())),
        )

    def _is_mark(self) -> pl.Expr:
        """Long texts are told by their length alone, before any is turned to lower case."""
        longest = max(len(mark.encode()) for mark in self.marks) + 4
        short = pl.col("value").str.len_bytes() <= longest
        text = pl.when(short).then(pl.col("value"))
        known = text.str.strip_chars().str.to_lowercase().is_in(sorted(self.marks))
        return known.fill_null(value=False)

    def merge_column(self, left: TextState, right: TextState) -> TextState:
        levels = merged_levels(left.levels, right.levels, limit=self.limit)
        registers = None
        if levels.overflow:
            registers = np.maximum(_own(left), _own(right))
        forms = dict(left.marked)
        for form, count in right.marked:
            forms[form] = forms.get(form, 0) + count
        return TextState(
            left.counts + right.counts,
            levels,
            merged_lengths(left.lengths, right.lengths),
            registers,
            _first(forms),
        )

    def result_column(self, state: TextState) -> ColumnTexts:
        levels = levels_of(state.levels)
        distinct = ColumnDistinct(len(levels.values), exact=True)
        if state.registers is not None:
            distinct = ColumnDistinct(round(estimate(state.registers)), exact=False)
        return ColumnTexts(state.counts, levels, state.lengths, distinct, dict(state.marked))


def _lengths(found: pl.DataFrame) -> ColumnLengths:
    if not found.height:
        return ColumnLengths()
    lengths, counts = found["length"], found["count"]
    total, squares = (lengths * counts).sum(), (lengths * lengths * counts).sum()
    low: Any = lengths.min()
    high: Any = lengths.max()
    return ColumnLengths(int(counts.sum()), low, high, int(total), int(squares))


def _registers(levels: pl.DataFrame, known: Registers | None = None) -> Registers:
    return registers_of(text_digests(levels["value"])[0], known=known)


def _own(state: TextState) -> Registers:
    if state.registers is not None:
        return state.registers
    levels = state.levels.levels
    return _registers(pl.DataFrame({"value": []}, {"value": pl.String}) if levels is None else levels)


def _first(forms: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(forms.items())[:_FORMS])
