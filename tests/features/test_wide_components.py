"""Principal components of a thousand columns: scikit-learn's, and the same in batches, rows and graphs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from feature_tables import declared, fitted, planned, prepare
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from cauce.core.features import FittedFeatures
from cauce.core.features.components import Components
from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.expr.blocks import batch_sums, row_sums
from cauce.expr.codec import decode, encode
from cauce.expr.nodes import Column, literal
from cauce.expr.projection import Output, Projection
from cauce.expr.row import to_rows
from cauce.expr.schema import Field, Schema
from cauce.spec.features import Pca
from cauce.spec.settings import FrozenMap

Floats = np.ndarray[Any, np.dtype[np.float64]]


def wide(rows: int, columns: int) -> Floats:
    """Columns that vary together in some directions of falling strength, with a little noise."""
    random = np.random.default_rng(columns)
    hidden = random.normal(size=(rows, 25)) * 1.2 ** -np.arange(25)
    return hidden @ random.normal(size=(25, columns)) + 0.1 * random.normal(size=(rows, columns)) + 50.0


@pytest.mark.parametrize(("columns", "count"), [(1_000, 20), (2_000, 5)])
def test_components_of_wide_tables_are_scikit_learns_in_batches_and_rows(columns: int, count: int) -> None:
    """Up to their sign; a row of the service has the batch's numbers to the last bit, missing cells too."""
    table = wide(300, columns)
    made = Components(
        name="shape",
        columns=tuple(f"c{at}" for at in range(columns)),
        scale=True,
        rows=len(table),
        means=table.mean(axis=0),
        spreads=table.std(axis=0, ddof=1),
        deviations=table.std(axis=0, ddof=1),
        missing=np.zeros(columns, dtype=np.int64),
        loadings=PCA(count, svd_solver="full").fit(table / table.std(axis=0, ddof=1)).components_,
        variances=np.ones(columns),
    )
    streams = list(made.streams([Column(name) for name in made.columns]))
    schema = Schema(tuple(Field(name, "float") for name in made.columns))
    projection = Projection(tuple(Output(f"f{k}", one.expression) for k, one in enumerate(streams)), schema)
    frame = pl.DataFrame(table, schema=list(made.columns))
    wanted = PCA(count, svd_solver="full").fit_transform(table / made.spreads)
    found = projection(frame).to_numpy()
    assert np.abs(np.abs(found) - np.abs(wanted)).max() <= 1e-9 * np.abs(wanted).max()
    frame = frame.with_columns(c3=pl.Series([None] * len(table), dtype=pl.Float64), c5=pl.lit(float("nan")))
    rows = to_rows([one.expression for one in streams], schema)
    few = frame.head(5)
    assert [rows(row) for row in few.iter_rows(named=True)] == projection(few).to_numpy().tolist()
    assert projection(frame).head(5).to_numpy().tolist() == projection(few).to_numpy().tolist()


def test_a_thousand_columns_are_learned_kept_and_read_back() -> None:
    """600 columns and 6 components: learned by Cauce alone, as scikit-learn learns them."""
    table = wide(700, 600)
    frame = pl.DataFrame(table, schema=[f"c{at}" for at in range(600)])
    features = fitted(prepare(frame), declared(pca=FrozenMap({"shape": Pca(components=6)})))
    again = FittedFeatures.from_json(json.loads(json.dumps(features.to_json())))
    assert all(isinstance(one.expression, n.Component) for one in again.features)
    schema = Schema(tuple(Field(name, "float") for name in frame.columns))
    found = again.projection(schema)(frame).to_numpy()
    wanted = PCA(6, svd_solver="full").fit_transform(table / table.std(axis=0, ddof=1))
    assert np.abs(np.abs(found) - np.abs(wanted)).max() <= 1e-9 * np.abs(wanted).max()


def test_components_within_the_former_limit_keep_their_bundles() -> None:
    """Sums written out, as bundles have them: the identity of a model does not change with the program."""
    table = wide(60, 40)
    frame = pl.DataFrame(table, schema=[f"c{at}" for at in range(40)])
    features = fitted(prepare(frame), declared(pca=FrozenMap({"shape": Pca(components=3)})))
    assert {type(one.expression) for one in features.features} == {n.Add}


def test_more_than_can_be_computed_is_refused() -> None:
    frame = pl.DataFrame({f"c{at}": [1.0, 2.0] for at in range(1_500)})
    with pytest.raises(CauceError) as caught:
        planned(frame, declared(pca=FrozenMap({"shape": Pca(components=27)})))
    assert caught.value.code == "E1012"


@given(st.integers(1, 600), st.integers(1, 3), st.integers(0, 1_000))
def test_sums_of_a_batch_and_of_a_row_are_the_same_bits(columns: int, count: int, seed: int) -> None:
    """Whatever the width: the service and the nightly scores would differ in the last digit."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(columns, 3)) * 10.0 ** random.integers(-200, 200, size=(columns, 3))
    values[random.random(values.shape) < 0.1] = random.choice([np.nan, np.inf, -0.0])
    centres, weights = random.normal(size=columns), random.normal(size=(count, columns))
    batch = batch_sums(list(values), centres=centres, weights=weights)
    sums = row_sums(centres, weights)
    rows = np.array([sums(own) for own in values.T]).T
    assert batch.tobytes() == rows.tobytes() or np.array_equal(batch, rows, equal_nan=True)


def test_a_component_within_an_expression_and_a_stored_one_mean_the_same() -> None:
    schema = Schema((Field("x", "float"), Field("i", "integer")))
    made = n.Component((Column("x"), Column("i")), (1.0, 2.0), (10.0, 100.0))
    nested = n.Add(made, literal(0.5))
    frame = pl.DataFrame({"x": [1.5, None], "i": [4, 3]})
    work = Projection((Output("made", decode(encode(made))), Output("nested", nested)), schema)
    assert work(frame).to_dict(as_series=False) == {"made": [205.0, 100.0], "nested": [205.5, 100.5]}


@pytest.mark.parametrize(
    "made",
    [
        n.Component((), (), ()),
        n.Component((Column("x"),), (0.0, 1.0), (1.0,)),
        n.Component((Column("x"),), (0.0,), (float("inf"),)),
        n.Component((Column("x"),), (float("nan"),), (1.0,)),
    ],
)
def test_components_without_a_meaning_are_refused(made: n.Component) -> None:
    with pytest.raises(CauceError) as caught:
        Projection((Output("made", made),), Schema((Field("x", "float"),)))
    assert caught.value.code == "E0104"
