"""Rows that never were, with the features and scores they had when the model was born."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from cauce.core.bundle.features import Feature
from cauce.core.bundle.manifest import GOLDEN, refused
from cauce.core.canonical import canonical_json, check_fields, item, read_document
from cauce.core.linear.model import LinearModel
from cauce.core.matrix import Matrix
from cauce.core.payload import Payload
from cauce.core.trees.model import Ensemble
from cauce.errors import CauceError
from cauce.expr.codec import encode
from cauce.expr.kinds import columns_of
from cauce.expr.schema import Field, Schema

ROWS = 200
FORMAT = 1
_TYPICAL, _HOLES = 100, 150
_MOST_CONSTANTS = 200
_FLAT = 1e-30
_DECIMAL_LIMIT = Decimal(10) ** 38
_BAD = (
    CauceError,
    KeyError,
    TypeError,
    ValueError,
    ArithmeticError,
    RecursionError,
    pl.exceptions.PolarsError,
)


@dataclass(frozen=True, eq=False)
class Golden:
    """Synthetic rows of the input's schema, their features float32 [n, features] and their scores."""

    rows: pl.DataFrame
    features: Matrix
    scores: Matrix

    def to_bytes(self) -> bytes:
        """Canonical JSON; the matrices as base64 of little-endian float32, row by row."""
        columns = [[_written(value) for value in column.to_list()] for column in self.rows]
        return canonical_json(
            {
                "format": FORMAT,
                "rows": self.rows.height,
                "columns": columns,
                "features": _packed(self.features),
                "scores": _packed(self.scores),
            }
        )

    @staticmethod
    def from_bytes(data: bytes, schema: Schema) -> Golden:
        """What `to_bytes` gave for rows of `schema`; E1201 for anything else."""
        try:
            value = read_document(
                data, GOLDEN, version=FORMAT, fields=("rows", "columns", "features", "scores")
            )
            columns = item(value, "columns", kind=list, key=GOLDEN)
            made = [_series(field, cells) for field, cells in zip(schema, columns, strict=True)]
            rows = pl.DataFrame(made)
            golden = Golden(rows, _unpacked(value["features"]), _unpacked(value["scores"]))
        except _BAD as error:
            raise refused(f"{type(error).__name__}: {error}", GOLDEN) from error
        if not rows.height == len(golden.features) == len(golden.scores) == value["rows"]:
            raise refused("rows, features and scores differ in number", GOLDEN)
        return golden


def _series(field: Field, cells: Sequence[Any]) -> pl.Series:
    read = _READERS[field.kind]
    values = [None if cell is None else read(cell) for cell in cells]
    return pl.Series(field.name, values, dtype=field.dtype, strict=True)


def _written(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return "nan" if value != value else "inf" if value > 0 else "-inf"
        case Decimal():
            return str(value)
        case datetime():
            return value.isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
    return value


def _exactly(kind: type) -> Callable[[Any], Any]:
    def read(cell: Any) -> Any:
        if type(cell) is not kind:
            raise TypeError(f"{type(cell).__name__} in place of {kind.__name__}")
        return cell

    return read


def _float(cell: Any) -> float:
    if cell in ("nan", "inf", "-inf"):
        return float(cell)
    return float(_exactly(float)(cell))


def _decimal(cell: Any) -> Decimal:
    value = Decimal(_exactly(str)(cell))
    if not value.is_finite() or abs(value) >= _DECIMAL_LIMIT:  # Polars panics over such
        raise ValueError("a decimal out of range")
    return value


def _moment(cell: Any) -> datetime:
    value = datetime.fromisoformat(cell)
    if value.tzinfo is not None:
        raise ValueError("a moment with a zone")
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "boolean": _exactly(bool),
    "integer": _exactly(int),
    "float": _float,
    "decimal": _decimal,
    "text": _exactly(str),
    "date": date.fromisoformat,
    "datetime": _moment,
}


def _packed(matrix: Matrix) -> dict[str, Any]:
    content = np.ascontiguousarray(matrix, dtype="<f4").tobytes()
    return {"shape": list(matrix.shape), "data": base64.b64encode(content).decode("ascii")}


def _unpacked(value: Any) -> Matrix:
    check_fields(value, ("shape", "data"), key=GOLDEN)
    shape = [size for size in value["shape"] if type(size) is int and size >= 0]
    content = base64.b64decode(value["data"], validate=True)
    if len(shape) != len(value["shape"]) or not 1 <= len(shape) <= 2:
        raise ValueError("the shape of a matrix")
    return np.frombuffer(content, dtype="<f4").reshape(shape).astype(np.float32)


def synthetic_rows(features: Sequence[Feature], schema: Schema, *, payload: Payload) -> pl.DataFrame:
    """ROWS rows of `schema` that exercise the model: typical values, nulls, unseen levels, extremes.

    Typical values are the constants that the features and the model itself hold (levels, edges, thresholds
    of trees; of a linear model each feature's mean, and what moves its sum by up to 3): no row, and nothing
    else of the training data, goes in. The same model, the same rows.
    """
    constants = _constants(features, schema, payload)
    made = [
        pl.Series(field.name, _cells(field, constants[field.name]), dtype=field.dtype) for field in schema
    ]
    return pl.DataFrame(made)


def _cells(field: Field, constants: Sequence[Any]) -> list[Any]:
    extremes = _holding(field, _extremes(field))
    typical = _holding(field, [*constants, *_plain(field)])
    return [_cell(field.name, row, typical, extremes) for row in range(ROWS)]


