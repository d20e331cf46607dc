"""A fit of trees to rows that are ready: round by round, and what comes out of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cauce.core.boosting import Boosted, BoostRequest, BoostResult, BoostSpec, Round
from cauce.core.boosting_rows import start_score
from cauce.core.matrix import Matrix
from cauce.core.scoring import load_scorer
from cauce.core.trees.continuing import earlier_start, gains, joined_payload
from cauce.core.trees.model import forest_document, quantile_document
from cauce.core.trees.shares import shares
from cauce.engines.trees.growing import grower
from cauce.engines.trees.matrices import Matrices
from cauce.engines.trees.xgboost_border import require_gpu
from cauce.errors import CauceError

Observer = Callable[[Round], None]


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


def fit(
    spec: BoostSpec, threads: int, *, binned: Matrices, asked: BoostRequest, observe: Observer | None
) -> Boosted:
    """Grow the trees of `spec` on rows that are checked and binned. Raises E0809, E0817, E0854."""
    import xgboost  # noqa: PLC0415

    with xgboost.config_context(verbosity=0):
        if spec.device == "cuda":
            require_gpu()
        ready = binned.ready
        watched = {"train": binned.sampled if asked.history else None, "validation": binned.validation}
        matrices = {name: matrix for name, matrix in watched.items() if matrix is not None}
        start = start_score(spec, ready.totals[0]) if spec.earlier is None else earlier_start(spec.earlier)
        growing = grower(spec, binned, watched=tuple(matrices.values()), start=start, threads=threads)
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
            validation_rows=ready.validation_rows,
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
