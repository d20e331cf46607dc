"""Steps on levels: one-hot, ordinal, frequency, native categories."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cauce.core.features.asking import Ask
from cauce.core.features.leveling import (
    RARE,
    LevelSet,
    divided,
    in_order,
    known,
    level_name,
    lookup,
    one_of,
    start,
)
from cauce.core.features.rule import Results, Rule
from cauce.core.features.stream import Setting, Stream
from cauce.expr import nodes as n
from cauce.expr.schema import Kind
from cauce.language import gettext_noop as _
from cauce.spec.features import Category, Frequency, OneHot, Ordinal


def _needs(_step: Any, stream: Stream, _setting: Setting) -> tuple[Ask, ...]:
    return (Ask("levels", stream.training),)


def _kept(step: Category | OneHot, stream: Stream, results: Results, _setting: Setting) -> LevelSet:
    (found,) = results
    counts = known(found, stream, step=step.step)
    rows = sum(found.counts) + found.nulls
    unseen_rare = step.unseen == "rare"
    return divided(counts, rows=rows, rare=step.rare, limit=step.limit, unseen_rare=unseen_rare)


def _facts(state: LevelSet) -> dict[str, Any]:
    return {"levels": len(state.kept), "rare": len(state.rare)}


def _one_hot_make(_step: OneHot, stream: Stream, state: LevelSet, _setting: Setting) -> tuple[Stream, ...]:
    cells = [
        stream.then("one_hot", one_of((level,)), **_facts(state)).named(f"={level_name(level)}")
        for level in state.kept
    ]
    if state.rare:
        over = one_of(state.kept, otherwise=True) if state.unseen_rare else one_of(state.rare)
        cells.append(stream.then("one_hot", over, **_facts(state)).named(f"={RARE}"))
    return tuple(replace(cell, kind="boolean") for cell in cells)


def _codes(stream: Stream, state: LevelSet, step: str) -> Stream:
    """The stream as the position of its level; the rare ones share the last."""
    last = float(len(state.kept))
    others = {"unseen": last} if state.unseen_rare and state.rare else {}
    rare = () if others else state.rare
    numbers = (*range(len(state.kept)), *(last for _level in rare))
    over = lookup((*state.kept, *rare), numbers, **others)
    return replace(stream.then(step, over, **_facts(state)), kind="float")


def _category_make(_step: Category, stream: Stream, state: LevelSet, _setting: Setting) -> tuple[Stream, ...]:
    if not state.kept and not state.rare:
        return ()
    return (replace(_codes(stream, state, "category"), levels=state.names),)


def _declared(step: Ordinal, kind: Kind) -> tuple[Any, ...]:
    """The declared levels as values of `kind`; ValueError where one is none."""
    return tuple(_read(text, kind) for text in step.levels)


def _read(text: str, kind: Kind) -> Any:
    if kind == "boolean":
        return {"true": True, "false": False}[text]
    if kind == "date":
        from datetime import date

        return date.fromisoformat(text)
    return {"integer": int, "float": float}.get(kind, str)(text)


def _ordinal_needs(step: Ordinal, stream: Stream, setting: Setting) -> tuple[Ask, ...]:
    return () if step.levels and not step.rare else _needs(step, stream, setting)


def _ordinal_fit(step: Ordinal, stream: Stream, results: Results, _setting: Setting) -> LevelSet:
    declared = _declared(step, stream.kind)
    unseen_rare = step.unseen == "rare"
    if declared and not step.rare:
        return LevelSet(declared, (), unseen_rare)
    (found,) = results
    counts = known(found, stream, step=step.step)
    rows = sum(found.counts) + found.nulls
    if not declared:
        return divided(counts, rows=rows, rare=step.rare, unseen_rare=unseen_rare)
    frequent = [level for level in declared if counts.get(level, 0) >= step.rare * rows]
    joined = tuple(level for level in declared if level not in frequent)
    return LevelSet(tuple(frequent), joined, unseen_rare)


def _ordinal_make(_step: Ordinal, stream: Stream, state: LevelSet, _setting: Setting) -> tuple[Stream, ...]:
    if not state.kept and not state.rare:
        return ()
    made = _codes(stream, state, "ordinal").over(lambda x: n.Cast(x, "integer"))
    return (replace(made, kind="integer").named(":ordinal"),)


def _ordinal_check(step: Ordinal, stream: Stream, _setting: Setting) -> tuple[str, str] | None:
    try:
        kind = "text" if stream.kind in ("decimal", "datetime") else stream.kind
        declared = _declared(step, kind)
    except (KeyError, ValueError):
        return "levels", _("it is not of the column's kind")
    return None if len(set(declared)) == len(declared) else ("levels", _("a level appears twice"))


@dataclass(frozen=True)
class Shares:
    """Each level's share of the training rows, and that of missing values."""

    levels: tuple[Any, ...]
    shares: tuple[float, ...]
    missing: float


def _frequency_fit(step: Frequency, stream: Stream, results: Results, _setting: Setting) -> Shares:
    (found,) = results
    counts = known(found, stream, step=step.step)
    rows = sum(found.counts) + found.nulls
    levels = in_order(tuple(counts))
    missing = rows - sum(counts.values())
    return Shares(levels, tuple(counts[level] / rows for level in levels), missing / rows if rows else 0.0)


def _frequency_make(step: Frequency, stream: Stream, state: Shares, _setting: Setting) -> tuple[Stream, ...]:
    unseen = 0.0 if step.unseen == "zero" else None
    missing = state.missing if state.missing else unseen
    over = lookup(state.levels, state.shares, unseen=unseen, missing=missing)
    made = stream.then("frequency", over, levels=len(state.levels))
    return (replace(made, kind="float").named(":frequency"),)


ONE_HOT = Rule(make=_one_hot_make, needs=_needs, fit=_kept, start=start)
CATEGORY = Rule(make=_category_make, needs=_needs, fit=_kept, start=start)
ORDINAL = Rule(make=_ordinal_make, needs=_ordinal_needs, fit=_ordinal_fit, start=start, check=_ordinal_check)
FREQUENCY = Rule(make=_frequency_make, needs=_needs, fit=_frequency_fit, start=start)
