"""What `auto` does for learners that add features up: numbers without missing values, levels as contrasts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cauce.core.features.asking import Ask
from cauce.core.features.filling import IMPUTE, Filled, indicator
from cauce.core.features.leveling import RARE, Level, LevelSet, divided, known, level_name, one_of, start
from cauce.core.features.moments import DATE_PARTS_OF
from cauce.core.features.rule import MOMENTS, NUMBERS, Results, Rule
from cauce.core.features.stream import Setting, Stream
from cauce.expr import nodes as n
from cauce.expr.choices import Part
from cauce.spec.features import Elapsed, Impute

MOST_CONTRASTS = 30
_RARE_SHARE = 0.01
_RETURNING = ("month", "weekday", "hour")
_EPOCH = "1970-01-01"


@dataclass(frozen=True)
class AutoNumber:
    """A number or boolean as it is; missing values become the median (the most frequent value of a boolean),
    beside a feature that says where they were, if 1 % of the training rows or more have one."""

    step: str = "auto_number"


@dataclass(frozen=True)
class AutoLevels:
    """One 0/1 feature for each level but the most frequent, which all others are compared with: with every
    level, the features would add up to 1 in each row and no coefficients would be best. Levels with less
    than 1 % of the rows are joined; so is one never seen. Missing values have a feature of their own from
    1 % of the rows on, and count as the most frequent level below."""

    step: str = "auto_levels"


@dataclass(frozen=True)
class AutoMoment:
    """A date as month, weekday and hour, each as levels, and as days since 1970.

    trend: whether the days count; not where the column orders the rows, since no later row shares them.
    """

    trend: bool
    step: str = "auto_moment"


@dataclass(frozen=True)
class FilledNumber:
    """What stands for missing values, and whether there is a feature that says where they were."""

    filled: Filled
    told: bool


@dataclass(frozen=True)
class Contrasts:
    """Levels, the one they are compared with, and whether missing values have a feature of their own."""

    levels: LevelSet
    reference: Level
    missing: bool


def _imputation(stream: Stream) -> Impute:
    return Impute(method="mode" if stream.kind == "boolean" else "median")


def _number_start(_step: AutoNumber, stream: Stream) -> Stream:
    return IMPUTE.start(_imputation(stream), stream)


def _number_needs(_step: AutoNumber, stream: Stream, setting: Setting) -> tuple[Ask, ...]:
    return IMPUTE.needs(_imputation(stream), stream, setting)


def _number_fit(_step: AutoNumber, stream: Stream, results: Results, setting: Setting) -> FilledNumber:
    found: Filled = IMPUTE.fit(_imputation(stream), stream, results, setting)
    return FilledNumber(found, _told(found.missing or 0, results[1].rows))


def _told(missing: int, rows: int) -> bool:
    return missing > 0 and missing >= _RARE_SHARE * rows


def _number_make(
    _step: AutoNumber, stream: Stream, state: FilledNumber, setting: Setting
) -> tuple[Stream, ...]:
    step = replace(_imputation(stream), indicator=state.told)
    return IMPUTE.make(step, stream, state.filled, setting)


def _levels_needs(_step: AutoLevels, stream: Stream, _setting: Setting) -> tuple[Ask, ...]:
    return (Ask("levels", stream.training),)


def _levels_fit(step: AutoLevels, stream: Stream, results: Results, _setting: Setting) -> Contrasts:
    (found,) = results
    counts = known(found, stream, step=step.step)
    missing = found.nulls + sum(found.counts) - sum(counts.values())
    rows = sum(counts.values()) + missing
    levels = divided(counts, rows=rows, rare=_RARE_SHARE, limit=MOST_CONTRASTS, unseen_rare=True)
    most = max(levels.kept, key=lambda level: counts[level]) if levels.kept else None
    return Contrasts(levels, most, _told(missing, rows))


def _levels_make(
    _step: AutoLevels, stream: Stream, state: Contrasts, _setting: Setting
) -> tuple[Stream, ...]:
    kept, rare = state.levels.kept, state.levels.rare
    facts = {
        "levels": len(kept),
        "rare": len(rare),
        "reference": None if state.reference is None else level_name(state.reference),
    }
    made = [
        stream.then("contrast", one_of((level,)), **facts).named(f"={level_name(level)}")
        for level in kept
        if level != state.reference
    ]
    if rare and kept:
        over = one_of(kept, otherwise=True)
        made.append(stream.then("contrast", over, **facts).named(f"={RARE}"))
    made = [replace(one, kind="boolean") for one in made]
    return (*made, indicator(stream)) if state.missing and (kept or rare) else tuple(made)


def _part(stream: Stream, part: Part) -> Stream:
    made = stream.then("date_parts", lambda x: n.DatePart(x, part), part=part)
    return replace(made, kind="integer", more=(AutoLevels(),)).named(f":{part}")


def _moment_make(step: AutoMoment, stream: Stream, _state: None, _setting: Setting) -> tuple[Stream, ...]:
    made = [_part(stream, part) for part in DATE_PARTS_OF[stream.kind] if part in _RETURNING]
    if step.trend:
        made.append(replace(stream, more=(Elapsed(since=_EPOCH), AutoNumber())))
    return tuple(made)


AUTO_NUMBER = Rule(
    make=_number_make,
    needs=_number_needs,
    fit=_number_fit,
    start=_number_start,
    takes=(*NUMBERS, "boolean"),
)
AUTO_LEVELS = Rule(make=_levels_make, needs=_levels_needs, fit=_levels_fit, start=start)
AUTO_MOMENT = Rule(make=_moment_make, takes=MOMENTS)
