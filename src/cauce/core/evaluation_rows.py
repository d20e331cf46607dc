"""Scored rows with all that an evaluation asks of them: bucket, slices, and the raw columns to shuffle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.core.answering.calibration import uncalibrated
from cauce.core.answering.judging import WEIGHED, WIDTH, plain_name
from cauce.core.bundle.answers import PREDICTION
from cauce.core.bundle.scorer import Scorer
from cauce.core.columns import FOLD, HASH_A, HASH_B, TARGET, WEIGHT
from cauce.core.matrix import Matrix
from cauce.core.metrics.evaluating import SIZE
from cauce.core.metrics.slicing import SliceColumn
from cauce.expr.schema import Field, Schema
from cauce.stats.bucketed import BUCKETS
from cauce.stats.row_hash import row_hashes, unit_interval

BUCKET = "__bucket__"
_SEED = "cauce buckets 1"
OWN = (TARGET, WEIGHT, FOLD, HASH_A, HASH_B)


def raw_name(place: int) -> str:
    """What the raw column at this place is called among scored rows, where its own name may be taken."""
    return f"__raw_{place}__"


def slice_name(place: int) -> str:
    """What the slice of the column at this place is called among scored rows."""
    return f"__slice_{place}__"


@dataclass(frozen=True)
class EvaluationRows:
    """Work: prepared rows to OWN, BUCKET, predictions, slices, raw columns, and SIZE where `sizes`; then what
    calibration changed (a probability before it for each class) and whether intervals hold.

    input: prepared rows. scorer: what scores them (it keeps no column). group: the column whose equal
    values share a bucket, else a row's own hash gives it. raw: the columns to keep. sizes: whether the
    absolute errors of a regression are wanted.
    """

    input: Schema
    scorer: Scorer
    group: str | None = None
    slices: tuple[SliceColumn, ...] = ()
    raw: tuple[str, ...] = ()
    sizes: bool = False

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        group = () if self.group is None else (self.group,)
        sliced = tuple(one.column for one in self.slices)
        return tuple(dict.fromkeys((*OWN, *self.scorer.columns, *group, *sliced, *self.raw)))

    @cached_property
    def schema(self) -> Schema:
        """What it returns."""
        raw = (replace(one, name=raw_name(at)) for at, one in enumerate(self.input.select(self.raw)))
        slices = (Field(slice_name(at), "integer") for at in range(len(self.slices)))
        sizes = (Field(SIZE, "float"),) if self.sizes else ()
        bucket = Field(BUCKET, "integer")
        answers = (Field(name, "float") for name in self._answered)
        return Schema((*self.input.select(OWN), bucket, *self.scorer.schema, *slices, *raw, *sizes, *answers))

    @property
    def _answered(self) -> tuple[str, ...]:
        answering, classes = self.scorer.answering, self.scorer.target.classes
        plain = () if answering.calibration is None else tuple(plain_name(at) for at in range(len(classes)))
        return (*plain, *(() if answering.interval is None else (WEIGHED, WIDTH)))

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One row for each row of `batch`, in its order."""
        return self.with_raw(batch, self.scorer.raw_of(self.scorer.matrix(batch)))

    def with_raw(self, batch: pl.DataFrame, raw: Matrix) -> pl.DataFrame:
        """The same where the payload's own numbers are known, or another model's stand for them."""
        scored = self.scorer.answered(batch, raw)
        found: dict[str, Any] = {name: batch.get_column(name) for name in OWN}
        found[BUCKET] = row_buckets(batch, self.input, group=self.group)
        found |= {one.name: one for one in scored.get_columns()}
        found |= {slice_name(at): one.codes(batch) for at, one in enumerate(self.slices)}
        found |= {raw_name(at): batch.get_column(name) for at, name in enumerate(self.raw)}
        if self.sizes:
            found[SIZE] = (scored.get_column(PREDICTION) - batch.get_column(TARGET)).abs()
        return pl.DataFrame(found | self._answers(batch, raw))

    def _answers(self, batch: pl.DataFrame, raw: Matrix) -> dict[str, Any]:
        answering = self.scorer.answering
        found: dict[str, Any] = {}
        if answering.calibration is not None:
            plain = uncalibrated(raw, on=answering.calibration.on)
            found |= {plain_name(at): plain[:, at] for at in range(plain.shape[1])}
        if answering.interval is not None:
            low, high = answering.limits(raw).astype(np.float64).T
            label = batch.get_column(TARGET).to_numpy()
            inside = (low <= label) & (label <= high)
            found |= {WEIGHED: inside * batch.get_column(WEIGHT).to_numpy(), WIDTH: high - low}
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return EvaluationRows, tuple(getattr(self, one.name) for one in fields(self))


def bucket_of(batch: pl.DataFrame, schema: Schema, *, columns: Sequence[str]) -> NDArray[np.int64]:
    """Each row's bucket by the hash of `columns` (none: of the whole row)."""
    lane, _ = row_hashes(batch, schema, columns=tuple(columns) or None)
    return _buckets(lane)


def row_buckets(batch: pl.DataFrame, schema: Schema, *, group: str | None) -> NDArray[np.int64]:
    """Each prepared row's bucket: by its group where there are groups, else by its own hash."""
    if group is not None:
        return bucket_of(batch, schema, columns=(group,))
    return _buckets(batch.get_column(HASH_A).to_numpy().view(np.uint64))


def _buckets(lane: NDArray[np.uint64]) -> NDArray[np.int64]:
    return (unit_interval(lane, _SEED) * BUCKETS).astype(np.int64)


def raw_frame(sample: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """The raw columns of sampled rows under their own names."""
    return pl.DataFrame({name: sample.get_column(raw_name(at)) for at, name in enumerate(names)})
