"""What `auto` makes of columns for learners that add features up: numbers, all of them, in every row."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from feature_tables import by_rows, declared, fitted, planned, prepare, schema_of

from cauce.core.features import FittedFeatures
from cauce.errors import CauceError
from cauce.spec.features import Category
from cauce.spec.project import Features

ROWS = 600


def table() -> pl.DataFrame:
    rng = np.random.default_rng(3)
    return pl.DataFrame(
        {
            "number": [None if k % 7 == 0 else float(k % 50) for k in range(ROWS)],
            "whole": pl.Series(rng.integers(0, 9, ROWS), dtype=pl.Int64),
            "flag": [k % 3 == 0 for k in range(ROWS)],
            "few": [None if k % 11 == 0 else "xyyz"[k % 4] for k in range(ROWS)],
            "even": ["pq"[k % 2] for k in range(ROWS)],
            "many": [f"level {k % 60}" for k in range(ROWS)],
            "free": [None if k % 5 == 0 else "a" * (k % 13) + str(k) for k in range(ROWS)],
            "day": [date(2013, 1, 1) + timedelta(days=k) for k in range(ROWS)],
            "same": ["s"] * ROWS,
        }
    )


def complete(frame: pl.DataFrame, features: Features = Features(), **given: Any) -> FittedFeatures:  # noqa: B008
    return fitted(prepare(frame), features, complete=True, task="regression", **given)


def test_every_feature_is_a_number_in_every_row() -> None:
    """A missing value or a category in a linear model is a sum without a value."""
    frame = table()
    features = complete(frame)
    assert features.levels == ()
    made = features.projection(schema_of(frame))(frame)
    assert made.null_count().sum_horizontal()[0] == 0
    assert not np.isnan(made.cast(pl.Float64).to_numpy()).any()
    unknown = frame.with_columns(
        [pl.lit(None, dtype=kind).alias(name) for name, kind in frame.schema.items()]
    )
    rest = features.projection(schema_of(frame))(unknown)
    assert rest.null_count().sum_horizontal()[0] == 0, "and so it is where new rows have nothing"
    assert by_rows(features, frame.head(20)) == [list(row) for row in made.head(20).iter_rows()]


def test_what_becomes_of_each_kind_of_column() -> None:
    """A report that names a feature must name it so that its coefficient can be read."""
    names = complete(table()).names
    assert {"number", "number:missing", "whole", "flag"} <= set(names)
    assert "whole:missing" not in names, "only where training rows have missing values"
    assert {"few=x", "few=z", "few:missing"} <= set(names)
    assert "few=y" not in names, "the most frequent level is what the others are compared with"
    assert [name for name in names if name.startswith("even")] in (["even=p"], ["even=q"])
    assert {"many:target_mean", "free:length", "free:length:missing"} <= set(names)
    assert {"day:month=2", "day:weekday=3", "day:days_since=1970-01-01"} <= set(names)
    assert not [name for name in names if name.startswith("same")]


def test_features_of_levels_do_not_add_up_to_a_constant() -> None:
    """Features that add up to 1 have no best coefficients, and no standard errors."""
    frame = table().select("few", "even", "day")
    made = complete(frame)
    matrix = made.projection(schema_of(frame))(frame).cast(pl.Float64).to_numpy()
    away = matrix - matrix.mean(axis=0)
    assert np.linalg.matrix_rank(away / away.std(axis=0)) == made.width


def test_rare_levels_and_levels_never_seen_are_one() -> None:
    """A level of three rows would be learned by heart, and a new one would stop the prediction."""
    texts = ["a"] * 400 + ["b"] * 197 + ["c", "d", "e"]
    features = complete(pl.DataFrame({"t": texts}))
    assert features.names == ("t=b", "t=(rare)")
    new = pl.DataFrame({"t": ["a", "b", "c", "never seen", None]})
    made = features.projection(schema_of(new))(new)
    assert made["t=b"].to_list() == [False, True, False, False, False]
    assert made["t=(rare)"].to_list() == [False, False, True, True, False]


def test_numbers_without_a_missing_value_in_training_are_filled_with_their_median() -> None:
    """A new row may lack what every training row had."""
    features = complete(pl.DataFrame({"x": [1.0, 2.0, 5.0, 9.0, 100.0]}))
    assert features.names == ("x",)
    new = pl.DataFrame({"x": [None, 3.0]}, schema={"x": pl.Float64})
    assert features.projection(schema_of(new))(new)["x"].to_list() == [5.0, 3.0]


def test_a_value_that_is_hardly_ever_missing_gets_no_feature_of_its_own() -> None:
    """A feature that is 1 in two rows learns those two rows by heart."""
    frame = pl.DataFrame({"x": [None, None, *range(398)], "t": [None, None, *"ab" * 199]})
    assert complete(frame.cast({"x": pl.Float64})).names in (("x", "t=a"), ("x", "t=b"))


def test_a_declared_category_is_refused_with_what_to_write() -> None:
    """A category's code taken as a number is a model that means nothing."""
    with pytest.raises(CauceError, match=r"few.*native category") as caught:
        planned(table(), declared({"few": (Category(),)}), complete=True)
    assert caught.value.code == "E0832"


def test_trees_get_what_they_got_before() -> None:
    """Another learner in the list must not change the features of a boosted model."""
    frame = table()
    features = fitted(prepare(frame), Features(), task="regression")
    assert {"few", "day:year", "number"} <= set(features.names)
