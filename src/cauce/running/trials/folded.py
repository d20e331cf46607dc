"""The rows of every fold, ready for any number of candidates: features fitted and matrices binned once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from threading import Lock, RLock
from typing import Any

import numpy as np
import polars as pl

from cauce.core.answering.transform import Transform
from cauce.core.boosting import BoostSpec
from cauce.core.candidates.batches import Batches, part_plan
from cauce.core.candidates.fold_rows import ROLE, FoldRows
from cauce.core.candidates.folds import FoldPlan
from cauce.core.columns import HASH_A, HASH_B, ORIGINAL, TARGET, WEIGHT
from cauce.core.evaluation_rows import BUCKET
from cauce.core.features import FittedFeatures
from cauce.core.features.lockstep import RowSet, fit_features_of
from cauce.core.metrics.judging import Judge
from cauce.core.numbering import ROW, Numbered, WithRow
from cauce.core.preparation import Preparation
from cauce.core.splits.blocks import block_name
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.expr.projection import Projection
from cauce.ports.engine import Source, TrainingRows
from cauce.running.continuing import earlier_of, features_for
from cauce.running.learning import KEPT
from cauce.running.trials.summed import SummedFolds
from cauce.running.workspace import Workspace
from cauce.spec.models import ModelSettings, Subset, feature_kind
from cauce.threads import usable_cores

_MEMORY = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Judged:
    """On what candidates are judged. prepared: every column of the source, with the plan's blocks.

    batches: by how many rows they have, for candidates that learn from one batch.
    """

    work: Workspace
    source: Source
    prepared: Preparation
    plan: FoldPlan
    judge: Judge
    batches: Mapping[int, Batches] = field(default_factory=dict)

    @property
    def target(self) -> Target:
        """What is predicted."""
        return self.prepared.target

    @property
    def transform(self) -> Transform | None:
        """The scale that is learned."""
        return self.prepared.transform

    @property
    def threads(self) -> int:
        """How many threads may work at once."""
        return self.work.project.engine.threads or usable_cores()


@dataclass(frozen=True)
class FoldTable:
    """One fold's rows for one kind of learner. table: features and KEPT, with FOLD as `FoldRows` has it.

    rows: the same, read once. lock: held by one fit at a time.
    """

    fitted: FittedFeatures
    table: Any
    rows: TrainingRows
    lock: Lock = field(default_factory=Lock)


class Folded:
    """The folds of one plan. Used as a context: what was read goes when it ends."""

    def __init__(self, on: Judged) -> None:
        self.on = on
        self.summed = SummedFolds(self)
        self._stack = ExitStack()
        self._lock = RLock()
        self._features: dict[str, tuple[FittedFeatures, ...]] = {}
        self._tables: dict[tuple[str, int], FoldTable] = {}
        self._locks: dict[tuple[str, int], Lock] = {}
        self._batch: tuple[Subset, Folded] | None = None

    def __enter__(self) -> Folded:
        return self

    def __exit__(self, *_: object) -> None:
        self._close_batch()
        self._tables.clear()
        self.summed.close()
        self._stack.close()

    def _close_batch(self) -> None:
        if self._batch is not None:
            self._batch[1].__exit__()
            self._batch = None

    def of(self, model: ModelSettings) -> Folded:
        """The folds that teach this model: these, or those of the batch it learns from.

        One batch is open at a time: candidates of a round are all of one.
        """
        subset = model.subset
        if subset is None or subset.batch is None:
            return self
        with self._lock:
            if self._batch is None or self._batch[0] != subset:
                self._close_batch()
                plan = part_plan(self.on.plan, self.on.batches[subset.batches].part(subset.batch))
                prepared = replace(self.on.prepared, blocks=plan.rule)
                self._batch = subset, Folded(replace(self.on, plan=plan, prepared=prepared))
            return self._batch[1]

    def features(self, model: ModelSettings) -> tuple[FittedFeatures, ...]:
        """The features of every fold for a learner such as this one's, learned in the looks of one fold."""
        kind = feature_kind(model)
        with self._lock:
            if kind not in self._features:
                self._features[kind] = self._fitted(model)
            return self._features[kind]

    def _fitted(self, model: ModelSettings) -> tuple[FittedFeatures, ...]:
        on, engine = self.on, self.on.work.engine
        planned = features_for(on.work, on.source.schema, target=on.target, model=model)
        prepared = replace(on.prepared, keep=planned.columns)
        table = engine.map(engine.scan(on.source), prepared)
        blocks = tuple(block_name(repeat) for repeat in range(on.plan.repeats))

        def look(projection: Projection | None, summaries: tuple[Any, ...]) -> tuple[Any, ...]:
            own = table
            if projection is not None:
                kept = tuple(dict.fromkeys((*projection.keep, *blocks)))
                own = engine.map(table, Projection(projection.outputs, prepared.schema, keep=kept))
            return engine.summarise(own, *summaries)

        sets = [RowSet(block_name(one.repeat), one.taught) for one in on.plan.folds]
        return fit_features_of(planned, sets, look=look)

    def table(self, model: ModelSettings, number: int) -> FoldTable:
        """The rows of one fold, read when first asked for; E2107 where none score."""
        key = (feature_kind(model), number)
        fitted = self.features(model)[number]
        with self._lock:
            lock = self._locks.setdefault(key, Lock())
        with lock:
            if key not in self._tables:
                self._tables[key] = self._opened(model, fitted, number)
            return self._tables[key]

    def _opened(self, model: ModelSettings, fitted: FittedFeatures, number: int) -> FoldTable:
        on, engine = self.on, self.on.work.engine
        fold, group = on.plan.folds[number], on.work.project.data.group
        keep = fitted.required.names
        grouped = tuple(dict.fromkeys((*keep, *(() if group is None else (group,)))))
        prepared = replace(on.prepared, keep=grouped)
        rows = WithRow(FoldRows(prepared.schema, fold, keep, group))
        label = ORIGINAL if on.transform is not None else TARGET
        kept = tuple(dict.fromkeys((*KEPT, ROLE, BUCKET, label, ROW)))
        table = engine.map(engine.map(engine.scan(Numbered(on.source)), WithRow(prepared)), rows)
        table = engine.map(table, fitted.training_projection(rows.schema, keep=kept))
        wanted = (label, WEIGHT, BUCKET, HASH_A, HASH_B, ROW)
        read = engine.training(table, self._spec(model, fitted), keep=wanted)
        with self._lock:
            ready = self._stack.enter_context(read)
        scored = ready.scored
        if not scored.height:
            raise CauceError("E2107", fold=number + 1)
        return FoldTable(fitted, table, ready)

    def _spec(self, model: ModelSettings, fitted: FittedFeatures) -> BoostSpec:
        on, project = self.on, self.on.work.project
        earlier = earlier_of(on.work, model)
        memory = project.engine.memory_bytes or _MEMORY
        kinds = len({feature_kind(one) for one in project.models})
        return BoostSpec(
            task=on.target.task,
            features=fitted.names,
            label=TARGET,
            fold=ROLE,
            lanes=(HASH_A, HASH_B),
            classes=max(len(on.target.classes), 1),
            levels=fitted.levels,
            weight=WEIGHT if project.data.weight else None,
            earlier=None if earlier is None else earlier.bundle.xgboost,
            seed=project.seed,
            threads=1,
            memory=memory // (len(on.plan.folds) * kinds),
        )


def own_label(on: Judged, frame: pl.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The label of kept rows on the target's own scale."""
    name = ORIGINAL if on.transform is not None else TARGET
    return frame.get_column(name).to_numpy()
