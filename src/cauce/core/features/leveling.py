"""Values as levels: those kept, the rare ones joined, and lookups over any kind of column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cauce.core.features.asking import MOST_LEVELS
from cauce.core.features.stream import Stream
from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.expr.nodes import Expression, literal
from cauce.stats.levels import ColumnLevels

Level = Any
"""A level: a text, integer, boolean, date or float."""
RARE = "(rare)"
"""How the level that joins the rare ones is called in names of features."""


@dataclass(frozen=True)
class LevelSet:
    """The levels kept, in their order, those joined as rare, and what a level never seen counts as."""

    kept: tuple[Level, ...]
    rare: tuple[Level, ...] = ()
    unseen_rare: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The levels as texts; the rare ones last, as one."""
        return (*(level_name(level) for level in self.kept), *((RARE,) if self.rare else ()))


def level_name(level: Level) -> str:
    """A level as a text: true and false in lower case, whole floats without a fraction."""
    if isinstance(level, bool):
        return str(level).lower()
    if isinstance(level, float) and level.is_integer():
        return str(int(level))
    return str(level)


def start(_step: Any, stream: Stream) -> Stream:
    """Decimals and datetimes become texts, which keep every digit."""
    if stream.kind not in ("decimal", "datetime"):
        return stream
    return replace(stream.over(lambda x: n.Cast(x, "text")), kind="text")


def known(found: ColumnLevels, stream: Stream, *, step: str) -> dict[Level, int]:
    """Counts by level, without missing values; E1008 where there were too many levels."""
    if found.overflow:
        raise CauceError("E1008", column=stream.source, step=step, most=MOST_LEVELS)
    pairs = zip(found.values, found.counts, strict=True)
    return {level: count for level, count in pairs if level == level}


def in_order(levels: Sequence[Level]) -> tuple[Level, ...]:
    """Numbers by value, texts by code points."""
    return tuple(sorted(levels))


def divided(
    counts: dict[Level, int], *, rows: int, rare: float, limit: int | None = None, unseen_rare: bool = False
) -> LevelSet:
    """The levels that are frequent enough, and the others.

    rare: the least share of `rows`. limit: the most levels kept, by falling count, then by value.
    """
    ranked = sorted(in_order(tuple(counts)), key=lambda level: -counts[level])
    frequent = [level for level in ranked if counts[level] >= rare * rows][:limit]
    kept = set(frequent)
    joined = in_order([level for level in ranked if level not in kept])
    return LevelSet(in_order(frequent), joined, unseen_rare)


def lookup(
    levels: Sequence[Level], numbers: Sequence[float], **others: float | None
) -> Callable[[Expression], Expression]:
    """A change of an expression into the number of its level.

    others: unseen, for any other level; missing, for null and NaN (both null where absent).
    """
    table, values = tuple(levels), tuple(float(number) for number in numbers)
    if not table:
        unseen, missing = (n.Literal(others.get(name), "float") for name in ("unseen", "missing"))
        return lambda x: n.IfElse(n.IsMissing(x), missing, unseen)
    if not any(isinstance(level, float) for level in table):
        return lambda x: n.LookupNumber(x, table, values, **others)

    def over(x: Expression) -> Expression:
        key, places = _places(x, table)
        order = sorted(range(len(table)), key=lambda k: table[k])
        return n.LookupNumber(key, places, tuple(values[k] for k in order), **others)

    return over


def _places(x: Expression, levels: tuple[float, ...]) -> tuple[Expression, tuple[int, ...]]:
    """The place of a float among `levels` from 1, 0 where it is none of them, null where it is missing."""
    edges = tuple(sorted(levels))
    places = tuple(range(1, len(edges) + 1))
    place = n.Bins(x, edges)
    same = n.Compare(n.LookupNumber(place, places, edges, unseen=edges[0]), x, "==")
    return n.IfElse(same, place, literal(0)), places


def one_of(levels: Sequence[Level], *, otherwise: bool = False) -> Callable[[Expression], Expression]:
    """Whether the value is one of the levels (`otherwise`: whether it is another one); false if missing."""

    def over(x: Expression) -> Expression:
        if len(levels) == 1 and not otherwise and not isinstance(levels[0], float):
            return n.LevelEquals(x, levels[0])
        among: Expression = n.IsIn(x, tuple(levels))
        return n.Coalesce((n.Not(among) if otherwise else among, literal(False)))

    return over
