"""How many training rows reached each node of a payload's trees, by weight of their second derivative."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cauce.core.trees.document import write_xgboost
from cauce.core.trees.model import Ensemble, booster_document
from cauce.errors import CauceError

Covers = tuple[npt.NDArray[np.float64], ...]
_LEAST, _MOST = 1e-12, 1e30


def read_covers(payload: bytes) -> Covers:
    """For each tree of a checked payload of trees, the cover of its nodes, in the order of `Tree`.

    Only leaves are believed, at least 1e-12 each; a node's cover is the sum of its children's, so that what
    rows share out at a node always adds up. Raises E0811 where a leaf has no such number.
    """
    try:
        trees = booster_document(json.loads(payload))["learner"]["gradient_booster"]["model"]["trees"]
        return tuple(_cover(tree) for tree in trees)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, RecursionError) as error:
        raise CauceError("E0811", reason=f"{type(error).__name__}: {error}") from None


def _cover(tree: Any) -> npt.NDArray[np.float64]:
    left, right = tree["left_children"], tree["right_children"]
    order = [0]
    for node in order:
        if left[node] != -1:
            order += (left[node], right[node])
    own = [float(tree["sum_hessian"][node]) for node in order]
    cover = np.clip(np.asarray(own, dtype=np.float64), _LEAST, _MOST)
    if not np.isfinite(own).all():
        raise ValueError("a cover is not finite")
    place = {node: at for at, node in enumerate(order)}
    for at in range(len(order) - 1, -1, -1):
        node = order[at]
        if left[node] != -1:
            cover[at] = cover[place[left[node]]] + cover[place[right[node]]]
    return cover


def write_covered(ensemble: Ensemble, covers: Sequence[npt.NDArray[np.float64]]) -> bytes:
    """The ensemble's XGBoost document, as `write_xgboost` writes it, with the cover of every node."""
    document = json.loads(write_xgboost(ensemble))
    trees = document["learner"]["gradient_booster"]["model"]["trees"]
    for tree, cover in zip(trees, covers, strict=True):
        tree["sum_hessian"] = cover.tolist()
    return json.dumps(document, separators=(",", ":")).encode()
