"""Predictions beside labels: classes in a matrix, numbers by their residuals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.errors import CauceError
from cauce.stats.cells import Floats, floats
from cauce.stats.mergeable import Mergeable, at_least, column
from cauce.stats.ordered import Limits, no_bins
from cauce.stats.quantiles import (
    ColumnQuantiles,
    QuantileState,
    merged_quantiles,
    quantile_state,
    quantiles_of,
)
from cauce.stats.weighted_quantiles import WeightedQuantiles, no_weights, weighted_of, weighted_state

_MANTISSA: Final = 52


@dataclass(frozen=True)
class ConfusionState:
    """The matrix (see ConfusionMatrix), and rows left out."""

    matrix: NDArray[np.float64]
    unlabelled: int = 0
    unpredicted: int = 0


@dataclass(frozen=True)
class ConfusionMatrix:
    """matrix[i, j]: weight of rows of class i predicted as class j; the last row and column: any other
    value. unlabelled: rows left out for a null label; unpredicted: for a null prediction or weight."""

    classes: tuple[Any, ...]
    matrix: NDArray[np.float64]
    unlabelled: int
    unpredicted: int


@dataclass(frozen=True)
class Confusion(Mergeable[ConfusionState, ConfusionMatrix]):
    """How often each class was predicted as each class. Raises E0202 where labels are of another kind."""

    predicted: str
    label: str
    classes: tuple[bool | int | str, ...]
    weight: str | None = None
    state_type = ConfusionState

    @property
    def columns(self) -> tuple[str, ...]:
        extra = () if self.weight is None else (self.weight,)
        return tuple(dict.fromkeys((self.predicted, self.label, *extra)))

    def start(self) -> ConfusionState:
        size = len(self.classes) + 1
        return ConfusionState(np.zeros((size, size)))

    def of(self, batch: pl.DataFrame) -> ConfusionState:
        size = len(self.classes) + 1
        labels, predicted = column(batch, self.label), column(batch, self.predicted)
        weights = np.ones(batch.height)
        if self.weight is not None:
            weights = floats(column(batch, self.weight), self)
        labelled = labels.is_not_null().to_numpy()
        keep = labelled & predicted.is_not_null().to_numpy() & np.isfinite(weights)
        places = self._places(labels)[keep] * size + self._places(predicted)[keep]
        matrix = np.bincount(places, weights[keep], minlength=size * size).astype(np.float64)
        unlabelled = int((~labelled).sum())
        return ConfusionState(
            matrix.reshape(size, size), unlabelled, int(batch.height - keep.sum()) - unlabelled
        )

    def _places(self, series: pl.Series) -> NDArray[np.int64]:
        try:
            known = pl.Series(self.classes, dtype=series.dtype, strict=True)
        except (pl.exceptions.PolarsError, TypeError, OverflowError) as error:
            needed = f"classes like {self.classes[0]!r}"
            raise CauceError(
                "E0202", column=series.name, found=series.dtype, summary="Confusion", needed=needed
            ) from error
        other = len(self.classes)
        places = series.replace_strict(known, range(other), default=other, return_dtype=pl.Int64)
        return places.to_numpy()

    def merge(self, left: ConfusionState, right: ConfusionState) -> ConfusionState:
        return ConfusionState(
            left.matrix + right.matrix,
            left.unlabelled + right.unlabelled,
            left.unpredicted + right.unpredicted,
        )

    def result(self, state: ConfusionState) -> ConfusionMatrix:
        return ConfusionMatrix(self.classes, state.matrix, state.unlabelled, state.unpredicted)


@dataclass(frozen=True)
class ResidualSums:
    """Weighted sums over rows, and the label's mean and squared distances from it."""

    weight: float = 0.0
    mean: float = 0.0
    squares: float = 0.0
    residual: float = 0.0
    absolute: float = 0.0
    squared: float = 0.0
    label_sizes: float = 0.0
    relative: float = 0.0
    relative_weight: float = 0.0


@dataclass(frozen=True)
class ResidualState:
    """Sums, histograms of the residuals and of their sizes, rows counted and left out."""

    sums: ResidualSums
    signed: QuantileState
    sizes: QuantileState
    rows: int = 0
    skipped: int = 0


@dataclass(frozen=True)
class Residuals:
    """Sums of w * f(residual) with residual = label - prediction and weight w (1 where none is given).

    rows, weight: how many, Σw. label_mean, label_squares: mean of labels, Σw(label - mean)².
    residual, absolute, squared: Σw·r, Σw|r|, Σw·r². label_sizes: Σw|label|. relative: Σw|r/label| over
    labels other than 0, whose weight is `relative_weight`. signed, sizes: quantiles of r and of |r|,
    weighted where weights are given. skipped: rows left out because label, prediction or weight is not a
    finite number.
    """

    rows: int
    weight: float
    label_mean: float
    label_squares: float
    residual: float
    absolute: float
    squared: float
    label_sizes: float
    relative: float
    relative_weight: float
    signed: ColumnQuantiles | WeightedQuantiles
    sizes: ColumnQuantiles | WeightedQuantiles
    skipped: int


