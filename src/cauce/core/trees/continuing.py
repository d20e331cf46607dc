"""Trees grown on top of those of an earlier model, as one model."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cauce.core.matrix import Matrix
from cauce.core.scoring import load_scorer
from cauce.core.trees.model import Ensemble, Tree, read_xgboost
from cauce.errors import CauceError


def earlier_start(earlier: bytes) -> tuple[float, ...]:
    """The score before the first tree of a payload, as `cauce.core.boosting_rows.start_score` gives it."""
    return tuple(read_xgboost(earlier).start.tolist())


def earlier_margins(earlier: bytes, *, threads: int) -> Callable[[Matrix], Matrix]:
    """What a payload's trees add up to: float32 features [n, f] to margins [n], of classes [n, k]."""
    return load_scorer(earlier, "xgboost", threads=threads, margins=True)


def joined_payload(earlier: bytes, added: bytes) -> bytes:
    """The trees of `earlier`, then those of `added`, grown on its margins, as one XGBoost JSON.

    The score before the first tree is that of `earlier`. E0811 where either is no ensemble of trees.
    """
    first, document = _learner(earlier), json.loads(added)
    last = _learner(added, document)
    try:
        old, new = (one["gradient_booster"]["model"] for one in (first, last))
        rounds = [len(one["iteration_indptr"]) - 1 for one in (old, new)]
        count, each = len(old["trees"]) + len(new["trees"]), len(new["trees"]) // max(rounds[1], 1)
        trees = [{**tree, "id": at} for at, tree in enumerate((*old["trees"], *new["trees"]))]
        new["tree_info"] = [*old["tree_info"], *new["tree_info"]]
        new["iteration_indptr"] = list(range(0, count + 1, max(each, 1)))
        new["gbtree_model_param"] = {**new["gbtree_model_param"], "num_trees": str(count)}
        new["trees"] = trees
        last["learner_model_param"]["base_score"] = first["learner_model_param"]["base_score"]
    except (KeyError, TypeError, ValueError) as error:
        raise CauceError("E0811", reason=f"{type(error).__name__}: {error}") from None
    return json.dumps(document, separators=(",", ":")).encode()


def gains(payload: bytes, features: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """The loss that the splits on each feature took away, summed over all trees: XGBoost's total gain."""
    found = np.zeros(len(features))
    try:
        for tree in _learner(payload)["gradient_booster"]["model"]["trees"]:
            inner = np.asarray(tree["left_children"]) != -1
            taken = np.asarray(tree["loss_changes"], dtype=np.float64)[inner]
            np.add.at(found, np.asarray(tree["split_indices"])[inner], np.maximum(taken, 0.0))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise CauceError("E0811", reason=f"{type(error).__name__}: {error}") from None
    return tuple(zip(features, found.tolist(), strict=True))


def rounds_of(payload: bytes) -> int:
    """How many rounds a payload has: trees, of several classes one for each. E0811."""
    ensemble = read_xgboost(payload)
    return len(ensemble.trees) // max(len(ensemble.start), 1)


def _learner(payload: bytes, document: Any = None) -> Any:
    try:
        return (json.loads(payload) if document is None else document)["learner"]
    except (KeyError, TypeError, ValueError) as error:
        raise CauceError("E0811", reason=f"{type(error).__name__}: {error}") from None


def is_monotone(ensemble: Ensemble, feature: int, *, way: str) -> bool:
    """Whether every tree moves one way alone as the feature grows, whatever the others are.

    Sufficient, and what XGBoost's constraints make: at each split on the feature no leaf on the left is above
    any on the right (increasing), or below any (decreasing).
    """
    return all(_is_monotone(tree, feature, 1.0 if way == "increasing" else -1.0) for tree in ensemble.trees)


def _is_monotone(tree: Tree, feature: int, sign: float) -> bool:
    low = sign * tree.value.astype(np.float64)
    high = low.copy()
    for node in range(len(tree) - 1, -1, -1):
        left, right = int(tree.left[node]), int(tree.right[node])
        if left < 0:
            continue
        if tree.feature[node] == feature and high[left] > low[right]:
            return False
        low[node], high[node] = min(low[left], low[right]), max(high[left], high[right])
    return True
