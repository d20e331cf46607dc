"""Linear and logistic models solved from sums agree with solvers that see every row."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logistic_reference import check_slopes
from sklearn.linear_model import ElasticNet, Ridge

from cauce.core.linear import logistic
from cauce.core.linear.logistic import fit_logistic
from cauce.core.linear.logistic_folds import intercepts_alone
from cauce.core.linear.model import LinearModel, read_linear
from cauce.core.linear.onnx import write_linear_onnx
from cauce.core.linear.ordinary import precision
from cauce.core.linear.path_making import logistic_path
from cauce.core.linear.penalties import solve, strengths
from cauce.core.linear.problem import LeastSquares, problem_of
from cauce.core.linear.quadratic import Penalty
from cauce.core.scoring import load_scorer
from cauce.errors import CauceError
from cauce.stats import LogisticSums
from cauce.stats.comoments import Comoment
from cauce.testing.summaries import check_laws

PENALTIES = (Penalty(), Penalty(0.3, 0.0), Penalty(0.1, 0.5), Penalty(0.5, 1.0), Penalty(0.01, 0.2))


def _rows(seed: int, *, count: int = 600, width: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    made = np.random.default_rng(seed)
    rows = (
        made.normal(size=(count, width)) * 10.0 ** made.uniform(-3, 3, width) + made.normal(size=width) * 50
    )
    rows[:, 1] += rows[:, 0] / rows[:, 0].std() * rows[:, 1].std()
    target = (rows / rows.std(0)) @ made.normal(size=width) + made.normal(size=count) + 5
    return rows, target, made.uniform(0.1, 2, count)


def _problem(rows: np.ndarray, target: np.ndarray, weights: np.ndarray | None) -> LeastSquares:
    """The problem of these rows in full precision: `Comoments` would take features as float32."""
    weights = np.ones(len(rows)) if weights is None else weights
    every = np.column_stack((rows, target))
    means = np.average(every, axis=0, weights=weights)
    products = (every - means).T @ ((every - means) * weights[:, None])
    return problem_of(Comoment(None, len(rows), float(weights.sum()), means, products))


@pytest.mark.parametrize("weighted", [False, True])
def test_coefficients_are_those_of_solvers_that_see_the_rows(weighted: bool) -> None:
    """Sums must lose nothing: the same coefficients as scikit-learn's, for every penalty."""
    rows, target, weights = _rows(0)
    weights = weights if weighted else np.ones(len(rows))
    problem = _problem(rows, target, weights if weighted else None)
    means = np.average(rows, axis=0, weights=weights)
    scaled = (rows - means) / np.sqrt(np.average((rows - means) ** 2, axis=0, weights=weights))
    for penalty, found in zip(PENALTIES, solve(problem, PENALTIES), strict=True):
        if penalty.l1_ratio:
            model = ElasticNet(alpha=penalty.strength, l1_ratio=penalty.l1_ratio, tol=1e-13, max_iter=10**6)
        else:
            model = Ridge(alpha=penalty.strength * weights.sum(), tol=1e-13)
        model.fit(scaled, target, sample_weight=weights)
        np.testing.assert_allclose(found, model.coef_, atol=1e-8)
        intercept, own = problem.unscaled(found)
        np.testing.assert_allclose(rows @ own + intercept, model.predict(scaled), rtol=1e-7)


@pytest.mark.parametrize("weighted", [False, True])
def test_standard_errors_are_those_of_the_textbook(weighted: bool) -> None:
    """A wrong standard error makes noise look like an effect: compared with s²(X'WX)⁻¹, computed directly."""
    rows, target, weights = _rows(1)
    weights = weights if weighted else np.ones(len(rows))
    problem = _problem(rows, target, weights if weighted else None)
    found = precision(problem, solve(problem, [Penalty()])[0])
    design = np.column_stack((np.ones(len(rows)), rows))
    root = np.sqrt(weights)[:, None]
    answer = np.linalg.lstsq(design * root, target * root[:, 0], rcond=None)[0]
    residuals = target - design @ answer
    variance = (weights * residuals**2).sum() / (len(rows) - design.shape[1])
    scaling = np.abs(design).max(axis=0)
    inverse = np.linalg.inv((design / scaling * weights[:, None]).T @ (design / scaling))
    errors = np.sqrt(variance * np.diag(inverse)) / scaling
    np.testing.assert_allclose(found.errors, errors[1:], rtol=1e-6)
    assert found.intercept == pytest.approx(errors[0], rel=1e-6)
    assert found.accurate


def test_collinear_and_constant_features_are_named_and_get_no_standard_error() -> None:
    """What the data cannot tell apart must not be reported as if they had."""
    rows, target, _ = _rows(2)
    rows = np.column_stack((rows, rows[:, 2] * 3 - 7, np.full(len(rows), 4.0)))
    problem = _problem(rows, target, None)
    (found,) = solve(problem, [Penalty()])
    told = precision(problem, found)
    assert told.collinear == (2, 6)
    assert np.isnan(told.errors[[2, 6, 7]]).all()
    assert np.isfinite(told.errors[[0, 3, 4, 5]]).all()
    assert found[7] == 0
    assert np.isfinite(found).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 12), st.integers(2, 12))
