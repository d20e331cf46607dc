"""An ensemble of trees as arrays, read strictly from XGBoost's JSON or from a forest's document around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cauce.errors import CauceError

Output = Literal["binary", "multiclass", "regression"]
FOREST_FORMAT = 1
_OUTPUTS: Mapping[str, Output] = {
    "binary:logistic": "binary",
    "multi:softprob": "multiclass",
    "reg:squarederror": "regression",
}
_CODES = 1 << 24
_MOST = 1 << 20
_UNREADABLE = (KeyError, TypeError, ValueError, OverflowError, AttributeError, RecursionError)


@dataclass(frozen=True)
class Tree:
    """A binary tree in arrays, one entry a node; node 0 is the root, every node is reached exactly once.

    Nodes are numbered level by level, so that a right child follows its left one: XGBoost relies on it.

    left, right: children, -1 at a leaf. At a numeric node a value goes left where it is below `threshold`
    (both float32). At a node with `members` a code goes right where it is one of them, else left.
    A missing value (NaN) goes left where `default_left`. value: the leaf's contribution, in margin.
    """

    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    default_left: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float32]
    members: Mapping[int, npt.NDArray[np.int32]]

    def __len__(self) -> int:
        return len(self.left)


@dataclass(frozen=True)
class Ensemble:
    """Trees whose leaf values add up, in order, to margins.

    start: the prediction before the first tree, as XGBoost states it, by output (1 for binary and
    regression, else classes): the share of the positive class, a margin for each class, or a value.
    outputs: for each tree the output it adds to. features: columns of the float32 matrix it reads.
    shares: of a forest for classes: the margins are shares of the classes themselves, which
    `cauce.core.trees.shares` makes probabilities of; start are the shares of the training rows.
    """

    kind: Output
    features: int
    start: npt.NDArray[np.float32]
    trees: tuple[Tree, ...]
    outputs: tuple[int, ...]
    shares: bool = False

    @property
    def base(self) -> npt.NDArray[np.float32]:
        """The margin before the first tree, by output, computed in float32 as XGBoost does."""
        if self.kind == "binary" and not self.shares:
            margin: npt.NDArray[np.float32] = -np.log(np.float32(1) / self.start - np.float32(1))
            return margin
        return self.start


def read_xgboost(payload: bytes) -> Ensemble:
    """The trees in an XGBoost JSON model (gbtree; logistic, softprob or squared error), or of a class forest.

    A forest for classes is squared error too, so `forest_document` says around it what its outputs are.
    Raises E0811 where the document is not such a model: a child outside the tree, a node reached twice,
    a feature that does not exist, a leaf that is not finite, arrays of different lengths.
    """
    try:
        document = json.loads(payload)
        if document["learner"] == "forest":
            return _forest(document)
        return _ensemble(document["learner"])
    except _UNREADABLE as error:
        raise CauceError("E0811", reason=f"{type(error).__name__}: {error}") from None


def forest_document(payload: bytes, *, kind: Output) -> bytes:
    """XGBoost's JSON of a forest, and what its outputs are: shares of two classes, or of each of more.

    A regression's needs no word around it, and comes back as it is.
    """
    if kind == "regression":
        return payload
    said = f'{{"format":{FOREST_FORMAT},"learner":"forest","kind":"{kind}","model":'
    return said.encode() + payload + b"}"


def quantile_document(payload: bytes) -> bytes:
    """XGBoost's JSON of trees grown for a quantile as that of a regression: they add up to the same."""
    document = json.loads(payload)
    settings = {"scale_pos_weight": "1"}
    document["learner"]["objective"] = {"name": "reg:squarederror", "reg_loss_param": settings}
    return json.dumps(document, separators=(",", ":")).encode()


def xgboost_json(payload: bytes) -> bytes:
    """XGBoost's own JSON of a payload that `read_xgboost` takes: what stands inside a forest's document."""
    document = json.loads(payload)
    inner = booster_document(document)
    return payload if inner is document else json.dumps(inner, separators=(",", ":")).encode()


def booster_document(document: Any) -> Any:
    """Of a parsed payload, the document that is XGBoost's own."""
    return document["model"] if document["learner"] == "forest" else document


def _forest(document: Any) -> Ensemble:
    _require(set(document) == {"format", "learner", "kind", "model"}, "a forest's fields are others")
    _require(document["format"] == FOREST_FORMAT, "a forest of another format")
    kind = document["kind"]
    _require(kind in ("binary", "multiclass"), "a forest of an unknown kind")
    return _ensemble(document["model"]["learner"], forest=kind)


def _require(condition: object, reason: str) -> None:
    if not condition:
        raise CauceError("E0811", reason=reason)


