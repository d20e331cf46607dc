"""What each column adds to a prediction is true: it adds up, and equals what others compute."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import xgboost
from numpy.typing import NDArray
from small_models import FEATURES, HOSTILE, as_texts, bundle, rows, without_price

from cauce.api.load import Model
from cauce.core.bundle.features import Feature
from cauce.core.contributions.attribution import attribution
from cauce.core.contributions.explainer import Explainer
from cauce.core.contributions.reasons import Explain
from cauce.core.contributions.sources import source_of
from cauce.core.contributions.values import Contributions
from cauce.core.contributions.words import Words
from cauce.core.linear.model import LinearModel
from cauce.core.trees.covers import read_covers, write_covered
from cauce.core.trees.document import write_xgboost
from cauce.core.trees.model import Ensemble, Tree, read_xgboost
from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.running.prediction import PredictOptions, predict_file

TASKS = ("binary", "multiclass", "regression")


def explainer(task: str) -> Explainer:
    made = bundle(task)
    return Explainer(made.scorer(threads=1), made.xgboost)


def margins(task: str, frame: pl.DataFrame) -> NDArray[np.float64]:
    """XGBoost's own raw scores of the payload."""
    made = bundle(task)
    booster = xgboost.Booster()
    booster.load_model(bytearray(made.xgboost))
    matrix = made.scorer(threads=1).matrix(frame)
    types = ["c" if one.levels else "q" for one in FEATURES]
    data = xgboost.DMatrix(matrix, feature_types=types, enable_categorical=True)
    return np.asarray(booster.predict(data, output_margin=True), dtype=np.float64).reshape(len(matrix), -1)


@pytest.mark.parametrize("task", TASKS)
def test_base_and_amounts_are_the_raw_score(task: str) -> None:
    """Reasons that do not add up explain another model."""
    frame = rows(300, seed=3)
    found = explainer(task)(frame)
    raw = margins(task, frame)
    assert np.abs(found.scores - raw).max() <= 1e-5 * max(1.0, np.abs(raw).max())


@pytest.mark.parametrize("task", TASKS)
def test_amounts_are_those_of_xgboost_summed_by_column(task: str) -> None:
    """A one-hot part or a logarithm of a column is that column's doing."""
    frame = rows(300, seed=4)
    made = bundle(task)
    booster = xgboost.Booster()
    booster.load_model(bytearray(made.xgboost))
    types = ["c" if one.levels else "q" for one in FEATURES]
    data = xgboost.DMatrix(made.scorer(threads=1).matrix(frame), feature_types=types, enable_categorical=True)
    peer = np.asarray(booster.predict(data, pred_contribs=True)).reshape(len(frame), -1, len(FEATURES) + 1)
    found = explainer(task)(frame)
    assert found.sources == ("distance", "stops", HOSTILE, "*", "day", "price", "at")
    distance = peer[:, :, 0] + peer[:, :, 2]
    scale = max(1.0, np.abs(peer).max())
    assert np.abs(found.amounts[:, :, 0] - distance).max() <= 2e-5 * scale
    assert np.abs(found.amounts[:, :, 6] - peer[:, :, 9]).max() <= 2e-5 * scale
    assert np.abs(found.base - peer[0, :, -1]).max() <= 2e-5 * scale


def tree(feature: list[int], at: list[float], left: list[int], right: list[int], value: list[float]) -> Tree:
    return Tree(
        np.array(feature, np.int32),
        np.array(at, np.float32),
        np.array(left, np.int32),
        np.array(right, np.int32),
        np.ones(len(left), bool),
        np.array(value, np.float32),
        {},
    )


TREES = (
    tree([0, 1, 0, 0, 0], [0.5, 0.5, 0, 0, 0], [1, 3, -1, -1, -1], [2, 4, -1, -1, -1], [0, 0, 4, -1, 2]),
    tree([1, 2, 0, 0, 0], [0.5, 0.5, 0, 0, 0], [1, 3, -1, -1, -1], [2, 4, -1, -1, -1], [0, 0, -3, 1, 5]),
)
COVERS = (np.array([10.0, 6, 4, 1, 5]), np.array([10.0, 7, 3, 2, 5]))


def expected(one: Tree, cover: NDArray[np.float64], row: NDArray[np.float32], known: frozenset[int]) -> float:
    """The tree's value where only the `known` features are: both ways by cover at the others."""

    def below(node: int) -> float:
        if one.left[node] < 0:
            return float(one.value[node])
        left, right = int(one.left[node]), int(one.right[node])
        if int(one.feature[node]) in known:
            return below(left if row[one.feature[node]] < one.threshold[node] else right)
        return (below(left) * cover[left] + below(right) * cover[right]) / cover[node]

    return below(0)


