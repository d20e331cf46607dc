"""Numbers, levels and texts of the columns in detail, behind folds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cauce.core.profile.values import QUANTILES, ColumnProfile, Numbers, Profile
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.report.blocks import Block, Cell, Column, Part, Table
from cauce.running.report.wording import NOTHING, count, level, name, number, safe, share, short, ungrouped

MOST_COLUMNS, MOST_LEVELS = 200, 8


def detail_parts(profile: Profile) -> Iterator[Block]:
    """Tables of quantiles, of levels and of lengths, for the columns that have them."""
    shown = profile.columns[:MOST_COLUMNS]
    numbers = [(one, one.numbers) for one in shown if one.numbers is not None and one.numbers.quantiles]
    if numbers:
        yield Part(translate(_("Numbers in detail")), (_numbers(numbers),), folded=True)
    levels = [one for one in shown if one.levels]
    if levels:
        yield Part(translate(_("Levels in detail")), (_levels(levels),), folded=True)
    texts = [one for one in shown if one.lengths is not None and one.lengths.longest is not None]
    if texts:
        yield Part(translate(_("Texts in detail")), (_texts(texts),), folded=True)


def _numbers(found: list[tuple[ColumnProfile, Numbers]]) -> Table:
    heads = (
        Column(translate(_("column"))),
        Column(translate(_("mean")), "number"),
        Column(translate(_("deviation")), "number"),
        Column(translate(_("skew")), "number"),
        *(Column(share(at), "number") for at in QUANTILES),
        Column(translate(_("zeros")), "number"),
        Column(translate(_("outliers")), "number"),
    )
    rows = tuple(_row(one, numbers) for one, numbers in found)
    caption = translate(
        _(
            "Mean, deviation, skew and quantiles. Outliers lie further than 1.5 times the distance of the "
            "quartiles from them."
        )
    )
    return Table(caption, heads, rows)


def _row(one: ColumnProfile, numbers: Numbers) -> tuple[Cell, ...]:
    outliers = numbers.outliers
    written = ungrouped if one.years else short
    return (
        name(one.name),
        written(numbers.mean),
        short(numbers.deviation),
        number(numbers.skew, 3),
        *(written(value) for value in numbers.quantiles),
        share(one.zeros, one.present),
        NOTHING if outliers is None else share(outliers.count, one.present),
    )


def _levels(columns: list[ColumnProfile]) -> Table:
    heads = (
        Column(translate(_("column"))),
        Column(translate(_("the most frequent levels, with their rows"))),
    )
    rows = tuple((name(one.name), name(_listed(one), 600)) for one in columns)
    return Table(translate(_("Levels of the columns that have few enough to count.")), heads, rows)


def _listed(one: ColumnProfile) -> str:
    shown = ", ".join(f"{safe(level(two.value), 40)} {count(two.count)}" for two in one.levels[:MOST_LEVELS])
    left = len(one.levels) - MOST_LEVELS
    more = left > 0 or one.levels_shown != "all"
    return f"{shown}, …" if more else shown


def _texts(columns: list[ColumnProfile]) -> Table:
    heads = (
        Column(translate(_("column"))),
        *(
            Column(translate(one), "number")
            for one in (_("shortest"), _("mean"), _("longest"), _("empty texts"))
        ),
    )
    rows = tuple(_lengths(one) for one in columns)
    return Table(translate(_("Lengths in characters.")), heads, rows)


def _lengths(one: ColumnProfile) -> tuple[Cell, ...]:
    lengths: Any = one.lengths
    ends = (number(lengths.shortest), number(lengths.mean, 3), number(lengths.longest))
    return (name(one.name), *ends, count(one.empty))
