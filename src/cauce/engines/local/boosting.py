"""Grows boosted trees in this process from streamed batches, with cuts that every engine shares."""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from cauce.core.boosting import BoostResult, BoostSpec, Cuts, Round
from cauce.core.boosting_rows import (
    Floats,
    LowestRows,
    Part,
    Totals,
    check,
    class_weights,
    joined,
    parts_of,
    start_score,
    weights_of,
    with_ranges,
)
from cauce.core.forest import hash_order
from cauce.core.trees.model import forest_document
from cauce.engines.local.growing import grower
from cauce.errors import CauceError

Batches = Callable[[], Iterator[pl.DataFrame]]
Observer = Callable[[Round], None]
_PART_ROWS = 1 << 16


def boost(batches: Batches, spec: BoostSpec, *, observe: Observer | None = None) -> BoostResult:
    """Fit boosted trees to the batches, which are read once and hold `spec.columns`.

    Features are kept as float32 within `spec.memory` bytes, then in a temporary file that vanishes with the
    process; XGBoost holds one byte a value (five where values are missing). The model does not depend on
    `spec.threads` nor on how rows are cut into batches; on their order only where subsample < 1 (XGBoost
    draws by row number) and, by float sums, in the last bits. observe: called after every round.
    Raises E0801-E0805, E0807-E0810, E0816-E0818.
    """
    threads = spec.threads or _processors()
    quarter = spec.memory // 4
    drawn = spec.parameters.forest and spec.parameters.subsample < 1
    spools = _Spool(spec.memory - quarter, lanes=drawn), _Spool(quarter)
    with _translated(spec), spools[0] as train, spools[1] as validation:
        totals = (Totals.start(spec), Totals.start(spec))
        lowest = LowestRows(spec.cut_rows)
        for batch in batches():
            parts = parts_of(batch, spec, totals=totals)
            lowest.add(parts[0])
            train.add(parts[0])
            validation.add(parts[1])
        check(spec, train=totals[0], validation=totals[1])
        return _fit(spec, threads, _Rows(train, validation, totals, lowest.rows()), observe)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Spool:
    """Parts of rows in the order given: in memory up to a number of bytes, then in a temporary file.

    lanes: whether the rows' hashes are kept, 16 bytes a row, in memory.
    """

    def __init__(self, memory: int, *, lanes: bool = False) -> None:
        self.rows = 0
        self._lanes = lanes
        self._memory = memory
        self._waiting: list[Part] = []
        self._waiting_rows = 0
        self._parts: list[tuple[Part, int | None]] = []
        self._file: BinaryIO | None = None

    def __enter__(self) -> _Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._parts, self._waiting = [], []
        if self._file is not None:
            self._file.close()

    def add(self, part: Part) -> None:
        if len(part):
            self._waiting.append(part)
            self._waiting_rows += len(part)
            self.rows += len(part)
            if self._waiting_rows >= _PART_ROWS:
                self._flush()

    def _flush(self) -> None:
        part = self._waiting[0] if len(self._waiting) == 1 else joined(self._waiting)
        self._waiting, self._waiting_rows = [], 0
        if not self._lanes:
            none = np.zeros(0, dtype=np.uint64)
            part = replace(part, lanes=(none, none))
        if part.features.nbytes <= self._memory:
            self._memory -= part.features.nbytes
            self._parts.append((part, None))
        else:
            self._memory = 0
            none_kept = np.empty((0, part.features.shape[1]), dtype=np.float32)
            self._parts.append((replace(part, features=none_kept), self._written(part.features)))

    def _written(self, features: Floats) -> int:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="cauce-", buffering=0)  # noqa: SIM115 - see __exit__
            place = self._file.seek(0, os.SEEK_END)
            rest = np.ascontiguousarray(features).reshape(-1).view(np.uint8).data
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise CauceError("E0818", folder=tempfile.gettempdir(), reason=error.strerror) from None
        return place

    def order(self) -> npt.NDArray[np.intp] | None:
        """The `hash_order` of the rows, where lanes are kept."""
        if not self._lanes:
            return None
        if self._waiting:
            self._flush()
        kept = [part for part, _ in self._parts]
        first, second = (np.concatenate([part.lanes[lane] for part in kept]) for lane in (0, 1))
        return hash_order((first, second), np.concatenate([part.label for part in kept]))

    def parts(self) -> Iterator[Part]:
        if self._waiting:
            self._flush()
        for part, place in self._parts:
            if place is None or self._file is None:
                yield part
            else:
                self._file.seek(place)
                features = np.empty((len(part), part.features.shape[1]), dtype=np.float32)
                rest = features.reshape(-1).view(np.uint8).data
                while rest:
                    rest = rest[self._file.readinto(rest) :]  # type: ignore[attr-defined]
                yield replace(part, features=features)


@dataclass
class _Rows:
    """What one reading of the batches leaves."""

    train: _Spool
    validation: _Spool
    totals: tuple[Totals, Totals]
    sample: Part


@dataclass
class _Growth:
    """Rounds so far, and whether to go on."""

    spec: BoostSpec
    history: list[Round] = field(default_factory=list)
    best: int = 0

    def take(self, figures: list[float]) -> bool:
        """Add a round's metrics; False where no more rounds are wanted. Raises E0817."""
        number = len(self.history)
        if not all(math.isfinite(figure) for figure in figures):
            raise CauceError("E0817", metric=self.spec.metric, round=number + 1)
        train, validation = figures[0], figures[1] if len(figures) > 1 else None
        self.history.append(Round(number, train, validation))
        if self.spec.early_stopping is None or validation is None:
            self.best = number
            return True
        lowest = self.history[self.best].validation
        if lowest is None or validation < lowest:
            self.best = number
        return number - self.best < self.spec.early_stopping


