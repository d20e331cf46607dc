"""Logistic models of many penalties on many folds move together and end where each would alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logistic_reference import check_slopes

from cauce.core.linear import logistic
from cauce.core.linear.folds import Division, divided
from cauce.core.linear.lockstep import Lockstep, Wanted
from cauce.core.linear.logistic import Logistic, first_strength, intercept_alone
from cauce.core.linear.logistic_folds import (
    ClassFold,
    FoldSums,
    RowNumbers,
    balanced,
    intercepts_alone,
)
from cauce.core.linear.problem import problem_of
from cauce.core.linear.quadratic import Penalty
from cauce.errors import CauceError
from cauce.stats import Comoments, LogisticSums
from cauce.stats.comoments import joined
from cauce.stats.logistic_points import LogisticPoint, LogisticPoints, RowDivision
from cauce.testing.summaries import check_laws

WIDTH = 4
NAMES = tuple(f"x{place}" for place in range(WIDTH))
FOLDS = tuple(Division(tuple(k for k in range(3) if k != own), (own,)) for own in range(3))


def _frame(classes: int, *, count: int = 700) -> pl.DataFrame:
    made = np.random.default_rng(classes)
    rows = (made.normal(size=(count, WIDTH)) * [1, 5, 0.1, 1] + [0, 100, 3, -2]).astype(np.float32)
    margins = (rows - rows.mean(0)) / rows.std(0) @ made.normal(size=(WIDTH, classes))
    label = (margins + made.gumbel(size=(count, classes))).argmax(1) * 1.0
    parts = made.integers(0, 3, count)
    own = {f"x{place}": rows[:, place] for place in range(WIDTH)}
    return pl.DataFrame({**own, "y": label, "w": made.uniform(0.3, 2, count), "part": parts})


class _Folds:
    """The folds of a frame, their sums from one scan at a time. scans: readings so far."""

    def __init__(self, frame: pl.DataFrame, *, even: bool = False, apart: bool = False) -> None:
        self.frame, self.scans = frame, 0
        classes = int(frame["y"].max()) + 1  # type: ignore[arg-type]
        summary = Comoments(NAMES, "y", "w", "part")
        state = summary.update(summary.start(), frame)
        whole = problem_of(joined(state.groups))
        numbers = RowNumbers(NAMES, "part", whole.means, whole.deviations)
        self.folds, starts = [], []
        for fold, division in enumerate(FOLDS):
            own = frame.filter(pl.col("part").is_in(division.train))
            by_class = ()
            if even:
                by_class = balanced({float(k): int((own["y"] == k).sum()) for k in range(classes)}, classes)
            problem = problem_of(divided(state, division, fold=fold)[0])
            self.folds.append(ClassFold(fold if apart else 0, division, problem, by_class))
            shares = np.array([float(own.filter(pl.col("y") == k)["w"].sum()) for k in range(classes)])
            starts.append(intercepts_alone(shares / shares.sum(), int(problem.varying.sum())))
        states = [numbers] * (3 if apart else 1)
        self.sums = FoldSums(self.scan, "y", "w", states, self.folds)
        self.lockstep = Lockstep(self.sums, starts)

    def scan(self, *summaries: Any) -> tuple[Any, ...]:
        self.scans += 1
        return tuple(one.update(one.start(), self.frame) for one in summaries)


PENALTIES = (*(Penalty(10.0**-at, 1.0) for at in range(1, 7)), Penalty(0.01), Penalty(0.02, 0.5), Penalty())


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("even", [False, True])
def test_each_penalty_on_each_fold_is_what_a_solver_finds_on_its_rows(classes: int, even: bool) -> None:
    """Moving together must not change where anyone ends: scikit-learn's coefficients, fold by fold."""
    frame = _frame(classes)
    folds = _Folds(frame, even=even)
    found = folds.lockstep.solve(PENALTIES)
    assert folds.scans == folds.lockstep.scans <= 20
    rows, label = frame.select(NAMES).to_numpy().astype(np.float64), frame["y"].to_numpy()
    for fold, division in enumerate(FOLDS):
        train = frame["part"].is_in(division.train).to_numpy()
        problem, by_class = folds.folds[fold].problem, folds.folds[fold].by_class
        scaled = ((rows - problem.means) / problem.deviations)[train]
        weights = frame["w"].to_numpy()[train]
        if by_class:
            weights = weights * np.array(by_class)[label[train].astype(int)]
        for penalty in PENALTIES[1::3]:
            own = found[fold, penalty]
            assert isinstance(own, Logistic)
            check_slopes(own, scaled, label[train], weights=weights, penalty=penalty, atol=1e-5)


def test_folds_with_features_of_their_own_and_with_shared_ones_end_alike() -> None:
    """Sharing numbers between folds saves readings and must not change a coefficient."""
    frame = _frame(2)
    shared, apart = _Folds(frame).lockstep, _Folds(frame, apart=True).lockstep
    found, other = shared.solve(PENALTIES), apart.solve(PENALTIES)
    assert shared.scans == apart.scans
    for key, own in found.items():
        one = other[key]
        assert isinstance(own, Logistic)
        assert isinstance(one, Logistic)
        np.testing.assert_allclose(own.coefficients, one.coefficients, atol=1e-8)


