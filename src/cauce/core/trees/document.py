"""Writes an ensemble of trees as XGBoost's JSON, with nothing in it that was not checked."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from cauce.core.trees.model import Ensemble, Tree

_OBJECTIVES: dict[str, tuple[str, str]] = {
    "binary": ("binary:logistic", "reg_loss_param"),
    "multiclass": ("multi:softprob", "softmax_multiclass_param"),
    "regression": ("reg:squarederror", "reg_loss_param"),
}
_NO_PARENT = (1 << 31) - 1


def write_xgboost(ensemble: Ensemble) -> bytes:
    """The ensemble as a model that XGBoost loads and that scores as the one it was read from.

    Of a forest for classes it gives the margins: shares before they are limited and divided.

    A loader trusts more fields than scoring needs (parents, tree numbers, array sizes) and crashes on false
    ones, so a model from outside is loaded from this document, never from its own bytes.
    """
    name, parameters = _OBJECTIVES["regression" if ensemble.shares else ensemble.kind]
    outputs = len(ensemble.start)
    classes = outputs if ensemble.kind == "multiclass" and not ensemble.shares else 0
    settings = {"num_class": str(classes)} if classes else {"scale_pos_weight": "1"}
    count = len(ensemble.trees)
    model = {
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(count)},
        "iteration_indptr": list(range(0, count + 1, outputs)),
        "tree_info": list(ensemble.outputs),
        "trees": [_tree(tree, number, ensemble.features) for number, tree in enumerate(ensemble.trees)],
    }
    learner = {
        "attributes": {},
        "feature_names": [],
        "feature_types": [],
        "gradient_booster": {"model": model, "name": "gbtree"},
        "learner_model_param": {
            "base_score": "[" + ",".join(map(str, _shortest(ensemble.start))) + "]",
            "boost_from_average": "0",
            "num_class": str(classes),
            "num_feature": str(ensemble.features),
            "num_target": str(outputs) if ensemble.shares else "1",
        },
        "objective": {"name": name, parameters: settings},
    }
    return json.dumps({"learner": learner, "version": [3, 0, 0]}, separators=(",", ":")).encode()


def _shortest(values: npt.NDArray[np.float32]) -> list[float]:
    """Doubles whose shortest text is that of the float32 values."""
    return [float(text) for text in values.astype(str).tolist()]


def _tree(tree: Tree, number: int, features: int) -> dict[str, Any]:
    nodes = len(tree)
    parents = np.full(nodes, _NO_PARENT)
    inner = np.flatnonzero(tree.left >= 0)
    parents[tree.left[inner]] = inner
    parents[tree.right[inner]] = inner
    owners = sorted(tree.members)
    sizes = [len(tree.members[node]) for node in owners]
    split_type = np.zeros(nodes, dtype=np.int64)
    split_type[owners] = 1
    zeros = [0.0] * nodes
    return {
        "base_weights": zeros,
        "categories": [code for node in owners for code in tree.members[node].tolist()],
        "categories_nodes": owners,
        "categories_segments": np.cumsum([0, *sizes])[:-1].tolist(),
        "categories_sizes": sizes,
        "default_left": tree.default_left.astype(np.int64).tolist(),
        "id": number,
        "left_children": tree.left.tolist(),
        "loss_changes": zeros,
        "parents": parents.tolist(),
        "right_children": tree.right.tolist(),
        "split_conditions": _shortest(np.where(tree.left < 0, tree.value, tree.threshold)),
        "split_indices": tree.feature.tolist(),
        "split_type": split_type.tolist(),
        "sum_hessian": zeros,
        "tree_param": {
            "num_deleted": "0",
            "num_feature": str(features),
            "num_nodes": str(nodes),
            "size_leaf_vector": "1",
        },
    }
