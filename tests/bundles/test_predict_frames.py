"""Frames are scored as they are, or refused once with everything that is wrong."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
import small_models as small

from cauce.core.bundle.frames import predict_frame
from cauce.errors import CauceError

pd = pytest.importorskip("pandas", reason="pandas is not installed")


def test_polars_pandas_and_arrow_get_the_same_answers_in_their_own_type() -> None:
    """Who has a pandas frame wants a pandas frame back, with its index."""
    frame, model = small.rows(300, seed=4), small.bundle()
    ours = predict_frame(model, frame)
    assert ours.columns == ["prediction", "probability_no", "probability_sí"]
    assert ours.equals(model.scorer(threads=1)(frame))
    pandas = frame.to_pandas().set_index(pd.Index(range(1000, 1300), name="at_home"))
    theirs = predict_frame(model, pandas)
    assert theirs.index.equals(pandas.index)
    assert pl.from_pandas(theirs).equals(ours)
    table = predict_frame(model, frame.to_arrow())
    assert isinstance(table, pa.Table)
    assert pl.DataFrame(pl.from_arrow(table)).equals(ours)
    batch = predict_frame(model, frame.to_arrow().combine_chunks().to_batches()[0])
    assert isinstance(batch, pa.RecordBatch)
    assert batch.num_rows == 300
    assert predict_frame(model, frame.clear()).height == 0
    assert len(predict_frame(model, frame.clear().to_arrow())) == 0
    with pytest.raises(TypeError):
        predict_frame(model, [1])


def test_values_that_mean_the_same_may_come_in_other_types() -> None:
    """pandas turns whole numbers with holes into floats, and dates into moments."""
    frame, model = small.rows(200, seed=2), small.bundle()
    wholes = [None if one is None or one > 2**50 else one for one in frame["stops"].to_list()]
    frame = frame.with_columns(stops=pl.Series(wholes, dtype=pl.Int64))
    expected = predict_frame(model, frame)
    other = frame.with_columns(
        pl.col("stops").cast(pl.Float64),
        pl.col("day").cast(pl.Datetime("ms")),
        pl.col("at").cast(pl.Datetime("ns")),
        pl.col("distance").cast(pl.Float64),
    )
    other = pl.DataFrame([one.cast(pl.Categorical) if one.name == small.HOSTILE else one for one in other])
    assert predict_frame(model, other).equals(expected)
    texts = small.as_texts(frame).with_columns(frame["price"], frame["distance"])
    assert predict_frame(model, texts).equals(expected)


def test_everything_that_does_not_fit_is_said_at_once() -> None:
    """One error a column at a time is an afternoon lost."""
    whole = small.rows(20)
    frame = pl.DataFrame([one for one in whole if one.name not in ("stops", small.HOSTILE)])
    frame = frame.with_columns(pl.col("day").alias("at"), pl.lit(1).alias("*"))
    with pytest.raises(CauceError) as caught:
        predict_frame(small.bundle(), frame.with_columns(distance=pl.lit([1.0])))
    said = str(caught.value)
    assert caught.value.code == "E1209"
    assert f"Missing columns: stops, {small.HOSTILE}." in said
    assert "at (date ≠ datetime)" in said
    assert "distance (List(Float64) ≠ float)" in said
    assert "* (integer ≠ boolean)" in said


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("stops", [1.5, 2.0]),
        ("stops", [1e30, 1.0]),
        ("stops", ["1", "one"]),
        ("distance", ["1,5", "far"]),
        ("day", [dt.datetime(2024, 1, 1, 12), None]),
    ],
)
def test_a_cell_that_cannot_be_read_is_no_missing_value(column: str, values: list[Any]) -> None:
    """A row would be scored as if nothing stood there."""
    frame = small.rows(2)
    frame = pl.DataFrame([*frame.drop(column), pl.Series(column, values, strict=False)])
    with pytest.raises(CauceError, match=rf"E1220 1 .*{column} × 1"):
        predict_frame(small.bundle(), frame)


def test_a_column_of_nulls_alone_is_of_any_kind() -> None:
    """An empty column of a small frame has no type that says anything."""
    frame = small.rows(3).with_columns(distance=pl.lit(None), stops=pl.lit(None, dtype=pl.String))
    made = predict_frame(small.bundle(), frame)
    typed = frame.with_columns(distance=pl.lit(None, dtype=pl.Float64), stops=pl.lit(None, dtype=pl.Int64))
    assert made.equals(predict_frame(small.bundle(), typed))


def test_pandas_objects_of_mixed_types_are_refused_by_name() -> None:
    """Arrow's own message would name neither the column nor the way out."""
    frame = small.rows(2).to_pandas()
    frame["distance"] = [1.0, "x"]
    frame = pd.concat([frame, frame[["stops"]]], axis=1)
    with pytest.raises(CauceError, match=r"E1209 .*distance \(.*stops \(× 2"):
        predict_frame(small.bundle(), frame)
    assert np.isfinite(predict_frame(small.bundle(), small.rows(2).to_pandas())["probability_sí"]).all()
