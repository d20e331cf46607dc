"""Batches as the arrays a boosted-tree fit takes: checked, counted, and sampled for the cuts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cauce.core.boosting import BoostSpec
from cauce.core.matrix import float32_matrix
from cauce.errors import CauceError
from cauce.stats.products import inner_product

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
_SAFE_SHARE = 1e-6
_ABREAST = 64
TRAIN, VALIDATION, SCORES = 0, 1, 3
POSITION = "__position__"
"""integer: where a row that scores stands in its table, from 0."""


@dataclass(frozen=True)
class Part:
    """Rows of one fold: features float32 [n, f], label and row weight float32 [n], lanes uint64 [n]."""

    features: Floats
    label: Floats
    weight: Floats | None
    lanes: tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: Any) -> Part:
        """The rows of this index, mask or slice."""
        weight = None if self.weight is None else self.weight[rows]
        first, second = self.lanes
        # Whole rows by their numbers: `take` copies each at once.
        indexed = isinstance(rows, np.ndarray) and rows.dtype != np.bool_
        features = self.features.take(rows, axis=0) if indexed else self.features[rows]
        return Part(features, self.label[rows], weight, (first[rows], second[rows]))


@dataclass
class Totals:
    """Counts over every row of a fold, for the checks, the class weights and the first score.

    rows, weight: by class (regression: one entry). total: Σ weight × label. low, high: by feature, NaN where
    a feature is always missing. Adding batches and merging totals commute (sums: to the last bits).
    """

    rows: npt.NDArray[np.int64]
    weight: Doubles
    low: Floats
    high: Floats
    total: float = 0.0
    bad_labels: int = 0
    bad_weights: int = 0
    bad_codes: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def start(spec: BoostSpec) -> Totals:
        empty = np.full(len(spec.features), np.nan, dtype=np.float32)
        return Totals(np.zeros(spec.classes, dtype=np.int64), np.zeros(spec.classes), empty, empty.copy())

    def merge(self, other: Totals) -> None:
        """Take the rows of `other` in."""
        self.rows += other.rows
        self.weight += other.weight
        self.low, self.high = np.fmin(self.low, other.low), np.fmax(self.high, other.high)
        self.total += other.total
        self.bad_labels += other.bad_labels
        self.bad_weights += other.bad_weights
        for column, count in other.bad_codes.items():
            self.bad_codes[column] = self.bad_codes.get(column, 0) + count

    def add(self, part: Part, spec: BoostSpec) -> None:
        """Take the rows of `part` in."""
        known = _known_labels(part.label, spec)
        self.bad_labels += int(len(part) - known.sum())
        weight = np.ones(len(part)) if part.weight is None else part.weight.astype(np.float64)
        group = np.zeros(len(part), dtype=np.int64)
        if spec.task != "regression":
            group[known] = part.label[known].astype(np.int64)
        self.rows += np.bincount(group, minlength=spec.classes)
        self.weight += np.bincount(group, weights=weight, minlength=spec.classes)
        if spec.task == "regression":
            self.total += inner_product(weight, part.label.astype(np.float64)) if known.all() else 0.0
        if len(part):
            self.low = np.fmin(self.low, _reduced(np.fmin, part.features))
            self.high = np.fmax(self.high, _reduced(np.fmax, part.features))
        for column, levels in spec.levels:
            codes = part.features[:, spec.features.index(column)]
            wrong = int(
                (~np.isnan(codes) & ~((codes >= 0) & (codes < levels) & (np.floor(codes) == codes))).sum()
            )
            if wrong:
                self.bad_codes[column] = self.bad_codes.get(column, 0) + wrong


def _reduced(of: np.ufunc, features: Floats) -> Floats:
    """`of.reduce(features, axis=0)` for one that takes values in any order."""
    columns = features.shape[1]
    wide = len(features) // _ABREAST * _ABREAST
    if not wide:
        return np.asarray(of.reduce(features, axis=0))
    # Many rows abreast fill the processor's registers, which the few columns of one do not.
    abreast = of.reduce(features[:wide].reshape(-1, _ABREAST * columns), axis=0)
    every = np.concatenate((abreast.reshape(_ABREAST, columns), features[wide:]))
    return np.asarray(of.reduce(every, axis=0))


def _known_labels(label: Floats, spec: BoostSpec) -> npt.NDArray[np.bool_]:
    if spec.task == "regression":
        return np.isfinite(label)
    known: npt.NDArray[np.bool_] = (label >= 0) & (label < spec.classes) & (np.floor(label) == label)
    return known


def parts_of(batch: pl.DataFrame, spec: BoostSpec, *, totals: Sequence[Totals]) -> tuple[Part, Part]:
    """The training and the validation rows of a batch; as `divided`."""
    whole, fold = rows_of(batch, spec)
    return divided(whole, fold, spec=spec, totals=totals)


def rows_of(batch: pl.DataFrame, spec: BoostSpec) -> tuple[Part, npt.NDArray[np.int64]]:
    """Every row of a batch, and its fold; -1 where it has none."""
    fold = batch.get_column(spec.fold).cast(pl.Int64).fill_null(-1).to_numpy()
    weight = None if spec.weight is None else _floats(batch[spec.weight])
    lanes = (_lane(batch, spec.lanes[0]), _lane(batch, spec.lanes[1]))
    return Part(_matrix(batch, spec), _floats(batch[spec.label]), weight, lanes), fold


def divided(
    whole: Part, fold: npt.NDArray[np.integer[Any]], *, spec: BoostSpec, totals: Sequence[Totals]
) -> tuple[Part, Part]:
    """The training and the validation rows; rows of weight 0 are left out.

    totals: of training and of validation; what is wrong is counted there, and `check` raises it.
    """
    parts = []
    for number in (TRAIN, VALIDATION):
        rows = fold == number
        if whole.weight is not None:
            fine = np.isfinite(whole.weight) & (whole.weight >= 0)
            totals[number].bad_weights += int((rows & ~fine).sum())
            rows &= fine & (whole.weight > 0)
        part = whole if rows.all() else whole.take(np.flatnonzero(rows))
        totals[number].add(part, spec)
        parts.append(part)
    return parts[TRAIN], parts[VALIDATION]


def scoring_part(batch: pl.DataFrame, spec: BoostSpec) -> tuple[Part, npt.NDArray[np.int64]]:
    """The rows of a batch that score (`fold` is 3), weight 0 or not, and their places in the batch."""
    places = np.flatnonzero((batch[spec.fold] == SCORES).fill_null(value=False).to_numpy())
    chosen = batch[places]
    weight = None if spec.weight is None else _floats(chosen[spec.weight])
    lanes = (_lane(chosen, spec.lanes[0]), _lane(chosen, spec.lanes[1]))
    return Part(_matrix(chosen, spec), _floats(chosen[spec.label]), weight, lanes), places


def _floats(column: pl.Series) -> Floats:
    values: Floats = column.cast(pl.Float32).to_numpy()
    return values


def _lane(batch: pl.DataFrame, name: str) -> npt.NDArray[np.uint64]:
    # Lanes may come as the same bits read as signed: tables have no unsigned kind.
    values: npt.NDArray[np.uint64] = batch.get_column(name).to_numpy().view(np.uint64)
    return values


def _matrix(batch: pl.DataFrame, spec: BoostSpec) -> Floats:
    return float32_matrix([batch.get_column(name) for name in spec.features], height=batch.height)


def check(spec: BoostSpec, *, train: Totals, validation: Totals) -> None:
    """Raise what makes a fit of these rows meaningless: E0801-E0805, E0807, E0816."""
    both = Totals.start(spec)
    both.merge(train)
    both.merge(validation)
    if both.bad_weights:
        raise CauceError("E0805", column=spec.weight, count=both.bad_weights)
    if both.bad_labels:
        allowed = "finite (float32)" if spec.task == "regression" else f"0 … {spec.classes - 1}"
        raise CauceError("E0804", column=spec.label, count=both.bad_labels, allowed=allowed)
    for column, levels in spec.levels:
        if column in both.bad_codes:
            raise CauceError("E0807", column=column, count=both.bad_codes[column], last=levels - 1)
    if train.rows.sum() == 0:
        raise CauceError("E0801")
    if spec.early_stopping is not None and validation.rows.sum() == 0:
        raise CauceError("E0802", rounds=spec.early_stopping)
    if spec.task != "regression" and (train.rows > 0).sum() < 2:
        raise CauceError("E0803", column=spec.label, classes=spec.classes)
    weights = class_weights(spec, train)
    for part, totals in (("train", train), ("validation", validation)):
        if totals.rows.sum() and not (totals.weight * weights).sum() > 0:
            raise CauceError("E0816", part=part)


def class_weights(spec: BoostSpec, train: Totals) -> Doubles:
    """The weight of each class, ones where there is none; multiplies the row weight."""
    table = spec.parameters.class_weight
    if isinstance(table, tuple):
        return np.array(table, dtype=np.float64)
    if table == "none" or spec.task == "regression":
        return np.ones(spec.classes)
    return np.where(train.rows > 0, train.rows.sum() / (spec.classes * np.maximum(train.rows, 1)), 1.0)


def weights_of(part: Part, spec: BoostSpec, *, by_class: Doubles) -> Floats | None:
    """Row weight times class weight, or None where all are 1."""
    if spec.parameters.class_weight == "none":
        return part.weight
    weight = by_class[part.label.astype(np.int64)]
    return (weight if part.weight is None else weight * part.weight).astype(np.float32)


def start_score(spec: BoostSpec, train: Totals) -> tuple[float, ...]:
    """XGBoost's base_score, ours so that it never depends on the library or on the order of rows.

    binary: weighted share of the positive class, within 1e-6 of neither end; regression: weighted mean;
    multiclass: log of each class's weighted share, at least log 1e-6 (a forest: the share itself).
    All rounded to float32.
    """
    if spec.task == "regression":
        scores = np.array([train.total / train.weight.sum()])
    else:
        weight = train.weight * class_weights(spec, train)
        share = np.clip(weight / weight.sum(), _SAFE_SHARE, 1 - _SAFE_SHARE)
        margins = share if spec.parameters.forest else np.log(share)
        scores = share[1:] if spec.task == "binary" else margins
    return tuple(float(value) for value in scores.astype(np.float32))


class LowestRows:
    """The `count` rows of lowest hash, whatever the order and the batches they are offered in.

    Rows whose two lanes are equal are told apart by label, weight and features.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._held: list[Part] = []
        self._size = 0
        self._bound = np.uint64(np.iinfo(np.uint64).max)

    def add(self, part: Part) -> None:
        """Offer rows."""
        low = part.lanes[0] <= self._bound
        chosen = part.take(np.flatnonzero(low))
        if len(chosen):
            self._held.append(chosen)
            self._size += len(chosen)
        if self._size > 2 * self.count:
            self._keep(self.rows())

    def rows(self) -> Part:
        """The rows kept, in the order of their hash."""
        every = joined(self._held)
        return every.take(_hash_order(every)[: self.count])

    def _keep(self, part: Part) -> None:
        self._held, self._size = [part], len(part)
        self._bound = part.lanes[0][-1]


