"""From a column's values to slices: its most frequent levels, or the quarters of its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.core.metrics.evaluating import Question, judged_part
from cauce.core.metrics.keys import Dataset
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.slices import MISSING, OTHER, Slice, judged
from cauce.core.metrics.target import Target
from cauce.core.task import class_name
from cauce.expr.schema import Kind, Schema
from cauce.stats.cells import floats
from cauce.stats.levels import ColumnLevels, Levels
from cauce.stats.quantiles import ColumnQuantiles, Quantiles
from cauce.stats.summary import Summary

MOST_LEVELS = 20
MOST_VALUES = 1000
QUARTERS = (0.25, 0.5, 0.75)
_LEVELLED = ("boolean", "integer", "float", "text")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SliceColumn:
    """How a column is sliced. values: its levels, most frequent first; or edges: ascending, of which each
    closes the slice below it (dates as days, datetimes as microseconds since 1970)."""

    column: str
    kind: Kind
    values: tuple[Any, ...] = ()
    edges: tuple[float, ...] = ()

    def codes(self, batch: pl.DataFrame) -> pl.Series:
        """The slice's number of each row; then other values, then missing ones."""
        cells = batch.get_column(self.column).alias("cells")
        if cells.dtype.is_float():
            cells = cells.fill_nan(None)
        if self.edges:
            numbers = floats(cells, self)
            codes = np.searchsorted(np.asarray(self.edges), np.nan_to_num(numbers), side="left")
            return pl.Series(np.where(np.isnan(numbers), self._other + 1, codes).astype(np.int64))
        known = pl.Series(self.values, dtype=cells.dtype, strict=True)
        numbered = cells.replace_strict(
            known, range(len(self.values)), default=self._other, return_dtype=pl.Int64
        )
        return numbered.set(cells.is_null(), self._other + 1)

    @property
    def _other(self) -> int:
        return len(self.edges) + 1 if self.edges else len(self.values)

    def named(self, code: int) -> tuple[str, str]:
        """The level and the kind of the slice with this number."""
        if code >= self._other:
            return "", OTHER if code == self._other else MISSING
        if not self.edges:
            return class_name(self.values[code]), "level"
        ends = [_text(edge, self.kind) for edge in self.edges]
        if code == 0:
            return f"≤ {ends[0]}", "level"
        return (f"> {ends[-1]}" if code == len(ends) else f"> {ends[code - 1]}, ≤ {ends[code]}"), "level"


def _text(edge: float, kind: Kind) -> str:
    if kind == "date":
        return (_EPOCH + timedelta(days=int(edge))).date().isoformat()
    if kind == "datetime":
        return (_EPOCH + timedelta(microseconds=int(edge))).replace(tzinfo=None).isoformat(" ")
    return f"{edge:.6g}"


@dataclass(frozen=True)
class SliceLook:
    """What must be known of the columns' values over all rows before they can be sliced."""

    schema: Schema

    @cached_property
    def _levelled(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.schema if one.kind in _LEVELLED)

    @cached_property
    def _measured(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.schema if one.kind not in ("boolean", "text"))

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """What to gather."""
        found: list[Summary] = []
        if self._levelled:
            found.append(Levels(self._levelled, MOST_VALUES))
        if self._measured:
            found.append(Quantiles(self._measured))
        return tuple(found)

    def columns(self, results: Sequence[Any]) -> tuple[tuple[SliceColumn, ...], tuple[str, ...]]:
        """How each column is sliced, and the columns with too many values for it."""
        rest = list(results)
        levels: Mapping[str, ColumnLevels] = rest.pop(0) if self._levelled else {}
        quantiles: Mapping[str, ColumnQuantiles] = rest.pop(0) if self._measured else {}
        found, refused = [], []
        for field in self.schema:
            own, measured = levels.get(field.name), quantiles.get(field.name)
            values = [] if own is None else [one for one in own.values if one == one]  # noqa: PLR0124
            few = own is not None and not own.overflow and len(values) <= MOST_LEVELS
            if few or (measured is None and own is not None and not own.overflow):
                found.append(SliceColumn(field.name, field.kind, tuple(values[:MOST_LEVELS])))
            elif measured is None:
                refused.append(field.name)
            else:
                edges = sorted({measured.quantile(share) for share in QUARTERS if measured.count})
                found.append(SliceColumn(field.name, field.kind, edges=tuple(edges)))
        return tuple(found), tuple(refused)


_SHOWN = {
    "binary": ("roc_auc", "recall", "precision", "accuracy", "prevalence"),
    "multiclass": ("accuracy", "balanced_accuracy", "log_loss"),
    "regression": ("rmse", "mae", "wape", "bias"),
}


def slice_metrics(target: Target, headline: MetricName) -> tuple[MetricName, ...]:
    """The metrics of a slice: the headline, then a few that tell where it fails."""
    positive = target.positive if target.task == "binary" else None
    bare = ("accuracy", "balanced_accuracy")
    names = (MetricName(kind, positive=None if kind in bare else positive) for kind in _SHOWN[target.task])
    return tuple(dict.fromkeys((headline, *names)))


def judged_slices(
    asked: Question,
    found: Sequence[tuple[SliceColumn, Mapping[Dataset, Mapping[int, Sequence[Any]]]]],
    *,
    whole: Mapping[Dataset, DatasetEvaluation],
    headline: MetricName,
    threshold: float,
) -> tuple[Slice, ...]:
    """Every slice with its metrics, judged against all rows of its dataset.

    found: for each column, by dataset and slice number, the results of `asked.summaries`.
    """
    names = slice_metrics(asked.target, headline)
    every: list[Slice] = []
    for dataset, evaluation in whole.items():
        parts = [
            _slice(column, code, dataset, judged_part(asked, results, threshold=threshold, only=names))
            for column, datasets in found
            for code, results in datasets.get(dataset, {}).items()
        ]
        overall = next((one for one in evaluation.metrics if one.name == headline), None)
        every += judged(list(_with_rows(parts)), overall)
    return tuple(every)


def _slice(column: SliceColumn, code: int, dataset: Dataset, part: DatasetEvaluation) -> Slice:
    level, kind = column.named(code)
    return Slice(
        column=column.column, level=level, kind=kind, dataset=dataset, rows=part.rows, metrics=part.metrics
    )


def _with_rows(parts: Sequence[Slice]) -> Iterator[Slice]:
    return (one for one in parts if one.rows)
