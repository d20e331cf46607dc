"""Every penalty on every fold from one Gram of each part: equal to solvers that see each fold's rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import ElasticNet, LinearRegression, Ridge
from sklearn.metrics import mean_squared_error, r2_score

from cauce.core.linear.active import Sparse
from cauce.core.linear.folds import Division, path_strengths, solved
from cauce.core.linear.penalties import strengths
from cauce.core.linear.problem import problem_of
from cauce.core.linear.quadratic import Penalty
from cauce.errors import CauceError
from cauce.expr.nodes import Column
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Field, Schema
from cauce.stats import Comoments, Worked
from cauce.stats.comoments import joined
from cauce.testing.summaries import check_laws

FOLDS = tuple(Division(tuple(k for k in range(4) if k != own), (own,)) for own in range(4))


def _frame(seed: int, *, count: int = 900, width: int = 5, correlation: float = 0.0) -> pl.DataFrame:
    made = np.random.default_rng(seed)
    shared = made.normal(size=(count, 1)) * correlation**0.5
    rows = made.normal(size=(count, width)) * (1 - correlation) ** 0.5 + shared
    rows = (rows * 10.0 ** made.uniform(-2, 2, width) + made.normal(size=width) * 50).astype(np.float32)
    target = rows / rows.std(0) @ made.normal(size=width) + made.normal(size=count)
    columns = {f"x{place}": rows[:, place] for place in range(width)}
    return pl.DataFrame(
        {**columns, "y": target, "w": made.uniform(0.1, 3, count), "part": made.integers(0, 4, count)}
    )


def _summary(frame: pl.DataFrame, *, weight: str | None = None) -> Comoments:
    return Comoments(tuple(name for name in frame.columns if name[0] == "x"), "y", weight, "part")


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.booleans())
def test_sums_about_means_keep_the_laws(seed: int, weighted: bool) -> None:
    """No order of rows, batches or merges changes a model; rows with a hole or no weight stay out."""
    frame = _frame(seed, count=14, width=2).with_columns(
        x1=pl.when(pl.int_range(14) % 5 == 0).then(None).otherwise(pl.col("x1")),
        w=pl.when(pl.int_range(14) % 3 == 0).then(0.0).otherwise(pl.col("w")),
    )
    summary = _summary(frame, weight="w" if weighted else None)
    found = check_laws(summary, [frame[:5], frame[5:6], frame[6:]], scale=1e6)
    assert found.skipped == 3
    assert sum(own.rows for own in found.groups) == (7 if weighted else 11)


def test_large_means_cost_no_digits() -> None:
    """Seconds since 1970 have a mean a million times their spread: products about 0 would lose all of it."""
    made = np.random.default_rng(1)
    times = (1_700_000_000 + made.integers(0, 40, 5_000) * 128).astype(np.float32)
    label = times.astype(np.float64) / 1e3 + made.normal(size=5_000)
    frame = pl.DataFrame({"x": times, "y": label, "part": np.arange(5_000) % 4})
    summary = Comoments(("x",), "y", None, "part")
    state = summary.start()
    for batch in frame.iter_slices(300):
        state = summary.update(state, batch)
    part = joined(state.groups)
    away = times.astype(np.longdouble) - times.astype(np.longdouble).mean()
    assert part.products[0, 0] == pytest.approx(float((away**2).sum()), rel=1e-10)
    fit = LinearRegression().fit(times[:, None].astype(np.float64) - 1.7e9, label)
    (found,) = solved([state], [Division((0, 1, 2, 3), (0,))], penalties=[Penalty()])
    assert found.own[1][0, 0] == pytest.approx(fit.coef_[0], rel=1e-9)


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("correlation", [0.0, 0.999])
def test_each_penalty_on_each_fold_is_what_a_solver_finds_on_its_rows(
    weight: str | None, correlation: float
) -> None:
    """A grid is judged by the coefficients and errors that scikit-learn gets on each fold by itself."""
    frame = _frame(3, correlation=correlation)
    summary = _summary(frame, weight=weight)
    state = summary.update(summary.start(), frame)
    penalties = [
        Penalty(),
        Penalty(0.2, 0.0),
        *(Penalty(one, 0.5) for one in (1.0, 0.1, 0.001)),
        Penalty(0.1, 1),
    ]
    found = solved([state], FOLDS, penalties=penalties)
    rows = frame.select(summary.features).to_numpy().astype(np.float64)
    target, part = frame["y"].to_numpy(), frame["part"].to_numpy()
    weights = frame["w"].to_numpy() if weight else np.ones(len(frame))
    for fold, one in enumerate(found):
        train, score = part != fold, part == fold
        means = np.average(rows[train], axis=0, weights=weights[train])
        size = np.sqrt(np.average((rows[train] - means) ** 2, axis=0, weights=weights[train]))
        scaled = (rows - means) / size
        for place, penalty in enumerate(penalties):
            if penalty.l1_ratio:
                model = ElasticNet(
                    alpha=penalty.strength, l1_ratio=penalty.l1_ratio, tol=1e-14, max_iter=10**6
                )
            else:
                model = Ridge(alpha=penalty.strength * weights[train].sum(), tol=1e-14, solver="svd")
            model.fit(scaled[train], target[train], sample_weight=weights[train])
            np.testing.assert_allclose(one.coefficients[place], model.coef_, atol=1e-6)
            guess = model.predict(scaled)
            for judged, mask in ((one.judged, score), (one.learned, train)):
                told = mean_squared_error(target[mask], guess[mask], sample_weight=weights[mask])
                assert judged.metric("rmse")[place] == pytest.approx(told**0.5, rel=1e-7)
                share = r2_score(target[mask], guess[mask], sample_weight=weights[mask])
                assert judged.metric("r2")[place] == pytest.approx(share, abs=1e-7)
            scores = one.model(place).scores(frame.select(summary.features).to_numpy())
            np.testing.assert_allclose(scores, guess, rtol=1e-4, atol=1e-4)


def _conditions(sparse: Sparse, found: np.ndarray) -> float:
    """By how much `found` misses the conditions that only the minimum meets (Karush, Kuhn, Tucker)."""
    slope = sparse.slope(found)
    zero = found == 0
    inside = np.abs(slope[zero]).max(initial=0.0) - sparse.lasso
    return max(inside, np.abs(slope[~zero] - sparse.lasso * np.sign(found[~zero])).max(initial=0.0))


@pytest.mark.parametrize("correlation", [0.9, 0.999999, 1 - 1e-9])
def test_a_lasso_of_features_that_nearly_repeat_each_other_ends_at_the_minimum(correlation: float) -> None:
    """Coordinate descent stops far away there; what holds at the minimum alone holds to 1e-12."""
    made = np.random.default_rng(7)
    rows = made.normal(size=(4_000, 20)) * (1 - correlation) ** 0.5 + made.normal(size=(4_000, 1))
    target = rows @ made.normal(size=20) + made.normal(size=4_000)
    frame = pl.DataFrame({**{f"x{k}": rows[:, k] for k in range(20)}, "y": target})
    summary = Comoments(tuple(frame.columns[:-1]), "y")
    problem = problem_of(summary.update(summary.start(), frame).groups[0])
    here = np.zeros(20)
    for strength in strengths(problem, l1_ratio=1.0, count=60):
        sparse = Sparse(problem.correlation, problem.covariance, strength, 0.0)
        here = sparse.minimised(here)
        assert _conditions(sparse, here) < 1e-12


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 14), st.integers(2, 10), st.sampled_from([0.0, 0.3]))
def test_any_rows_have_a_minimum_that_is_found(seed: int, width: int, count: int, ridge: float) -> None:
    """Repeated and constant columns and more features than rows end in a minimum, from any start."""
    made = np.random.default_rng(seed)
    rows = made.integers(-2, 3, size=(count, width)).astype(float)
    frame = pl.DataFrame({**{f"x{k}": rows[:, k] for k in range(width)}, "y": made.normal(size=count)})
    summary = Comoments(tuple(frame.columns[:-1]), "y")
    problem = problem_of(summary.update(summary.start(), frame).groups[0])
    for lasso in (0.5, 0.05, 1e-4):
        sparse = Sparse(problem.correlation, problem.covariance, lasso, ridge)
        for start in (np.zeros(width), made.normal(size=width) * problem.varying):
            assert _conditions(sparse, sparse.minimised(start)) < 1e-9


def test_features_of_their_own_for_each_fold_and_shared_ones_give_the_same_models() -> None:
    """Where features are the same on every fold, one Gram serves all; it must not change a number."""
    frame = _frame(5)
    schema = Schema(
        (*(Field(f"x{k}", "float") for k in range(5)), Field("y", "float"), Field("part", "integer"))
    )
    table = frame.select(schema.names).cast({f"x{k}": pl.Float64 for k in range(5)})
    summary = _summary(frame)
    shared = summary.update(summary.start(), table)
    made = Projection(
        tuple(Output(name, Column(name)) for name in summary.features), schema, keep=("y", "part")
    )
    own = Worked((made,), summary)
    states = [own.result(own.update(own.start(), table)) for _ in FOLDS]
    check_laws(own, [table[:20], table[20:21], table[21:50]], scale=1e7)
    penalties = [Penalty(0.1, 0.5), Penalty(0.01, 1.0)]
    for one, other in zip(
        solved([shared], FOLDS, penalties=penalties), solved(states, FOLDS, penalties=penalties), strict=True
    ):
        np.testing.assert_allclose(one.coefficients, other.coefficients, atol=1e-12)


def test_a_path_leaves_no_coefficient_at_its_beginning_on_any_fold() -> None:
    """Its first strength is the largest any fold needs, so that folds are compared at the same strengths."""
    frame = _frame(6)
    summary = _summary(frame)
    state = summary.update(summary.start(), frame)
    path = path_strengths([state], FOLDS, l1_ratio=0.5, count=30, least=1e-3)
    found = solved([state], FOLDS, penalties=[Penalty(one, 0.5) for one in path])
    assert not any(one.coefficients[0].any() for one in found)
    assert any(one.coefficients[1].any() for one in found)
    assert path[-1] == pytest.approx(path[0] * 1e-3)


def test_a_fold_without_rows_is_named() -> None:
    """A fold that scores nothing has no error to be compared."""
    frame = _frame(8).filter(pl.col("part") != 2)
    summary = _summary(frame)
    state = summary.update(summary.start(), frame)
    with pytest.raises(CauceError, match="E2162"):
        solved([state], FOLDS, penalties=[Penalty()])


def test_a_target_whose_squares_overflow_is_refused() -> None:
    """Infinite sums would come out as NaN coefficients."""
    frame = _frame(9).with_columns(y=pl.col("y") * 1e200)
    summary = _summary(frame)
    state = summary.update(summary.start(), frame)
    with pytest.raises(CauceError, match="E2160"):
        solved([state], FOLDS, penalties=[Penalty()])
