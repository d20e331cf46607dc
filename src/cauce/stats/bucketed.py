"""Sums by bucket of rows, from which a bootstrap draws buckets instead of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.stats.cells import Floats, floats
from cauce.stats.mergeable import Mergeable, column

BUCKETS: Final = 200
_SMALLEST: Final = float(np.finfo(np.float64).eps)
ERROR_TERMS: Final = (
    "weight",
    "error",
    "absolute",
    "squared",
    "absolute_label",
    "relative",
    "relative_weight",
    "log_squared",
    "label_mean",
    "label_squares",
    "log_label_mean",
    "log_label_squares",
)
_ADDED: Final = 8


@dataclass(frozen=True)
class ErrorTermsState:
    """terms: [buckets, ERROR_TERMS]."""

    terms: NDArray[np.float64]


@dataclass(frozen=True)
class ErrorsByBucket(Mergeable[ErrorTermsState, NDArray[np.float64]]):
    """Sums of a regression's errors (prediction minus label) by bucket; its result is [buckets, terms].

    The terms are ERROR_TERMS, meant as in ErrorSums; logarithms are of 1 + x, of 0 below it. bucket: an
    integer column from 0 to `buckets` - 1. Rows whose label, prediction or weight is not a finite number
    are left out.
    """

    prediction: str
    label: str
    bucket: str
    weight: str | None = None
    buckets: int = BUCKETS
    state_type = ErrorTermsState

    @property
    def columns(self) -> tuple[str, ...]:
        extra = () if self.weight is None else (self.weight,)
        return tuple(dict.fromkeys((self.prediction, self.label, self.bucket, *extra)))

    def start(self) -> ErrorTermsState:
        return ErrorTermsState(np.zeros((self.buckets, len(ERROR_TERMS))))

    def of(self, batch: pl.DataFrame) -> ErrorTermsState:
        label, prediction = (floats(column(batch, name), self) for name in (self.label, self.prediction))
        weight = _weights(self, batch)
        with np.errstate(over="ignore", invalid="ignore"):
            keep = np.isfinite(label - prediction) & np.isfinite(label) & np.isfinite(weight)
            keep &= column(batch, self.bucket).is_not_null().to_numpy()
            label, prediction, weight = label[keep], prediction[keep], weight[keep]
            places = column(batch, self.bucket).filter(keep).to_numpy()
            return ErrorTermsState(_terms(label, prediction, weight, places, self.buckets))

    def merge(self, left: ErrorTermsState, right: ErrorTermsState) -> ErrorTermsState:
        one, other = left.terms, right.terms
        terms = one + other
        total = terms[:, 0]
        share = np.divide(other[:, 0], total, out=np.zeros_like(total), where=total > 0)
        for mean in (_ADDED, _ADDED + 2):
            apart = other[:, mean] - one[:, mean]
            terms[:, mean] = np.where(one[:, 0] > 0, one[:, mean] + apart * share, other[:, mean])
            terms[:, mean + 1] += apart * apart * one[:, 0] * share
        return ErrorTermsState(terms)

    def result(self, state: ErrorTermsState) -> NDArray[np.float64]:
        return state.terms


def _terms(label: Floats, prediction: Floats, weight: Floats, places: Any, size: int) -> Floats:
    error = prediction - label
    nonzero = label != 0
    relative = np.zeros_like(error)
    np.divide(np.abs(error), np.abs(label), out=relative, where=nonzero)
    log_label, log_prediction = (np.log1p(np.maximum(values, 0.0)) for values in (label, prediction))
    added = (
        weight,
        weight * error,
        weight * np.abs(error),
        weight * error * error,
        weight * np.abs(label),
        weight * relative,
        weight * nonzero,
        weight * (log_prediction - log_label) ** 2,
    )
    terms = [_sums(places, part, size=size) for part in added]
    for values in (label, log_label):
        terms += _spread(values, weight, places, terms[0])
    return np.stack(terms, axis=1)


def _spread(values: Floats, weight: Floats, places: Any, total: Floats) -> list[Floats]:
    """By bucket, the weighted mean and the weighted squares around it."""
    sums = _sums(places, weight * values, size=len(total))
    mean = np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)
    squares = _sums(places, weight * (values - mean[places]) ** 2, size=len(total))
    return [mean, squares]


@dataclass(frozen=True)
class ClassTermsState:
    """counts: [3, buckets, classes]: weights predicted right, by label, by prediction. log: [buckets]."""

    counts: NDArray[np.float64]
    log: NDArray[np.float64]


@dataclass(frozen=True)
class ClassesByBucket(Mergeable[ClassTermsState, ClassTermsState]):
    """By bucket and class, weights predicted right, labelled and predicted so; by bucket, Σw·log loss.

    label, predicted: class numbers from 0; probabilities: one column for each class (clipped as in
    ScoreCounts), or none. Rows with a null are left out. bucket: as in ErrorsByBucket.
    """

    predicted: str
    label: str
    bucket: str
    classes: int
    probabilities: tuple[str, ...] = ()
    weight: str | None = None
    buckets: int = BUCKETS
    state_type = ClassTermsState

    @property
    def columns(self) -> tuple[str, ...]:
        extra = () if self.weight is None else (self.weight,)
        named = (self.predicted, self.label, self.bucket, *self.probabilities, *extra)
        return tuple(dict.fromkeys(named))

    def start(self) -> ClassTermsState:
        return ClassTermsState(np.zeros((3, self.buckets, self.classes)), np.zeros(self.buckets))

    def of(self, batch: pl.DataFrame) -> ClassTermsState:
        label, predicted, bucket = (
            floats(column(batch, name), self) for name in (self.label, self.predicted, self.bucket)
        )
        weight = _weights(self, batch)
        inside = (label >= 0) & (label < self.classes) & (predicted >= 0) & (predicted < self.classes)
        keep = inside & np.isfinite(weight) & ~np.isnan(bucket)
        labels, guesses, places = (part[keep].astype(np.int64) for part in (label, predicted, bucket))
        weight = weight[keep]
        size = self.buckets * self.classes
        pairs = ((labels, weight * (labels == guesses)), (labels, weight), (guesses, weight))
        sums = [_sums(places * self.classes + at, part, size=size) for at, part in pairs]
        log = np.zeros(self.buckets)
        if self.probabilities:
            table = np.column_stack([floats(column(batch, name), self)[keep] for name in self.probabilities])
            likely = np.clip(table[np.arange(len(labels)), labels], _SMALLEST, 1 - _SMALLEST)
            log = _sums(places, -weight * np.log(likely), size=self.buckets)
        counts = np.stack(sums).reshape(3, self.buckets, self.classes)
        return ClassTermsState(counts, log)

    def merge(self, left: ClassTermsState, right: ClassTermsState) -> ClassTermsState:
        return ClassTermsState(left.counts + right.counts, left.log + right.log)

    def result(self, state: ClassTermsState) -> ClassTermsState:
        return state


def _sums(places: Any, part: Floats, *, size: int) -> Floats:
    # Of no rows, NumPy counts in integers.
    return np.bincount(places, part, minlength=size).astype(np.float64)


def _weights(summary: Any, batch: pl.DataFrame) -> Floats:
    if summary.weight is None:
        return np.ones(batch.height)
    return floats(column(batch, summary.weight), summary)
