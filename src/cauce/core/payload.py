"""What a fit leaves to score with: trees, or a linear model. Each document says itself which it is."""

from __future__ import annotations

from typing import TypeAlias

from cauce.core.linear.model import LinearModel, read_linear
from cauce.core.linear.onnx import write_linear_onnx
from cauce.core.trees.model import Ensemble, read_xgboost
from cauce.core.trees.onnx import write_onnx

Payload: TypeAlias = Ensemble | LinearModel
_LINEAR = b'{"coefficients":'


def is_linear(data: bytes) -> bool:
    """Whether the document is one that `LinearModel.to_bytes` could have written; nothing of it is read."""
    return data.startswith(_LINEAR)


def adds_leaves(onnx: bytes) -> bool:
    """Whether an ONNX graph of ours is of trees, which score a row to the same bits alone and among others.

    Leaves are added in one order; what a product of matrices adds in which order depends on its size.
    """
    return b"TreeEnsemble" in onnx


def read_payload(data: bytes) -> Payload:
    """The model in a payload; E0819 for a linear one that cannot be read, E0811, E0812 for anything else."""
    return read_linear(data) if is_linear(data) else read_xgboost(data)


def onnx_of(payload: Payload) -> bytes:
    """The same model as an ONNX graph; the same model, the same bytes."""
    return write_linear_onnx(payload) if isinstance(payload, LinearModel) else write_onnx(payload)