def test_any_shape_gives_finite_coefficients_that_fit_no_worse_than_the_mean(
    seed: int, width: int, count: int
) -> None:
    """More features than rows, repeated columns and a constant target end in an answer, never in NaN."""
    made = np.random.default_rng(seed)
    rows = made.integers(-2, 3, size=(count, width)).astype(float)
    target = made.integers(-3, 4, size=count).astype(float)
    problem = _problem(rows, target, None)
    for found in solve(problem, PENALTIES):
        assert np.isfinite(found).all()
        assert problem.residual_variance(found) <= problem.target_variance * (1 + 1e-9) + 1e-12


def test_the_first_strength_of_a_path_leaves_no_coefficient_and_the_second_does() -> None:
    """A path that begins too late hides the features that matter most."""
    problem = _problem(*_rows(3)[:2], None)
    path = strengths(problem, l1_ratio=0.5, count=20)
    found = solve(problem, [Penalty(one, 0.5) for one in path])
    assert not found[0].any()
    assert found[1].any()
    assert path[-1] == pytest.approx(path[0] * 1e-4)


def _asked(frame: pl.DataFrame, width: int, weight: str | None) -> logistic.Ask:
    names = tuple(f"x{place}" for place in range(width))

    def ask(coefficients: np.ndarray, curved: bool) -> logistic.LogisticTotals:
        rows = tuple(tuple(map(float, one)) for one in coefficients)
        sums = LogisticSums(names, "y", rows, (0.0,) * width, (1.0,) * width, weight, curved)
        return sums.update(sums.start(), frame)

    return ask


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("most_curved", [4_000, 0])
def test_logistic_coefficients_are_those_of_scikit_learn(
    classes: int, weight: str | None, most_curved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both routes, Newton's and by first derivatives, end where a solver over the rows ends."""
    monkeypatch.setattr(logistic, "MOST_CURVED", most_curved)
    made = np.random.default_rng(classes)
    rows = made.normal(size=(800, 5))
    rows[:, 1] += rows[:, 0]
    rows = (rows - rows.mean(0)) / rows.std(0)
    classes_of = (rows @ made.normal(size=(5, classes)) + made.gumbel(size=(800, classes))).argmax(1)
    weights = made.uniform(0.2, 2, 800)
    frame = pl.DataFrame({**{f"x{k}": rows[:, k] for k in range(5)}, "y": classes_of * 1.0, "w": weights})
    weights = weights if weight else np.ones(800)
    for penalty in (Penalty(), Penalty(0.01, 0.0), Penalty(0.02, 1.0), Penalty(0.02, 0.5)):
        outputs = 1 if classes == 2 else classes
        found = fit_logistic(_asked(frame, 5, weight), outputs=outputs, width=5, penalty=penalty)
        check_slopes(found, rows, classes_of, weights=weights, penalty=penalty, atol=3e-6)
        assert found.scans <= (8 if most_curved else 60)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_logistic_path_is_what_scikit_learn_finds_at_each_strength(classes: int) -> None:
    """A path drawn wrongly would leave out the wrong features, in the wrong order."""
    made = np.random.default_rng(classes)
    rows = made.normal(size=(400, 4))
    rows = (rows - rows.mean(0)) / rows.std(0)
    label = (rows @ made.normal(size=(4, classes)) + made.gumbel(size=(400, classes))).argmax(1)
    frame = pl.DataFrame({**{f"x{k}": rows[:, k] for k in range(4)}, "y": label * 1.0})
    outputs = 1 if classes == 2 else classes
    names = [f"x{k} [{one}]" for one in range(outputs) for k in range(4)]
    start = intercepts_alone(np.bincount(label) / 400, 4)
    path = logistic_path(_asked(frame, 4, None), names, start=start, penalty=Penalty(0.01, 0.5))
    assert path is not None
    assert path.chosen in path.strengths
    assert not any(one[0] for one in path.coefficients)
    known = dict(zip(path.features, path.coefficients, strict=True))
    none = (0.0,) * len(path.strengths)
    for at in (1, path.strengths.index(0.01), len(path.strengths) - 1):
        own = np.array([known.get(name, none)[at] for name in names]).reshape(outputs, 4)
        found = logistic.Logistic(np.column_stack((np.zeros(outputs), own)), 0.0, 0)
        penalty = Penalty(path.strengths[at], 0.5)
        check_slopes(found, rows, label, weights=np.ones(400), penalty=penalty, atol=2e-5)
    assert logistic_path(_asked(frame, 4, None), names, start=start, penalty=Penalty()) is None


def test_separated_classes_are_said_and_a_penalty_is_the_way_out() -> None:
    """Coefficients that grow without end are no model: 0.5 decides every row here."""
    frame = pl.DataFrame({"x0": [0.0, 0.1, 0.2, 0.8, 0.9, 1.0], "y": [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]})
    with pytest.raises(CauceError, match="E0820"):
        fit_logistic(_asked(frame, 1, None), outputs=1, width=1, penalty=Penalty())
    found = fit_logistic(_asked(frame, 1, None), outputs=1, width=1, penalty=Penalty(0.01, 0.0))
    assert np.isfinite(found.coefficients).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([1, 3]))
