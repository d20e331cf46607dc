"""Features of all folds come out of the looks of one, the same as if each fold had been fitted alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from feature_tables import Looker, declared, planned, prepare, schema_of

from cauce.core.features import FittedFeatures, fit_features
from cauce.core.features.lockstep import RowSet, fit_features_of
from cauce.core.features.plan import FeaturePlan, prepared
from cauce.expr.projection import Projection
from cauce.expr.schema import Field, Schema
from cauce.spec.features import Category, Impute, OneHot, Scale, TargetMean

BLOCKS = ("__block_0__", "__block_1__")


def table(rows: int = 900, *, missing: float = 0.1) -> pl.DataFrame:
    draw = np.random.default_rng(3)
    level = draw.choice(["red", "green", "blue", "grey"], rows, p=[0.5, 0.3, 0.15, 0.05])
    frame = pl.DataFrame(
        {
            "amount": draw.lognormal(3, 1, rows),
            "count": draw.integers(0, 40, rows),
            "colour": level,
            "town": [f"t{number}" for number in draw.integers(0, 60, rows)],
            "day": [date(2024, 1, 1) + timedelta(int(one)) for one in draw.integers(0, 300, rows)],
            "same": ["x"] * rows,
        }
    )
    holes = draw.random((rows, 3)) < missing
    made = frame.with_columns(
        pl.when(pl.Series(holes[:, at])).then(None).otherwise(pl.col(name)).alias(name)
        for at, name in enumerate(("amount", "colour", "count"))
    )
    target = (draw.random(rows) < np.where(level == "red", 0.7, 0.3)).astype(float)
    ready = prepare(made, target.tolist())
    return ready.with_columns(pl.Series(name, draw.integers(0, 10, rows)) for name in BLOCKS)


class Everything(Looker):
    """A look at every row of an engine's table."""

    def __init__(self, frame: pl.DataFrame, batches: int = 3) -> None:
        super().__init__(frame, batches)
        self.frame = frame

    def __call__(self, projection: Projection | None, summaries: Any) -> tuple[Any, ...]:
        if projection is not None:
            kept = tuple(dict.fromkeys((*projection.keep, *BLOCKS)))
            schema = Schema((*projection.input, *(Field(name, "integer") for name in BLOCKS)))
            projection = Projection(projection.outputs, schema, keep=kept)
        return super().__call__(projection, summaries)


SETS = tuple(
    RowSet(by, tuple(block for block in range(10) if block // 2 != part))
    for by in BLOCKS
    for part in range(5)
)
PLANS = {
    "auto": declared(auto=True),
    "steps": declared(
        {
            "amount": (Impute(method="median", indicator=True), Scale()),
            "count": (Impute(method="mean"), Scale(method="min_max")),
            "colour": (Impute(method="mode"), OneHot(limit=3)),
            "town": [(TargetMean(),), (Category(limit=20),)],
        },
        variance_filter=0.01,
    ),
}


def alone(frame: pl.DataFrame, plan: FeaturePlan, rows: RowSet) -> FittedFeatures:
    own = frame.filter(pl.col(rows.by).is_in(rows.blocks))
    return fit_features(plan, Looker(own))


def same(first: FittedFeatures, second: FittedFeatures, frame: pl.DataFrame) -> None:
    """The same features, and the same numbers of the same rows within rounding."""
    assert first.names == second.names
    assert first.levels == second.levels
    assert first.dropped == second.dropped
    schema = prepared(schema_of(frame))
    own, other = (one.training_projection(schema)(frame) for one in (first, second))
    for name in first.names:
        values = (one[name].cast(pl.Float64).to_numpy() for one in (own, other))
        np.testing.assert_allclose(*values, rtol=1e-9, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("batches", [1, 7])
def test_each_fold_gets_the_features_of_its_own_training_rows(name: str, batches: int) -> None:
    """A fold whose features have seen the rows that judge it scores too well."""
    frame = table()
    plan = planned(frame.drop(BLOCKS), PLANS[name])
    looker = Everything(frame, batches)
    found = fit_features_of(plan, SETS, look=looker)
    for rows, own in zip(SETS, found, strict=True):
        expected = alone(frame, plan, rows)
        same(own, expected, frame)
        assert own.scans == expected.scans
    assert looker.looks == max(one.scans for one in found), "the looks of one fold serve all"


def test_folds_forward_in_time_learn_from_nested_sets() -> None:
    frame = table()
    plan = planned(frame.drop(BLOCKS), PLANS["auto"])
    sets = tuple(RowSet(BLOCKS[0], tuple(range(end))) for end in (2, 5, 9))
    for rows, own in zip(sets, fit_features_of(plan, sets, look=Everything(frame)), strict=True):
        same(own, alone(frame, plan, rows), frame)


def test_a_fold_that_lacks_a_level_has_no_feature_for_it() -> None:
    """Levels of the rows that judge would tell that they are there."""
    frame = table().with_columns(
        pl.when(pl.col(BLOCKS[0]) < 2).then(pl.lit("rare")).otherwise(pl.col("colour")).alias("colour")
    )
    plan = planned(frame.drop(BLOCKS), declared({"colour": (OneHot(limit=10, rare=0.0),)}))
    found = fit_features_of(plan, SETS[:5], look=Everything(frame))
    having = [any("rare" in name for name in one.names) for one in found]
    assert having == [False, True, True, True, True]
