"""Writes a linear model as an ONNX graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from cauce.core.linear.model import LinearModel
from cauce.core.matrix import LARGEST
from cauce.core.trees.onnx import IR_VERSION, OPSET


def write_linear_onnx(model: LinearModel) -> bytes:
    """The model as ONNX, the same bytes for the same model; input and output as `trees.write_onnx` has them.

    Sums are taken in float64, as `LinearModel.scores` takes them.
    """
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

    outputs = model.coefficients.shape[0]
    constants: dict[str, Any] = {
        "fill": model.fill,
        "coefficients": np.ascontiguousarray(model.coefficients.T),
        "intercepts": model.intercepts,
    }
    nodes = [
        helper.make_node("IsNaN", ["features"], ["missing"]),
        helper.make_node("Where", ["missing", "fill", "features"], ["filled"]),
        helper.make_node("Cast", ["filled"], ["rows"], to=TensorProto.DOUBLE),
        helper.make_node("MatMul", ["rows", "coefficients"], ["products"]),
        helper.make_node("Add", ["products", "intercepts"], ["margin"]),
    ]
    after, more, name, shape = _after(model, outputs)
    constants |= more
    graph = helper.make_graph(
        [*nodes, *after],
        "linear",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", model.features])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)],
        initializer=[numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    versions = [helper.make_opsetid("", OPSET)]
    made = helper.make_model(graph, opset_imports=versions, ir_version=IR_VERSION, producer_name="cauce")
    return bytes(made.SerializeToString(deterministic=True))


def _after(model: LinearModel, outputs: int) -> tuple[list[Any], dict[str, Any], str, list[Any]]:
    """What follows the margin: nodes, constants, and the name and shape of the output."""
    from onnx import TensorProto, helper  # noqa: PLC0415

    single = TensorProto.FLOAT
    if model.kind == "regression":
        nodes = [
            helper.make_node("Squeeze", ["margin", "axis"], ["number"]),
            helper.make_node("Clip", ["number", "least", "most"], ["limited"]),
            helper.make_node("Cast", ["limited"], ["value"], to=single),
        ]
        largest = float(LARGEST)
        limits = {"least": np.array(-largest), "most": np.array(largest)}
        return nodes, {"axis": np.array([1], dtype=np.int64), **limits}, "value", ["rows"]
    shares = [
        helper.make_node("Softmax", ["margins" if model.kind == "binary" else "margin"], ["shares"], axis=1),
        helper.make_node("Cast", ["shares"], ["probabilities"], to=single),
    ]
    shape = ["rows", max(2, outputs)]
    if model.kind == "multiclass":
        return shares, {}, "probabilities", shape
    halves = np.array([[-0.5, 0.5]])
    return (
        [helper.make_node("Mul", ["margin", "halves"], ["margins"]), *shares],
        {"halves": halves},
        "probabilities",
        shape,
    )
