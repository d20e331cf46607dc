"""A profile out of what one scan gathered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from cauce.core.columns import TARGET
from cauce.core.profile.associations import associations_of
from cauce.core.profile.edges import periods
from cauce.core.profile.flags import SUSPECT_SHARE, flags_of
from cauce.core.profile.gathering import Profiling
from cauce.core.profile.numbers import histogram_of, level_values, numbers_of
from cauce.core.profile.personal import SHOWN_OF_PEOPLE, personal_values
from cauce.core.profile.sample import SampleRows
from cauce.core.profile.shapes import TextShapes, text_shapes
from cauce.core.profile.targets import target_profile
from cauce.core.profile.values import (
    Associations,
    ColumnProfile,
    Flag,
    HistogramBins,
    Lengths,
    Level,
    LevelsShown,
    Profile,
    Repeats,
    TargetProfile,
)
from cauce.core.suspects import NUMBERS
from cauce.expr.schema import Field
from cauce.stats.counts import ColumnCounts
from cauce.stats.day_facts import ColumnDays
from cauce.stats.distinct import ColumnDistinct
from cauce.stats.number_facts import ColumnNumbers
from cauce.stats.text_facts import ColumnTexts
from cauce.stats.thinning import ThinnedRows
from cauce.threads import in_threads

MOST_LEVELS: Final = 50
_LOOKED_AT: Final = 10_000


def make_profile(profiling: Profiling, results: tuple[Any, ...]) -> Profile:
    """The profile, from the results of `profiling.summaries`."""
    numbers, texts, days, sampled, hashes, *more = results
    facts: Mapping[str, Any] = {**numbers, **texts, **days}
    sample = SampleRows.of(sampled, TARGET if profiling.target else None)
    columns = tuple(_column(field, facts[field.name], sample) for field in profiling.schema)
    repeated = [_repeats((), hashes)]
    if profiling.key:
        repeated.append(_repeats(profiling.key, more[-1]))
    shown = {column.name for column in columns if column.levels_shown != "hidden"}

    def target() -> TargetProfile | None:
        if profiling.target is None:
            return None
        levels, counts = more[0][TARGET], more[1][TARGET]
        return target_profile(profiling, sample, levels=levels, counts=counts, shown=shown)

    def associations() -> Associations | None:
        constant = {one.name for one in columns if one.constant}
        return associations_of(profiling.schema, sample, constant=constant)

    asked: tuple[Callable[[], Any], ...] = (target, associations)
    about_target, related = in_threads(lambda one: one(), asked)
    return Profile(hashes.total, columns, about_target, tuple(repeated), related)


def _repeats(columns: tuple[str, ...], found: ThinnedRows) -> Repeats:
    return Repeats(columns, found.repeated, found.repeated_error, found.exact)


def _column(field: Field, facts: Any, sample: SampleRows) -> ColumnProfile:
    makers: dict[type, Any] = {ColumnNumbers: _of_numbers, ColumnTexts: _of_texts, ColumnDays: _of_days}
    column, most_frequent = makers[type(facts)](field, facts)
    cells = sample.cells(field.name).head(_LOOKED_AT)
    shapes = text_shapes(cells) if field.kind == "text" else TextShapes()
    personal = personal_values(cells) if field.kind in ("text", "integer") else None
    found = tuple(flags_of(column, most_frequent=most_frequent, shapes=shapes, personal=personal))
    if any(map(_is_personal, found)):
        # Extremes and quantiles of what names people are somebody's own.
        hidden = {"levels": (), "low": None, "high": None, "numbers": None, "histogram": None}
        return _with(column, flags=found, levels_shown="hidden", **hidden)
    if any(flag.kind == "identifier" for flag in found):
        return _with(column, flags=found, levels_shown="hidden", levels=())
    return _with(column, flags=found)


def _is_personal(flag: Flag) -> bool:
    named = flag.kind in ("personal_name", "personal_value")
    return named and flag.values["what"] not in SHOWN_OF_PEOPLE


def _with(column: ColumnProfile, **changes: Any) -> ColumnProfile:
    return ColumnProfile(**{**vars(column), **changes})


def _of_numbers(field: Field, facts: ColumnNumbers) -> tuple[ColumnProfile, int]:
    numbers = numbers_of(facts)
    quantiles = facts.quantiles
    levels: tuple[Level, ...] = ()
    if facts.distinct.exact and len(quantiles.values) <= MOST_LEVELS:
        counts = quantiles.counts.tolist()
        both = zip(level_values(facts, field.kind), counts, strict=True)
        levels = tuple(sorted((Level(value, count) for value, count in both), key=lambda one: -one.count))
    whole = field.kind == "integer"
    histogram = None if field.kind == "boolean" else histogram_of(facts, numbers, whole=whole)
    common = _base(field, facts.counts, facts.distinct)
    suspects = zip(map(str, NUMBERS), facts.marked, strict=True)
    column = ColumnProfile(
        **common,
        low=facts.low,
        high=facts.high,
        suspects=_frequent(dict(suspects), facts.counts.rows),
        levels=levels,
        levels_shown="all" if levels else "none",
        numbers=numbers,
        histogram=histogram,
    )
    return column, int(quantiles.counts.max(initial=0))


def _of_texts(field: Field, facts: ColumnTexts) -> tuple[ColumnProfile, int]:
    both = zip(facts.levels.values, facts.levels.counts, strict=True)
    levels = tuple(Level(value, count) for value, count in both)
    shown: LevelsShown = "most_frequent" if len(levels) > MOST_LEVELS else "all" if levels else "none"
    lengths = facts.lengths
    column = ColumnProfile(
        **_base(field, facts.counts, facts.distinct),
        low=None,
        high=None,
        suspects=_frequent(facts.marked, facts.counts.rows),
        levels=levels[:MOST_LEVELS],
        levels_shown="too_many" if facts.levels.overflow else shown,
        lengths=Lengths(
            lengths.shortest, lengths.longest, _defined(lengths.mean), _defined(lengths.deviation)
        ),
    )
    return column, levels[0].count if levels else 0


def _of_days(field: Field, facts: ColumnDays) -> tuple[ColumnProfile, int]:
    histogram: HistogramBins | None = periods(facts.days, facts.cells, width=facts.width)
    column = ColumnProfile(
        **_base(field, facts.counts, facts.distinct),
        low=facts.low,
        high=facts.high,
        suspects={},
        levels=(),
        levels_shown="none",
        histogram=histogram,
    )
    return column, 0


def _base(field: Field, counts: ColumnCounts, distinct: ColumnDistinct) -> dict[str, Any]:
    return {
        "name": field.name,
        "kind": field.kind,
        **vars(counts),
        "distinct": distinct.count,
        "distinct_exact": distinct.exact,
    }


def _frequent(suspects: Mapping[str, int], rows: int) -> dict[str, int]:
    return {form: count for form, count in suspects.items() if count and count >= SUSPECT_SHARE * rows}


def _defined(value: float) -> float | None:
    return value if np.isfinite(value) else None
