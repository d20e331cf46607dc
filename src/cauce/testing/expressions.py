"""The contract of the expression language: both evaluators give the same value on every row."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from cauce.expr.kinds import field_of
from cauce.expr.nodes import Expression
from cauce.expr.projection import Output, Projection
from cauce.expr.row import to_row
from cauce.expr.schema import Schema
from cauce.testing.expression_edges import EDGES, SCHEMA, edge_batch
from cauce.testing.expression_examples import examples

__all__ = ["EDGES", "SCHEMA", "disagreements", "edge_batch", "examples", "same"]


def disagreements(
    expression: Expression, schema: Schema, *, batch: pl.DataFrame
) -> list[tuple[int, Any, Any]]:
    """The rows (index, by batch, by row) where the two evaluators differ; empty where they agree.

    Floats agree when they are the same float32, any NaN being NaN; everything else must be the same value
    of the same Python type. The batch's column must have the dtype of the expression's kind.
    """
    field = field_of(expression, schema, name="result")
    by_batch = Projection((Output("result", expression),), schema)(batch).get_column("result")
    if by_batch.dtype != field.dtype or len(by_batch) != batch.height:
        return [(-1, by_batch.dtype, field.dtype)]
    closure = to_row(expression, schema)
    found = []
    for index, (left, row) in enumerate(zip(by_batch.to_list(), batch.iter_rows(named=True), strict=True)):
        right = closure(row)
        if not same(left, right):
            found.append((index, left, right))
    return found


def same(left: Any, right: Any) -> bool:
    """Whether two values of a result are the same: floats as float32, the rest exactly."""
    if type(left) is not type(right):
        return False
    if not isinstance(left, float):
        return bool(left == right)
    if left != left or right != right:
        return left != left and right != right
    with np.errstate(over="ignore", under="ignore"):
        return np.float32(left).tobytes() == np.float32(right).tobytes()
