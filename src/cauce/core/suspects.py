"""Cells that look like a missing value written as a text or number, counted."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cauce.stats.mergeable import ByColumn

WORDS = frozenset(
    (
        *("?", "-", "--", ".", "n/a", "na", "#n/a", "nan", "null", "none", "nil", "(null)", "missing"),
        *("unknown", "not available", "not applicable", "no definido", "no definida", "no aplica"),
        *("sin dato", "sin datos", "sin información", "no disponible", "s/d", "s/i", "nd", "n.d."),
        *("no especificado", "no registra", "desconocido", "desconocida", "no informado", "-999", "-9999"),
    )
)
NUMBERS = (-999, -9999, -99999)
_LONGEST = max(len(word.encode()) for word in WORDS) + 4
_FORMS = 16


@dataclass(frozen=True)
class SuspectState:
    """Forms, ascending, and how many cells hold each."""

    forms: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Suspects(ByColumn[SuspectState, dict[str, int]]):
    """How many cells of text, integer and float columns hold one of WORDS or NUMBERS, by what they hold.

    Words are compared in lower case and without blanks around them. At most the first 16 forms are kept,
    in order of code points: which they are depends on the cells alone.
    """

    columns: tuple[str, ...]
    state_type = SuspectState

    def start_column(self) -> SuspectState:
        return SuspectState()

    def of_column(self, series: pl.Series, known: SuspectState) -> SuspectState:  # noqa: ARG002
        found = _words(series) if series.dtype == pl.String else _numbers(series)
        counted = found.alias("form").value_counts()
        return _kept(dict(zip(counted["form"], counted["count"], strict=True)))

    def merge_column(self, left: SuspectState, right: SuspectState) -> SuspectState:
        if not left.forms or not right.forms:
            return left if left.forms else right
        counts = dict(zip(left.forms, left.counts, strict=True))
        for form, count in zip(right.forms, right.counts, strict=True):
            counts[form] = counts.get(form, 0) + count
        return _kept(counts)

    def result_column(self, state: SuspectState) -> dict[str, int]:
        return dict(zip(state.forms, state.counts, strict=True))


def _words(series: pl.Series) -> pl.Series:
    short = series.filter(series.str.len_bytes() <= _LONGEST)
    return short.filter(short.str.strip_chars().str.to_lowercase().is_in(sorted(WORDS)))


def _numbers(series: pl.Series) -> pl.Series:
    found = series.filter(series.is_in(pl.Series(NUMBERS).cast(series.dtype).implode()))
    return found.cast(pl.Int64).cast(pl.String)


def _kept(counts: dict[str, int]) -> SuspectState:
    forms = tuple(sorted(counts)[:_FORMS])
    return SuspectState(forms, tuple(counts[form] for form in forms))
