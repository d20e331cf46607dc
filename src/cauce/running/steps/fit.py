"""Features and model, learned from the training rows."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

from cauce.core.answering.transform import LEAST, Transform
from cauce.core.bundle.answers import LIMITS
from cauce.core.columns import FOLD, FOLD_NAMES, ORIGINAL, TARGET, TRAIN, WEIGHT
from cauce.core.features import FittedFeatures, fit_features
from cauce.core.preparation import LEFT_OUT, Preparation
from cauce.core.splits import check_folds, decode_rule
from cauce.core.splits.parts import OTHER_PART
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.expr.projection import Projection
from cauce.expr.schema import Schema
from cauce.planning.step import Step
from cauce.running.continuing import features_for, keep_earlier, warn_of_known_rows
from cauce.running.execution import Made
from cauce.running.learning import KEPT, Rows, learn, learn_ends
from cauce.running.memory import check_components_memory, check_memory, memory_for, size_of
from cauce.running.steps.baseline import Baseline, keep_baseline
from cauce.running.steps.ingest import Report
from cauce.running.steps.objects import keep_bytes, keep_json, read_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.steps.roles import split_settings
from cauce.running.trials.refitting import chosen_of, model_of_step
from cauce.running.workspace import Workspace
from cauce.spec import ModelSettings
from cauce.spec.evaluate import wants_quantiles
from cauce.spec.models import Boosting
from cauce.stats import Filtered, Grouped, LevelSums, Moments, Quantiles, WeightedNumbers
from cauce.stats.beyond import AtMost
from cauce.stats.counts import Counts
from cauce.stats.quantiles import ColumnQuantiles
from cauce.stats.weighted_quantiles import WeightedQuantiles

FOLDS = {LEFT_OUT: "left_out", OTHER_PART: "other_batches", **dict(enumerate(FOLD_NAMES))}
"""What the numbers of folds are called where rows are counted by fold."""


def preparation(
    work: Workspace, step: Step, *, schema: Schema, keep: tuple[str, ...], learning: bool = False
) -> Preparation:
    """The work that puts target, weight and fold beside the columns in `keep`.

    Validation rows train after a step in which a candidate was chosen: folds have done their part.
    learning: put the target on the scale that is learned, and its own beside it, where those differ.
    """
    known = read_json(work.store, step.stored("split"))
    data = work.project.data
    target, rule = Target.from_json(known["target"]), decode_rule(known["rule"])
    scale = work.project.target.transform if learning else None
    transform = None if scale is None else Transform(scale)
    chosen = chosen_of(step)
    return Preparation(
        schema,
        target,
        rule,
        data.key,
        data.weight,
        keep,
        transform,
        merged=chosen is not None,
        part=None if chosen is None else chosen.part,
    )


def fit(work: Workspace, step: Step, *, report: Report) -> Made:
    """Fit the features, then the model. Two scans where each feature and the model need one look."""
    source, model = snapshot_source(work, step), model_of_step(work, step)
    engine, before = work.engine, work.engine.rows_scanned
    everything = preparation(work, step, schema=source.schema, keep=source.schema.names)
    target = everything.target
    prepared, look, fitted = learn_features(work, step, target=target)
    keep_earlier(work, model)
    warn_of_known_rows(work, model, snapshot=step.stored("snapshot"), rule=everything.rule)
    training = look.training()
    taught = sum(training["folds"].get(name, 0) for name in ("train", "validation"))
    size = size_of(work, target, rows=taught, features=fitted.width)
    check_memory(model, size, machine=memory_for(work))
    table = engine.map(prepared, fitted.training_projection(prepared.schema, keep=KEPT))
    rows = Rows(table=table, fitted=fitted, target=target)
    learned = learn(work, rows, model=model, progress=report)
    outputs = {
        "features": keep_json(work.store, fitted.to_json()),
        "model": keep_bytes(work.store, gzip.compress(learned.payload, 6, mtime=0), suffix=".json.gz"),
        "training": keep_json(work.store, {**training, **learned.to_json()}),
        "baseline": keep_baseline(work.store, look.schema, states=look.baseline()),
    }
    if wants_quantiles(work.project):
        chosen = chosen_of(step)
        ends = _ends(work, rows, model, None if chosen is None else chosen.ends)
        packed = (gzip.compress(one, 6, mtime=0) for one in ends)
        outputs |= {
            name: keep_bytes(work.store, one, suffix=".json.gz")
            for name, one in zip(LIMITS, packed, strict=True)
        }
    facts = {**learned.facts, "features": len(fitted.names)}
    return Made(outputs, {**facts, "rows_read": engine.rows_scanned - before})


def learn_features(work: Workspace, step: Step, *, target: Target) -> tuple[Any, Look, FittedFeatures]:
    """The prepared rows, what they answered beside, and the features that those of them that train teach."""
    source, model, engine = snapshot_source(work, step), model_of_step(work, step), work.engine
    planned = features_for(work, source.schema, target=target, model=model)
    check_components_memory(work, planned, rows=source.manifest.rows)
    keep = planned.columns
    learned_from = preparation(work, step, schema=source.schema, keep=keep, learning=True)
    prepared = engine.map(engine.scan(source), learned_from)
    look = Look(work, prepared, target, source.schema.select(keep), merged=learned_from.merged)
    return prepared, look, fit_features(planned, look)


def _ends(
    work: Workspace, rows: Rows, model: ModelSettings, rounds: tuple[int, int] | None
) -> tuple[bytes, bytes]:
    level = work.project.evaluate.interval
    if not isinstance(model, Boosting) or level is None:
        raise CauceError("E2206", learner=model.learner)
    return learn_ends(work, rows, model=model, level=level, rounds=rounds)


class Look:
    """Answers the features' questions from training rows; the first answer brings the run's own along."""

    def __init__(self, work: Workspace, table: Any, target: Target, schema: Schema, *, merged: bool) -> None:
        self._work, self._table, self._target = work, table, target
        self._merged = merged
        self.schema = schema
        self._label = ORIGINAL if work.project.target.transform else TARGET
        self._baseline = Baseline(schema)
        self._own: tuple[Any, ...] | None = None

    def __call__(self, projection: Projection | None, summaries: tuple[Any, ...]) -> tuple[Any, ...]:
        own = self._asked() if self._own is None else ()
        engine, table = self._work.engine, self._table
        if projection is not None:
            kept = tuple(dict.fromkeys((*projection.keep, *self._needed(own))))
            original = (table.schema[ORIGINAL],) if ORIGINAL in kept else ()
            known = Schema((*projection.input, *original))
            table = engine.map(table, Projection(projection.outputs, known, keep=kept))
        wrapped = tuple(Filtered(FOLD, (TRAIN,), one) for one in summaries)
        results = engine.summarise(table, *wrapped, *own)
        if own:
            self._own = self._checked(results[len(summaries) :])
        return results[: len(summaries)]

    def _checked(self, own: tuple[Any, ...]) -> tuple[Any, ...]:
        """E2201 where a target has no place on the scale that is learned."""
        if self._label == TARGET:
            return own
        if own[1]:
            raise CauceError("E2201", count=own[1])
        return (own[0], *own[2:])

    def _asked(self) -> tuple[Any, ...]:
        labels: Any = LevelSums(TARGET, WEIGHT)
        if self._target.task == "regression" and self._work.project.data.weight:
            labels = (WeightedNumbers(self._label, WEIGHT),)
        elif self._target.task == "regression":
            labels = (Moments((self._label,)), Quantiles((self._label,)))
        else:
            labels = (labels,)
        own = (*labels, *self._baseline.summaries)
        beyond = () if self._label == TARGET else (AtMost(ORIGINAL, LEAST),)
        return (Grouped(FOLD, Counts((TARGET,))), *beyond, *(Filtered(FOLD, (TRAIN,), one) for one in own))

    def _needed(self, own: tuple[Any, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((FOLD, *(name for one in own for name in one.columns))))

    def training(self) -> dict[str, Any]:
        """Rows by fold, and what the training rows say to guess; E1118, E1406 where none count."""
        if self._own is None:
            self(None, ())
        counts, *labels = self._own or ()
        rows = {fold: one[TARGET].rows for fold, one in counts.groups.items()}
        check_folds(rows, split_settings(self._work.project), merged=self._merged)
        folds = {FOLDS[fold]: count for fold, count in rows.items()}
        if self._target.task == "regression":
            mean, quantiles = self._middle(labels)
            guess = {"mean": mean, "median": quantiles.quantile(0.5)}
            lowest = {} if self._label == TARGET else {"lowest": quantiles.low}
            return {"folds": folds, "guess": guess, **lowest}
        frame = labels[0].frame
        sums = dict(zip(frame["level"], frame["sum"], strict=True))
        total = sum(value for label, value in sums.items() if label is not None)
        if not total:
            raise CauceError("E1118", column=self._work.project.data.weight)
        shares = [sums.get(float(k), 0.0) / total for k in range(len(self._target.classes))]
        return {"folds": folds, "guess": {"shares": shares}}

    def _middle(self, labels: Any) -> tuple[float, ColumnQuantiles | WeightedQuantiles]:
        """Mean and quantiles of the training rows' target, by their weights; E1118 where none counts."""
        weight = self._work.project.data.weight
        if not weight:
            return labels[0][self._label].mean, labels[1][self._label]
        if not labels[0].weight:
            raise CauceError("E1118", column=weight)
        return labels[0].mean, labels[0].quantiles

    def baseline(self) -> Mapping[str, bytes]:
        """The training rows' summary states, for the bundle."""
        count = len(self._baseline.summaries)
        return self._baseline.states((self._own or ())[-count:]) if count else {}