def test_sums_of_a_newton_step_keep_the_laws(seed: int, outputs: int) -> None:
    """No order of rows, batches or merges changes a step."""
    made = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "x0": made.normal(size=12),
            "x1": [None if one < -1 else one for one in made.normal(size=12).tolist()],
            "y": made.integers(0, max(2, outputs), 12).astype(float),
            "w": made.uniform(0, 2, 12),
        }
    )
    coefficients = tuple(tuple(made.normal(size=3).tolist()) for _ in range(outputs))
    sums = LogisticSums(("x0", "x1"), "y", coefficients, (0.5, 0.0), (2.0, 1.0), "w")
    check_laws(sums, [frame[:5], frame[5:6], frame[6:]], scale=1e4)


def test_derivatives_are_those_of_the_loss() -> None:
    """A wrong slope ends in a wrong model without a word: checked by differences of the loss itself."""
    made = np.random.default_rng(5)
    frame = pl.DataFrame(
        {"x0": made.normal(size=40), "x1": made.normal(size=40), "y": made.integers(0, 3, 40) * 1.0}
    )
    ask, here, tiny = _asked(frame, 2, None), made.normal(size=(3, 3)), 1e-6
    found = ask(here, True)
    for place in np.ndindex(3, 3):
        away = np.zeros((3, 3))
        away[place] = tiny
        up, down = ask(here + away, True), ask(here - away, True)
        assert (up.loss - down.loss) / (2 * tiny) == pytest.approx(found.gradient[place], abs=1e-5)
        row = found.curvature[place[0] * 3 + place[1]].reshape(3, 3)
        np.testing.assert_allclose((up.gradient - down.gradient) / (2 * tiny), row, atol=1e-5)


def _model(kind: str, outputs: int, width: int = 4) -> LinearModel:
    made = np.random.default_rng(outputs)
    return LinearModel(
        kind,  # type: ignore[arg-type]
        made.normal(size=outputs) * 3,
        made.normal(size=(outputs, width)) * 10.0 ** made.uniform(-4, 4, width),
        made.normal(size=width).astype(np.float32),
    )


@pytest.mark.parametrize(("kind", "outputs"), [("regression", 1), ("binary", 1), ("multiclass", 4)])
def test_payload_onnx_and_arithmetic_agree(kind: str, outputs: int) -> None:
    """The file, the ONNX graph and the closed form score alike, missing and huge values included."""
    model = _model(kind, outputs)
    rows = np.random.default_rng(9).normal(size=(500, 4)).astype(np.float32)
    rows[::7, 2] = np.nan
    rows[3] = 1e38
    read = read_linear(model.to_bytes())
    found, by_onnx = read.scores(rows), load_scorer(write_linear_onnx(model), "onnx")(rows)
    filled = np.where(np.isnan(rows), model.fill, rows).astype(np.float64)
    margins = filled @ model.coefficients.T + model.intercepts
    if kind == "regression":
        expected = np.clip(margins[:, 0], -1e38, 1e38)
        np.testing.assert_allclose(found, by_onnx, rtol=1e-6)
    else:
        with np.errstate(over="ignore"):
            one = 1 / (1 + np.exp(-margins[:, 0]))
        away = margins - margins.max(1, keepdims=True)
        expected = np.exp(away) / np.exp(away).sum(1, keepdims=True)
        expected = np.column_stack((1 - one, one)) if kind == "binary" else expected
        np.testing.assert_allclose(found, by_onnx, atol=1e-6)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


BROKEN = {
    "another version": {"format": 2},
    "another learner": {"learner": "boosting"},
    "another kind": {"kind": "ranking"},
    "a number that is not finite": {"intercepts": [1e400]},
    "a number as text": {"coefficients": [["1", 2, 3, 4]]},
    "a truth value": {"intercepts": [True]},
    "a row too short": {"coefficients": [[1, 2, 3]]},
    "two outputs for a regression": {"intercepts": [1, 2], "coefficients": [[1, 2, 3, 4]] * 2},
    "nothing": {"fill": [], "coefficients": [[]]},
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_a_payload_that_is_none_is_refused(change: dict[str, object]) -> None:
    """A model file from outside is checked number by number before it scores anything."""
    value = {**json.loads(_model("regression", 1).to_bytes()), **change}
    with pytest.raises(CauceError, match="E0819"):
        read_linear(json.dumps(value).encode())
