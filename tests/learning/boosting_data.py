"""Tables and specifications for the tests of boosting, and a slow evaluator that knows XGBoost's rules."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import polars as pl

from cauce.core.boosting import BoostParameters, BoostSpec

TASKS = {"binary": 2, "multiclass": 3, "regression": 1}


def table(
    rows: int, *, task: str = "binary", seed: int = 0, missing: float = 0.1, levels: int = 12
) -> pl.DataFrame:
    """Four numeric features (one rounded, so that values repeat), one category, a label, weights, folds."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 4))
    x[:, 3] = np.round(x[:, 3])
    code = random.integers(0, levels, rows).astype(float)
    effect = np.random.default_rng(99).normal(size=levels)[code.astype(int)]
    score = 2 * x[:, 0] + x[:, 1] * x[:, 2] + effect + random.normal(size=rows) * 0.5
    label = {"binary": score > 0, "multiclass": np.digitize(score, [-1, 1]), "regression": 100 * score + 500}[
        task
    ]
    columns = [*x.T, code]
    frame = {
        name: [None if hole else value for value, hole in zip(column.tolist(), holes, strict=True)]
        for name, column, holes in zip("abcde", columns, random.random((5, rows)) < missing, strict=True)
    }
    return pl.DataFrame(
        {
            **frame,
            "label": pl.Series(label).cast(pl.Float64),
            "weight": random.integers(1, 4, rows).astype(float),
            "fold": (random.random(rows) < 0.25).astype(np.int64),
            "lane0": random.integers(0, 1 << 63, rows, dtype=np.uint64),
            "lane1": random.integers(0, 1 << 63, rows, dtype=np.uint64),
        }
    )


def spec(
    task: str = "binary", *, levels: Any = 12, parameters: dict[str, Any] | None = None, **changes: Any
) -> BoostSpec:
    """The specification that fits `table`."""
    grown = {"rounds": 10, **(parameters or {})}
    return BoostSpec(
        **{
            "task": task,
            "classes": TASKS[task],
            "features": tuple("abcde"),
            "levels": (("e", levels),) if isinstance(levels, int) else levels,
            "label": "label",
            "fold": "fold",
            "lanes": ("lane0", "lane1"),
            "threads": 1,
            "parameters": BoostParameters(**grown),
            **changes,
        }
    )


def matrix(frame: pl.DataFrame, names: str = "abcde") -> np.ndarray:
    return frame.select(pl.col(list(names)).cast(pl.Float32)).to_numpy(order="c")


def evaluate(payload: bytes, rows: np.ndarray) -> np.ndarray:
    """Probabilities or values, walking the JSON node by node as XGBoost's documentation describes it."""
    learner = json.loads(payload)["learner"]
    objective = learner["objective"]["name"]
    base = [float(part) for part in learner["learner_model_param"]["base_score"].strip("[]").split(",")]
    model = learner["gradient_booster"]["model"]
    margins = np.zeros((len(rows), max(1, len(base))))
    margins += [math.log(base[0] / (1 - base[0]))] if objective == "binary:logistic" else base
    for tree, output in zip(model["trees"], model["tree_info"], strict=True):
        sets = {
            node: set(tree["categories"][start : start + size])
            for node, start, size in zip(
                tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True
            )
        }
        for place, row in enumerate(rows):
            margins[place, output] += _leaf(tree, sets, row)
    if objective == "binary:logistic":
        positive = 1 / (1 + np.exp(-margins[:, 0]))
        return np.stack([1 - positive, positive], axis=1)
    if objective == "multi:softprob":
        powers = np.exp(margins - margins.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    return margins[:, 0] if margins.shape[1] == 1 else margins


def _leaf(tree: dict[str, Any], sets: dict[int, set[int]], row: np.ndarray) -> float:
    node = 0
    while tree["left_children"][node] != -1:
        value = row[tree["split_indices"][node]]
        if np.isnan(value):
            left = bool(tree["default_left"][node])
        elif tree["split_type"][node] == 1:
            left = int(value) not in sets[node]
        else:
            left = bool(value < np.float32(tree["split_conditions"][node]))
        node = tree["left_children" if left else "right_children"][node]
    return float(tree["split_conditions"][node])
