"""Values, and the lack of one, that decide the target in more rows than chance has it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from cauce.core.leaks.rows import Labels

_LEAST_ROWS = 60
_LEAST_EXPECTED = 20.0
_EXCEPTIONS = 0.01
_MOST_LEVELS = 1000
_COMMON = 0.2
_MOST_NAMED = 8


@dataclass(frozen=True)
class Decided:
    """Levels under which the target is always the same.

    levels: as texts, the most frequent first; None stands for a missing value. any_but: instead, all
    values but this one (None: any value at all). outcome: the target's number; rows and exceptions under
    these levels; expected: exceptions by chance; covered: share of all rows of the outcome; common:
    whether it is the most frequent outcome.
    """

    levels: tuple[str | None, ...]
    any_but: bool
    outcome: float
    rows: int
    exceptions: int
    expected: int
    covered: float
    common: bool

    @property
    def about_nulls(self) -> bool:
        """Whether it is about a value being there or not."""
        return self.levels == (None,)


def decided(series: pl.Series, labels: Labels) -> tuple[Decided, ...]:
    """The levels of a column that decide the target, one entry for each outcome. Rows have labels."""
    frame = pl.DataFrame({"level": series.alias("cells"), "label": labels.values})
    if frame["level"].dtype.is_float():
        frame = frame.with_columns(pl.col("level").fill_nan(None))
    by_level = frame.group_by("level").len("rows")
    if by_level.height < 2:
        return ()
    outcomes = dict(frame.group_by("label").len().iter_rows())
    mode, most = by_level.sort("rows", "level", descending=[True, False]).row(0)
    found: list[Decided] = []
    if by_level.height <= _MOST_LEVELS:
        found += _of_levels(frame, outcomes)
    if most >= _COMMON * len(labels) and by_level.height > 2:
        rest = frame.filter(
            pl.col("level").is_not_null() if mode is None else pl.col("level").ne_missing(mode)
        )
        found += _of_groups(rest.with_columns(level=pl.lit(None)), outcomes, any_but=_text(mode))
    return _largest(found)


_NOBODY = object()


def _of_levels(frame: pl.DataFrame, outcomes: dict[float, int]) -> list[Decided]:
    return _of_groups(frame, outcomes, any_but=_NOBODY)


def _of_groups(frame: pl.DataFrame, outcomes: dict[float, int], *, any_but: object) -> list[Decided]:
    """Levels without exceptions, gathered by outcome."""
    counted = frame.group_by("level", "label").len("hits").sort("hits", "label", descending=[True, False])
    tops = counted.group_by("level", maintain_order=True).agg(
        pl.col("label").first(), pl.col("hits").first(), pl.col("hits").sum().alias("rows")
    )
    total, commonest = sum(outcomes.values()), max(outcomes.values())
    gathered: dict[float, list[tuple[object, int, int, float]]] = {}
    for level, label, hits, rows in tops.filter(pl.col("rows") >= _LEAST_ROWS).iter_rows():
        expected = rows * (1 - outcomes[label] / total)
        if expected >= _LEAST_EXPECTED and rows - hits <= _EXCEPTIONS * expected:
            gathered.setdefault(label, []).append((level, hits, rows, expected))
    found = []
    for label, several in gathered.items():
        ordered = sorted(several, key=lambda one: (-one[2], str(one[0])))
        names = (any_but,) if any_but is not _NOBODY else tuple(_text(level) for level, *_ in ordered)
        hits, rows = sum(one[1] for one in ordered), sum(one[2] for one in ordered)
        found.append(
            Decided(
                levels=tuple(None if name is None else str(name) for name in names[:_MOST_NAMED]),
                any_but=any_but is not _NOBODY,
                outcome=label,
                rows=rows,
                exceptions=rows - hits,
                expected=math.floor(sum(one[3] for one in ordered)),
                covered=hits / outcomes[label],
                common=outcomes[label] == commonest,
            )
        )
    return found


def _text(level: object) -> str | None:
    return None if level is None else str(level).lower() if isinstance(level, bool) else str(level)


def _largest(found: list[Decided]) -> tuple[Decided, ...]:
    """For each outcome the entry with most rows."""
    best: dict[float, Decided] = {}
    for one in found:
        if one.outcome not in best or one.rows > best[one.outcome].rows:
            best[one.outcome] = one
    return tuple(best[outcome] for outcome in sorted(best))
