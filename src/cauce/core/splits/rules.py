"""Rules that say which fold a row belongs to: a function of the row alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cauce.core.columns import INNER_FOLDS, TEST, TRAIN, VALIDATION
from cauce.errors import CauceError
from cauce.stats.mixing import Words
from cauce.stats.row_hash import unit_interval

Folds = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RandomSplit:
    """A row's place in [0, 1) by the hash of `columns` and the seed decides: no scan, and no row moves.

    columns: the key or the group; empty for the whole row, so that equal rows share a fold.
    train, validation: shares; the rest is test.
    """

    columns: tuple[str, ...]
    seed: int
    train: float
    validation: float

    def folds(self, batch: pl.DataFrame, *, lane: Words, label: Floats) -> Folds:  # noqa: ARG002
        """The fold of each row. lane: the first lane of its hash over `columns`. label: NaN where null."""
        return _by_limits(places(lane, self.seed), self.train, self.train + self.validation)


@dataclass(frozen=True)
class StratifiedSplit(RandomSplit):
    """As a random split, with limits of its own for each class, exact for one snapshot.

    limits: by class number, the places up to which rows train and validate, both included.
    Rows without a class follow the shares.
    """

    limits: tuple[tuple[float, float], ...] = ()

    def folds(self, batch: pl.DataFrame, *, lane: Words, label: Floats) -> Folds:  # noqa: ARG002
        """The fold of each row; arguments as in a random split."""
        place = places(lane, self.seed)
        folds = _by_limits(place, self.train, self.train + self.validation)
        for number, (train, validation) in enumerate(self.limits):
            own = label == number
            inside = place[own]
            folds[own] = np.where(inside <= train, TRAIN, np.where(inside <= validation, VALIDATION, TEST))
        return folds


@dataclass(frozen=True)
class TimeSplit:
    """Rows up to `train_until` train, up to `validation_until` validate, later ones test.

    Exact for one snapshot. The limits are values of the time column as whole microseconds, days or
    numbers, both included. columns, seed: of the hash that cuts the inner folds.
    """

    column: str
    train_until: int | float
    validation_until: int | float
    columns: tuple[str, ...]
    seed: int

    def folds(self, batch: pl.DataFrame, *, lane: Words, label: Floats) -> Folds:  # noqa: ARG002
        """The fold of each row; E1112 for one with a target and no time. Arguments as in a random split."""
        times = batch.get_column(self.column).alias("times").to_physical()
        missing = times.is_null().to_numpy()
        if times.dtype.is_float():
            missing |= times.is_nan().fill_null(value=False).to_numpy()
        lost = int(np.count_nonzero(missing & ~np.isnan(label)))
        if lost:
            raise CauceError("E1112", column=self.column, count=lost)
        values = times.fill_null(0).to_numpy()
        middle = np.where(values <= self.validation_until, VALIDATION, TEST)
        return np.where(values <= self.train_until, TRAIN, middle).astype(np.int64)


SplitRule = RandomSplit | StratifiedSplit | TimeSplit


def places(lane: Words, seed: int) -> Floats:
    """Each row's place in [0, 1): uniform, by the first lane of its hash and the seed."""
    return unit_interval(lane, seed)


def inner_folds(lane: Words, seed: int) -> Folds:
    """A number from 0 to INNER_FOLDS - 1 for each row, independent of its fold, equal for equal hashes."""
    return (unit_interval(lane, f"{seed}/inner") * INNER_FOLDS).astype(np.int64)


def _by_limits(place: Floats, train: float, validation: float) -> Folds:
    # A sum such as 0.7 + 0.15 may fall just short of its decimal value; no place lies in between.
    middle = np.where(place < round(validation, 12), VALIDATION, TEST)
    return np.where(place < train, TRAIN, middle).astype(np.int64)


def encode_rule(rule: SplitRule) -> dict[str, Any]:
    """The rule as a JSON value."""
    return {"kind": _KINDS[type(rule)], **vars(rule)}


def decode_rule(value: dict[str, Any]) -> SplitRule:
    """What `encode_rule` gave."""
    fields = {name: _tuples(one) for name, one in value.items() if name != "kind"}
    rule: SplitRule = _TYPES[value["kind"]](**fields)
    return rule


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list | tuple) else value


_KINDS: dict[type, str] = {RandomSplit: "random", StratifiedSplit: "stratified", TimeSplit: "time"}
_TYPES: dict[str, Callable[..., SplitRule]] = {
    "random": RandomSplit,
    "stratified": StratifiedSplit,
    "time": TimeSplit,
}
