"""What two engines made of the same rows, side by side: how far apart, and where."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cauce.core.bundle.scorer import Scorer
from cauce.core.bundle.writing import largest_difference
from cauce.core.canonical import Json
from cauce.core.columns import FOLD, HASH_A, HASH_B
from cauce.core.preparation import Preparation
from cauce.expr.schema import Field, Schema

LEARNED = 1e-9
"""How far apart learned numbers may be, relative where they are beyond 1."""
SCORES = 1e-6


@dataclass(frozen=True)
class Apart:
    """The largest difference of two values. place: where it is, such as `columns.age.mean`; "" where there is
    none. difference: infinite where the values are not two numbers."""

    difference: float = 0.0
    place: str = ""


def apart(left: Json, right: Json) -> Apart:
    """How far apart two JSON values are: numbers |a - b| / max(1, |a|), all else equal or infinitely."""
    return max(_differences(left, right, ""), key=lambda one: one.difference, default=Apart())


def _differences(left: Any, right: Any, place: str) -> Iterator[Apart]:
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for name in dict.fromkeys((*left, *right)):
            below = f"{place}.{name}" if place else str(name)
            if name in left and name in right:
                yield from _differences(left[name], right[name], below)
            else:
                yield Apart(math.inf, below)
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple):
        if len(left) != len(right):
            yield Apart(math.inf, place)
        for number, (one, other) in enumerate(zip(left, right, strict=False)):
            yield from _differences(one, other, f"{place}[{number}]")
    elif left != right and not (left is None and right is None):
        found = _numbers_apart(left, right)
        if found:
            yield Apart(found, place)


def _numbers_apart(left: Any, right: Any) -> float:
    number = (int, float)
    if isinstance(left, bool) or isinstance(right, bool):
        return math.inf
    if not (isinstance(left, number) and isinstance(right, number)):
        return math.inf
    if math.isnan(left) and math.isnan(right):
        return 0.0
    found = abs(left - right) / max(1.0, abs(left))
    return math.inf if math.isnan(found) else float(found)


def feature_column(place: int) -> str:
    """What the feature at this place of the matrix is called among `ScoredBits`."""
    return f"__feature_{place}__"


def score_column(place: int) -> str:
    """What the score at this place is called among `ScoredBits`."""
    return f"__score_{place}__"


@dataclass(frozen=True)
class ScoredBits:
    """Work: FOLD and the row's hash, then the model's matrix and its scores, every number as it is.

    prepared: over the snapshot's schema, keeping nothing. scorer: over the same schema.
    """

    prepared: Preparation
    scorer: Scorer

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(dict.fromkeys((*self.prepared.columns, *self.scorer.columns)))

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The columns of the matrix, in its order."""
        return tuple(map(feature_column, range(len(self.scorer.features))))

    @cached_property
    def scores(self) -> tuple[str, ...]:
        """A column for each probability, or one for the predicted number."""
        return tuple(map(score_column, range(max(1, len(self.scorer.target.classes)))))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        whole = (Field(name, "integer") for name in (FOLD, HASH_A, HASH_B))
        return Schema((*whole, *(Field(name, "float") for name in (*self.features, *self.scores))))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        known = self.prepared(batch)
        matrix = self.scorer.matrix(batch)
        scores = np.asarray(self.scorer.scores_of(matrix), dtype=np.float64).reshape(batch.height, -1)
        found: dict[str, Any] = {name: known.get_column(name) for name in (FOLD, HASH_A, HASH_B)}
        found |= {name: matrix[:, at].astype(np.float64) for at, name in enumerate(self.features)}
        found |= {name: np.ascontiguousarray(scores[:, at]) for at, name in enumerate(self.scores)}
        return pl.DataFrame(found)

    def __reduce__(self) -> tuple[Any, ...]:
        return ScoredBits, tuple(getattr(self, one.name) for one in fields(self))


def columns_apart(left: pl.DataFrame, right: pl.DataFrame, *, names: tuple[str, ...]) -> Apart:
    """The largest difference between columns of two frames with the same rows in the same order."""
    if left.height != right.height:
        return Apart(math.inf)
    pairs = ((name, left.get_column(name).to_numpy(), right.get_column(name).to_numpy()) for name in names)
    found = (Apart(largest_difference(one, other), name) for name, one, other in pairs)
    largest = max(found, key=lambda one: one.difference, default=Apart())
    return largest if largest.difference else Apart()
