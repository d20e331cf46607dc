"""What the rows are: the snapshot, each column, what goes together, and the target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cauce.core.profile.flags import flag_setting, flag_text
from cauce.core.profile.values import ColumnProfile, HistogramBins, Profile
from cauce.language import gettext_noop as _
from cauce.language import translate, translate_plural
from cauce.running.report.blocks import Block, Cell, Column, Facts, Listing, Part, Section, Table
from cauce.running.report.charts.bars import Bins, sparkline
from cauce.running.report.content import RunContent
from cauce.running.report.sections.details import detail_parts
from cauce.running.report.sections.target import target_parts
from cauce.running.report.wording import NOTHING, count, level, name, number, safe, share, ungrouped

MOST_COLUMNS = 200
FEW_LEVELS = 12
_KINDS = {
    "integer": _("whole number"),
    "float": _("number"),
    "decimal": _("decimal number"),
    "boolean": _("yes or no"),
    "text": _("text"),
    "date": _("date"),
    "datetime": _("moment"),
}


def data_section(content: RunContent) -> Section | None:
    """The snapshot and its profile; None before anything was read."""
    if content.snapshot is None:
        return None
    blocks: list[Block] = [_facts(content)]
    if content.said:
        told = tuple(safe(one, 1000) for one in content.said)
        blocks.append(Part(translate(_("What was noticed")), (Listing(told),)))
    if content.profile is not None:
        positive = None if content.target is None else content.target.positive
        blocks += profile_blocks(content.profile, positive)
    else:
        blocks.append(Part(translate(_("Columns")), (_schema(content),)))
    return Section("data", translate(_("Data")), tuple(blocks))


def profile_blocks(profile: Profile, positive: str | None = None, *, folded: bool = True) -> Iterator[Block]:
    """The columns, the target, and what goes together.

    positive: the class whose share is shown. folded: what each column is like is shown when asked for.
    """
    yield Part(translate(_("Each column")), (_columns(profile),))
    yield from detail_parts(profile)
    if any(one.flags for one in profile.columns):
        yield Part(translate(_("What to know of single columns")), (_flags(profile),), folded=folded)
    yield from target_parts(profile, positive)
    yield from _pairs(profile)


def _facts(content: RunContent) -> Facts:
    snapshot: Any = content.snapshot
    rejected = content.fact("ingest", "rejected") or 0
    pairs: list[tuple[Cell, Cell]] = [
        (translate(_("rows")), count(snapshot.rows)),
        (translate(_("columns")), count(len(snapshot.schema.names))),
        (translate(_("rows that could not be read")), count(rejected)),
    ]
    if content.verdict is not None and content.verdict.quarantined:
        pairs.append((translate(_("rows set aside by validation")), count(content.verdict.quarantined)))
    if content.profile is not None:
        pairs += repeated_facts(content.profile)
    pairs.append((translate(_("snapshot")), name(snapshot.identity)))
    return Facts(tuple(pairs))


def repeated_facts(profile: Profile) -> Iterator[tuple[Cell, Cell]]:
    """How many rows repeat another one, wholly or in the key."""
    for one in profile.repeated:
        about = "" if one.exact else f" ± {count(round(1.96 * one.standard_error))}"
        title = translate(_("repeated rows"))
        if one.columns:
            title = translate(_("rows that repeat {columns}")).format(columns=safe(", ".join(one.columns)))
        yield title, f"{count(one.rows)}{about}"


def _flags(profile: Profile) -> Table:
    found = [(one.name, flag) for one in profile.columns for flag in one.flags]
    rows = tuple(
        (name(column), safe(flag_text(flag, column), 600), _written(flag_setting(flag, column)))
        for column, flag in found[:MOST_COLUMNS]
    )
    heads = (
        Column(translate(_("column"))),
        Column(translate(_("what was seen"))),
        Column(translate(_("what to write in the project, if it is so"))),
    )
    caption = translate(_("Columns with something to look at; nothing of it was acted on."))
    return Table(caption, heads, rows)


def _written(setting: str | None) -> Cell:
    return name(setting, 200) if setting else NOTHING


def _schema(content: RunContent) -> Table:
    snapshot: Any = content.snapshot
    rows = tuple((name(field.name), kind_text(field.kind)) for field in snapshot.schema)
    heads = (Column(translate(_("column"))), Column(translate(_("kind"))))
    return Table(translate(_("The columns as they were read.")), heads, rows[:MOST_COLUMNS])


def kind_text(kind: str) -> str:
    """What a column of this kind holds, in the active language."""
    return translate(_KINDS[kind]) if kind in _KINDS else kind


def _columns(profile: Profile) -> Table:
    shown = profile.columns[:MOST_COLUMNS]
    heads = (
        Column(translate(_("column"))),
        Column(translate(_("kind"))),
        Column(translate(_("missing")), "number"),
        Column(translate(_("different")), "number"),
        Column(translate(_("from")), "number"),
        Column(translate(_("middle, or most frequent")), "number"),
        Column(translate(_("to")), "number"),
        Column(translate(_("distribution")), "chart"),
    )
    caption = translate_plural(
        "{count} column, {rows} rows.", "{count} columns, {rows} rows.", len(profile.columns)
    )
    note = ""
    if len(profile.columns) > MOST_COLUMNS:
        note = translate(_("The first {count} are shown; the JSON beside this page has all.")).format(
            count=count(MOST_COLUMNS)
        )
    caption = caption.format(count=count(len(profile.columns)), rows=count(profile.rows))
    return Table(caption, heads, tuple(_column(one) for one in shown), note)


def _column(one: ColumnProfile) -> tuple[Cell, ...]:
    about = "" if one.distinct_exact else "≈ "
    return (
        name(one.name),
        kind_text(one.kind),
        share(one.missing, one.rows),
        f"{about}{count(min(one.distinct, one.present))}",
        _end(one.low, years=one.years),
        _middle(one),
        _end(one.high, years=one.years),
        _spark(one),
    )


def _end(value: Any, *, years: bool) -> Cell:
    if value is None or isinstance(value, bool):
        return NOTHING
    if not isinstance(value, int | float):
        return name(value, 32)
    return ungrouped(value) if years else number(value)


def _middle(one: ColumnProfile) -> Cell:
    if one.numbers is not None and one.kind != "boolean" and len(one.numbers.quantiles) > 3:
        middle = one.numbers.quantiles[3]
        return ungrouped(middle) if one.years else number(middle)
    return name(level(one.levels[0].value), 32) if one.levels else NOTHING


def _spark(one: ColumnProfile) -> Cell:
    few = one.levels_shown == "all" and len(one.levels) <= FEW_LEVELS
    if one.histogram is not None and one.histogram.counts and not few:
        return sparkline(
            _bins(one.histogram), translate(_("distribution of {column}")).format(column=safe(one.name))
        )
    if one.levels:
        shown = [float(level.count) for level in one.levels[:30]]
        bins = Bins(tuple(float(at) for at in range(len(shown) + 1)), tuple(shown))
        return sparkline(bins, translate(_("rows by level of {column}")).format(column=safe(one.name)))
    return NOTHING


def _bins(found: HistogramBins) -> Bins:
    """Bins as they are spaced: evenly where their edges are dates, or on a logarithmic scale."""
    even = tuple(float(at) for at in range(len(found.counts) + 1))
    edges = tuple(map(float, found.edges)) if found.scale == "linear" else even
    return Bins(edges, tuple(map(float, found.counts)))


_MEASURES = {
    "pearson": _("correlation (Pearson)"),
    "spearman": _("correlation of ranks (Spearman)"),
    "cramers_v": _("association of levels (Cramér's V)"),
}


def _pairs(profile: Profile) -> Iterator[Block]:
    found = profile.associations
    if found is None or not found.pairs:
        return
    rows = tuple(
        (name(one.left), name(one.right), translate(_MEASURES[one.measure]), number(one.value, 3))
        for one in found.pairs[:20]
    )
    heads = (
        Column(translate(_("column"))),
        Column(translate(_("goes with"))),
        Column(translate(_("measure"))),
        Column(translate(_("value")), "number"),
    )
    text = translate(_("The pairs that go together most, on {rows} of {of} rows."))
    caption = text.format(rows=count(found.sample.rows), of=count(found.sample.of))
    yield Part(translate(_("Columns that go together")), (Table(caption, heads, rows),))