def _ensemble(learner: Any, *, forest: Output | None = None) -> Ensemble:
    objective = str(learner["objective"]["name"])
    if objective not in _OUTPUTS:
        raise CauceError("E0812", objective=objective, objectives=", ".join(_OUTPUTS))
    kind = forest or _OUTPUTS[objective]
    _require(forest is None or objective == "reg:squarederror", "a forest is not of squared errors")
    parameters = learner["learner_model_param"]
    features, targets = int(parameters["num_feature"]), int(parameters.get("num_target", "1"))
    classes = targets if forest else int(parameters["num_class"]) if kind == "multiclass" else 1
    _require(1 <= features < _MOST and 1 <= classes < _MOST, "num_feature or num_class is out of range")
    _require(targets == 1 or forest == "multiclass", "num_target is not 1")
    _require(forest != "multiclass" or classes >= 2, "num_target is 1")
    booster = learner["gradient_booster"]
    _require(booster["name"] == "gbtree", "the booster is not gbtree")
    trees = tuple(_tree(tree, features) for tree in booster["model"]["trees"])
    outputs = tuple(_index(output, classes) for output in booster["model"]["tree_info"])
    _require(len(trees) == len(outputs), "tree_info and trees differ in length")
    _require(len(trees) % classes == 0, "a round lacks trees")
    start = _start(parameters["base_score"], kind, classes)
    return Ensemble(kind, features, start, trees, outputs, shares=forest is not None)


def _index(value: Any, end: int) -> int:
    _require(type(value) is int and 0 <= value < end, "an index in tree_info is out of range")
    return int(value)


def _start(text: Any, kind: Output, classes: int) -> npt.NDArray[np.float32]:
    parts = [float(part) for part in str(text).strip("[]").split(",")]
    one_for_all = len(parts) == 1 and not str(text).startswith("[")
    values = np.array(parts * classes if one_for_all else parts, dtype=np.float32)
    _require(len(values) == classes and np.isfinite(values).all(), "base_score does not fit the model")
    _require(kind != "binary" or 0.0 < values[0] < 1.0, "base_score is not between 0 and 1")
    return values


def _tree(raw: Any, features: int) -> Tree:
    left, right = _integers(raw["left_children"]), _integers(raw["right_children"])
    feature, threshold = _integers(raw["split_indices"]), _floats(raw["split_conditions"])
    default_left = _integers(raw["default_left"]) != 0
    kinds = _integers(raw.get("split_type", [0] * len(left)))
    nodes = len(left)
    _require(nodes >= 1, "a tree has no node")
    lengths = {len(column) for column in (right, feature, threshold, default_left, kinds)}
    _require(lengths == {nodes}, "arrays of a tree differ in length")
    order = _reached(left, right)
    leaf = left[order] == -1
    inner = order[~leaf]
    _require(np.isfinite(threshold[order]).all(), "a leaf or a split is not finite")
    _require(((feature[inner] >= 0) & (feature[inner] < features)).all(), "a split reads no feature")
    _require(np.isin(kinds[inner], (0, 1)).all(), "a split is of an unknown type")
    place = np.full(nodes, -1, dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    value = np.where(leaf, threshold[order], np.float32(0))
    return Tree(
        feature=np.where(leaf, 0, feature[order]).astype(np.int32),
        threshold=np.where(leaf, np.float32(0), threshold[order]),
        left=np.where(leaf, -1, place[left[order]]).astype(np.int32),
        right=np.where(leaf, -1, place[right[order]]).astype(np.int32),
        default_left=default_left[order],
        value=value,
        members=_members(raw, place, inner[kinds[inner] == 1]),
    )


def _integers(values: Any) -> npt.NDArray[np.int64]:
    array = np.asarray(values)
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    _require(array.ndim == 1 and array.dtype.kind in "ib", "an array of whole numbers holds something else")
    return array.astype(np.int64)


def _floats(values: Any) -> npt.NDArray[np.float32]:
    array = np.asarray(values)
    if array.size == 0:
        return np.zeros(0, dtype=np.float32)
    _require(array.ndim == 1 and array.dtype.kind in "if", "an array of numbers holds something else")
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def _reached(left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Nodes in breadth-first order from the root (nodes that pruning deleted are not reached)."""
    nodes = len(left)
    lefts, rights = left.tolist(), right.tolist()
    seen = bytearray(nodes)
    order = [0]
    for node in order:
        _require(0 <= node < nodes, "a child is outside its tree")
        _require(not seen[node], "a node is reached twice")
        seen[node] = 1
        _require((lefts[node] == -1) == (rights[node] == -1), "a node has one child")
        if lefts[node] != -1:
            order += (lefts[node], rights[node])
    return np.array(order, dtype=np.int64)


def _members(
    raw: Any, place: npt.NDArray[np.int32], nodes: npt.NDArray[np.int64]
) -> dict[int, npt.NDArray[np.int32]]:
    owners, codes = _integers(raw.get("categories_nodes", [])), _integers(raw.get("categories", []))
    starts = _integers(raw.get("categories_segments", []))
    sizes = _integers(raw.get("categories_sizes", []))
    _require(len(owners) == len(starts) == len(sizes), "category arrays differ in length")
    _require(len(set(owners.tolist())) == len(owners), "a node has two sets of categories")
    _require(set(nodes.tolist()) <= set(owners.tolist()), "a category split has no categories")
    _require(((starts >= 0) & (sizes >= 1) & (starts + sizes <= len(codes))).all(), "categories overrun")
    _require(((codes >= 0) & (codes < _CODES)).all(), "a category is out of range")
    wanted = set(nodes.tolist())
    rows = zip(owners.tolist(), starts.tolist(), sizes.tolist(), strict=True)
    return {
        int(place[node]): np.unique(codes[start : start + size]).astype(np.int32)
        for node, start, size in rows
        if node in wanted
    }
