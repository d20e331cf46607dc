"""Intervals hold for the share of rows they promise, and the scale of the target comes back exactly."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from cauce.core.answering.answering import Answering
from cauce.core.answering.effects import AnswerEffects
from cauce.core.answering.fitting import Fitting, conformal
from cauce.core.answering.interval import IntervalKind, IntervalRule
from cauce.core.answering.judging import AnswerQuestion
from cauce.core.answering.rows import RESIDUAL
from cauce.core.answering.transform import Transform
from cauce.core.metrics.interval import wilson
from cauce.core.metrics.slicing import SliceColumn
from cauce.core.metrics.target import Target as MetricTarget
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.stats.quantiles import Quantiles

NUMBER = Target("y", n.Column("y"), "float", "regression")


def residuals(values: Any, *, limit: int = 4096) -> Any:
    summary = Quantiles((RESIDUAL,), limit=limit)
    state = summary.update(summary.start(), pl.DataFrame({RESIDUAL: np.asarray(values, dtype=float)}))
    return summary.result(state)[RESIDUAL]


def rule(level: float, kind: IntervalKind = "constant") -> IntervalRule:
    return IntervalRule(level, kind, 0.0, 1.0)


@pytest.mark.parametrize(
    ("rows", "level", "rank"), [(9, 0.9, 9), (10, 0.9, 10), (19, 0.9, 18), (99, 0.9, 90), (4, 0.8, 4)]
)
def test_the_radius_is_the_residual_of_the_rank_by_hand(rows: int, level: float, rank: int) -> None:
    """ceil((n + 1) × level), and not n × level: else intervals of few rows hold too seldom."""
    made, counted = conformal(rule(level), residuals(range(1, rows + 1)))
    assert made.radius == rank
    assert counted == rows


@pytest.mark.parametrize(("rows", "level", "needed"), [(8, 0.9, 9), (18, 0.95, 19), (0, 0.5, 1)])
def test_too_few_rows_for_a_level_are_refused_with_how_many_it_takes(
    rows: int, level: float, needed: int
) -> None:
    with pytest.raises(CauceError) as told:
        conformal(rule(level), residuals(range(rows)))
    assert told.value.code == "E2204"
    assert told.value.values["needed"] == needed


def test_a_radius_from_bins_is_never_too_small() -> None:
    """A bin's middle may lie below the residual it stands for; the promise is of at least the level."""
    values = np.random.default_rng(0).lognormal(size=20_000)
    made, _ = conformal(rule(0.9), residuals(values, limit=100))
    exact = np.sort(values)[math.ceil(20_001 * 0.9) - 1]
    assert exact <= made.radius <= exact * 1.02


@pytest.mark.parametrize("kind", ["constant", "relative"])
@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_new_rows_lie_inside_as_often_as_promised(kind: IntervalKind, level: float) -> None:
    """Over many samples of 50 rows, whatever the errors look like: between level and level + 1 / 51."""
    draw = np.random.default_rng(7)
    held, samples = [], 1500
    for _ in range(samples):
        predicted = draw.lognormal(0, 1, 51)
        value = predicted + (predicted + 0.3) * draw.standard_t(2, 51)
        empty = IntervalRule(level, kind, 0.0, 0.5)
        apart = np.abs(value - predicted) / empty.size(predicted)
        made, _ = conformal(empty, residuals(apart[:50]))
        low, high = made(predicted[50:])[0]
        held.append(low <= value[50] <= high)
    spread = 3 * math.sqrt(level * (1 - level) / samples)
    assert level - spread <= np.mean(held) <= level + 1 / 51 + spread


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(-0.999, 1e12), min_size=1, max_size=20))
def test_the_way_to_the_logarithm_and_back_changes_nothing(values: list[float]) -> None:
    scale = Transform()
    assert scale.back(scale.forward(values)) == pytest.approx(np.array(values), rel=1e-9, abs=1e-12)


def test_predictions_stay_in_the_range_that_amounts_have() -> None:
    """exp of a large sum overflows float32, and an amount below 0 is none."""
    found = Transform(least=0.0).back([-3.0, 0.0, 2.0, 500.0])
    assert found == pytest.approx([0.0, 0.0, math.expm1(2.0), 1e38], rel=1e-6)
    assert Transform().back([-3.0])[0] == pytest.approx(math.expm1(-3.0))
    assert np.isnan(Transform().forward([-1.0, -7.0, math.nan])).all()