def shapley(row: NDArray[np.float32], player: int, players: int = 3) -> float:
    """Shapley's value by its definition, over all sets of the other features."""
    total = 0.0
    others = [one for one in range(players) if one != player]
    for size in range(players):
        weight = math.factorial(size) * math.factorial(players - size - 1) / math.factorial(players)
        for some in combinations(others, size):
            for one, cover in zip(TREES, COVERS, strict=True):
                after = expected(one, cover, row, frozenset((*some, player)))
                total += weight * (after - expected(one, cover, row, frozenset(some)))
    return total


def test_trees_are_explained_by_shapley_values() -> None:
    """Held against the definition: every order in which features can become known."""
    ensemble = Ensemble("regression", 3, np.zeros(1, np.float32), TREES, (0, 0))
    explain = attribution(write_covered(ensemble, COVERS))
    cube = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)], dtype=np.float32)
    found = explain(cube)[:, 0, :]
    wanted = [[shapley(row, player) for player in range(3)] for row in cube]
    assert found[:, :3] == pytest.approx(np.array(wanted), abs=1e-6)


def test_a_stump_gives_its_leaf_less_the_mean() -> None:
    """The closed form: value of the leaf less the mean by cover, all of it to the one feature."""
    stump = tree([0, 0, 0], [2.0, 0, 0], [1, -1, -1], [2, -1, -1], [0, -1.0, 3.0])
    ensemble = Ensemble("regression", 2, np.array([10], np.float32), (stump,), (0,))
    found = attribution(write_covered(ensemble, (np.array([8.0, 6, 2]),)))(
        np.array([[1, 9], [3, 9], [math.nan, 9]], np.float32)
    )
    assert found[:, 0, :] == pytest.approx(np.array([[-1, 0, 10], [3, 0, 10], [-1, 0, 10]]))


def test_covers_of_a_payload_are_read_and_damaged_ones_refused() -> None:
    """A cover that is no number would make every reason one."""
    payload = bundle("binary").xgboost
    covers = read_covers(payload)
    trees = read_xgboost(payload).trees
    assert [len(one) for one in covers] == [len(one) for one in trees]
    assert all((one > 0).all() for one in covers)
    for bad in (b"NaN", b"Infinity", b'"a"'):
        first = payload.index(b'"sum_hessian":[') + len(b'"sum_hessian":[')
        damaged = payload[:first] + bad + payload[payload.index(b",", first) :]
        with pytest.raises(CauceError) as caught:
            read_covers(damaged)
        assert caught.value.code == "E0811"


def test_trees_without_covers_still_add_up() -> None:
    """A payload whose covers are all nothing has no shares to go by, but an answer."""
    ensemble = read_xgboost(bundle("regression").xgboost)
    matrix = bundle("regression").scorer(threads=1).matrix(rows(50))
    found = attribution(write_xgboost(ensemble))(matrix)
    raw = margins("regression", rows(50))
    assert np.abs(found.sum(axis=2) - raw).max() <= 1e-5 * np.abs(raw).max()


@pytest.mark.parametrize(("kind", "outputs"), [("regression", 1), ("binary", 1), ("multiclass", 3)])
def test_a_linear_model_is_explained_exactly(kind: str, outputs: int) -> None:
    """Coefficient × (value − mean); a missing value stands at the mean and adds nothing."""
    random = np.random.default_rng(0)
    coefficients, intercepts = random.normal(size=(outputs, 4)), random.normal(size=outputs)
    model = LinearModel(kind, intercepts, coefficients, random.normal(size=4).astype(np.float32))  # type: ignore[arg-type]
    matrix = random.normal(size=(50, 4)).astype(np.float32)
    matrix[::7, 2] = np.nan
    found = attribution(model.to_bytes())(matrix)
    filled = np.where(np.isnan(matrix), model.fill, matrix).astype(np.float64)
    assert np.abs(found.sum(axis=2) - (filled @ coefficients.T + intercepts)).max() <= 1e-12
    by_hand = coefficients[0, 1] * (float(matrix[5, 1]) - float(model.fill[1]))
    assert found[5, 0, 1] == pytest.approx(by_hand, abs=1e-15)
    assert (found[::7, :, 2] == 0).all()


def test_features_belong_to_columns() -> None:
    """Parts of one column are its doing; of several, what their names begin with."""
    two = n.Add(n.Column("a"), n.Column("b"))
    assert source_of(Feature("a=UA", n.LevelEquals(n.Column("a"), "UA"))) == "a"
    assert source_of(Feature("a:days_since=b", two)) == "a"
    assert source_of(Feature("ratio", two)) == "ratio"
    assert source_of(Feature("shape:2", two)) == "shape"
    assert source_of(Feature(":", two)) == ":"
    assert source_of(Feature("half", n.literal(0.5))) == "half"


