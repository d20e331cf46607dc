"""A forest's probabilities are shares of classes, so that they are right without a calibration map."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
import xgboost
from sklearn.ensemble import RandomForestClassifier

from cauce.core.boosting import BoostParameters, BoostSpec
from cauce.core.scoring import load_scorer
from cauce.engines.local.boosting import boost

NAMES = ("a", "b", "c", "d", "e")


def known(rows: int, *, seed: int, offset: float = -1.0, classes: int = 2) -> tuple[Any, Any, Any]:
    """Features, labels and the probabilities [rows, classes] that the labels were drawn with."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 5)).astype(np.float32)
    margins = np.zeros((rows, classes))
    margins[:, -1] = offset + 1.5 * x[:, 0] + x[:, 1] * (x[:, 2] > 0)
    if classes > 2:
        margins[:, 0] = x[:, 2] - 0.5
    powers = np.exp(margins)
    chances = powers / powers.sum(axis=1, keepdims=True)
    label = (random.random(rows)[:, None] > np.cumsum(chances, axis=1)).sum(axis=1)
    return x, np.minimum(label, classes - 1), chances


def forest_scores(x: Any, y: Any, rows: Any, *, classes: int = 2, **grown: Any) -> np.ndarray:
    random = np.random.default_rng(1)
    lanes = {name: random.integers(0, 1 << 63, len(y), dtype=np.uint64) for name in ("p", "q")}
    columns = {name: x[:, at] for at, name in enumerate(NAMES)}
    frame = pl.DataFrame({**columns, "y": y.astype(float), "fold": np.zeros(len(y), dtype=np.int64), **lanes})
    settings: dict[str, Any] = {"rounds": 60, "max_depth": 14, "min_child_weight": 5.0, "subsample": 0.632}
    asked = BoostSpec(
        task="binary" if classes == 2 else "multiclass",
        classes=classes,
        features=NAMES,
        label="y",
        fold="fold",
        lanes=("p", "q"),
        threads=1,
        parameters=BoostParameters(
            forest=True, eta=1.0, reg_lambda=0.0, colsample_bynode=0.5, **{**settings, **grown}
        ),
    )
    return load_scorer(boost(lambda: iter([frame]), asked).payload, "xgboost")(rows).astype(float)


def worst_bin(told: np.ndarray, truth: np.ndarray, bins: int = 10) -> float:
    """Largest distance of the mean told from the mean true probability, over equal parts by what was told."""
    parts = np.array_split(np.argsort(told, kind="stable"), bins)
    return max(abs(told[part].mean() - truth[part].mean()) for part in parts)


@pytest.mark.parametrize("offset", [-1.0, -3.0])
def test_probabilities_are_right_on_average_and_in_every_part(offset: float) -> None:
    """A cut-off by cost, or an expected loss, would be wrong."""
    x, y, _ = known(4000, seed=1, offset=offset)
    rows, _, chances = known(8000, seed=2, offset=offset)
    told = forest_scores(x, y, rows)[:, 1]
    truth = chances[:, 1]
    assert abs(told.mean() - truth.mean()) < 3 * np.sqrt(0.25 / 4000)
    peer = RandomForestClassifier(60, min_samples_leaf=5, max_features=0.5, random_state=0, n_jobs=1).fit(
        x, y
    )
    by_peer = peer.predict_proba(rows)[:, 1]
    assert worst_bin(told, truth) < max(0.06, worst_bin(by_peer, truth) + 0.01)
    assert np.mean((told - truth) ** 2) < 1.1 * np.mean((by_peer - truth) ** 2)


def test_with_more_classes_too() -> None:
    """Dividing by the sum of separate forests would bend them."""
    x, y, _ = known(4000, seed=3, offset=0.5, classes=3)
    rows, _, chances = known(8000, seed=4, offset=0.5, classes=3)
    told = forest_scores(x, y, rows, classes=3)
    assert np.abs(told.mean(axis=0) - chances.mean(axis=0)).max() < 3 * np.sqrt(0.25 / 4000)
    assert max(worst_bin(told[:, k], chances[:, k]) for k in range(3)) < 0.06


def test_xgboosts_own_random_forest_is_not() -> None:
    """Why a forest of class shares: a logistic one takes one Newton step from the mean and stops there."""
    x, y, _ = known(4000, seed=1, offset=-3.0)
    rows, _, chances = known(8000, seed=2, offset=-3.0)
    own = xgboost.XGBRFClassifier(n_estimators=60, max_depth=14, min_child_weight=1.0, n_jobs=1).fit(x, y)
    assert worst_bin(own.predict_proba(rows)[:, 1].astype(float), chances[:, 1]) > 0.15