def test_intervals_of_another_scale_come_back_with_the_prediction_inside() -> None:
    answers = Answering(
        transform=Transform(least=0.0), interval=IntervalRule(0.9, "constant", math.log(2.0), 1.0)
    )
    raw = np.array([math.log(100.0), 0.0], dtype=np.float32)
    assert answers(raw) == pytest.approx([99.0, 0.0], rel=1e-6)
    assert answers.limits(raw) == pytest.approx(np.array([[49.0, 199.0], [0.0, 1.0]]), rel=1e-6)


def test_the_bias_of_the_way_back_is_measured_as_the_formulas_say() -> None:
    """Duan (1983): the mean of exp(residual); and mean actual / mean predicted; with weights."""
    draw = np.random.default_rng(3)
    raw, weight = draw.normal(3, 1, 500), draw.random(500)
    value = np.expm1(raw + draw.normal(0, 0.8, 500))
    fitting = Fitting(target=NUMBER, transform=Transform())
    frame = pl.DataFrame({"__weight__": weight, **fitting.asked.columns(raw, label=value, weight=weight)})
    results = [one.result(one.update(one.start(), frame)) for one in fitting.summaries]
    told = fitting.fit(results)[1]["transform"]
    assert told["smearing"] == pytest.approx(np.average(np.exp(np.log1p(value) - raw), weights=weight))
    assert told["ratio"] == pytest.approx((weight @ value) / (weight @ np.expm1(raw)))
    assert told["rows"] == 500


def test_what_is_kept_is_read_back_equal() -> None:
    kept = Answering(Transform(least=0.0), None, IntervalRule(0.9, "relative", 0.25, 3.0))
    assert Answering.from_json(json.loads(json.dumps(kept.to_json()))) == kept


def coverage_of(frame: pl.DataFrame, *, bucket: str | None, answers: Answering) -> Any:
    asked = AnswerQuestion(
        target=MetricTarget("regression"), answering=answers, slices=("__slice_0__",), bucket=bucket
    )
    results = [one.result(one.update(one.start(), frame)) for one in asked.summaries]
    column = SliceColumn("region", "text", values=("north", "south"))
    made = asked.effects(
        results, facts={"interval": {"rows": 7}}, named={"__slice_0__": column}, group=bucket and "patient"
    )
    assert made.interval is not None
    return made.interval


def scored_frame(groups: int, each: int, *, alike: bool) -> pl.DataFrame:
    """Test rows of which eight tenths lie inside: row by row, or group by group."""
    draw = np.random.default_rng(5)
    size = groups * each
    inside = np.repeat(draw.random(groups) < 0.8, each) if alike else draw.random(size) < 0.8
    return pl.DataFrame(
        {
            "__fold__": np.full(size, 2),
            "__weight__": np.ones(size),
            "__inside__": inside.astype(float),
            "__width__": np.full(size, 3.0),
            "__bucket__": np.repeat(np.arange(groups), each),
            "__slice_0__": np.arange(size) % 2,
        }
    )


def test_rows_of_a_group_that_err_alike_count_as_one_row() -> None:
    """A hundred patients of twenty rows are a hundred cases, not two thousand."""
    answers = Answering(interval=rule(0.8))
    alike = coverage_of(scored_frame(100, 20, alike=True), bucket="__bucket__", answers=answers)
    apart = coverage_of(scored_frame(100, 20, alike=False), bucket="__bucket__", answers=answers)
    found = alike.datasets["test"]
    expected = wilson(found.share, 99.0)
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    wide, narrow = (one.datasets["test"].interval for one in (alike, apart))
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)
    assert alike.group == "patient"
    assert any("patient" in text for text in alike.sentences)


def test_coverage_of_independent_rows_has_wilsons_interval_and_is_told_by_slice() -> None:
    frame = scored_frame(200, 10, alike=False)
    found = coverage_of(frame, bucket=None, answers=Answering(interval=rule(0.8)))
    whole = found.datasets["test"]
    low, high = proportion_confint(round(whole.share * 2000), 2000, method="wilson")
    assert (whole.interval.low, whole.interval.high) == pytest.approx((low, high), abs=1e-9)
    assert whole.width == 3.0
    parts = {one.level: one.coverage for one in found.slices}
    for place, name in enumerate(("north", "south")):
        rows = frame.filter(pl.col("__slice_0__") == place)
        assert parts[name].share == pytest.approx(rows["__inside__"].mean())
        assert parts[name].rows == rows.height
    assert AnswerEffects.from_json(json.loads(json.dumps(AnswerEffects(interval=found).to_json()))) == (
        AnswerEffects(interval=found)
    )


def test_coverage_below_the_promise_is_said() -> None:
    frame = scored_frame(200, 10, alike=False)
    found = coverage_of(frame, bucket=None, answers=Answering(interval=rule(0.95)))
    assert "fewer than promised" in " ".join(found.sentences)
