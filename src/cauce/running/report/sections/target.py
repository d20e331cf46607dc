"""The target: how often each class is, and where it is more or less frequent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cauce.core.profile.values import Part as Slice
from cauce.core.profile.values import Profile, TargetBy, TargetProfile
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.running.report.blocks import Block, Chart, Gallery, Part
from cauce.running.report.charts.bars import Item, bar_chart
from cauce.running.report.wording import NOTHING, count, level, number, safe, share

MOST_COLUMNS, MOST_PARTS = 6, 12
LEAST_SHOWN = 0.2
"""A column is shown where the parts that have a name hold at least this share of the rows."""
_DATE_DIGITS = {"year": 4, "month": 7, "day": 10}


def target_parts(profile: Profile, positive: str | None = None) -> Iterator[Block]:
    """The target by itself, over time, and by the columns that say most about it."""
    target = profile.target
    if target is None:
        return
    charts = [chart for chart in (_levels(target),) if chart is not None]
    sample = target.sample
    looked = "" if sample is None else _looked(sample.rows, sample.of)
    at = _told_class(target, positive)
    for one in _shown(target):
        charts.append(_by(target, one, at=at, looked=looked))
    if charts:
        title = translate(_("The target: {name}")).format(name=safe(target.name))
        yield Part(title, (Gallery(tuple(charts)),))


def _looked(rows: int, of: int) -> str:
    if rows == of:
        return translate(_("On all {of} rows.")).format(of=count(of))
    return translate(_("On {rows} of {of} rows, chosen by their hash.")).format(
        rows=count(rows), of=count(of)
    )


def _levels(target: TargetProfile) -> Chart | None:
    levels = target.levels
    if levels.overflow or not levels.counts or not target.classes:
        return None
    pairs = sorted(zip(levels.counts, levels.values, strict=True), key=lambda pair: -pair[0])
    total = float(sum(levels.counts))
    items = [
        Item(safe(_text(value)), held, f"{count(held)} ({share(held, total)})")
        for held, value in pairs[:MOST_PARTS]
    ]
    says = translate(_("{count} different values; {nulls} rows have none."))
    says = says.format(count=count(len(pairs)), nulls=count(target.nulls))
    heads = (translate(_("value")), translate(_("rows")))
    return bar_chart(translate(_("Rows by value of the target")), says, items=items, heads=heads)


def _by(target: TargetProfile, one: TargetBy, *, at: int | None, looked: str) -> Chart:
    """The mean of the target, or the share of its rarest class of two, in each part of a column."""
    items = [_item(part, at, one.by) for part in one.parts[:MOST_PARTS]]
    if at is None:
        what = translate(_("mean of the target"))
    else:
        what = translate(_("share of {level}")).format(level=safe(_text(target.classes[at])))
    title = translate(_("The target by {column}")).format(column=safe(one.column))
    text = translate(_("{what} in each part; strength {strength} of 1. {looked}"))
    says = text.format(what=what[:1].upper() + what[1:], strength=number(one.strength, 2), looked=looked)
    return bar_chart(title, says, items=items, heads=(safe(one.column), what))


def _shown(target: TargetProfile) -> list[TargetBy]:
    """Over time first, then the columns that say most, each once."""
    over = target.over_time
    others = [one for one in target.by_column if over is None or one.column != over.column]
    others = [one for one in others if _telling(one)]
    return [*(() if over is None else (over,)), *others[:MOST_COLUMNS]]


def _telling(one: TargetBy) -> bool:
    """Whether the parts that have a name hold a good share of the rows: not so of near identifiers."""
    rows = sum(part.rows for part in one.parts)
    named = sum(part.rows for part in one.parts[:MOST_PARTS] if not part.rest)
    return named >= LEAST_SHOWN * rows


def _told_class(target: TargetProfile, positive: str | None) -> int | None:
    """The positive class; else of two classes the rarer, of more the most frequent; None for a number."""
    if not target.classes:
        return None
    names = [_text(one) for one in target.classes]
    if positive in names:
        return names.index(positive)
    return 1 if len(target.classes) == 2 else 0


def _item(part: Slice, at: int | None, by: str) -> Item:
    rows = translate(_("{count} rows")).format(count=count(part.rows))
    if at is None:
        value = 0.0 if part.mean is None else part.mean
        return Item(_named(part, by), value, f"{number(part.mean)} · {rows}")
    value = part.shares[at] if at < len(part.shares) else 0.0
    return Item(_named(part, by), value, f"{share(value)} · {rows}")


def _named(part: Slice, by: str) -> str:
    if part.rest:
        return translate(_("other levels"))
    if part.value is not None:
        return safe(_text(part.value)[: _DATE_DIGITS.get(by)], 40)
    if part.low is not None:
        return number(part.low) if part.low == part.high else f"{number(part.low)} … {number(part.high)}"
    return translate(_("missing"))


def _text(value: Any) -> str:
    return NOTHING if value is None else level(value)
