"""A forest with the project file's defaults is as good as scikit-learn's on real tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.model_selection import KFold, StratifiedKFold

from cauce.core.boosting import BoostSpec
from cauce.core.columns import FOLD, HASH_A, HASH_B, TARGET
from cauce.core.features import Feature, FittedFeatures
from cauce.core.scoring import load_scorer
from cauce.core.task import Target
from cauce.engines.local.boosting import boost
from cauce.expr import nodes as n
from cauce.expr.schema import Schema
from cauce.running.tree_parameters import tree_parameters
from cauce.spec.models import Forest


def penguins(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    frame = pl.read_csv(folder / "penguins" / "penguins.csv", null_values=["NA", ""]).drop_nulls("species")
    codes = [
        column if column.dtype.is_numeric() else column.cast(pl.Categorical).to_physical()
        for column in frame.drop("species", "rowid", strict=False)
    ]
    label = frame["species"].rank("dense").to_numpy().astype(int) - 1
    return np.stack([one.cast(pl.Float64).fill_null(-1.0).to_numpy() for one in codes], axis=1), label


def wine(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    path = next((folder / "wine_quality_white").glob("*.csv"))
    separator = ";" if ";" in path.read_text(encoding="utf-8").splitlines()[0] else ","
    frame = pl.read_csv(path, separator=separator).unique(maintain_order=True)
    return frame.drop("quality").to_numpy().astype(float), frame["quality"].to_numpy().astype(float)


def diabetes(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    path = next((folder / "diabetes130").glob("*.parquet"))
    frame = pl.read_parquet(path).sample(12_000, seed=1)
    label = (frame["readmitted"] == "<30").cast(pl.Int64).to_numpy()
    columns = []
    for column in frame.drop("readmitted", "encounter_id", "patient_nbr"):
        numbers = column.cast(pl.String).cast(pl.Float64, strict=False)
        codes = column.cast(pl.String).rank("dense").cast(pl.Float64)
        columns.append((codes if numbers.null_count() else numbers).to_numpy())
    return np.stack(columns, axis=1), label


def scores(x: np.ndarray, y: np.ndarray, rows: np.ndarray, task: Any) -> np.ndarray:
    """What a forest by default says of rows, learned from x and y."""
    names = tuple(f"f{at}" for at in range(x.shape[1]))
    classes = () if task == "regression" else tuple(range(int(y.max()) + 1))
    features = tuple(Feature(name, n.Column(name), n.Column(name), name) for name in names)
    fitted = FittedFeatures(features, Schema(()))
    target = Target("y", n.Column("y"), "integer", task, classes)
    lanes = np.random.default_rng(0).integers(0, 1 << 63, (2, len(y)), dtype=np.uint64)
    columns = dict(zip(names, x.T, strict=True))
    frame = pl.DataFrame({**columns, TARGET: y.astype(float), HASH_A: lanes[0], HASH_B: lanes[1]})
    spec = BoostSpec(
        task=task,
        features=names,
        label=TARGET,
        fold=FOLD,
        lanes=(HASH_A, HASH_B),
        classes=max(1, len(classes)),
        parameters=tree_parameters(Forest(), fitted, target=target),
        threads=1,
    )
    payload = boost(lambda: iter([frame.with_columns(pl.lit(0).alias(FOLD))]), spec).payload
    return load_scorer(payload, "xgboost")(rows.astype(np.float32)).astype(float)


def losses(x: np.ndarray, y: np.ndarray, task: Any) -> tuple[np.ndarray, np.ndarray]:
    """By fold, the mean squared error (of probabilities: Brier score) of our forest and of scikit-learn's."""
    cut = (KFold if task == "regression" else StratifiedKFold)(4, shuffle=True, random_state=0)
    ours, peers = [], []
    for train, test in cut.split(x, y):
        told = scores(x[train], y[train], x[test], task)
        if task == "regression":
            peer = RandomForestRegressor(100, random_state=0, n_jobs=1).fit(x[train], y[train])
            truth, by_peer = y[test], peer.predict(x[test])
        else:
            forest = RandomForestClassifier(100, random_state=0, n_jobs=1).fit(x[train], y[train])
            truth, by_peer = np.eye(int(y.max()) + 1)[y[test]], forest.predict_proba(x[test])
        ours.append(((told - truth) ** 2).mean())
        peers.append(((by_peer - truth) ** 2).mean())
    return np.array(ours), np.array(peers)


def assert_as_good(ours: np.ndarray, peers: np.ndarray, *, slack: float) -> None:
    apart = ours - peers
    noise = 3.2 * apart.std(ddof=1) / np.sqrt(len(apart))  # 95 % of Student's t, three degrees of freedom
    assert apart.mean() <= noise + slack * peers.mean(), (ours, peers)


def test_penguins(shared_data: Path) -> None:
    """Three classes, few rows: trees by class would lose against trees for all classes."""
    assert_as_good(*losses(*penguins(shared_data), "multiclass"), slack=0.02)


@pytest.mark.slow
def test_wine(shared_data: Path) -> None:
    """A noisy number without copies of rows."""
    assert_as_good(*losses(*wine(shared_data), "regression"), slack=0.01)


@pytest.mark.slow
def test_diabetes(shared_data: Path) -> None:
    """A rare class that little tells apart."""
    assert_as_good(*losses(*diabetes(shared_data), "binary"), slack=0.0)
