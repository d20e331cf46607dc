"""Parts of the rows are judged apart, and only those that are worse beyond chance are called weak."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import scipy.stats
import sklearn.metrics as peer

from cauce.core.evaluation import Evaluation
from cauce.core.metrics.doubt import Sampling
from cauce.core.metrics.evaluating import Question, answered
from cauce.core.metrics.interval import Interval, wilson
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.requests import Guess, ScoredColumns
from cauce.core.metrics.slices import Slice, judged, weakest
from cauce.core.metrics.slicing import SliceColumn, SliceLook, judged_slices
from cauce.core.metrics.target import Target
from cauce.core.metrics.value import Metric
from cauce.expr.schema import Field, Schema

TARGET = Target("binary", ("no", "yes"))
ACCURACY = MetricName("accuracy")
SCHEMA = Schema(
    (Field("region", "text"), Field("age", "float"), Field("day", "date"), Field("yes", "boolean"))
)


def rows(seed=0, count=6000, weak=0.0):
    draw = np.random.default_rng(seed)
    region = draw.choice(["north", "south", "east", "west"], count, p=[0.4, 0.3, 0.2, 0.1])
    x = draw.normal(size=count)
    noise = np.where(region == "west", weak, 0.0)
    label = draw.random(count) < 1 / (1 + np.exp(-3 * x * (1 - noise)))
    age = np.where(draw.random(count) < 0.1, np.nan, np.round(draw.normal(40, 10, count), 1))
    frame = {
        "region": pl.Series(region).set(pl.Series(draw.random(count) < 0.02), None),
        "age": pl.Series(age).fill_nan(None),
        "day": pl.Series(draw.integers(19000, 20000, count)).cast(pl.Int32).cast(pl.Date),
        "yes": pl.Series(draw.random(count) < 0.5),
        "y": label * 1.0,
        "p": 1 / (1 + np.exp(-3 * x)),
        "k": (x >= 0) * 1,
        "__bucket__": draw.integers(0, 200, count),
    }
    return pl.DataFrame(frame)


def columns_of(frame, schema=SCHEMA):
    look = SliceLook(schema)
    results = [one.result(one.update(one.start(), frame)) for one in look.summaries]
    return look.columns(results)


def sliced(frame):
    how = ScoredColumns(label="y", predicted="k", probabilities=("p",))
    asked = Question(target=TARGET, columns=how, guess=Guess(), how=Sampling())

    def told(part):
        return [one.result(one.update(one.start(), part)) for one in asked.summaries]

    whole = answered(asked, {"validation": told(frame)})
    found = [
        (column, {"validation": {code: told(frame.filter(codes == code)) for code in codes.unique().sort()}})
        for column in columns_of(frame)[0]
        for codes in [column.codes(frame)]
    ]
    return judged_slices(asked, found, whole=whole.datasets, headline=ACCURACY, threshold=0.5), whole.datasets


def test_each_slice_has_the_metrics_of_its_rows():
    """Users look for whom the model fails; other rows' numbers would hide it."""
    frame = rows()
    slices, _ = sliced(frame)
    named = {one.name: one for one in slices}
    part = frame.filter(pl.col("region") == "east")
    east = named["region = east"]
    assert east.rows == part.height
    assert east.headline.value == pytest.approx(peer.accuracy_score(part["y"], part["k"]))
    expected = wilson(east.headline.value, part.height)
    assert (east.headline.low, east.headline.high) == (expected.low, expected.high)
    area = next(one for one in east.metrics if one.name.kind == "roc_auc")
    assert area.value == pytest.approx(peer.roc_auc_score(part["y"], part["p"]))
    assert named["region = missing"].rows == frame["region"].null_count()
    for column in ("region", "age", "day", "yes"):
        assert sum(one.rows for one in slices if one.column == column) == frame.height
    quarter = frame["age"].drop_nulls().quantile(0.25, "linear")
    low = next(one for one in slices if one.column == "age" and one.level.startswith("≤"))
    assert low.rows == frame.filter(pl.col("age") <= quarter).height


def test_a_weak_slice_is_named_and_chance_is_not():
    """One look in twenty would be below 5 % by chance alone."""
    weak, _ = sliced(rows(1, weak=0.9))
    assert [one.name for one in weakest(weak)] == ["region = west"]
    said = weakest(weak)[0].sentence
    assert said.startswith("region = west: accuracy is 0.")
    assert "after a correction for" in said
    alarms = sum(bool(weakest(sliced(rows(seed, 1500))[0])) for seed in range(12))
    assert alarms <= 2


def test_the_correction_is_holms():
    draw = np.random.default_rng(3)
    values = draw.uniform(0.5, 0.9, 8)
    slices = [
        Slice(
            column="c",
            level=str(at),
            rows=100,
            metrics=(Metric(ACCURACY, float(one), interval=Interval(one - 0.098, one + 0.098)),),
        )
        for at, one in enumerate(values)
    ]
    found = judged(slices, Metric(ACCURACY, 0.8))
    raw = scipy.stats.norm.sf((0.8 - values) / (0.098 / scipy.stats.norm.ppf(0.975)))
    order = np.argsort(raw)
    stepped = np.minimum.accumulate(np.ones(8))
    stepped[order] = np.minimum(np.maximum.accumulate(raw[order] * np.arange(8, 0, -1)), 1.0)
    assert [one.p for one in found] == pytest.approx(stepped, abs=1e-12)
    assert {one.looks for one in found} == {8}


def test_few_rows_are_shown_and_never_called_weak():
    bad = Metric(ACCURACY, 0.1, interval=Interval(0.0, 0.2))
    (one,) = judged([Slice(column="c", level="a", rows=29, metrics=(bad,))], Metric(ACCURACY, 0.9))
    assert one.p is None
    assert not one.weak


def test_rare_values_are_put_together_and_too_many_refused():
    count = 3000
    draw = np.random.default_rng(1)
    frame = pl.DataFrame(
        {
            "city": [f"c{number}" for number in np.minimum(draw.zipf(1.6, count), 300)],
            "name": [f"n{number}" for number in range(count)],
            "constant": [7.0] * count,
        }
    )
    schema = Schema((Field("city", "text"), Field("name", "text"), Field("constant", "float")))
    found, refused = columns_of(frame, schema)
    assert refused == ("name",)
    city, constant = found
    assert len(city.values) == 20
    assert city.values[0] == "c1"
    assert city.named(20) == ("", "other")
    assert city.codes(frame).max() == 20
    assert constant.values == (7.0,)


def test_a_slice_of_a_column_with_a_hostile_name_is_that_column():
    """Polars reads "^a.*$" and "*" as patterns."""
    frame = pl.DataFrame({"^a.*$": ["x", "y", None], "a1": ["p", "p", "p"], "*": [1.0, 2.0, 3.0]})
    assert SliceColumn("^a.*$", "text", ("x",)).codes(frame).to_list() == [0, 1, 2]
    assert SliceColumn("*", "float", edges=(1.0, 2.5)).codes(frame).to_list() == [0, 1, 2]


def test_slices_survive_json():
    slices, datasets = sliced(rows(2, 500, weak=1.0))
    whole = Evaluation(target=TARGET, datasets=datasets, headline=ACCURACY, slices=slices)
    again = Evaluation.from_json(whole.to_json())
    assert again.slices == slices
    assert [one.name for one in again.weakest] == [one.name for one in whole.weakest]
