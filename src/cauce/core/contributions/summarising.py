"""Contributions over many rows, gathered into a summary without a value that would name people."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cauce.core.contributions.explainer import Explainer
from cauce.core.contributions.summary import ColumnContribution, ContributionSummary, ValuePart
from cauce.core.contributions.values import Contributions, Floats
from cauce.core.profile.personal import SHOWN_OF_PEOPLE, named_personal, personal_values

ROWS = 1000
BINS, MOST_LEVELS, FEWEST = 10, 8, 20
"""Parts of a number's values, levels of others, and the fewest rows that are told of."""


def summarised(explainer: Explainer, rows: pl.DataFrame, *, weight: Floats) -> ContributionSummary:
    """Contributions to rows of the model's input. weight: [n], 0 or more, some above 0."""
    found = explainer(rows)
    sizes = np.average(np.abs(found.amounts).sum(axis=1), axis=0, weights=weight)
    columns = []
    for place, source in enumerate(found.sources):
        known = source in rows.columns and not _personal(rows.get_column(source))
        kind, parts = _trend(rows.get_column(source), found, place, weight) if known else ("number", ())
        columns.append(ColumnContribution(source, float(sizes[place]), kind, parts))
    columns.sort(key=lambda one: -one.size)
    return ContributionSummary(
        rows=rows.height,
        outputs=explainer.outputs,
        base=tuple(map(float, found.base)),
        columns=tuple(columns),
    )


def _personal(cells: pl.Series) -> bool:
    """Whether the values name people, so that the profile would not show them either."""
    named = named_personal(cells.name)
    valued = personal_values(cells.alias("cells")) if cells.dtype in (pl.String, pl.Int64) else None
    found = {named, None if valued is None else valued[0]} - {None}
    return not found <= SHOWN_OF_PEOPLE


def _trend(
    cells: pl.Series, found: Contributions, place: int, weight: Floats
) -> tuple[str, tuple[ValuePart, ...]]:
    amounts = found.amounts[:, :, place]
    if cells.dtype in (pl.String, pl.Boolean):
        return "level", tuple(_levels(cells, amounts, weight))
    kind = "moment" if cells.dtype in (pl.Date, pl.Datetime) else "number"
    return kind, tuple(_bins(_numbers(cells), amounts, weight))


def _numbers(cells: pl.Series) -> Floats:
    """The values as floats, NaN where missing; moments in days since 1970."""
    plain = cells.alias("x")
    if plain.dtype == pl.Date:
        plain = plain.to_physical()
    elif plain.dtype == pl.Datetime:
        plain = plain.dt.epoch("us").cast(pl.Float64) / 86_400_000_000
    values: Floats = plain.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return np.where(np.isfinite(values), values, np.nan)


def _bins(values: Floats, amounts: Floats, weight: Floats) -> list[ValuePart]:
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1))) if known.size else known
    made = []
    for at, low in enumerate(edges[:-1] if edges.size > 1 else edges):
        last = at >= edges.size - 2
        high = edges[-1] if last else edges[at + 1]
        inside = (values >= low) & ((values <= high) if last else (values < high))
        if inside.sum() >= FEWEST:
            own = values[inside]
            ends = float(own.min()), float(own.max())
            means = _means(amounts, weight, inside)
            made.append(ValuePart(*ends, None, own.size, means, float(np.median(own))))
    missing = np.isnan(values)
    if missing.sum() >= FEWEST:
        made.append(ValuePart(None, None, None, int(missing.sum()), _means(amounts, weight, missing)))
    return made


def _levels(cells: pl.Series, amounts: Floats, weight: Floats) -> list[ValuePart]:
    values = cells.to_list()
    counts: dict[Any, int] = {}
    for one in values:
        counts[one] = counts.get(one, 0) + 1
    order = sorted(counts, key=lambda one: (-counts[one], str(one)))[:MOST_LEVELS]
    made = []
    for level in order:
        if counts[level] >= FEWEST:
            inside = np.array([one == level for one in values])
            text = str(level).lower() if isinstance(level, bool) else level
            made.append(ValuePart(None, None, text, counts[level], _means(amounts, weight, inside)))
    return made


def _means(amounts: Floats, weight: Floats, inside: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    own = weight[inside]
    weights = own if own.sum() > 0 else None
    means = np.average(amounts[inside], axis=0, weights=weights)
    return tuple(means.tolist())