def _fit(spec: BoostSpec, threads: int, rows: _Rows, observe: Observer | None) -> BoostResult:
    import xgboost  # noqa: PLC0415

    with xgboost.config_context(verbosity=0):
        if spec.device == "cuda":
            _require_gpu()
        train, sampled, validation, cuts = _matrices(spec, threads, rows)
        counts = rows.train.rows, rows.validation.rows
        watched = [sampled] if validation is None else [sampled, validation]
        start, order = start_score(spec, rows.totals[0]), rows.train.order()
        growing = grower(spec, train=train, watched=watched, start=start, order=order, threads=threads)
        growth = _Growth(spec)
        for number in range(spec.parameters.rounds):
            more = growth.take(growing.round(number))
            if observe is not None:
                observe(growth.history[-1])
            if not more:
                break
        kept = growing.booster[: growth.best + 1]
        return BoostResult(
            payload=_payload(kept, spec),
            best_round=growth.best,
            metric=spec.metric,
            history=tuple(growth.history),
            cuts=cuts,
            importance=_importance(kept, spec, scale=growing.scale),
            rows=counts[0],
            validation_rows=counts[1],
            library=f"xgboost {xgboost.__version__}",
        )


def _matrices(spec: BoostSpec, threads: int, rows: _Rows) -> tuple[Any, Any, Any | None, Cuts]:
    """XGBoost's matrices of the training rows, the sample and the validation rows, all with the same cuts."""
    import xgboost  # noqa: PLC0415

    categories = {column for column, _ in spec.levels}
    types = ["c" if name in categories else "q" for name in spec.features]
    shared = {"max_bin": spec.parameters.max_bin, "nthread": threads, "enable_categorical": True}
    ranged = with_ranges(spec, rows.sample, train=rows.totals[0])
    reference = xgboost.QuantileDMatrix(ranged, feature_types=types, **shared)
    weights = class_weights(spec, rows.totals[0])

    class Feed(xgboost.DataIter):
        def __init__(self, parts: Callable[[], Iterator[Part]]) -> None:
            self.parts, self.rest = parts, parts()
            super().__init__()

        def reset(self) -> None:
            self.rest = self.parts()

        def next(self, input_data: Callable[..., None]) -> bool:
            part = next(self.rest, None)
            if part is None:
                return False
            weight = weights_of(part, spec, by_class=weights)
            input_data(data=part.features, label=part.label, weight=weight, feature_types=types)
            return True

    def matrix(parts: Callable[[], Iterator[Part]]) -> Any:
        return xgboost.QuantileDMatrix(Feed(parts), ref=reference, **shared)

    validation = matrix(rows.validation.parts) if rows.validation.rows else None
    train = matrix(rows.train.parts)
    sampled = train if len(rows.sample) == rows.train.rows else matrix(lambda: iter((rows.sample,)))
    return train, sampled, validation, _cuts(reference, len(rows.sample))


def _cuts(matrix: Any, rows: int) -> Cuts:
    starts, values = matrix.get_quantile_cut()
    bins = np.diff(starts.astype(np.int64))
    content = bins.astype("<i8").tobytes() + values.astype("<f4").tobytes()
    return Cuts(rows, tuple(bins.tolist()), hashlib.sha256(content).hexdigest())


def _payload(booster: Any, spec: BoostSpec) -> bytes:
    saved = bytes(booster.save_raw("json"))
    return forest_document(saved, kind=spec.task) if spec.parameters.forest else saved


def _importance(booster: Any, spec: BoostSpec, *, scale: float) -> tuple[tuple[str, float], ...]:
    gains = booster.get_score(importance_type="total_gain")
    return tuple((name, float(gains.get(f"f{at}", 0.0)) / scale) for at, name in enumerate(spec.features))


def _require_gpu() -> None:
    """Raise E0809 unless XGBoost will really use a GPU; it falls back to the CPU by itself."""
    import xgboost  # noqa: PLC0415

    if not xgboost.build_info().get("USE_CUDA"):
        raise CauceError("E0809", device="cuda", reason="the installed XGBoost is built for CPUs only")
    probe = xgboost.DMatrix(np.zeros((2, 1), dtype=np.float32), label=np.array([0.0, 1.0]))
    booster = xgboost.train({"device": "cuda", "verbosity": 0}, probe, 1)
    if '"device":"cuda' not in booster.save_config().replace(" ", ""):
        raise CauceError("E0809", device="cuda", reason="no GPU is visible to this process")


@contextmanager
def _translated(spec: BoostSpec) -> Iterator[None]:
    """The border where XGBoost's failures become coded errors."""
    import xgboost  # noqa: PLC0415

    try:
        yield
    except MemoryError:
        raise CauceError("E0808", features=len(spec.features)) from None
    except xgboost.core.XGBoostError as error:
        text = str(error)
        if "bad_alloc" in text or "out of memory" in text.lower():
            raise CauceError("E0808", features=len(spec.features)) from None
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        raise CauceError("E0810", reason=lines[0] if lines else type(error).__name__) from None
