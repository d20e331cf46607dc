"""What a profile says of real tables is what pandas, SciPy and DuckDB say of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy import stats

import cauce
from cauce.core.profile import Profile
from cauce.core.profile.values import QUANTILES


@pytest.fixture(scope="module")
def contracts(shared_data: Path) -> tuple[Profile, pl.DataFrame]:
    path = shared_data / "secop2" / "contratos_100k.csv"
    found = cauce.profile(path, target="valor_del_contrato").profile
    values = pl.read_csv(path, infer_schema=False)
    return found, values.with_columns(pl.col("valor_del_contrato").cast(pl.Float64))


def test_a_skewed_column_is_described_as_scipy_describes_it(contracts: tuple[Profile, pl.DataFrame]) -> None:
    """The contracts' values have a skew of 104: a mean alone would mislead, a logarithm helps."""
    found, frame = contracts
    values = frame["valor_del_contrato"].to_numpy()
    column = found["valor_del_contrato"]
    numbers = column.numbers
    assert numbers is not None
    assert numbers.skew is not None
    assert numbers.outliers is not None
    assert math.isclose(numbers.mean or 0, values.mean(), rel_tol=1e-8)
    assert math.isclose(numbers.deviation or 0, values.std(ddof=1), rel_tol=1e-8)
    assert math.isclose(numbers.skew, stats.skew(values), rel_tol=1e-7)
    expected = np.quantile(values, QUANTILES)
    assert np.allclose(numbers.quantiles, expected, rtol=2 * numbers.relative_error)
    assert (column.zeros, column.low, column.high) == (1299, 0, int(values.max()))
    assert numbers.logarithm == "one_plus"
    first, third = np.quantile(values, [0.25, 0.75])
    outside = np.count_nonzero(values > third + 1.5 * (third - first))
    assert abs(numbers.outliers.count - outside) < 0.003 * len(values)
    assert column.histogram is not None
    assert column.histogram.scale == "logarithmic"
    assert sum(column.histogram.counts) + column.histogram.left_out == len(values)


def test_levels_repeats_and_distinct_values_are_counted(contracts: tuple[Profile, pl.DataFrame]) -> None:
    found, frame = contracts
    pandas = frame.to_pandas()
    counts = pandas["tipo_de_contrato"].value_counts()
    assert {level.value: level.count for level in found["tipo_de_contrato"].levels} == counts.to_dict()
    assert found["departamento"].suspects == {"No Definido": 3081}
    assert found.repeated[0].rows == int(pandas.duplicated().sum()) == 4818
    for column in found.columns:
        exact = frame[column.name].n_unique()
        if column.kind == "text" or column.kind == "integer":
            assert abs(column.distinct - exact) <= (0 if column.distinct_exact else 0.03 * exact)
    assert found["fecha_de_firma"].histogram is not None
    assert sum(found["fecha_de_firma"].histogram.counts) == frame.height


def test_numbers_are_those_of_duckdb(shared_data: Path) -> None:
    path = next((shared_data / "wine_quality_white").glob("*.csv"))
    found = cauce.profile(path, target="quality").profile
    query = f"SELECT * FROM (SUMMARIZE SELECT * FROM read_csv('{path}'))"
    summary = duckdb.connect().execute(query).fetchall()
    for name, _kind, low, high, _unique, mean, deviation, *_rest, count, nulls in summary:
        column = found[name]
        assert (column.rows, column.nulls) == (count, nulls)
        assert (float(column.low), float(column.high)) == (float(low), float(high))
        numbers = column.numbers
        assert numbers is not None
        assert math.isclose(numbers.mean or 0, float(mean), rel_tol=1e-8)
        assert math.isclose(numbers.deviation or 0, float(deviation), rel_tol=1e-8)


def test_associations_are_those_of_pandas(shared_data: Path) -> None:
    """Rows that come more than once count as often as they come (937 of the wines do)."""
    path = next((shared_data / "wine_quality_white").glob("*.csv"))
    found = cauce.profile(path, target="quality").profile
    assert found.associations is not None
    assert found.associations.sample.whole
    names = list(found.associations.pearson.columns)
    frame = pl.read_csv(path, separator=_separator(path)).to_pandas()[names]
    for matrix, method in (
        (found.associations.pearson, "pearson"),
        (found.associations.spearman, "spearman"),
    ):
        expected = frame.corr(method=method).to_numpy()
        assert np.allclose(np.array(matrix.values, dtype=float), expected, atol=1e-8)
    assert found.repeated[0].rows == int(frame.duplicated().sum()) == 937


def _separator(path: Path) -> str:
    return ";" if ";" in path.read_text().splitlines()[0] else ","


def test_the_strength_of_a_category_is_cramers_v_with_bergsmas_correction(shared_data: Path) -> None:
    """From SciPy's chi-squared and the formula as printed."""
    path = next((shared_data / "penguins").glob("*.csv"))
    found = cauce.profile(path, target="species").profile
    assert found.target is not None
    frame = pl.read_csv(path, null_values=["NA", ""]).to_pandas()
    by = {one.column: one for one in found.target.by_column}
    table = frame.groupby(["island", "species"]).size().unstack(fill_value=0).to_numpy()
    assert math.isclose(by["island"].strength, _bergsma(table), rel_tol=1e-7)
    shares = {part.value: part.shares for part in by["island"].parts}
    order = [list(frame.groupby("species").groups).index(one) for one in found.target.classes]
    torgersen = table[sorted(frame["island"].unique()).index("Torgersen")][order]
    assert shares["Torgersen"] == pytest.approx(torgersen / torgersen.sum())


def _bergsma(table: np.ndarray[Any, Any]) -> float:
    total, (rows, columns) = table.sum(), table.shape
    squared = stats.chi2_contingency(table, correction=False).statistic / total
    squared = max(0.0, squared - (rows - 1) * (columns - 1) / (total - 1))
    height, width = rows - (rows - 1) ** 2 / (total - 1), columns - (columns - 1) ** 2 / (total - 1)
    return float(np.sqrt(squared / min(height - 1, width - 1)))


def test_the_strength_for_a_number_is_the_corrected_correlation_ratio_of_ranks(shared_data: Path) -> None:
    """From the F of SciPy's one-way analysis of variance of ranks."""
    path = next((shared_data / "penguins").glob("*.csv"))
    found = cauce.profile(path, target="body_mass_g").profile
    assert found.target is not None
    frame = pl.read_csv(path, null_values=["NA", ""]).drop_nulls("body_mass_g")
    ranks = stats.rankdata(frame["body_mass_g"])
    parts = [ranks[(frame["species"] == one).to_numpy()] for one in frame["species"].unique()]
    variance_ratio = stats.f_oneway(*parts).statistic
    count, groups = len(ranks), len(parts)
    share = variance_ratio * (groups - 1) / (variance_ratio * (groups - 1) + count - groups)
    expected = math.sqrt(1 - (1 - share) * (count - 1) / (count - groups))
    by = {one.column: one for one in found.target.by_column}
    assert math.isclose(by["species"].strength, expected, rel_tol=1e-7)
    for part in by["species"].parts:
        own = frame.filter(pl.col("species") == part.value)["body_mass_g"]
        assert (part.rows, part.median) == (len(own), own.median())
        assert math.isclose(part.mean or 0, own.mean(), rel_tol=1e-8)  # type: ignore[arg-type]
