"""What `auto` does with columns that nobody declared, for trees and for learners that add features up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cauce.core.features.asking import Ask
from cauce.core.features.categories import CATEGORY, FREQUENCY
from cauce.core.features.complete import AUTO_LEVELS, AutoLevels, AutoMoment, AutoNumber
from cauce.core.features.moments import DATE_PARTS_OF, TEXT_LENGTH
from cauce.core.features.rule import NUMBERS, Results, Rule
from cauce.core.features.stream import Setting, Stream
from cauce.expr.schema import Kind
from cauce.spec.features import (
    Category,
    DateParts,
    Elapsed,
    FeatureStep,
    Frequency,
    Raw,
    TargetMean,
    TextLength,
)
from cauce.spec.project import FeatureDefaults
from cauce.stats.counts import ColumnLengths
from cauce.stats.levels import ColumnLevels

FEW_LEVELS = 30
"""A text with at most so many levels is a native category."""
REPEATS = 1.2
"""A text with more levels is encoded by them where each has at least so many rows on average."""
FEW_TARGETS = 5
"""With more target columns than these, a text of many levels is encoded by frequency instead."""
_CATEGORY = Category(rare=0.001, unseen="rare", limit=FEW_LEVELS)
_EPOCH = "1970-01-01"

Chain = tuple[Any, ...]


@dataclass(frozen=True)
class AutoText:
    """A text as category (levels as contrasts), target mean, frequency or length, as its levels suggest."""

    step: str = "auto_text"


def auto_chains(
    kind: Kind, defaults: FeatureDefaults, *, time: bool, complete: bool = False
) -> tuple[tuple[Chain, ...], bool]:
    """The chains for a column of `kind`, and whether they are Cauce's own choice.

    time: it is the column that orders the rows, whose year and distance no test row shares with training.
    complete: for learners that take numbers without missing values alone.
    """
    declared = getattr(defaults, "number" if kind in NUMBERS else kind)
    if declared is not None:
        return declared, False
    if kind == "text":
        return ((AutoText(),),), True
    if kind in ("date", "datetime"):
        return ((AutoMoment(trend=not time),),) if complete else _moments(kind, time), True
    return () if time else ((AutoNumber() if complete else Raw(),),), True


def _moments(kind: Kind, time: bool) -> tuple[tuple[FeatureStep, ...], ...]:
    if time:
        return ((DateParts(parts=tuple(part for part in DATE_PARTS_OF[kind] if part != "year")),),)
    return (DateParts(),), (Elapsed(since=_EPOCH),)


@dataclass(frozen=True)
class Choice:
    """The steps that suit a text, side by side, each with its state where it is known already."""

    steps: tuple[tuple[Any, Any], ...]


def _needs(_step: AutoText, stream: Stream, _setting: Setting) -> tuple[Ask, ...]:
    return Ask("levels", stream.training), Ask("lengths", stream.training)


def _fit(_step: AutoText, stream: Stream, results: Results, setting: Setting) -> Choice:
    levels, lengths = results
    return Choice(
        tuple(
            (step, RULES[step.step].fit(step, stream, (levels,), setting) if step.step in RULES else None)
            for step in _chosen(levels, lengths, setting)
        )
    )


def _chosen(levels: ColumnLevels, lengths: ColumnLengths, setting: Setting) -> tuple[Any, ...]:
    present, many = lengths.count, len(levels.values)
    if not levels.overflow and many <= (0 if levels.nulls else 1):
        return ()
    if not levels.overflow and many <= FEW_LEVELS:
        return (AutoLevels() if setting.complete else _CATEGORY,)
    if not levels.overflow and present >= REPEATS * many:
        return (TargetMean(), Frequency()) if setting.targets <= FEW_TARGETS else (Frequency(),)
    alike = lengths.shortest == lengths.longest and not levels.nulls
    return () if alike else (TextLength(),)


def _make(_step: AutoText, stream: Stream, state: Choice, setting: Setting) -> tuple[Stream, ...]:
    made: list[Stream] = []
    for step, known in state.steps:
        if step.step in RULES:
            streams = RULES[step.step].make(step, stream, known, setting)
            length = setting.complete and step.step == "text_length"
            made += [replace(one, more=(AutoNumber(),)) for one in streams] if length else streams
        else:
            made.append(replace(stream, more=(step,)))
    return tuple(made)


RULES = {"auto_levels": AUTO_LEVELS, "category": CATEGORY, "frequency": FREQUENCY, "text_length": TEXT_LENGTH}
"""The rules whose steps need nothing more than the levels."""
AUTO_TEXT = Rule(make=_make, needs=_needs, fit=_fit, takes=("text",))
