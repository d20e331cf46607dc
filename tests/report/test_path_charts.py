"""The path of a penalty: what a reader sees is what a solver over the rows finds, each line by its name."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Lasso

from cauce.core.linear.path import CoefficientPath
from cauce.core.linear.path_making import coefficient_path
from cauce.core.linear.problem import LeastSquares, problem_of
from cauce.core.linear.quadratic import Penalty
from cauce.running.report.charts.paths import apart
from cauce.running.report.sections.coefficients import path_of_coefficients
from cauce.stats import Comoments

NAMES = ("first", "<b>second", "a name that is longer than its room", "never")


def _problem() -> tuple[np.ndarray, np.ndarray, LeastSquares]:
    made = np.random.default_rng(3)
    rows = np.column_stack((made.normal(size=(300, 3)), np.full(300, 7.0))).astype(np.float32)
    label = rows[:, 0] * 3 - rows[:, 1] + 0.2 * rows[:, 2] + made.normal(size=300)
    frame = pl.DataFrame({**{f"x{place}": rows[:, place] for place in range(4)}, "y": label})
    summary = Comoments(tuple(frame.columns[:-1]), "y")
    problem = problem_of(summary.update(summary.start(), frame).groups[0])
    return rows.astype(np.float64), label, problem


def test_a_path_holds_the_coefficients_of_each_strength() -> None:
    """The chosen strength is on the line, the first leaves nothing, and each point is scikit-learn's."""
    rows, label, problem = _problem()
    path = coefficient_path(problem, NAMES, penalty=Penalty(0.05, 1.0))
    assert path is not None
    assert CoefficientPath.from_json(json.loads(json.dumps(path.to_json()))) == path
    assert path.chosen in path.strengths
    assert path.features == ("first", "<b>second", NAMES[2])
    assert not any(abs(values[0]) > 1e-12 for values in path.coefficients)
    scaled = (rows[:, :3] - rows[:, :3].mean(0)) / rows[:, :3].std(0)
    for at in (5, 30, len(path.strengths) - 1):
        model = Lasso(alpha=path.strengths[at], tol=1e-13, max_iter=10**5).fit(scaled, label)
        np.testing.assert_allclose([values[at] for values in path.coefficients], model.coef_, atol=1e-8)


@pytest.mark.parametrize("penalty", [Penalty(), Penalty(0.0, 0.5)])
def test_without_a_penalty_there_is_no_path(penalty: Penalty) -> None:
    """A line over strengths means nothing for least squares."""
    assert coefficient_path(_problem()[2], NAMES, penalty=penalty) is None


def test_the_chart_names_lines_at_their_ends_and_marks_the_model() -> None:
    """Lines without names, or a model that is not marked, leave the reader guessing; names are text."""
    path = coefficient_path(_problem()[2], NAMES, penalty=Penalty(0.05, 1.0))
    assert path is not None
    chart = path_of_coefficients(path)
    drawn = chart.drawing.__html__()
    assert "first" in drawn
    assert "&lt;b&gt;second" in drawn
    assert "<b>" not in drawn
    assert "a name that is" in drawn
    assert "upright" in drawn
    assert [column.title for column in chart.data.columns][1:] == list(path.features)
    assert any(row[0] == "0.05" for row in chart.data.rows)


@given(st.lists(st.floats(32, 286), max_size=12))
def test_names_never_lie_on_each_other_nor_outside(wanted: list[float]) -> None:
    """Two names at one place can be read as neither."""
    found = apart(sorted(wanted), low=32, high=286)
    assert all(after - before >= 14 - 1e-9 for before, after in pairwise(found))
    assert all(32 - 1e-9 <= place <= 286 + 1e-9 for place in found)
