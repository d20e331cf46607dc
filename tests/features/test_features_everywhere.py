"""The same features in batches and in single rows, from one batch or many, and from training rows alone."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from feature_tables import Looker, by_rows, declared, fitted, prepare, schema_of
from hypothesis import given, settings
from hypothesis import strategies as st

from cauce.core.columns import FOLD, TRAIN
from cauce.core.features import FittedFeatures, Roles, fit_features, plan_features
from cauce.core.features.plan import prepared
from cauce.expr.schema import Field, Schema
from cauce.spec.features import (
    Bins,
    Category,
    Clip,
    DateParts,
    Elapsed,
    Frequency,
    Impute,
    Log,
    OneHot,
    Ordinal,
    Raw,
    Scale,
    TargetMean,
    TextLength,
)

NUMBER_CHAINS: list[Any] = [
    (Impute(method="mean", indicator=True), Scale()),
    (Impute(), Log(method="one_plus"), Scale(method="min_max")),
    (Clip(lower_quantile=0.1, upper_quantile=0.9), Scale(method="robust")),
    (Impute(method="mode"), Bins(count=3), OneHot(rare=0.0)),
    (Bins(method="uniform"),),
    (Raw(),),
    (Category(rare=0.2, unseen="rare"),),
    (Frequency(),),
    (TargetMean(), Scale()),
]
LEVEL_CHAINS: list[Any] = [
    (OneHot(rare=0.2),),
    (OneHot(rare=0.2, unseen="rare"),),
    (Ordinal(rare=0.1, unseen="rare"),),
    (Frequency(unseen="missing"),),
    (Category(limit=2),),
    (TargetMean(folds=2),),
    (Impute(method="mode"), Category()),
]
MOMENT_CHAINS: list[Any] = [
    (DateParts(),),
    (Elapsed(since="2013-01-01"),),
    (Elapsed(since="2013-01-01T12:00:00", unit="hours"), Scale()),
    (Elapsed(column="other"),),
    (Impute(method="mode"), DateParts(parts=("year",))),
    (Category(rare=0.1),),
]
COLUMNS: dict[str, Any] = {
    "float": NUMBER_CHAINS,
    "integer": NUMBER_CHAINS,
    "decimal": NUMBER_CHAINS,
    "text": [*LEVEL_CHAINS, (TextLength(),), (Ordinal(levels=("b", "a")),)],
    "boolean": [*LEVEL_CHAINS, (Raw(),)],
    "date": MOMENT_CHAINS,
    "datetime": MOMENT_CHAINS,
}


def table(rows: int, seed: int) -> pl.DataFrame:
    """A column of each kind with holes, odd values and few levels, over the three folds."""
    random = np.random.default_rng(seed)

    def some(values: list[Any], dtype: Any) -> pl.Series:
        return pl.Series([values[k] for k in random.integers(0, len(values), rows)], dtype=dtype)

    days = [None, *(date(2012, 12, 28) + timedelta(days=3 * k) for k in range(6))]
    moments = [None, *(datetime(2012, 2, 28, 23, 59, 59) + timedelta(hours=31 * k) for k in range(6))]
    frame = pl.DataFrame(
        {
            "float": some([None, float("nan"), 0.0, -0.0, 1.5, -2.25, 1e9, 3.0], pl.Float64),
            "integer": some([None, 0, 1, 2, 3, -7, 2**60], pl.Int64),
            "decimal": some(
                [None, Decimal("1.50"), Decimal("-0.01"), Decimal("12345678901.25")], pl.Decimal(38, 2)
            ),
            "text": some([None, "", "a", "b", " b", "ñandú", "x=y", "*"], pl.String),
            "boolean": some([None, True, False], pl.Boolean),
            "date": some(days, pl.Date),
            "datetime": some(moments, pl.Datetime("us")),
            "other": some(days, pl.Date),
        }
    )
    ready = prepare(frame, list(random.integers(0, 2, rows).astype(float)))
    return ready.with_columns(pl.Series(FOLD, random.choice([0, 0, 0, 1, 2], rows)))


@settings(max_examples=8)
@given(st.integers(0, 10_000), st.integers(5, 60), st.integers(2, 5))
def test_batches_and_rows_agree_and_many_batches_teach_the_same(seed: int, rows: int, batches: int) -> None:
    """A service that scores one row would else give other scores than the training run."""
    frame = table(rows, seed)
    if not (frame[FOLD] == TRAIN).any():
        return
    features = fitted(frame, declared(COLUMNS))
    again = fitted(frame, declared(COLUMNS), batches)
    assert features.names == again.names
    schema = prepared(schema_of(frame))
    for training in (False, True):
        make = FittedFeatures.training_projection if training else FittedFeatures.projection
        whole, many = make(features, schema)(frame), make(again, schema)(frame)
        for own, other in zip(floats(whole), floats(many), strict=True):
            np.testing.assert_allclose(own, other, rtol=1e-9, atol=1e-9)
        rowwise = pl.DataFrame(by_rows(features, frame, training=training), schema=whole.schema, orient="row")
        for own, other in zip(floats(whole), floats(rowwise), strict=True):
            np.testing.assert_array_equal(own.astype(np.float32), other.astype(np.float32))


def floats(frame: pl.DataFrame) -> list[np.ndarray[Any, Any]]:
    return [series.cast(pl.Float64).fill_null(np.nan).to_numpy() for series in frame]


def test_rows_that_validate_and_test_teach_nothing() -> None:
    """Changing all of them changes no learned number; a test score would else be flattered."""
    frame = table(400, 3)
    other = pl.concat([frame.filter(pl.col(FOLD) == TRAIN), table(300, 9).filter(pl.col(FOLD) != TRAIN)])
    one, two = fitted(frame, declared(COLUMNS)), fitted(other, declared(COLUMNS))
    assert one.to_json() == two.to_json()


def test_features_survive_being_stored() -> None:
    """What a resumed run or a bundle reads back is the same list of features, number for number."""
    features = fitted(table(200, 4), declared(COLUMNS))
    read = FittedFeatures.from_json(json.loads(json.dumps(features.to_json(), allow_nan=False)))
    assert read == features
    assert [one.describe() for one in read.features] == [one.describe() for one in features.features]


def test_hostile_names_survive() -> None:
    """Names that patterns, separators or other features would take over stay apart and unique."""
    names = ["*", "^.*$", "a=b", "a", "a=b#2", "x:missing", "x", " ", "ñ\n<script>"]
    frame = pl.DataFrame({name: ["b", "b", "c"] for name in names})
    chains: dict[str, Any] = {name: [(OneHot(rare=0.0),), (TextLength(),)] for name in names}
    features = fitted(prepare(frame), declared(chains))
    made = features.projection(schema_of(frame))(frame)
    assert len(set(features.names)) == features.width == 3 * len(names)
    assert made.columns == list(features.names)
    assert made.rows()[0] == (True, False, 1) * len(names)


def test_an_instant_counts_from_an_instant() -> None:
    """Datetimes in UTC would else be refused beside the moment written in the project file."""
    schema = Schema((Field("x", "datetime", zone="UTC"),))
    frame = pl.DataFrame({"x": [datetime(2013, 1, 2), datetime(2013, 1, 2), None]})
    chains = {
        "x": [(Impute(method="mode"), Elapsed(since="2013-01-01")), (Elapsed(since="2013-01-01T12:00"),)]
    }
    plan = plan_features(declared(chains), schema, task="binary", roles=Roles())
    made = fit_features(plan, Looker(prepare(frame))).projection(schema)(frame)
    assert made.rows() == [(1.0, 0.5), (1.0, 0.5), (1.0, None)]


def test_sixty_four_batches_teach_what_one_does() -> None:
    """A cluster's partitions would else make other features than a laptop's one batch."""
    frame = table(200, 5)
    one, many = fitted(frame, declared(COLUMNS)), fitted(frame, declared(COLUMNS), 64)
    for own, other in zip(one.features, many.features, strict=True):
        assert own.name == other.name
        values = [
            FittedFeatures((feature,), one.required).projection(schema_of(frame))(frame)
            for feature in (own, other)
        ]
        np.testing.assert_allclose(floats(values[0])[0], floats(values[1])[0], rtol=1e-9, atol=1e-9)


def test_every_feature_says_what_it_is() -> None:
    """A report would else show formulas nobody can read."""
    features = fitted(table(200, 5), declared(COLUMNS))
    texts = [one.describe() for one in features.features]
    assert all(text.startswith(f"{one.source}: ") for one, text in zip(features.features, texts, strict=True))
    assert not any("{" in text for text in texts)
