"""What summaries say, compared with peers and with exact arithmetic."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as peer
from sklearn import metrics

from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.stats import (
    HASH_COLUMNS,
    Confusion,
    Counts,
    Distinct,
    Extremes,
    Filtered,
    Gram,
    Grouped,
    Histogram,
    Levels,
    LevelSums,
    LowestRows,
    Moments,
    OrderedCounts,
    Quantiles,
    ResidualBins,
    ScoreBins,
    Several,
    Summary,
    TextLengths,
    hash_quantile,
    with_hashes,
)

RANDOM = np.random.default_rng(20_240_229)
ANY = st.lists(st.none() | st.floats(), max_size=60)


def told(summary: Summary, frame: pl.DataFrame, rows: int = 1_000_000) -> object:
    state = summary.start()
    for part in frame.iter_slices(rows):
        state = summary.update(state, part)
    return summary.result(state)


@settings(max_examples=60, deadline=None)
@given(ANY)
def test_counts_and_extremes_are_those_of_numpy(values: list[float | None]) -> None:
    """A column of nothing but NaN or nulls would look healthy."""
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)})
    counts, extremes = told(Several((Counts(("x",)), Extremes(("x",)))), frame, 7)
    cells = np.array([value for value in values if value is not None], dtype=float)
    own = counts["x"]
    assert (own.rows, own.nulls) == (len(values), len(values) - len(cells))
    assert (own.nans, own.infinities) == (np.isnan(cells).sum(), np.isinf(cells).sum())
    assert own.zeros == (cells == 0).sum()
    numbers = cells[~np.isnan(cells)]
    low, high = (numbers.min(), numbers.max()) if len(numbers) else (None, None)
    assert (extremes["x"].low, extremes["x"].high) == (low, high)


def test_extremes_keep_the_kind_of_the_column() -> None:
    """The lowest date or the longest price would come back as a number, rounded."""
    frame = pl.DataFrame(
        {
            "whole": [2**62 + 1, None],
            "text": ["ñ", "z"],
            "day": [date(2020, 1, 1), date(1969, 1, 1)],
            "time": [datetime(2020, 1, 1, 0, 0, 0, 1), None],
            "price": [Decimal("0.10"), Decimal("-5.25")],
            "flag": [True, True],
        },
        schema_overrides={"price": pl.Decimal(38, 2)},
    )
    found = told(Extremes(tuple(frame.columns)), frame, 1)
    assert [(own.low, own.high) for own in found.values()] == [
        (2**62 + 1, 2**62 + 1),
        ("z", "ñ"),
        (date(1969, 1, 1), date(2020, 1, 1)),
        (datetime(2020, 1, 1, 0, 0, 0, 1),) * 2,
        (Decimal("-5.25"), Decimal("0.10")),
        (True, True),
    ]


@pytest.mark.parametrize("offset", [0.0, 1e6, -1e9])
def test_moments_agree_with_exact_arithmetic_far_from_zero(offset: float) -> None:
    """The variance of timestamps or large amounts would be rounding noise."""
    values = RANDOM.gamma(2.0, 3.0, 3000) + offset
    own = told(Moments(("x",)), pl.DataFrame({"x": values}), 97)["x"]
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    squares = sum((value - mean) ** 2 for value in exact)
    cubes = float(sum((value - mean) ** 3 for value in exact)) / len(exact)
    assert own.count == 3000
    assert own.mean == pytest.approx(float(mean), rel=1e-15)
    assert own.variance == pytest.approx(float(squares / (len(exact) - 1)), rel=1e-12)
    assert own.skew == pytest.approx(cubes / float(squares / len(exact)) ** 1.5, rel=1e-12)


def test_moments_of_strange_columns() -> None:
    """A constant would get a spread, an empty column a mean, infinities would swallow the rest."""
    frame = pl.DataFrame(
        {
            "constant": [0.1] * 5,
            "none": pl.Series([None] * 5, dtype=pl.Float64),
            "with_infinity": [math.inf, 1.0, 3.0, None, math.nan],
            "huge": [1.7e308, -1.7e308, 1.7e308, 1.7e308, 1.7e308],
        }
    )
    found = told(Moments(tuple(frame.columns)), frame, 2)
    assert (found["constant"].mean, found["constant"].variance) == (0.1, 0.0)
    assert math.isnan(found["constant"].skew)
    assert math.isnan(found["none"].mean)
    assert math.isnan(found["none"].deviation)
    assert (found["with_infinity"].count, found["with_infinity"].variance) == (2, 2.0)
    assert found["huge"].mean == pytest.approx(1.02e308)
    assert found["huge"].variance == math.inf
    skewed = RANDOM.exponential(size=500)
    assert told(Moments(("x",)), pl.DataFrame({"x": skewed}), 60)["x"].skew == pytest.approx(
        peer.skew(skewed)
    )


@settings(max_examples=60, deadline=None)
@given(ANY.filter(lambda values: any(v is not None and not math.isnan(v) for v in values)), st.floats(0, 1))
def test_few_values_give_exact_order_statistics(values: list[float | None], share: float) -> None:
    """The median of a small table would be off by a bin."""
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)})
    own = told(Quantiles(("x",)), frame, 5)["x"]
    cells = np.sort(np.array([v for v in values if v is not None and not math.isnan(v)]) + 0.0)
    assert own.exact
    assert [own.at_rank(rank) for rank in range(own.count)] == cells.tolist()
    rank = share * (len(cells) - 1)
    pair = cells[[math.floor(rank), math.ceil(rank)]]
    if np.isfinite(pair).all() and abs(pair).max() < 1e300:
        assert own.quantile(share) == pytest.approx(
            np.quantile(cells, share), rel=1e-9, abs=1e-9 * abs(pair).max()
        )


@pytest.mark.parametrize("scale", [1e-300, 1e-3, 1.0, 1e12])
def test_many_values_are_within_the_stated_error(scale: float) -> None:
    """A report would show a median with no idea of how wrong it is."""
    values = RANDOM.normal(0.3, 1.0, 50_000) * scale
    summary = Quantiles(("x",), limit=500, bits=5)
    own = told(summary, pl.DataFrame({"x": values}), 8_000)["x"]
    assert not own.exact
    assert own.error_bound <= 2.0**-6
    ordered = np.sort(values)
    kept = np.repeat(own.values, own.counts)
    assert (np.abs(kept - ordered) <= own.error_bound * np.abs(ordered)).all()
    assert (own.quantile(0), own.quantile(1)) == (ordered[0], ordered[-1])


def test_bins_are_as_fine_as_the_limit_allows() -> None:
    """Error would be accepted that the memory granted could have avoided."""
    values = RANDOM.uniform(1.0, 2.0, 20_000)
    own = told(Quantiles(("x",), limit=4096), pl.DataFrame({"x": values}))["x"]
    assert 1500 <= len(own.values) <= 4096
    assert own.error_bound == 2.0**-12 or own.error_bound == 2.0**-13


def test_distinct_is_exact_while_few_and_close_when_many() -> None:
    """A key column would look like it had repeats."""
    few = pl.DataFrame(
        {"x": [1.0, 1.0, -0.0, 0.0, None, math.nan, math.nan], "t": ["a", "", None, "a", "b", "b", ""]}
    )
    found = told(Distinct(("x", "t")), few, 2)
    assert [(own.count, own.exact) for own in found.values()] == [(3, True), (3, True)]
    for count in (5_000, 40_000, 300_000):
        frame = pl.DataFrame({"x": np.arange(count), "t": pl.Series(np.arange(count)).cast(pl.String)})
        for own in told(Distinct(("x", "t")), frame, 70_000).values():
            assert not own.exact
            assert abs(own.count - count) <= 4 * own.relative_error * count


def test_levels_are_value_counts() -> None:
    """A class would be missing from the report, or a category counted twice."""
    frame = pl.DataFrame({"c": ["NO", "no", None, "NO", ""], "x": [0.0, -0.0, math.nan, math.nan, None]})
    found = told(Levels(("c", "x"), limit=3), frame, 2)
    assert (found["c"].values, found["c"].counts, found["c"].nulls) == (("NO", "", "no"), (2, 1, 1), 1)
    assert found["c"].count("NO") == 2
    assert found["x"].counts == (2, 2)
    crowded = told(Levels(("c",), limit=2), frame, 2)["c"]
    assert (crowded.overflow, crowded.values, crowded.nulls) == (True, (), 1)


def test_text_lengths_count_code_points() -> None:
    """An ñ would count as two letters."""
    texts = ["ñandú", "", None, "a"]
    own = told(TextLengths(("t",)), pl.DataFrame({"t": texts}), 1)["t"]
    assert (own.count, own.shortest, own.longest, own.mean) == (3, 0, 5, 2.0)
    assert own.deviation == pytest.approx(np.std([5, 0, 1], ddof=1))


def test_level_sums_are_those_of_a_group_by() -> None:
    """Out-of-fold target means would be wrong."""
    count = 5_000
    frame = pl.DataFrame(
        {
            "level": pl.Series(RANDOM.choice(["a", "b", ""], count)).replace("", None),
            "y": RANDOM.normal(size=count),
            "fold": RANDOM.integers(0, 3, count),
        }
    )
    own = told(LevelSums("level", "y", "fold"), frame, 700)
    expected = frame.group_by("fold", "level").agg(pl.len().alias("n"), pl.col("y").sum().alias("s"))
    both = own.frame.join(expected, on=["fold", "level"], nulls_equal=True)
    assert both.height == own.frame.height == 9
    assert (both["count"] == both["n"]).all()
    assert np.allclose(both["sum"], both["s"], rtol=1e-12)
    infinite = pl.DataFrame({"level": ["a"] * 3, "y": [math.inf, None, 1.0]})
    rest = told(LevelSums("level", "y"), infinite)
    assert (rest.skipped, rest.frame.to_dicts()) == (2, [{"level": "a", "count": 1, "sum": 1.0}])


def test_gram_matrices_are_those_of_numpy_for_each_fold() -> None:
    """Linear models would be solved for other data."""
    count = 3_000
    frame = pl.DataFrame(
        {
            "a": RANDOM.normal(50, 3, count),
            "b": RANDOM.normal(size=count),
            "w": RANDOM.uniform(0.5, 2, count),
            "fold": RANDOM.integers(0, 3, count),
        }
    ).with_columns(pl.when(pl.col("b") > 3).then(None).otherwise(pl.col("b")).alias("b"))
    own = told(Gram(("a", "b"), (50.0, 0.0), (3.0, 1.0), "w", "fold"), frame, 400)
    kept = frame.drop_nulls()
    assert own.skipped == count - kept.height
    for fold in range(3):
        part = kept.filter(pl.col("fold") == fold)
        design = np.column_stack((np.ones(part.height), (part["a"] - 50) / 3, part["b"]))
        expected = design.T @ (design * part["w"].to_numpy()[:, None])
        assert own.groups[fold].rows == part.height
        assert np.allclose(own.groups[fold].matrix, expected, rtol=1e-11, atol=1e-9)
    assert np.allclose(own.total(leave_out=(1,)), own.groups[0].matrix + own.groups[2].matrix)
    with pytest.raises(CauceError, match="E0206"):
        Gram(("a", "b"), (1.0,))


def scored(count: int) -> pl.DataFrame:
    score = RANDOM.uniform(size=count) ** 2
    return pl.DataFrame(
        {
            "score": score,
            "label": np.where(RANDOM.uniform(size=count) < score, ">50K", "<=50K"),
            "weight": RANDOM.uniform(0.5, 2, count),
        }
    )


@pytest.mark.parametrize("limit", [100_000, 1_000])
def test_score_bins_give_the_metrics_of_scikit_learn(limit: int) -> None:
    """An evaluation would report an area or a loss that no other tool can confirm."""
    frame = scored(20_000)
    own = told(ScoreBins("score", "label", ">50K", "weight", limit), frame, 3_000)
    assert own.exact == (limit == 100_000)
    truth, weight = (frame["label"] == ">50K").to_numpy(), frame["weight"].to_numpy()
    area = metrics.roc_auc_score(truth, frame["score"], sample_weight=weight)
    below = np.cumsum(own.negative) - own.negative / 2
    binned = (own.positive * below).sum() / own.positive.sum() / own.negative.sum()
    assert abs(binned - area) <= own.auc_error + 1e-12
    assert own.auc_error < 1e-3
    total = weight.sum()
    assert own.squared_error / total == pytest.approx(
        metrics.brier_score_loss(truth, frame["score"], sample_weight=weight), rel=1e-12
    )
    assert own.log_loss / total == pytest.approx(
        metrics.log_loss(truth, frame["score"], sample_weight=weight), rel=1e-12
    )
    exact = np.sort(frame["score"].to_numpy())
    if own.exact:
        assert (own.score == exact).all()


def test_score_bins_leave_out_and_count_what_has_no_label_or_score() -> None:
    """Null labels would silently become the negative class."""
    frame = pl.DataFrame({"s": [0.5, None, 0.1, math.nan, 2.0], "y": [1, 1, None, 0, 0]})
    own = told(ScoreBins("s", "y", 1), frame, 2)
    assert (own.rows, own.unlabelled, own.unscored) == (2, 1, 2)
    assert (own.score.tolist(), own.positive.tolist(), own.negative.tolist()) == ([0.5, 2.0], [1, 0], [0, 1])
    assert math.isnan(own.squared_error)
    with pytest.raises(CauceError, match="E0202"):
        told(ScoreBins("s", "y", "yes"), frame)


def test_confusion_is_that_of_scikit_learn() -> None:
    """Recall would be computed from a transposed matrix."""
    truth, predicted = RANDOM.choice(["a", "b", "c"], 500), RANDOM.choice(["a", "b", "c"], 500)
    frame = pl.DataFrame({"y": truth, "p": predicted})
    own = told(Confusion("p", "y", ("c", "a", "b")), frame, 60)
    assert (own.matrix[:3, :3] == metrics.confusion_matrix(truth, predicted, labels=["c", "a", "b"])).all()
    assert own.matrix[3].sum() == own.matrix[:, 3].sum() == 0
    strange = pl.DataFrame({"y": ["a", None, "x", "b"], "p": ["b", "a", "a", None]})
    rest = told(Confusion("p", "y", ("a", "b")), strange)
    assert rest.matrix.tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
    assert (rest.unlabelled, rest.unpredicted) == (1, 1)


def test_residuals_give_the_metrics_of_scikit_learn() -> None:
    """Regression errors would be those of other rows."""
    truth = RANDOM.normal(1e6, 10, 4_000)
    frame = pl.DataFrame(
        {"y": truth, "p": truth + RANDOM.normal(1, 3, 4_000), "w": RANDOM.uniform(0.5, 2, 4_000)}
    )
    own = told(ResidualBins("p", "y", "w"), frame, 300)
    options = {"sample_weight": frame["w"].to_numpy()}
    y, p = frame["y"].to_numpy(), frame["p"].to_numpy()
    assert own.squared / own.weight == pytest.approx(metrics.mean_squared_error(y, p, **options), rel=1e-10)
    assert own.absolute / own.weight == pytest.approx(metrics.mean_absolute_error(y, p, **options), rel=1e-10)
    assert 1 - own.squared / own.label_squares == pytest.approx(metrics.r2_score(y, p, **options), rel=1e-8)
    assert own.relative / own.relative_weight == pytest.approx(
        metrics.mean_absolute_percentage_error(y, p, **options), rel=1e-10
    )
    assert own.residual / own.weight == pytest.approx(np.average(y - p, weights=frame["w"]), rel=1e-9)
    assert own.sizes.quantile(0.5) == pytest.approx(metrics.median_absolute_error(y, p, **options))
    tenth = np.quantile(y - p, 0.1, weights=frame["w"].to_numpy(), method="inverted_cdf")
    assert own.signed.quantile(0.1) == pytest.approx(tenth)


def test_lowest_rows_are_a_uniform_sample_of_the_rows() -> None:
    """Two engines would learn from two samples, or from a sample of one corner of the table."""
    frame = pl.DataFrame({"k": np.arange(20_000)})
    hashed = with_hashes(frame, Schema((Field("k", "integer"),)))
    own = told(LowestRows(HASH_COLUMNS, 2_000, ("k",)), hashed, 3_000)
    expected = hashed.sort(HASH_COLUMNS[0]).head(2_000)["k"]
    assert own["k"].to_list() == expected.to_list()
    assert peer.kstest(own["k"] / 20_000, "uniform").pvalue > 1e-3
    signed = hashed.with_columns(pl.col(name).reinterpret(signed=True) for name in HASH_COLUMNS)
    assert told(LowestRows(HASH_COLUMNS, 2_000, ("k",)), signed, 900).equals(own)


def test_histogram_is_that_of_numpy() -> None:
    """A drift chart would show bars of other bins."""
    values = np.round(RANDOM.normal(size=2_000), 1)
    edges = (-1.0, -0.5, 0.0, 1.5)
    own = told(Histogram("x", edges), pl.DataFrame({"x": [*values, None, math.nan]}), 300)
    assert own.counts.tolist() == np.histogram(values, edges)[0].tolist()
    assert (own.below, own.above, own.missing) == ((values < -1).sum(), (values > 1.5).sum(), 2)
    with pytest.raises(CauceError, match="E0206"):
        Histogram("x", (1.0, 1.0))


@pytest.mark.parametrize("kind", ["time", "real", "hash"])
def test_ordered_counts_end_in_the_exact_value_of_every_rank(kind: str) -> None:
    """A time-forward split would cut in the middle of an instant, or a fold hold a row too many."""
    values = {
        "time": pl.Series(RANDOM.integers(0, 10**15, 4_000)).cast(pl.Datetime("us")),
        "real": pl.Series(RANDOM.normal(size=4_000)),
        "hash": pl.Series(RANDOM.integers(0, 2**64, 4_000, dtype=np.uint64)),
    }[kind]
    frame, ordered = pl.DataFrame({"x": values}), values.sort()
    whole = told(OrderedCounts("x"), frame, 700)
    assert whole.exact
    assert whole.low.to_list() == ordered.to_list()
    for rank in (0, 1, 1234, 3_999):
        summary = OrderedCounts("x", limit=64)
        for _ in range(12):
            table = told(summary, frame, 700)
            low, high = table.interval(rank)
            assert low <= ordered[rank] <= high
            assert table.count == 4_000
            if table.exact:
                break
            summary = table.refined(rank)
        assert table.interval(rank) == (ordered[rank], ordered[rank])
    with pytest.raises(CauceError, match="E0207"):
        whole.interval(4_000)


def test_the_lowest_share_of_each_stratum_is_exact_in_one_scan() -> None:
    """A stratified split would not hold its share of a rare class within one row."""
    frame = pl.DataFrame(
        {"k": np.arange(9_000), "class": RANDOM.choice(["a", "b", "c"], 9_000, p=[0.9, 0.09, 0.01])}
    )
    hashed = with_hashes(frame, Schema((Field("k", "integer"),)), columns=("k",))
    tables = told(hash_quantile("class", HASH_COLUMNS[0]), hashed, 1_000)
    for name, table in tables.groups.items():
        hashes = hashed.filter(pl.col("class") == name)[HASH_COLUMNS[0]].sort()
        rank = round(0.2 * table.count)
        assert (table.exact, table.count) == (True, len(hashes))
        assert table.interval(rank)[0] == hashes[rank]
        assert (hashes < table.interval(rank)[0]).sum() == rank


def test_groups_and_filters_see_their_rows_only() -> None:
    """A fold's statistics would hold the rows of another fold."""
    frame = pl.DataFrame({"fold": [0, 1, None, 1], "x": [1.0, 2.0, 3.0, 6.0]})
    by_fold = told(Grouped("fold", Moments(("x",))), frame, 1)
    assert {fold: own["x"].mean for fold, own in by_fold.groups.items()} == {None: 3.0, 0: 1.0, 1: 4.0}
    assert told(Grouped("fold", Counts(("x",)), limit=2), frame, 1).overflow
    kept = told(Filtered("fold", (0, None), Moments(("x",))), frame, 1)
    assert (kept["x"].count, kept["x"].mean) == (2, 2.0)
    with pytest.raises(CauceError, match="E0202"):
        told(Grouped("x", Counts(("x",))), frame)


def test_a_text_column_has_no_mean_and_says_so() -> None:
    """A traceback of a library would be all the user gets."""
    frame = pl.DataFrame({"t": ["1"]})
    for summary in (Moments(("t",)), Quantiles(("t",)), Histogram("t", (0.0, 1.0)), OrderedCounts("t")):
        with pytest.raises(CauceError, match="E0202") as wrong:
            told(summary, frame)
        assert type(summary).__name__ in wrong.value.message
    with pytest.raises(CauceError, match="E0101"):
        told(Moments(("absent",)), frame)
