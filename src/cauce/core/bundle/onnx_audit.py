"""What an ONNX payload may consist of: what Cauce writes, and nothing else."""

from __future__ import annotations

from typing import Any

from cauce.errors import CauceError

OPERATIONS = {
    "": frozenset({"Add", "Cast", "Clip", "IsNaN", "MatMul", "Mul", "Softmax", "Squeeze", "Where"}),
    "ai.onnx.ml": frozenset({"TreeEnsemble"}),
}
"""By domain, the operations of the graphs that Cauce writes. None loops, branches or draws numbers."""


def check_onnx(payload: bytes) -> None:
    """E0814 for a graph with other operations, graphs inside it, functions, or data in other files."""
    import onnx  # noqa: PLC0415 - heavy, and only models from elsewhere need it

    try:
        model = onnx.load_model_from_string(payload)
    except Exception as error:
        raise CauceError("E0814", reason=type(error).__name__) from None
    if model.functions or model.training_info or model.graph.sparse_initializer:
        raise CauceError("E0814", reason="functions, training_info or sparse_initializer")
    for node in model.graph.node:
        if node.op_type not in OPERATIONS.get(node.domain, ()):
            raise CauceError("E0814", reason=f"{node.domain or 'ai.onnx'}.{node.op_type}")
        for attribute in node.attribute:
            if attribute.HasField("g") or attribute.graphs:
                raise CauceError("E0814", reason=f"{node.op_type}.{attribute.name}")
    for tensor in _tensors(model.graph):
        if tensor.external_data or tensor.data_location:
            raise CauceError("E0814", reason=f"{tensor.name} external_data")


def _tensors(graph: Any) -> list[Any]:
    inside = [one.t for node in graph.node for one in node.attribute if one.HasField("t")]
    return [*graph.initializer, *inside]