def test_first_derivatives_alone_end_at_the_same_coefficients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond 4,000 coefficients the second derivatives are not asked for; the answer is the same."""
    frame, wanted = _frame(3), (Penalty(0.02, 0.5), Penalty(0.05))
    newton = dict(_Folds(frame).lockstep.solve(wanted))
    monkeypatch.setattr(logistic, "MOST_CURVED", 0)
    for key, own in _Folds(frame).lockstep.solve(wanted).items():
        one = newton[key]
        assert isinstance(own, Logistic)
        assert isinstance(one, Logistic)
        np.testing.assert_allclose(own.coefficients[:, 1:], one.coefficients[:, 1:], atol=1e-5)


def test_little_room_for_derivatives_takes_more_readings_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Memory stays bounded whatever the number of candidates."""
    frame = _frame(2)
    whole = dict(_Folds(frame).lockstep.solve(PENALTIES))
    monkeypatch.setattr("cauce.core.linear.lockstep.MOST_CURVATURE", 8 * (WIDTH + 1) ** 2 * 4)
    little = _Folds(frame).lockstep
    for key, own in little.solve(PENALTIES).items():
        one = whole[key]
        assert isinstance(own, Logistic)
        assert isinstance(one, Logistic)
        np.testing.assert_allclose(own.coefficients, one.coefficients, atol=1e-9)
    assert little.scans > 20


def test_classes_separated_on_one_fold_fail_there_without_a_penalty_alone() -> None:
    """A candidate that has no best coefficients must not take the others with it."""
    frame = _frame(2, count=240).with_columns(
        x3=pl.when(pl.col("part") == 0).then(pl.col("x3")).otherwise(pl.col("y") * 2 - 1)
    )
    found = _Folds(frame).lockstep.solve((Penalty(), Penalty(0.01)))
    failed = found[0, Penalty()]
    assert isinstance(failed, CauceError)
    assert failed.code == "E0820"
    for fold in (1, 2):
        assert isinstance(found[fold, Penalty()], Logistic)
    assert all(isinstance(found[fold, Penalty(0.01)], Logistic) for fold in range(3))


def test_a_path_begins_where_no_feature_counts() -> None:
    """The strength computed from the intercepts' model alone is the one at which scikit-learn drops all."""
    folds = _Folds(_frame(2))
    points = [Wanted(fold, start, curved=False) for fold, start in enumerate(folds.lockstep.starts)]
    first = max(first_strength(one) for one in folds.sums(points))
    found = folds.lockstep.solve((Penalty(first * 1.0001, 1.0), Penalty(first * 0.97, 1.0)))
    sizes = {key: np.abs(own.coefficients[:, 1:]).max() for key, own in found.items()}  # type: ignore[union-attr]
    assert max(size for (_, one), size in sizes.items() if one.strength > first) < 1e-9
    assert max(size for (_, one), size in sizes.items() if one.strength < first) > 1e-3


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([1, 3]))
def test_sums_of_many_points_keep_the_laws(seed: int, outputs: int) -> None:
    """No order of rows, batches or merges changes a step; rows of no part count nowhere."""
    made = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "x0": [None if one < -1.2 else one for one in made.normal(size=14).tolist()],
            "x1": made.normal(size=14).astype(np.float32),
            "y": made.integers(0, max(2, outputs), 14).astype(float),
            "w": made.uniform(0, 2, 14),
            "part": made.integers(-1, 3, 14),
        }
    )
    points = tuple(
        LogisticPoint(tuple(tuple(made.normal(size=3).tolist()) for _ in range(outputs)), at % 2, at < 2)
        for at in range(3)
    )
    divisions = (RowDivision((0, 1), (2,)), RowDivision((2,), (0,), (0.5, 2.0, 1.0)[: max(2, outputs)]))
    summary = LogisticPoints(("x0", "x1"), "y", "part", divisions, points, (0.5, 0.0), (2.0, 1.0), "w")
    found = check_laws(summary, [frame[:5], frame[5:6], frame[6:]], scale=1e4)
    known = frame.drop_nulls().filter(pl.col("part") == 2)
    assert found.points[0].scored_weight == pytest.approx(float(known["w"].sum()))


def test_sums_where_no_feature_counts_need_no_scan() -> None:
    """Two classes' first step comes from the sums of least squares: those that a scan would have given."""
    frame = _frame(2)
    summary = Comoments(NAMES, "y", "w")
    problem = problem_of(summary.update(summary.start(), frame).groups[0])
    point, known = intercept_alone(problem)
    rows = tuple(tuple(one) for one in point.tolist())
    asked = LogisticSums(NAMES, "y", rows, tuple(problem.means), tuple(problem.deviations), "w")
    found = asked.update(asked.start(), frame)
    assert known.loss == pytest.approx(found.loss, rel=1e-12)
    np.testing.assert_allclose(known.gradient, found.gradient, atol=1e-9 * known.weight)
    np.testing.assert_allclose(known.curvature, found.curvature, atol=1e-9 * known.weight)
