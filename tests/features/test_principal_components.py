"""Principal components are scikit-learn's, learned from training rows in one look at products."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from feature_tables import by_rows, declared, fitted, planned, prepare, schema_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer

from cauce.core.features import FittedFeatures, Roles
from cauce.errors import CauceError, CauceErrors
from cauce.spec import project_from_mapping
from cauce.spec.features import Pca
from cauce.spec.project import Features
from cauce.spec.settings import FrozenMap

TEST, TRAIN = 2, 0


def shapes(rows: int = 400, columns: int = 6, seed: int = 0) -> pl.DataFrame:
    """Columns far from zero, in different units, that vary together; a tenth of the cells missing."""
    random = np.random.default_rng(seed)
    hidden = random.normal(size=(rows, 2)) @ random.normal(size=(2, columns))
    made = (hidden + 0.3 * random.normal(size=(rows, columns))) * 10.0 ** np.arange(columns) + 1e6
    made[random.random((rows, columns)) < 0.1] = np.nan
    return pl.DataFrame({f"c{at}": pl.Series(made[:, at]).fill_nan(None) for at in range(columns)})


def pca(**declaration: Any) -> Features:
    return declared(pca=FrozenMap({"shape": Pca(**declaration)}))


def values(features: FittedFeatures, frame: pl.DataFrame) -> np.ndarray[Any, Any]:
    return features.projection(schema_of(frame))(frame).to_numpy()


def peer(train: np.ndarray[Any, Any], new: np.ndarray[Any, Any], *, scale: bool, count: Any) -> Any:
    """Imputed by the mean, divided by the deviation (n − 1), centred and turned by scikit-learn."""
    filler = SimpleImputer(strategy="mean").fit(train)
    filled = filler.transform(train)
    spread = filled.std(axis=0, ddof=1) if scale else np.ones(train.shape[1])
    middle = filled.mean(axis=0)
    model = PCA(count, svd_solver="full").fit((filled - middle) / spread)
    return model, model.transform((filler.transform(new) - middle) / spread)


def signed(found: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(wanted * np.sign((found * wanted).sum(axis=0)))


@pytest.mark.parametrize("scale", [True, False])
def test_components_are_scikit_learns_up_to_their_sign(scale: bool) -> None:
    """Learned on the training rows alone, applied to the others, with missing cells among both."""
    frame, fold = shapes(), [TEST if at % 5 == 0 else TRAIN for at in range(400)]
    features = fitted(prepare(frame, fold=fold), pca(components=4, scale=scale), batches=7)
    assert features.names == ("shape:1", "shape:2", "shape:3", "shape:4")
    train = frame.filter(pl.Series(fold) == TRAIN).to_numpy()
    model, wanted = peer(train, frame.to_numpy(), scale=scale, count=4)
    found = values(features, frame)
    assert np.abs(found - signed(found, wanted)).max() <= 1e-9 * np.abs(wanted).max()
    (made,) = features.components
    assert made.shares[:4] == pytest.approx(model.explained_variance_ratio_, rel=1e-9)
    assert made.variances[:4] == pytest.approx(model.explained_variance_, rel=1e-9)


def test_a_share_takes_as_many_components_as_scikit_learn() -> None:
    frame = shapes(columns=9, seed=2)
    for share in (0.5, 0.9, 0.95, 0.999):
        model, _wanted = peer(frame.to_numpy(), frame.to_numpy(), scale=True, count=share)
        assert fitted(prepare(frame), pca(share=share)).width == model.n_components_


def test_the_direction_is_that_of_the_largest_loading() -> None:
    """Run again with its rows in another order, a component must not turn round."""
    frame = shapes(seed=3)
    one = fitted(prepare(frame), pca(components=3)).components[0]
    other = fitted(prepare(frame.reverse()), pca(components=3), batches=5).components[0]
    assert (one.loadings[np.arange(3), np.abs(one.loadings).argmax(axis=1)] > 0).all()
    assert np.abs(one.loadings - other.loadings).max() <= 1e-9


def test_both_evaluators_give_the_same_and_missing_adds_nothing() -> None:
    """A service scores one row, and a null stands at the mean of its column."""
    frame = shapes(60, seed=4)
    features = fitted(prepare(frame), pca(components=2))
    assert by_rows(features, frame) == values(features, frame).tolist()
    (made,) = features.components
    empty = pl.DataFrame({name: pl.Series([None], dtype=pl.Float64) for name in frame.columns})
    assert values(features, empty).tolist() == [[0.0, 0.0]]
    odd = empty.with_columns(c1=pl.Series([np.nan]))
    assert values(features, odd).tolist() == [[0.0, 0.0]]
    assert made.missing.tolist() == [frame.get_column(name).null_count() for name in frame.columns]


def test_components_survive_being_stored() -> None:
    features = fitted(prepare(shapes()), pca(components=2))
    again = FittedFeatures.from_json(features.to_json())
    assert again.names == features.names
    assert again.to_json() == features.to_json()
    assert "components" not in fitted(prepare(shapes()), declared(auto=True)).to_json()


def test_columns_that_became_components_leave_auto_unless_they_are_kept() -> None:
    frame = shapes().with_columns(pl.Series("plan", ["a", "b"] * 200), pl.Series("id", range(400)))
    roles = Roles(key=("id",))
    for keep, width in ((False, 3), (True, 9)):
        made = pca(components=2, keep=keep)
        features = fitted(prepare(frame), Features(pca=made.pca), roles=roles)
        assert features.width == width
        assert features.components[0].columns == tuple(shapes().columns)


def test_constant_and_repeated_columns_give_no_empty_components() -> None:
    """A direction without variance is noise of the last digit, different on every machine."""
    frame = pl.DataFrame({"a": [1.0, 2, 4, 8] * 10, "b": [2.0, 4, 8, 16] * 10, "c": [7.0] * 40})
    features = fitted(prepare(frame), pca(components=3))
    assert features.names == ("shape:1",)
    assert features.components[0].loadings[0].tolist() == pytest.approx([0.5**0.5, 0.5**0.5, 0.0])
    nothing = frame.with_columns(a=pl.lit(1.0), b=pl.lit(None, dtype=pl.Float64))
    with_other = nothing.with_columns(pl.Series("d", range(40)))
    kept = fitted(prepare(with_other), Features(pca=pca(columns=("a", "b", "c")).pca))
    assert [one.name for one in kept.dropped] == ["shape"]


@settings(max_examples=30)
@given(arrays.arrays(np.float64, (12, 3), elements=st.floats(-1e9, 1e9).map(lambda x: round(x, 3))))
def test_kept_directions_are_orthogonal_and_hold_the_variance(table: Any) -> None:
    """Whatever the columns hold: lengths 1, right angles, and shares that fall."""
    frame = pl.DataFrame({f"c{at}": table[:, at] for at in range(3)}).with_columns(other=pl.Series(range(12)))
    features = fitted(prepare(frame), Features(pca=pca(columns=("c0", "c1", "c2")).pca))
    for made in features.components:
        products = made.loadings @ made.loadings.T
        assert products == pytest.approx(np.eye(len(products)), abs=1e-9)
        assert (np.diff(made.variances) <= 1e-9 * made.variances[0]).all()


def test_wide_numbers_of_one_unit_stay_exact() -> None:
    """Columns around a hundred million: shifted before they are multiplied, nothing is lost."""
    frame = pl.DataFrame({f"c{at}": np.random.default_rng(at).normal(1e8, 1.0, 500) for at in range(30)})
    features = fitted(prepare(frame), pca(components=3))
    _model, wanted = peer(frame.to_numpy(), frame.to_numpy(), scale=True, count=3)
    found = values(features, frame)
    assert np.abs(found - signed(found, wanted)).max() <= 1e-7 * np.abs(wanted).max()


@pytest.mark.parametrize(
    ("declaration", "code"),
    [
        ({"columns": ("c0", "nowhere")}, "E1001"),
        ({"columns": ("c0", "y")}, "E1002"),
        ({"columns": ("c0", "plan")}, "E1003"),
        ({"columns": ("c0",)}, "E1011"),
        ({"columns": ("c0", "c1"), "components": 3}, "E1011"),
    ],
)
def test_what_cannot_be_turned_into_components_is_refused(declaration: dict[str, Any], code: str) -> None:
    frame = shapes().with_columns(pl.Series("plan", ["a", "b"] * 200), pl.Series("y", [0.0, 1.0] * 200))
    with pytest.raises(CauceError) as caught:
        planned(frame, pca(**declaration), roles=Roles(target=("y",)))
    assert caught.value.code == code


def test_a_name_that_is_taken_and_a_table_too_wide_are_refused() -> None:
    frame = pl.DataFrame({f"c{at}": [1.0, 2.0] for at in range(2_001)})
    for columns, name, code in ((("c0", "c1"), "c5", "E1010"), (("numbers",), "shape", "E1012")):
        features = declared(pca=FrozenMap({name: Pca(columns=columns)}))
        with pytest.raises(CauceError) as caught:
            planned(frame, features)
        assert caught.value.code == code


def test_numbers_too_large_to_multiply_are_refused() -> None:
    frame = pl.DataFrame({"a": [1e300, -1e300, 1.0], "b": [1e300, 2e300, 3.0]})
    with pytest.raises(CauceError) as caught:
        fitted(prepare(frame), pca())
    assert caught.value.code == "E1013"


def test_a_project_file_declares_components(tmp_path: Path) -> None:
    """In two lines; both ways to say how many are refused together."""
    mapping = {"name": "p", "data": {"source": "t.csv"}, "target": {"column": "y"}}
    read = project_from_mapping({**mapping, "features": {"pca": {"shape": {"columns": "numbers"}}}})
    assert read.features.pca_declared["shape"] == Pca()
    assert project_from_mapping(read.to_mapping()) == read
    assert "pca" not in project_from_mapping(mapping).to_mapping()["features"]
    both = {"features": {"pca": {"shape": {"components": 2, "share": 0.9}}}}
    with pytest.raises((CauceError, CauceErrors)) as caught:
        project_from_mapping({**mapping, **both})
    assert "E0314" in str(caught.value) or getattr(caught.value, "code", "") == "E0314"


def test_a_training_row_with_an_infinite_value_teaches_nothing() -> None:
    """One infinite cell made every product infinite."""
    frame = shapes(80, columns=3, seed=11).fill_null(1e6)
    wrong = frame.vstack(pl.DataFrame({"c0": [np.inf], "c1": [1e6], "c2": [1e6]}))
    (without,), (with_it,) = (fitted(prepare(one), pca()).components for one in (frame, wrong))
    assert with_it.rows == without.rows == 80
    assert with_it.loadings == pytest.approx(without.loadings, abs=0.05)
    assert (with_it.missing >= 0).all()