@dataclass(frozen=True)
class ResidualBins(Mergeable[ResidualState, Residuals]):
    """All that regression metrics need. limit, bits: of the histograms of residuals, as in Quantiles."""

    prediction: str
    label: str
    weight: str | None = None
    limit: int = 65_536
    bits: int = 10
    state_type = ResidualState
    version = 2

    def __post_init__(self) -> None:
        at_least(self, "limit", lowest=1)
        at_least(self, "bits", lowest=1)

    @property
    def columns(self) -> tuple[str, ...]:
        extra = () if self.weight is None else (self.weight,)
        return tuple(dict.fromkeys((self.prediction, self.label, *extra)))

    def start(self) -> ResidualState:
        return ResidualState(ResidualSums(), self._none, self._none)

    @property
    def _none(self) -> QuantileState:
        return QuantileState(no_bins()) if self.weight is None else no_weights()

    def of(self, batch: pl.DataFrame) -> ResidualState:
        labels = floats(column(batch, self.label), self)
        weights = np.ones(batch.height)
        if self.weight is not None:
            weights = floats(column(batch, self.weight), self)
        with np.errstate(over="ignore", invalid="ignore"):
            residuals = labels - floats(column(batch, self.prediction), self)
            keep = np.isfinite(residuals) & np.isfinite(weights) & np.isfinite(labels)
            sums = _sums(labels[keep], residuals[keep], weights[keep])
        signed = self._quantiles(residuals[keep], weights[keep])
        sizes = self._quantiles(np.abs(residuals[keep]), weights[keep])
        rows = int(np.count_nonzero(keep))
        return ResidualState(sums, signed, sizes, rows, batch.height - rows)

    def _quantiles(self, values: Floats, weights: Floats) -> QuantileState:
        if self.weight is None:
            return quantile_state(values, self._limits, known=self._none)
        return weighted_state(values, weights, limits=self._limits, known=self._none)

    def merge(self, left: ResidualState, right: ResidualState) -> ResidualState:
        return ResidualState(
            _merged_sums(left.sums, right.sums),
            merged_quantiles(left.signed, right.signed, limits=self._limits),
            merged_quantiles(left.sizes, right.sizes, limits=self._limits),
            left.rows + right.rows,
            left.skipped + right.skipped,
        )

    def result(self, state: ResidualState) -> Residuals:
        sums, read = state.sums, quantiles_of if self.weight is None else weighted_of
        return Residuals(
            state.rows,
            sums.weight,
            sums.mean if sums.weight else math.nan,
            sums.squares,
            sums.residual,
            sums.absolute,
            sums.squared,
            sums.label_sizes,
            sums.relative,
            sums.relative_weight,
            read(state.signed),
            read(state.sizes),
            state.skipped,
        )

    @property
    def _limits(self) -> Limits:
        return Limits(self.limit, _MANTISSA - self.bits)


def _sums(labels: Floats, residuals: Floats, weights: Floats) -> ResidualSums:
    weight = float(weights.sum())
    if not weight:
        return ResidualSums()
    mean = float((weights * (labels - labels[0])).sum()) / weight + float(labels[0])
    away = labels - mean
    sizes, nonzero = np.abs(residuals), labels != 0
    relative = weights[nonzero] * (sizes[nonzero] / np.abs(labels[nonzero]))
    return ResidualSums(
        weight,
        mean,
        squares=float((weights * away * away).sum()),
        residual=float((weights * residuals).sum()),
        absolute=float((weights * sizes).sum()),
        squared=float((weights * residuals * residuals).sum()),
        label_sizes=float((weights * np.abs(labels)).sum()),
        relative=float(relative.sum()),
        relative_weight=float(weights[nonzero].sum()),
    )


def _merged_sums(left: ResidualSums, right: ResidualSums) -> ResidualSums:
    if not left.weight or not right.weight:
        return left if left.weight else right
    weight = left.weight + right.weight
    away, share = right.mean - left.mean, right.weight / weight
    return ResidualSums(
        weight,
        left.mean + away * share,
        left.squares + right.squares + away * away * left.weight * share,
        left.residual + right.residual,
        left.absolute + right.absolute,
        left.squared + right.squared,
        left.label_sizes + right.label_sizes,
        left.relative + right.relative,
        left.relative_weight + right.relative_weight,
    )
