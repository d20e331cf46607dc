"""The model's features as a bundle keeps them: a name, an expression over the raw columns, its levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cauce.core.matrix import LARGEST, Matrix, float32_matrix, limited
from cauce.expr.codec import decode, encode
from cauce.expr.nodes import Expression
from cauce.expr.projection import Output, Projection
from cauce.expr.schema import Schema

if TYPE_CHECKING:
    from cauce.core.features.fitted import FittedFeatures

_EXACT = 1 << 24
_LARGEST = float(LARGEST)


@dataclass(frozen=True)
class Feature:
    """A column of the model's matrix. levels: of a native category, their names by code, else None."""

    name: str
    expression: Expression
    levels: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        levels = None if self.levels is None else list(self.levels)
        return {"name": self.name, "expression": encode(self.expression), "levels": levels}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Feature:
        """What `to_json` gave."""
        levels = None if value["levels"] is None else tuple(str(level) for level in value["levels"])
        return Feature(str(value["name"]), decode(value["expression"]), levels)


def model_features(fitted: FittedFeatures) -> tuple[Feature, ...]:
    """The features as a bundle keeps them: expressions for new rows."""
    return tuple(Feature(one.name, one.expression, one.levels) for one in fitted.features)


def feature_projection(features: Sequence[Feature], schema: Schema) -> Projection:
    """The work that computes the features, in order, from the raw columns."""
    return Projection(tuple(Output(one.name, one.expression) for one in features), schema)


def matrix_of(frame: pl.DataFrame) -> Matrix:
    """The features of a batch as the model's matrix."""
    return float32_matrix(frame.get_columns(), height=frame.height)


def matrix_of_rows(rows: Sequence[Sequence[Any]]) -> Matrix:
    """The same from values row by row."""
    made = np.array([[_single(value) for value in row] for row in rows], dtype=np.float32)
    return limited(made)


def _single(value: Any) -> Any:
    if value is None:
        return np.nan
    if type(value) is int and not -_EXACT <= value <= _EXACT:
        # Rounded once, as a batch's column is, and not by way of a double.
        return np.int64(value).astype(np.float32)
    if type(value) is float and not -_LARGEST <= value <= _LARGEST and value == value:
        return LARGEST if value > 0 else -LARGEST
    return value
