"""An ONNX payload that also gives its margins, for answers that are calibrated."""

from __future__ import annotations

from cauce.errors import CauceError

MARGIN = "margin"


def with_margins(payload: bytes) -> bytes:
    """The graph with its inner value `margin` as a second output, else the same; E0814 where it has none.

    Probabilities are float32 and near 0 and 1 too coarse to calibrate; margins are what the trees add up to.
    """
    from onnx import TensorProto, helper, load_model_from_string  # noqa: PLC0415 - heavy

    model = load_model_from_string(payload)
    made = [node for node in model.graph.node if MARGIN in node.output]
    if not made:
        raise CauceError("E0814", reason=f"{MARGIN} is missing")
    for known in [one for one in model.graph.value_info if one.name == MARGIN]:
        model.graph.value_info.remove(known)
    kind = TensorProto.FLOAT if made[0].op_type == "TreeEnsemble" else TensorProto.DOUBLE
    model.graph.output.append(helper.make_tensor_value_info(MARGIN, kind, None))
    return bytes(model.SerializeToString(deterministic=True))