def _cell(name: str, row: int, typical: Sequence[Any], extremes: Sequence[Any]) -> Any:
    drawn = int.from_bytes(hashlib.sha256(f"{row}/{name}".encode("utf-8", "replace")).digest()[:8], "big")
    kind, drawn = drawn % 4, drawn // 4
    if row == ROWS - 1 or (_TYPICAL <= row < _HOLES and kind == 0):
        return None
    pool = extremes if row >= _HOLES and kind else typical
    return pool[drawn % len(pool)]


def _constants(features: Sequence[Feature], schema: Schema, payload: Payload) -> dict[str, list[Any]]:
    """Values by column that its features compare with, each once, of the column's kind."""
    found: dict[str, dict[Any, None]] = {field.name: {} for field in schema}
    for place, feature in enumerate(features):
        names = columns_of(feature.expression)
        values = [*_inside(encode(feature.expression)["expression"]), *_turning(place, payload)]
        for name in names:
            fitting = (_fitting(value, schema[name]) for value in values)
            found[name].update((value, None) for value in fitting if value is not None)
    return {name: list(values)[:_MOST_CONSTANTS] for name, values in found.items()}


def _turning(feature: int, payload: Payload) -> Iterable[float]:
    """Values of a feature around which the model's answer changes."""
    if isinstance(payload, LinearModel):
        return _steps(feature, payload)
    return _thresholds(feature, payload)


def _steps(feature: int, model: LinearModel) -> Iterable[float]:
    middle = float(model.fill[feature])
    steepest = float(np.abs(model.coefficients[:, feature]).max())
    yield middle
    if steepest > _FLAT:
        yield from (middle + step / steepest for step in (-3.0, -1.0, -0.25, 0.25, 1.0, 3.0))


def _thresholds(feature: int, ensemble: Ensemble) -> Iterable[float]:
    for tree in ensemble.trees:
        splits = (tree.feature == feature) & (tree.left >= 0)
        yield from tree.threshold[splits].astype(np.float64).tolist()


def _inside(value: Any) -> Iterable[Any]:
    """The texts and numbers in the settings of an encoded expression; column names and words are not."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in ("node", "name", "kind", "format", "unit", "part", "operator", "closed"):
                yield from _inside(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _inside(inner)
    elif value is not None:
        yield value


def _fitting(value: Any, field: Field) -> Any:
    """`value` as one of the column's kind, or None where it is none."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        if field.kind in ("float", "integer", "decimal"):
            return _number(value, field) if number else None
        return _from_text(value, field) if isinstance(value, str) else None
    except (ValueError, ArithmeticError):
        return None


def _number(value: float, field: Field) -> Any:
    if field.kind == "float":
        return float(value)
    if field.kind == "integer":
        return int(value) if abs(value) < 2**62 else None
    exact = Decimal(value).quantize(Decimal(1).scaleb(-(field.scale or 0)))
    return exact if abs(value) < 10**15 else None


def _from_text(value: str, field: Field) -> Any:
    if field.kind == "text":
        return value[:200]
    if field.kind == "date":
        return date.fromisoformat(value)
    return datetime.fromisoformat(value).replace(tzinfo=None) if field.kind == "datetime" else None


def _holding(field: Field, values: Sequence[Any]) -> list[Any]:
    """The values the field has room for."""
    if field.kind != "decimal":
        return list(values)
    room = Decimal(10) ** (38 - (field.scale or 0))
    return [value for value in values if abs(value) < room]


def _plain(field: Field) -> list[Any]:
    """Ordinary values of a kind."""
    values: dict[str, list[Any]] = {
        "boolean": [True, False],
        "integer": [0, 1, 2, 3, 7, 10, 24, 100, 365, 1000],
        "float": [0.0, 0.5, 1.0, -1.0, 2.25, 10.0, 100.0, 1234.5],
        "decimal": [Decimal(0), Decimal(1).scaleb(-(field.scale or 0)), Decimal(5), Decimal(120)],
        "text": ["a", "other", "Bogotá", "two words"],
        "date": [date(2013, 1, 1), date(2020, 2, 29), date(2024, 7, 15), date(1999, 12, 31)],
        "datetime": [datetime(2013, 1, 1, 5), datetime(2020, 2, 29, 23, 59, 59), datetime(2024, 7, 15, 12)],
    }
    return values[field.kind]


def _extremes(field: Field) -> list[Any]:
    values: dict[str, list[Any]] = {
        "boolean": [True, False],
        "integer": [-1, 2**24 + 1, 2**53 + 1, 2**63 - 1, -(2**63) + 1, -(10**9)],
        "float": [-0.0, math.nan, math.inf, -math.inf, 1e300, -1e300, 5e-324, 1e38, 0.1 + 0.2, 16777217.0],
        "decimal": [Decimal(0), Decimal(-1), Decimal(10**15), Decimal(-(10**15))],
        "text": ["", " ", "x" * 300, "ñandú ∅", "'; --", "=1+1", "0", "NaN", "null", "\u00e9e\u0301"],
        "date": [date(1, 1, 1), date(9999, 12, 31), date(1900, 2, 28), date(1970, 1, 1)],
        "datetime": [
            datetime(1, 1, 1),
            datetime(9999, 12, 31, 23, 59, 59, 999999),
            datetime(1969, 12, 31, 23, 59, 59, 999999),
        ],
    }
    return values[field.kind]
