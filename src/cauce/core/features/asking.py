"""What fitted steps ask of the training rows, gathered into one look for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cauce.expr.nodes import Column, Expression
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Schema
from cauce.stats import (
    Counts,
    Extremes,
    Gram,
    Levels,
    LevelSums,
    Moments,
    Quantiles,
    Several,
    Summary,
    TextLengths,
)

_ALONE = ("sums", "gram")
"""What each ask has a summary of its own for."""
MOST_LEVELS = 100_000
"""Different values of a column that are counted exactly; beyond, its levels are unknown."""
_QUANTILE_LIMIT, _QUANTILE_BITS = 8192, 9

About = Literal["counts", "variety", "extremes", "moments", "quantiles", "levels", "lengths", "sums", "gram"]
Look = Callable[[Projection | None, tuple[Summary, ...]], tuple[Any, ...]]
"""Looks at the training rows once: applies the projection, if any, and summarises what it gives."""


@dataclass(frozen=True)
class Ask:
    """One statistic of an expression over the training rows.

    variety: whether there is more than one level. sums: counts and sums of `value` by level of `of` and
    by `fold`. gram: products of `of` and `others`, all numbers.
    """

    about: About
    of: Expression
    value: Expression | None = None
    fold: Expression | None = None
    others: tuple[Expression, ...] = ()


@dataclass(frozen=True)
class Part:
    """Asks that are answered over the same sets of rows.

    within: from the summary of them all to one whose result is a tuple with the result of each set.
    """

    asks: tuple[Ask, ...]
    within: Callable[[Summary], Summary]


def ask(look: Look, asks: Iterable[Ask], *, schema: Schema) -> dict[Ask, Any]:
    """Every answer, from one look at tables of `schema`."""
    wanted = tuple(dict.fromkeys(asks))
    names = _names(wanted)
    groups = _groups(wanted)
    results = look(_projection(names, schema), tuple(_summary(*group, names) for group in groups))
    return _answers(groups, results, names)


def ask_parts(look: Look, parts: Sequence[Part], *, schema: Schema) -> list[list[dict[Ask, Any]]]:
    """Every answer of each set of each part, from one look for all of them."""
    names = _names(tuple(dict.fromkeys(one for part in parts for one in part.asks)))
    groups = [_groups(part.asks) for part in parts]
    summaries = (Several(tuple(_summary(*group, names) for group in own)) for own in groups)
    asked = tuple(part.within(one) for part, one in zip(parts, summaries, strict=True))
    results = look(_projection(names, schema), asked)
    return [
        [_answers(own, found, names) for found in sets] for own, sets in zip(groups, results, strict=True)
    ]


def _projection(names: dict[Expression, str], schema: Schema) -> Projection | None:
    outputs = tuple(Output(name, made) for made, name in names.items() if not isinstance(made, Column))
    kept = tuple(name for made, name in names.items() if isinstance(made, Column))
    return Projection(outputs, schema, keep=kept) if outputs else None


def _answers(
    groups: list[tuple[About, tuple[Ask, ...]]], results: Sequence[Any], names: dict[Expression, str]
) -> dict[Ask, Any]:
    found: dict[Ask, Any] = {}
    for (about, group), result in zip(groups, results, strict=True):
        for one in group:
            found[one] = result if about in _ALONE else result[names[one.of]]
    return found


def _names(wanted: tuple[Ask, ...]) -> dict[Expression, str]:
    parts = (
        part for one in wanted for part in (one.of, one.value, one.fold, *one.others) if part is not None
    )
    every = dict.fromkeys(parts)
    return {made: made.name if isinstance(made, Column) else f"__made_{k}__" for k, made in enumerate(every)}


def _groups(wanted: tuple[Ask, ...]) -> list[tuple[About, tuple[Ask, ...]]]:
    """Asks that one summary answers."""
    groups: dict[Any, list[Ask]] = {}
    for one in wanted:
        groups.setdefault(one if one.about in _ALONE else one.about, []).append(one)
    return [(group[0].about, tuple(group)) for group in groups.values()]


def _summary(about: About, group: tuple[Ask, ...], names: dict[Expression, str]) -> Summary:
    columns = tuple(names[one.of] for one in group)
    if about == "sums":
        value, fold = group[0].value, group[0].fold
        assert value is not None
        part = None if fold is None else names[fold]
        return LevelSums(columns[0], names[value], part, MOST_LEVELS)
    if about == "gram":
        return Gram((columns[0], *(names[one] for one in group[0].others)))
    if about == "quantiles":
        return Quantiles(columns, _QUANTILE_LIMIT, _QUANTILE_BITS)
    if about == "variety":
        return Levels(columns, 1)
    if about == "levels":
        return Levels(columns, MOST_LEVELS)
    return _PLAIN[about](columns)


_PLAIN: dict[str, Callable[[tuple[str, ...]], Summary]] = {
    "counts": Counts,
    "extremes": Extremes,
    "moments": Moments,
    "lengths": TextLengths,
}