def told(amounts: list[list[float]], rows: pl.DataFrame, words: Words) -> list[list[str | None]]:
    found = Contributions(("distance", "plan", "both"), np.zeros(1), np.array(amounts)[:, None, :])
    return [one.to_list() for one in words.columns(found, 0, rows=rows)]


def test_words_name_the_strongest_first_and_show_values_only_when_asked() -> None:
    """A row's cells are a person's data; nobody asked for them by asking why."""
    frame = pl.DataFrame({"distance": [2475, None], "plan": ["x", "y"]})
    amounts = [[0.3123, -2.0, 0.0], [0.5, 0.0, 0.0]]
    plain = told(amounts, frame, Words(2))
    assert plain == [["plan: -2", "distance: +0.5"], ["distance: +0.312", None]]
    shown = told(amounts, frame, Words(3, values=True))
    assert shown == [["plan x: -2", "distance missing: +0.5"], ["distance 2475: +0.312", None], [None, None]]


@pytest.mark.parametrize("task", TASKS)
def test_every_amount_beside_a_prediction_adds_up_to_its_raw_score(task: str, tmp_path: Path) -> None:
    """A program reads base and contributions from the file and can check them."""
    frame = as_texts(rows(60)).drop("notes")
    frame.write_csv(tmp_path / "new.csv", separator=";")
    made = without_price(task)
    options = PredictOptions(explain=Explain.of("all"))
    done = predict_file(made, tmp_path / "new.csv", out=tmp_path / "scored.parquet", options=options)
    scored = pl.read_parquet(done.path)
    names = made.manifest.target.class_names if task == "multiclass" else ("",)
    sums = []
    for name in names:
        of = f"_{name}" if name else ""
        parts = [f"base{of}", *(one for one in scored.columns if one.startswith(f"contribution{of}_"))]
        sums.append(sum((scored.get_column(one).to_numpy() for one in parts), np.zeros(len(scored))))
    raw = np.stack(sums, axis=1)
    if task == "regression":
        assert np.abs(raw[:, 0] - scored["prediction"].to_numpy()).max() <= 1e-5 * np.abs(raw).max()
    elif task == "binary":
        assert np.abs(1 / (1 + np.exp(-raw[:, 0])) - scored["probability_sí"].to_numpy()).max() <= 1e-5
    else:
        shares = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
        found = np.stack([scored.get_column(f"probability_{name}").to_numpy() for name in names], axis=1)
        assert np.abs(shares - found).max() <= 1e-5


def test_words_beside_predictions_are_of_the_predicted_class() -> None:
    """Why it is ">30" must not be told with the reasons for "NO"."""
    model = Model(bundle("multiclass"), "1")
    frame = rows(40, seed=8)
    every = model.predict(frame, explain="all")
    words = model.predict(frame, explain=1, explain_values=True)
    for at, predicted in enumerate(words["prediction"].to_list()):
        prefix = f"contribution_{predicted}_"
        own = {one: every.get_column(one)[at] for one in every.columns if one.startswith(prefix)}
        name = max(own, key=lambda one: abs(own[one]))
        assert words["because_1"][at].startswith(name.removeprefix(prefix))
        assert words["because_1"][at].endswith(f": {own[name]:+.3g}")


def test_pandas_rows_are_explained_too() -> None:
    frame = rows(10)
    found = Model(bundle("binary"), "1").predict(frame.to_pandas(), explain=2)
    assert list(found.columns) == ["prediction", "probability_no", "probability_sí", "because_1", "because_2"]


@pytest.mark.parametrize("wanted", [0, -1, 101, "many", "", "1.5", None])
def test_what_is_no_number_of_columns_is_refused(wanted: int | str | None) -> None:
    with pytest.raises(CauceError) as caught:
        Explain.of(wanted)
    assert caught.value.code == "E2301"


def test_a_key_called_as_a_reason_is_refused(tmp_path: Path) -> None:
    """Two columns of one name: a reader would take one for the other."""
    frame = as_texts(rows(5)).with_columns(pl.Series("because_1", ["k"] * 5))
    frame.write_csv(tmp_path / "new.csv", separator=";")
    options = PredictOptions(explain=Explain.of(2), key=("because_1",))
    with pytest.raises(CauceError) as caught:
        predict_file(without_price(), tmp_path / "new.csv", out=tmp_path / "scored.csv", options=options)
    assert caught.value.code == "E1214"