def none_of(spec: BoostSpec) -> Part:
    """No rows of a fit."""
    none, empty = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.float32)
    features = np.zeros((0, len(spec.features)), dtype=np.float32)
    return Part(features, empty, None if spec.weight is None else empty, (none, none))


def joined(parts: Sequence[Part]) -> Part:
    """The rows of all the parts (at least one), in order."""
    weights = [part.weight for part in parts if part.weight is not None]
    return Part(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.label for part in parts]),
        np.concatenate(weights) if weights else None,
        (np.concatenate([p.lanes[0] for p in parts]), np.concatenate([p.lanes[1] for p in parts])),
    )


def _hash_order(part: Part) -> npt.NDArray[np.intp]:
    first, second = part.lanes
    order = np.argsort(first)
    ordered = first[order]
    if (ordered[1:] != ordered[:-1]).all():
        return order
    order = np.lexsort((second, first))
    same = (first[order][1:] == first[order][:-1]) & (second[order][1:] == second[order][:-1])
    if not same.any():
        return order
    content = [part.label] if part.weight is None else [part.weight, part.label]
    return np.lexsort((*part.features.T[::-1], *content, second, first))


def with_ranges(spec: BoostSpec, sample: Part, *, train: Totals) -> Floats:
    """The sample's features and two rows more, so that cuts span every training value and every level.

    Without them a value beyond the sample's range would train in one bin and score in another.
    """
    ends = np.stack((train.low, train.high))
    for column, levels in spec.levels:
        ends[:, spec.features.index(column)] = (0, levels - 1)
    return np.concatenate((sample.features, ends))
