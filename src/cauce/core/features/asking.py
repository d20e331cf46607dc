"""What fitted steps ask of the training rows, gathered into one look for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from cauce.expr.nodes import Column, Expression
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Schema
from cauce.stats import Counts, Extremes, Levels, LevelSums, Moments, Quantiles, Summary, TextLengths

MOST_LEVELS = 100_000
"""Different values of a column that are counted exactly; beyond, its levels are unknown."""
_QUANTILE_LIMIT, _QUANTILE_BITS = 8192, 9

About = Literal["counts", "variety", "extremes", "moments", "quantiles", "levels", "lengths", "sums"]
Look = Callable[[Projection | None, tuple[Summary, ...]], tuple[Any, ...]]
"""Looks at the training rows once: applies the projection, if any, and summarises what it gives."""


@dataclass(frozen=True)
class Ask:
    """One statistic of an expression over the training rows.

    variety: whether there is more than one level. sums: counts and sums of `value` by level of `of` and
    by `fold`.
    """

    about: About
    of: Expression
    value: Expression | None = None
    fold: Expression | None = None


def ask(look: Look, asks: Iterable[Ask], *, schema: Schema) -> dict[Ask, Any]:
    """Every answer, from one look at tables of `schema`."""
    wanted = tuple(dict.fromkeys(asks))
    names = _names(wanted)
    outputs = tuple(Output(name, made) for made, name in names.items() if not isinstance(made, Column))
    kept = tuple(name for made, name in names.items() if isinstance(made, Column))
    projection = Projection(outputs, schema, keep=kept) if outputs else None
    groups = _groups(wanted)
    summaries = tuple(_summary(about, group, names) for about, group in groups)
    found: dict[Ask, Any] = {}
    for (about, group), result in zip(groups, look(projection, summaries), strict=True):
        for one in group:
            found[one] = result if about == "sums" else result[names[one.of]]
    return found


def _names(wanted: tuple[Ask, ...]) -> dict[Expression, str]:
    parts = (part for one in wanted for part in (one.of, one.value, one.fold) if part is not None)
    every = dict.fromkeys(parts)
    return {made: made.name if isinstance(made, Column) else f"__made_{k}__" for k, made in enumerate(every)}


def _groups(wanted: tuple[Ask, ...]) -> list[tuple[About, tuple[Ask, ...]]]:
    """Asks that one summary answers."""
    groups: dict[Any, list[Ask]] = {}
    for one in wanted:
        groups.setdefault(one if one.about == "sums" else one.about, []).append(one)
    return [(group[0].about, tuple(group)) for group in groups.values()]


def _summary(about: About, group: tuple[Ask, ...], names: dict[Expression, str]) -> Summary:
    columns = tuple(names[one.of] for one in group)
    if about == "sums":
        value, fold = group[0].value, group[0].fold
        assert value is not None
        part = None if fold is None else names[fold]
        return LevelSums(columns[0], names[value], part, MOST_LEVELS)
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
