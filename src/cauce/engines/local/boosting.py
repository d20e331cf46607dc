"""Grows boosted trees in this process from streamed batches, with cuts that every engine shares."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cauce.core.boosting import Boosted, BoostRequest, BoostResult, BoostSpec, Round
from cauce.core.boosting_rows import (
    POSITION,
    LowestRows,
    Part,
    Totals,
    check,
    parts_of,
    scoring_part,
    start_score,
)
from cauce.core.matrix import Matrix
from cauce.core.scoring import load_scorer
from cauce.core.trees.continuing import earlier_start, gains, joined_payload
from cauce.core.trees.model import forest_document, quantile_document
from cauce.core.trees.shares import shares
from cauce.engines.local.growing import grower
from cauce.engines.local.matrices import Matrices, Ready
from cauce.engines.local.spooling import Spool, give_back_memory
from cauce.engines.local.xgboost_border import require_gpu, translated
from cauce.errors import CauceError
from cauce.expr.batch import take

Batches = Callable[[], Iterator[pl.DataFrame]]
Observer = Callable[[Round], None]
_MOST_MATRICES = 2


def boost(batches: Batches, spec: BoostSpec, *, observe: Observer | None = None) -> BoostResult:
    """Fit boosted trees to the batches, which are read once and hold `spec.columns`.

    Features are kept as float32 within `spec.memory` bytes, then in a temporary file that vanishes with the
    process; XGBoost holds one byte a value (five where values are missing). The model does not depend on
    `spec.threads` nor on how rows are cut into batches; on their order only where subsample < 1 (XGBoost
    draws by row number) and, by float sums, in the last bits. observe: called after every round.
    Raises E0801-E0805, E0807-E0810, E0816-E0818.
    """
    drawn = spec.parameters.forest and spec.parameters.subsample < 1
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
        rows = TrainingRows(spec, Ready((train,), validation, _totals(spec), _no_rows(spec)), scored)
        rows.read(batches(), keep=keep)
        yield rows


def _totals(spec: BoostSpec) -> tuple[Totals, Totals]:
    return Totals.start(spec), Totals.start(spec)


def _no_rows(spec: BoostSpec) -> Part:
    none = np.zeros(0, dtype=np.uint64)
    empty = np.zeros(0, dtype=np.float32)
    return Part(np.zeros((0, len(spec.features)), dtype=np.float32), empty, None, (none, none))


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
            return _fit(spec, threads, binned, asked, observe)

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


@dataclass
class _Growth:
    """Rounds so far, and whether to go on. before: the validation metric of the trees that came first."""

    spec: BoostSpec
    before: float | None = None
    history: list[Round] = field(default_factory=list)
    best: int = -1

    def take(self, train: float | None, validation: float | None) -> bool:
        """Add a round's metrics; False where no more rounds are wanted. Raises E0817."""
        number = len(self.history)
        if not all(figure is None or math.isfinite(figure) for figure in (train, validation)):
            raise CauceError("E0817", metric=self.spec.metric, round=number + 1)
        self.history.append(Round(number, train, validation))
        if self.spec.early_stopping is None or validation is None:
            self.best = number
            return True
        lowest = self.before if self.best < 0 else self.history[self.best].validation
        if lowest is None or validation < lowest:
            self.best = number
        return number - self.best < self.spec.early_stopping


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _fit(
    spec: BoostSpec, threads: int, binned: Matrices, asked: BoostRequest, observe: Observer | None
) -> Boosted:
    import xgboost  # noqa: PLC0415

    with xgboost.config_context(verbosity=0):
        if spec.device == "cuda":
            require_gpu()
        ready = binned.ready
        watched = {"train": binned.sampled if asked.history else None, "validation": binned.validation}
        matrices = {name: matrix for name, matrix in watched.items() if matrix is not None}
        start = start_score(spec, ready.totals[0]) if spec.earlier is None else earlier_start(spec.earlier)
        drawn = spec.parameters.forest and spec.parameters.subsample < 1
        growing = grower(
            spec,
            train=binned.train,
            watched=tuple(matrices.values()),
            start=start,
            order=binned.order if drawn else None,
            threads=threads,
        )
        growth = _Growth(spec)
        if spec.earlier is not None:
            growth.before = dict(zip(matrices, growing.before(), strict=True)).get("validation")
        for number in range(spec.parameters.rounds):
            figures = dict(zip(matrices, growing.round(number), strict=True))
            more = growth.take(figures.get("train"), figures.get("validation"))
            if observe is not None:
                observe(growth.history[-1])
            if not more:
                break
        kept = growing.booster[: growth.best + 1] if growth.best >= 0 else None
        payload = _payload(kept, spec)
        if spec.earlier is None:
            importance = _importance(kept, spec, scale=growing.scale)
            score = _score(kept, spec, start=start, threads=threads)
        else:
            importance = gains(payload, spec.features)
            score = load_scorer(payload, "xgboost", threads=threads)
        result = BoostResult(
            payload=payload,
            best_round=growth.best,
            metric=spec.metric,
            history=tuple(growth.history),
            cuts=binned.cuts,
            importance=importance,
            rows=ready.rows,
            validation_rows=ready.validation.rows,
            library=f"xgboost {xgboost.__version__}",
        )
        return Boosted(result, score)


def _score(
    booster: Any, spec: BoostSpec, *, start: tuple[float, ...], threads: int
) -> Callable[[Matrix], Matrix]:
    booster.set_param({"nthread": threads, "device": "cpu"})
    base = np.array(start, dtype=np.float32)

    def score(matrix: Matrix) -> Matrix:
        if not len(matrix):
            return np.zeros(0 if spec.task == "regression" else (0, spec.classes), dtype=np.float32)
        result: Matrix = booster.inplace_predict(matrix, missing=np.nan)
        if spec.parameters.forest and spec.task != "regression":
            return shares(result, start=base)
        return np.stack((np.float32(1) - result, result), axis=1) if spec.task == "binary" else result

    return score


def _payload(booster: Any, spec: BoostSpec) -> bytes:
    """booster: None where no tree of it is kept."""
    if booster is None and spec.earlier is not None:
        return spec.earlier
    saved = bytes(booster.save_raw("json"))
    if spec.earlier is not None:
        return joined_payload(spec.earlier, saved)
    if spec.parameters.quantile is not None:
        return quantile_document(saved)
    return forest_document(saved, kind=spec.task) if spec.parameters.forest else saved


def _importance(booster: Any, spec: BoostSpec, *, scale: float) -> tuple[tuple[str, float], ...]:
    gains = booster.get_score(importance_type="total_gain")
    return tuple((name, float(gains.get(f"f{at}", 0.0)) / scale) for at, name in enumerate(spec.features))
