"""Grows boosted trees in this process from streamed batches, with cuts that every engine shares."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cauce.core.boosting import Boosted, BoostRequest, BoostResult, BoostSpec
from cauce.core.boosting_rows import (
    POSITION,
    LowestRows,
    Part,
    Totals,
    check,
    none_of,
    parts_of,
    scoring_part,
)
from cauce.core.matrix import Matrix
from cauce.engines.trees.fitting import Observer, fit
from cauce.engines.trees.matrices import Matrices, Ready
from cauce.engines.trees.spooling import Spool, give_back_memory
from cauce.engines.trees.xgboost_border import translated
from cauce.expr.batch import take

Batches = Callable[[], Iterator[pl.DataFrame]]
_MOST_MATRICES = 2


def boost(batches: Batches, spec: BoostSpec, *, observe: Observer | None = None) -> BoostResult:
    """Fit boosted trees to the batches, which are read once and hold `spec.columns`.

    Features are kept as float32 within `spec.memory` bytes, then in a temporary file that vanishes with the
    process; XGBoost holds one byte a value (five where values are missing). The model does not depend on
    `spec.threads` nor on how rows are cut into batches; on their order, by float sums, in the last bits.
    observe: called after every round.
    Raises E0801-E0805, E0807-E0810, E0816-E0818.
    """
    drawn = spec.parameters.subsample < 1
    asked = BoostRequest(parameters=spec.parameters, early_stopping=spec.early_stopping)
    with _read(batches, spec, lanes=drawn, keep=None) as rows:
        return rows.boost(asked, observe=observe, last=True).result


@contextmanager
def training(batches: Batches, spec: BoostSpec, *, keep: tuple[str, ...] = ()) -> Iterator[TrainingRows]:
    """The rows of the batches, read once, for any number of fits. Its parameters are of no account.

    keep: columns to keep of the rows that score, as `TrainingRows.scored` has them.
    """
    with _read(batches, spec, lanes=True, keep=keep) as rows:
        yield rows


@contextmanager
def _read(
    batches: Batches, spec: BoostSpec, *, lanes: bool, keep: tuple[str, ...] | None
) -> Iterator[TrainingRows]:
    quarter = spec.memory // 4
    share = 3 * quarter if keep is None else 2 * quarter
    with ExitStack() as stack:
        stack.enter_context(translated(spec))
        sizes = (share, quarter, 0 if keep is None else quarter)
        train, validation, scored = (stack.enter_context(Spool(size, lanes=lanes)) for size in sizes)
        rows = TrainingRows(spec, Ready((train,), validation, _totals(spec), none_of(spec)), scored)
        rows.read(batches(), keep=keep)
        yield rows


def _totals(spec: BoostSpec) -> tuple[Totals, Totals]:
    return Totals.start(spec), Totals.start(spec)


class TrainingRows:
    """Rows that train, rows that stop training and rows that score, read once and binned once a max_bin.

    scored: the kept columns of the rows that score, and POSITION, their place in the table from 0.
    """

    def __init__(self, spec: BoostSpec, ready: Ready, scoring: Spool) -> None:
        self.spec = spec
        self.scored = pl.DataFrame()
        self._ready, self._scoring = ready, scoring
        self._lowest = LowestRows(spec.cut_rows), LowestRows(spec.cut_rows)
        self._matrices: dict[Any, Matrices] = {}

    def read(self, batches: Iterator[pl.DataFrame], *, keep: tuple[str, ...] | None) -> None:
        """Take the rows of the batches in, once; keep is None where no rows score."""
        kept, seen = [], 0
        for batch in batches:
            train, validation = parts_of(batch, self.spec, totals=self._ready.totals)
            self._lowest[0].add(train)
            self._ready.train[0].add(train)
            self._ready.validation.add(validation)
            if keep is not None:
                self._lowest[1].add(validation)
                kept.append(self._score_later(batch, keep, seen))
            seen += batch.height
        if self._ready.train[0].rows:
            self._ready = replace(self._ready, sample=self._lowest[0].rows())
        if kept:
            self.scored = pl.concat(kept)

    def _score_later(self, batch: pl.DataFrame, keep: tuple[str, ...], seen: int) -> pl.DataFrame:
        part, places = scoring_part(batch, self.spec)
        self._scoring.add(part)
        position = pl.Series(POSITION, places + seen)
        return take(batch, keep)[places].with_columns(position) if keep else position.to_frame()

    def sampled(self, *, whole: bool = False) -> pl.DataFrame:
        """`label` and `weight` (1 where there is none), float64, of the rows of lowest hash that train.

        whole: as in `BoostRequest`.
        """
        sample = self._sample(whole=whole)
        weight = np.ones(len(sample)) if sample.weight is None else sample.weight.astype(np.float64)
        return pl.DataFrame({"label": sample.label.astype(np.float64), "weight": weight})

    def _sample(self, *, whole: bool) -> Part:
        return self._taught(whole=whole).sample

    @property
    def taught(self) -> int:
        """How many rows train, or stop training."""
        return self._ready.rows + self._ready.validation.rows

    def scores(self, score: Callable[[Matrix], Matrix]) -> Matrix:
        """What `score` says of the rows that score, in the order of `scored`."""
        parts = [score(part.features) for part in self._scoring.parts()]
        return np.concatenate(parts) if parts else score(np.zeros((0, len(self.spec.features)), np.float32))

    def sampled_scores(self, score: Callable[[Matrix], Matrix], *, whole: bool = False) -> Matrix:
        """What `score` says of the rows of `sampled`."""
        return score(self._sample(whole=whole).features)

    def boost(self, asked: BoostRequest, *, observe: Observer | None = None, last: bool = False) -> Boosted:
        """Fit trees; E0801-E0805, E0807-E0810, E0815-E0818. observe: called after every round.

        last: nothing else is asked of the rows, which leave memory once XGBoost has them.
        """
        spec = replace(self.spec, parameters=asked.parameters, early_stopping=asked.early_stopping)
        threads = asked.threads or spec.threads or _processors()
        with translated(spec):
            ready = self._taught(whole=asked.whole)
            check(spec, train=ready.totals[0], validation=ready.totals[1])
            binned = self._binned(spec, ready, whole=asked.whole, threads=threads)
            if last:
                for spool in (*ready.train, ready.validation):
                    spool.forget()
                give_back_memory()
            return fit(spec, threads, binned=binned, asked=asked, observe=observe)

    def _taught(self, *, whole: bool) -> Ready:
        """The rows that train: with those that stop training where `whole`."""
        ready = self._ready
        return self._merged if whole and ready.validation.rows else ready

    @cached_property
    def _merged(self) -> Ready:
        ready = self._ready
        totals = _totals(self.spec)
        for one in ready.totals:
            totals[0].merge(one)
        lowest = LowestRows(self.spec.cut_rows)
        for own, spool in zip(self._lowest, (ready.train[0], ready.validation), strict=True):
            if spool.rows:
                lowest.add(own.rows())
        empty = Spool(0)
        return Ready((*ready.train, ready.validation), empty, totals, lowest.rows())

    def _binned(self, spec: BoostSpec, ready: Ready, *, whole: bool, threads: int) -> Matrices:
        key = (spec.parameters.max_bin, spec.parameters.class_weight, whole)
        found = self._matrices.pop(key, None)
        if found is None:
            while len(self._matrices) >= _MOST_MATRICES:
                del self._matrices[next(iter(self._matrices))]
            found = Matrices(spec, ready, threads=threads)
        self._matrices[key] = found
        return found


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
