"""What a report tells of contributions over many rows is what they are."""

from __future__ import annotations

import datetime as dt
import itertools
import json

import numpy as np
import polars as pl
import pytest
from small_models import HOSTILE, bundle, rows

from cauce.core.contributions.explainer import Explainer
from cauce.core.contributions.summarising import FEWEST, summarised
from cauce.core.contributions.summary import ContributionSummary


def made(task: str, frame: pl.DataFrame, weight: np.ndarray | None = None) -> ContributionSummary:  # type: ignore[type-arg]
    one = bundle(task)
    given = np.ones(frame.height) if weight is None else weight
    return summarised(Explainer(one.scorer(threads=1), one.xgboost), frame.drop("id"), weight=given)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_sizes_are_means_of_absolute_contributions(task: str) -> None:
    """The order of columns, and how much apart they are."""
    frame = rows(500, seed=5)
    one = bundle(task)
    each = Explainer(one.scorer(threads=1), one.xgboost)(frame)
    found = made(task, frame)
    for column in found.columns:
        own = each.amounts[:, :, each.sources.index(column.source)]
        assert column.size == pytest.approx(np.abs(own).sum(axis=1).mean(), rel=1e-9)
    sizes = [column.size for column in found.columns]
    assert sizes == sorted(sizes, reverse=True)
    again = ContributionSummary.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False)))
    assert again == found


def test_the_direction_of_a_column_is_told_by_its_values() -> None:
    """Far distances have the positive label: their contributions rise with the distance."""
    found = made("binary", rows(800, seed=6))
    by_name = {column.source: column for column in found.columns}
    distance = [part for part in by_name["distance"].parts if part.low is not None]
    assert distance[-1].means[0] > 0.3
    assert distance[0].means[0] < distance[-1].means[0]
    assert all(a.high <= b.low for a, b in itertools.pairwise(distance))  # type: ignore[operator]
    levels = {part.level: part.means[0] for part in by_name[HOSTILE].parts}
    assert max(levels, key=lambda one: levels[one]) == "AA"
    assert None in levels
    days = by_name["day"]
    assert days.kind == "moment"
    latest = (dt.date(2024, 8, 22) - dt.date(1970, 1, 1)).days
    assert 0 < max(part.high or 0 for part in days.parts) <= latest


def test_few_rows_with_a_value_are_not_told_of() -> None:
    """A part of three people is three people."""
    found = made("binary", rows(FEWEST - 1, seed=7))
    assert not any(column.parts for column in found.columns)


def test_rows_count_by_their_weight() -> None:
    frame = rows(60, seed=8)
    weight = np.zeros(60)
    weight[:30] = 2.0
    whole, first = made("regression", frame, weight), made("regression", frame.head(30))
    sizes = {column.source: column.size for column in first.columns}
    for column in whole.columns:
        assert column.size == pytest.approx(sizes[column.source], rel=1e-9)


def test_constant_and_empty_columns_have_one_part_or_none() -> None:
    frame = rows(80, seed=9).with_columns(
        distance=pl.lit(5.0),
        stops=pl.lit(None, dtype=pl.Int64),
        price=pl.lit(None).cast(rows(1)["price"].dtype),
    )
    by_name = {column.source: column for column in made("binary", frame).columns}
    assert [(part.low, part.high, part.rows) for part in by_name["distance"].parts] == [(5.0, 5.0, 80)]
    assert [(part.low, part.rows) for part in by_name["stops"].parts] == [(None, 80)]


def test_values_that_name_people_are_not_told_of() -> None:
    """What the profile hides, a chart of contributions must not show; their size is no secret."""
    frame = rows(300, seed=10)
    mails = pl.Series(HOSTILE, [f"person{at % 4}@example.org" for at in range(300)])
    found = made("binary", frame.with_columns(mails))
    by_name = {column.source: column for column in found.columns}
    assert by_name[HOSTILE].parts == ()
    assert by_name["distance"].parts
