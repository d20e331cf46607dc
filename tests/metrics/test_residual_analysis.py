"""How a regression errs is told truly: held against statsmodels, SciPy and closed forms."""

from __future__ import annotations

import json

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.diagnostic import het_breuschpagan

from cauce.core.metrics.residuals import FEWEST, ResidualAnalysis, residual_analysis


def made(rows: int = 2000, *, wide: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Labels and predictions; `wide`: how much errors grow with the prediction."""
    random = np.random.default_rng(seed)
    predicted = random.uniform(0, 10, rows)
    return predicted + random.normal(size=rows) * (1 + wide * predicted), predicted


def found(label: np.ndarray, predicted: np.ndarray, **more: object) -> ResidualAnalysis:  # type: ignore[type-arg]
    analysis = residual_analysis(label, predicted, dataset="test", **more)  # type: ignore[arg-type]
    assert analysis is not None
    return analysis


@pytest.mark.parametrize("wide", [0.0, 0.05, 1.0])
def test_the_test_of_equal_spread_is_statsmodels(wide: float) -> None:
    label, predicted = made(wide=wide)
    analysis = found(label, predicted)
    design = np.column_stack((np.ones(predicted.size), predicted))
    statistic, chance, _f, _chance = het_breuschpagan(label - predicted, design)
    assert analysis.statistic == pytest.approx(statistic, rel=1e-9)
    assert analysis.chance == pytest.approx(chance, rel=1e-9, abs=1e-300)


def test_errors_that_grow_with_the_prediction_are_said_in_words() -> None:
    """Price models err in per cent; an interval of one width lies at both ends."""
    wider, same = found(*made(wide=1.0)), found(*made())
    assert "not alike everywhere" in wider.sentences[0]
    assert 3 < wider.ratio < 12
    assert "no clear sign" in same.sentences[0]
    deviations = [part.deviation for part in wider.parts]
    assert deviations[-1] > 3 * deviations[0]


def test_a_few_huge_errors_do_not_hide_that_errors_grow() -> None:
    """Squares are ruled by the largest error; ranks are not. Spearman's correlation is SciPy's."""
    label, predicted = made(1000, wide=1.0, seed=9)
    label[np.argsort(predicted)[:2]] += 1e5
    analysis = found(label, predicted)
    assert analysis.chance > 0.01
    assert "not alike everywhere" in analysis.sentences[0]
    rho = scipy.stats.spearmanr(predicted, np.abs(label - predicted)).statistic
    assert analysis.ranks == pytest.approx(rho, abs=1e-12)
    ties = found(np.round(label, 0), np.round(predicted, 0))
    assert ties.ranks == pytest.approx(
        scipy.stats.spearmanr(np.round(predicted), np.abs(np.round(label) - np.round(predicted))).statistic,
        abs=1e-12,
    )


def test_moments_and_tails_are_scipys() -> None:
    label, predicted = made(seed=3)
    analysis = found(label + np.where(np.arange(2000) % 200 == 0, 30.0, 0.0), predicted)
    residual = label + np.where(np.arange(2000) % 200 == 0, 30.0, 0.0) - predicted
    assert analysis.skew == pytest.approx(scipy.stats.skew(residual), rel=1e-9)
    assert analysis.excess == pytest.approx(scipy.stats.kurtosis(residual), rel=1e-9)
    assert "heavier" in analysis.sentences[1]
    expected = [pair[0] for pair in analysis.normal]
    assert expected == pytest.approx(scipy.stats.norm.ppf(scipy.stats.norm.cdf(expected)).tolist(), abs=1e-9)
    assert expected == sorted(expected)


def test_normal_residuals_follow_the_diagonal() -> None:
    analysis = found(*made(20_000, seed=5))
    middle = [(x, y) for x, y in analysis.normal if abs(x) < 2]
    assert max(abs(x - y) for x, y in middle) < 0.06
    assert "much as in a normal" in analysis.sentences[1]


def test_parts_hold_every_row_once_and_their_means_are_numpys() -> None:
    label, predicted = made(1000, seed=6)
    analysis = found(label, predicted)
    assert sum(part.rows for part in analysis.parts) == 1000
    assert [part.rows for part in analysis.parts] == [100] * 10
    first = np.sort(predicted)[99]
    inside = predicted <= first
    own = (label - predicted)[inside]
    part = analysis.parts[0]
    assert (part.low, part.high) == (predicted.min(), first)
    assert part.mean == pytest.approx(own.mean(), abs=1e-12)
    assert part.deviation == pytest.approx(own.std(ddof=1), rel=1e-12)
    assert (part.share_low, part.share_high) == pytest.approx(tuple(np.quantile(own, (0.1, 0.9))))


def test_slices_that_err_to_one_side_are_seen() -> None:
    label, predicted = made(1000, seed=7)
    plans = ["a" if at % 2 else "b" for at in range(1000)]
    plans[:5] = ["few"] * 5
    biased = label + np.array([2.0 if one == "a" else 0.0 for one in plans])
    analysis = found(biased, predicted, slices={"plan": plans})
    by_name = {part.name: part for part in analysis.slices}
    assert set(by_name) == {"plan a", "plan b"}
    assert by_name["plan a"].mean == pytest.approx(by_name["plan b"].mean + 2, abs=0.3)


@given(
    st.lists(st.tuples(st.floats(-1e150, 1e150), st.floats(-1e150, 1e150)), min_size=FEWEST, max_size=60),
    st.booleans(),
)
def test_no_rows_are_too_strange(rows: list[tuple[float, float]], constant: bool) -> None:
    """Constant predictions, equal residuals, far values: numbers or nothing, never NaN."""
    label, predicted = (np.array(column) for column in zip(*rows, strict=True))
    analysis = residual_analysis(label, predicted * (0 if constant else 1), dataset="test")
    if analysis is not None:
        text = json.dumps(analysis.to_json(), allow_nan=False)
        assert ResidualAnalysis.from_json(json.loads(text)) == analysis
        assert sum(part.rows for part in analysis.parts) <= len(rows)
        assert all(analysis.sentences)


def test_few_or_equal_residuals_are_not_analysed() -> None:
    assert residual_analysis(np.arange(10.0), np.zeros(10), dataset="test") is None
    assert residual_analysis(np.ones(50), np.zeros(50), dataset="test") is None
