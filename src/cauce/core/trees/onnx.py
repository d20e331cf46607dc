"""Writes an ensemble of trees as an ONNX graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cauce.core.trees.model import Ensemble, Tree

OPSET = 17
TREE_OPSET = 5
IR_VERSION = 10
_TREES = "ai.onnx.ml"
_LESS, _MEMBER = 1, 6
_SUM = 1


@dataclass
class _Columns:
    """The attributes of a TreeEnsemble while trees are appended: one entry an inner node or a leaf."""

    roots: list[int] = field(default_factory=list)
    features: list[int] = field(default_factory=list)
    splits: list[float] = field(default_factory=list)
    modes: list[int] = field(default_factory=list)
    missing_true: list[int] = field(default_factory=list)
    on_true: list[int] = field(default_factory=list)
    true_is_leaf: list[int] = field(default_factory=list)
    on_false: list[int] = field(default_factory=list)
    false_is_leaf: list[int] = field(default_factory=list)
    leaf_outputs: list[int] = field(default_factory=list)
    leaf_values: list[float] = field(default_factory=list)
    members: list[float] = field(default_factory=list)


def write_onnx(ensemble: Ensemble) -> bytes:
    """The ensemble as an ONNX model, the same bytes for the same ensemble.

    Input `features`: float32 [n, features], NaN is missing. Output: `probabilities` float32 [n, classes]
    (binary: column 1 is the positive class) or `value` float32 [n] for a regression.
    A TreeEnsemble of ai.onnx.ml 5 sums the leaves in float32 in XGBoost's order, the base being the first
    tree; numeric splits are `<` on float32 and category splits set membership, as XGBoost decides them.
    """
    from onnx import helper  # noqa: PLC0415

    outputs = len(ensemble.base)
    nodes, constants, name, shape = _after(ensemble)
    trees = helper.make_node("TreeEnsemble", ["features"], ["margin"], domain=_TREES, **_attributes(ensemble))
    graph = helper.make_graph(
        [trees, *nodes],
        "trees",
        [helper.make_tensor_value_info("features", 1, ["rows", ensemble.features])],
        [helper.make_tensor_value_info(name, 1, shape)],
        initializer=constants,
        value_info=[helper.make_tensor_value_info("margin", 1, ["rows", outputs])],
    )
    versions = [helper.make_opsetid("", OPSET), helper.make_opsetid(_TREES, TREE_OPSET)]
    model = helper.make_model(graph, opset_imports=versions, ir_version=IR_VERSION, producer_name="cauce")
    return bytes(model.SerializeToString(deterministic=True))


def _after(ensemble: Ensemble) -> tuple[list[Any], list[Any], str, list[Any]]:
    """What follows the margin: nodes, constants, and the name and shape of the output.

    σ(z) is written as softmax(-z/2, z/2): the runtime's Sigmoid is clamped at |z| = 18.
    """
    from onnx import helper, numpy_helper  # noqa: PLC0415

    if ensemble.kind == "regression":
        one = numpy_helper.from_array(np.array([1], dtype=np.int64), "axis")
        return [helper.make_node("Squeeze", ["margin", "axis"], ["value"])], [one], "value", ["rows"]
    shape = ["rows", max(2, len(ensemble.base))]
    if ensemble.shares:
        return *_shares(ensemble), "probabilities", shape
    if ensemble.kind == "multiclass":
        return [helper.make_node("Softmax", ["margin"], ["probabilities"])], [], "probabilities", shape
    halves = numpy_helper.from_array(np.array([[-0.5, 0.5]], dtype=np.float32), "halves")
    nodes = [
        helper.make_node("Mul", ["margin", "halves"], ["margins"]),
        helper.make_node("Softmax", ["margins"], ["probabilities"]),
    ]
    return nodes, [halves], "probabilities", shape


def _shares(ensemble: Ensemble) -> tuple[list[Any], list[Any]]:
    """`cauce.core.trees.shares` as nodes and constants."""
    from onnx import helper, numpy_helper  # noqa: PLC0415

    none, whole = _number("none", 0), _number("whole", 1)
    limited = helper.make_node("Clip", ["margin", "none", "whole"], ["limited"])
    if ensemble.kind == "binary":
        other = helper.make_node("Sub", ["whole", "limited"], ["other"])
        both = helper.make_node("Concat", ["other", "limited"], ["probabilities"], axis=1)
        return [limited, other, both], [none, whole]
    nodes = [
        limited,
        helper.make_node("ReduceSum", ["limited", "axis"], ["total"], keepdims=1),
        helper.make_node("Greater", ["total", "none"], ["any"]),
        helper.make_node("Div", ["limited", "total"], ["divided"]),
        helper.make_node("Where", ["any", "divided", "start"], ["probabilities"]),
    ]
    axis = numpy_helper.from_array(np.array([1], dtype=np.int64), "axis")
    start = numpy_helper.from_array(ensemble.start.reshape(1, -1), "start")
    return nodes, [none, whole, axis, start]


def _number(name: str, value: float) -> Any:
    from onnx import numpy_helper  # noqa: PLC0415

    return numpy_helper.from_array(np.array(value, dtype=np.float32), name)


def _attributes(ensemble: Ensemble) -> dict[str, Any]:
    from onnx import numpy_helper  # noqa: PLC0415

    columns = _Columns()
    for output, base in enumerate(ensemble.base.tolist()):
        _append_constant(columns, output, base)
    for tree, output in zip(ensemble.trees, ensemble.outputs, strict=True):
        if tree.left[0] < 0:
            _append_constant(columns, output, float(tree.value[0]))
        else:
            _append(columns, tree, output)
    attributes: dict[str, Any] = {
        "n_targets": len(ensemble.base),
        "aggregate_function": _SUM,
        "post_transform": 0,
        "tree_roots": columns.roots,
        "nodes_featureids": columns.features,
        "nodes_splits": numpy_helper.from_array(np.array(columns.splits, dtype=np.float32)),
        "nodes_modes": numpy_helper.from_array(np.array(columns.modes, dtype=np.uint8)),
        "nodes_missing_value_tracks_true": columns.missing_true,
        "nodes_truenodeids": columns.on_true,
        "nodes_trueleafs": columns.true_is_leaf,
        "nodes_falsenodeids": columns.on_false,
        "nodes_falseleafs": columns.false_is_leaf,
        "leaf_targetids": columns.leaf_outputs,
        "leaf_weights": numpy_helper.from_array(np.array(columns.leaf_values, dtype=np.float32)),
    }
    if columns.members:
        members = np.array(columns.members, dtype=np.float32)
        attributes["membership_values"] = numpy_helper.from_array(members)
    return attributes


def _append_constant(columns: _Columns, output: int, value: float) -> None:
    """A tree of one leaf: the operator wants a node at the root, so both of its ways lead to the leaf."""
    columns.roots.append(len(columns.features))
    leaf = _append_leaf(columns, output, value)
    _append_node(columns, (0, 0.0, _LESS, 0), (leaf, 1), (leaf, 1))


def _append(columns: _Columns, tree: Tree, output: int) -> None:
    start = len(columns.features)
    inner = np.flatnonzero(tree.left >= 0)
    place = {node: start + number for number, node in enumerate(inner.tolist())}
    columns.roots.append(start)
    for node in place:
        left, right = (
            (place[child], 0) if child in place else (_append_leaf(columns, output, tree.value[child]), 1)
            for child in (int(tree.left[node]), int(tree.right[node]))
        )
        feature, missing_left = int(tree.feature[node]), int(tree.default_left[node])
        members = tree.members.get(node)
        if members is None:
            split = (feature, float(tree.threshold[node]), _LESS, missing_left)
            _append_node(columns, split, left, right)
        else:
            columns.members += [*members.tolist(), float("nan")]
            _append_node(columns, (feature, 0.0, _MEMBER, 1 - missing_left), right, left)


def _append_leaf(columns: _Columns, output: int, value: float | np.float32) -> int:
    columns.leaf_outputs.append(output)
    columns.leaf_values.append(float(value))
    return len(columns.leaf_values) - 1


def _append_node(
    columns: _Columns,
    split: tuple[int, float, int, int],
    on_true: tuple[int, int],
    on_false: tuple[int, int],
) -> None:
    feature, value, mode, missing_true = split
    columns.features.append(feature)
    columns.splits.append(value)
    columns.modes.append(mode)
    columns.missing_true.append(missing_true)
    columns.on_true.append(on_true[0])
    columns.true_is_leaf.append(on_true[1])
    columns.on_false.append(on_false[0])
    columns.false_is_leaf.append(on_false[1])
