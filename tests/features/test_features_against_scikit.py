"""Numbers a user knows from scikit-learn come out the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from feature_tables import declared, fitted, made_of, prepare, schema_of
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from cauce.spec.features import Bins, Category, Clip, Frequency, Impute, Log, OneHot, Ordinal, Raw, Scale

NUMBERS = st.lists(
    st.none() | st.floats(-1e6, 1e6, allow_nan=False, width=32) | st.integers(-3, 3).map(float),
    min_size=2,
    max_size=40,
).filter(lambda values: any(value is not None for value in values))
TAKEN_FOR_NONE = 10 * np.finfo(float).eps
"""A spread below which scikit-learn leaves numbers as they are; ours are scaled by it all the same."""
LEVELS = st.lists(
    st.none() | st.sampled_from(["a", "b", "B", "", " a", "ñ", "日本"]), min_size=1, max_size=60
)


def column(values: Any) -> pl.DataFrame:
    return pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)})


def array(frame: pl.DataFrame) -> np.ndarray[Any, Any]:
    return frame.select(pl.all().cast(pl.Float64).fill_null(np.nan)).to_numpy()


@given(NUMBERS, st.sampled_from([("mean", "mean"), ("median", "median"), ("mode", "most_frequent")]))
def test_missing_numbers_become_what_scikit_learn_would_put_there(
    values: list[float | None], method: tuple[str, str]
) -> None:
    frame = column(values)
    ours = array(made_of(frame, (Impute(method=method[0]),)))
    theirs = SimpleImputer(strategy=method[1]).fit_transform(array(frame))
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-9)


@given(NUMBERS, st.sampled_from(["standard", "min_max", "robust"]))
@example([0.0, 1.1754943508222875e-38], "min_max")
@example([0.0, 0.0, 1.1754943508222875e-38, 1.1754943508222875e-38], "robust")
def test_scaled_numbers_are_scikit_learns(values: list[float | None], method: str) -> None:
    frame = column(values)
    x = array(frame)
    present = x[~np.isnan(x)]
    ours = array(made_of(frame, (Scale(method=method),)))
    if method == "standard":
        deviation = present.std(ddof=1) if len(present) > 1 and present.std(ddof=1) > 0 else 1.0
        theirs = (x - present.mean()) / deviation
        if present.std() > 1e-3 * max(1.0, np.abs(present).max()):
            scaler = StandardScaler().fit(x)
            other = scaler.transform(x) * np.sqrt((len(present) - 1) / len(present))
            np.testing.assert_allclose(ours, other, rtol=1e-9, atol=1e-9)
        if present.max() == present.min():
            theirs = x - present.mean()
    else:
        theirs = {"min_max": MinMaxScaler, "robust": RobustScaler}[method]().fit_transform(x)
        low, middle, high = np.percentile(present, [0, 50, 100] if method == "min_max" else [25, 50, 75])
        if 0 < high - low < TAKEN_FOR_NONE:
            theirs = (x - (low if method == "min_max" else middle)) / (high - low)
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-7)


@given(
    NUMBERS, st.sampled_from(["mean", "median", "mode"]), st.sampled_from(["standard", "min_max", "robust"])
)
def test_scaling_after_imputing_takes_one_look_and_counts_the_imputed_cells(
    values: list[float | None], impute: str, scale: str
) -> None:
    frame = column(values)
    features = fitted(prepare(frame), declared({"x": (Impute(method=impute), Scale(method=scale))}))
    ours = array(features.projection(schema_of(frame))(frame))
    strategy = {"mode": "most_frequent"}.get(impute, impute)
    x = SimpleImputer(strategy=strategy).fit_transform(array(frame))
    shift, spread = {
        "standard": (x.mean(), x.std(ddof=1)),
        "min_max": (x.min(), x.max() - x.min()),
        "robust": (np.median(x), np.quantile(x, 0.75) - np.quantile(x, 0.25)),
    }[scale]
    assert features.scans == 1
    tiny = spread <= 1e-9 * np.abs(x).max()
    if not tiny:
        np.testing.assert_allclose(ours, (x - shift) / spread, rtol=1e-6, atol=1e-6)


@given(NUMBERS, st.integers(2, 8), st.sampled_from(["quantile", "uniform"]))
def test_bins_are_scikit_learns(values: list[float | None], count: int, method: str) -> None:
    present = sorted({value for value in values if value is not None})
    if len(present) < 2 or present[-1] - present[0] < 1e-3:
        return
    frame = column([value for value in values if value is not None])
    ours = array(made_of(frame, (Bins(count=count, method=method),)))[:, 0]
    x = array(frame)
    if method == "uniform":
        edges = np.linspace(x.min(), x.max(), count + 1)[1:-1]
        near = np.isclose(x, edges, rtol=1e-12, atol=1e-9).any(axis=1)
        theirs = KBinsDiscretizer(count, encode="ordinal", strategy="uniform").fit_transform(x)[:, 0]
        np.testing.assert_array_equal(ours[~near], theirs[~near])
        return
    edges = np.unique(np.quantile(x, np.arange(1, count) / count))
    near = np.isclose(x, edges, rtol=1e-12, atol=1e-12).any(axis=1) & ~np.isin(x, edges)[:, 0]
    theirs = np.searchsorted(edges, x[:, 0], side="right")
    np.testing.assert_array_equal(ours[~near], theirs[~near])


@given(LEVELS)
def test_one_hot_cells_are_scikit_learns(values: list[str | None]) -> None:
    levels = sorted({value for value in values if value is not None})
    if not levels:
        return
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.String)})
    made = made_of(frame, (OneHot(rare=0.0),))
    encoder = OneHotEncoder(categories=[levels], handle_unknown="ignore", sparse_output=False)
    encoder.fit(np.array([[level] for level in levels], dtype=object))
    theirs = encoder.transform(np.array([[value] for value in values], dtype=object))
    np.testing.assert_array_equal(array(made), theirs)
    assert made.columns == [f"x={level}" for level in levels]


@given(LEVELS, st.sampled_from(["ordinal", "category"]))
def test_positions_of_levels_are_scikit_learns(values: list[str | None], step: str) -> None:
    levels = sorted({value for value in values if value is not None})
    if not levels:
        return
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.String)})
    encoder = OrdinalEncoder(categories=[levels], handle_unknown="use_encoded_value", unknown_value=np.nan)
    encoder.fit(np.array([[level] for level in levels], dtype=object))
    theirs = encoder.transform(np.array([[value] for value in values], dtype=object))
    np.testing.assert_array_equal(array(made_of(frame, (_STEPS[step],))), theirs)


_STEPS: dict[str, Any] = {"ordinal": Ordinal(), "category": Category()}


@given(
    st.lists(
        st.none() | st.sampled_from([-1.5, 0.0, -0.0, 2.0, 1e300, float("inf"), float("nan")]), min_size=1
    )
)
def test_floats_can_be_levels(values: list[float | None]) -> None:
    """Whole numbers with gaps arrive as floats from many tools and still are categories."""
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)})
    levels = sorted({value + 0.0 for value in values if value is not None and value == value})
    wanted = [levels.index(v + 0.0) if v is not None and v == v else None for v in values]
    if not levels:
        return
    assert made_of(frame, (Category(),))["x"].to_list() == wanted
    shares = [sum(w == own for w in wanted) / len(values) for own in wanted]
    assert made_of(frame, (Frequency(),)).to_series().to_list() == pytest.approx(shares)
    cells = made_of(frame, (OneHot(rare=0.0),)).rows()
    assert cells == [tuple(own == k for k in range(len(levels))) for own in wanted]


def test_real_measurements_come_out_as_in_scikit_learn(shared_data: Path) -> None:
    """Penguins: what a user would do by hand, column by column, gives the same table."""
    path = next(iter(sorted((shared_data / "penguins").glob("*.csv"))))
    frame = pl.read_csv(path, null_values=["NA", ""])
    numbers = [name for name in frame.columns if frame.schema[name] == pl.Float64][:2]
    numbers += [name for name in frame.columns if frame.schema[name] == pl.Int64 and frame[name].null_count()]
    frame = frame.select(*numbers, *[name for name in frame.columns if frame.schema[name] == pl.String])
    chains: dict[str, Any] = {name: (Impute(method="median"), Scale()) for name in numbers}
    chains |= {name: (OneHot(rare=0.0),) for name in frame.columns if name not in numbers}
    features = fitted(prepare(frame), declared(chains))
    ours = array(features.projection(schema_of(frame))(frame))
    x = SimpleImputer(strategy="median").fit_transform(array(frame.select(numbers)))
    parts = [(x - x.mean(axis=0)) / x.std(axis=0, ddof=1)]
    parts += [
        np.column_stack([(frame[name] == level).fill_null(False).to_numpy() for level in levels])
        for name in frame.columns
        if name not in numbers
        for levels in [sorted(frame[name].drop_nulls().unique())]
    ]
    assert features.scans == 1
    np.testing.assert_allclose(ours, np.column_stack(parts), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("step", "values", "wanted"),
    [
        (Log(), [1.0, 0.0, -1.0, None, np.e], [0.0, None, None, None, 1.0]),
        (Log(method="one_plus"), [0.0, -1.0, np.e - 1, -2.0], [0.0, None, 1.0, None]),
        (Log(method="decimal"), [100.0, 0.0, float("nan"), 1.0], [2.0, None, None, 0.0]),
        (Clip(lower=0.0, upper=2.0), [-1.0, 1.0, 3.0, None], [0.0, 1.0, 2.0, None]),
        (Clip(lower_quantile=0.25), [0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 2.0, 3.0, 4.0]),
        (Bins(edges=(0.0, 1.0)), [-1.0, 0.0, 0.5, 1.0, None], [0, 1, 1, 2, None]),
        (Raw(), [1.5, None], [1.5, None]),
        (Impute(method="constant", value=7), [1.0, None, float("nan")], [1.0, 7.0, 7.0]),
        (Scale(), [5.0, 5.0, None], [0.0, 0.0, None]),
        (Impute(), [None, None], [0.0, 0.0]),
        (Bins(), [None, None], [None, None]),
        (Scale(method="min_max"), [None, None], [None, None]),
        (Scale(method="min_max"), [0.0, 4.0, float("inf"), 1.0], [0.0, 1.0, float("inf"), 0.25]),
    ],
)
def test_edges_of_number_steps_are_as_documented(step: Any, values: list[Any], wanted: list[Any]) -> None:
    made = made_of(column(values), (step,)).to_series().to_list()
    shown = [None if value is None or value != value else value for value in made]
    assert shown == [None if value is None else pytest.approx(value) for value in wanted]
