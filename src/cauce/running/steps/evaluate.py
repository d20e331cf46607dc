"""What the model is worth on training, validation and test rows."""

from __future__ import annotations

import gzip
from typing import Any

from cauce.core.bundle.answers import PREDICTION, THRESHOLD, probability_name
from cauce.core.bundle.features import Feature
from cauce.core.bundle.scorer import Scorer
from cauce.core.columns import FOLD, TARGET, WEIGHT
from cauce.core.evaluation import Evaluation, History, encode_evaluation
from cauce.core.features import FittedFeatures
from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.core.metrics.keys import DATASETS, Dataset
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.requests import Guess, ScoredColumns, evaluated, summaries_for
from cauce.core.metrics.target import Target as MetricTarget
from cauce.core.metrics.target import check_metric
from cauce.core.task import Target
from cauce.planning.step import Step
from cauce.running.execution import Made
from cauce.running.steps.fit import preparation
from cauce.running.steps.ingest import Report
from cauce.running.steps.objects import keep_bytes, read_bytes, read_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.workspace import Workspace
from cauce.stats import Grouped

_KEPT = (TARGET, WEIGHT, FOLD)


def evaluate(work: Workspace, step: Step, *, report: Report) -> Made:  # noqa: ARG001 - every action has it
    """Score every row once and keep the evaluation. One scan."""
    source = snapshot_source(work, step)
    fitted = FittedFeatures.from_json(read_json(work.store, step.stored("features")))
    training = read_json(work.store, step.stored("training"))
    engine, before = work.engine, work.engine.rows_scanned
    prepared_by = preparation(work, step, schema=source.schema, keep=fitted.required.names)
    target = prepared_by.target
    prepared = engine.map(engine.scan(source), prepared_by)
    scorer = Scorer(
        input=prepared.schema,
        features=model_features(fitted),
        target=target,
        xgboost=gzip.decompress(read_bytes(work.store, step.stored("model"))),
        keep=_KEPT,
        numbers=True,
    )
    guess = _guess(training["guess"])
    asked = summaries_for(metric_target(target), _columns(target), guess=guess)
    results = engine.summarise(engine.map(prepared, scorer), *(Grouped(FOLD, one) for one in asked))
    datasets: dict[Dataset, DatasetEvaluation] = {
        name: evaluated(metric_target(target), [one.groups[fold] for one in results], guess=guess)
        for fold, name in enumerate(DATASETS)
        if fold in results[0].groups
    }
    evaluation = Evaluation(
        target=metric_target(target),
        datasets=datasets,
        threshold=THRESHOLD,
        headline=_headline(work, target),
        importance=_importance(training),
        history=_history(training),
    )
    kept = keep_bytes(work.store, encode_evaluation(evaluation), suffix=".json")
    return Made({"evaluation": kept}, {"rows_read": engine.rows_scanned - before})


def model_features(fitted: FittedFeatures) -> tuple[Feature, ...]:
    """The features as a bundle keeps them: expressions for new rows."""
    return tuple(Feature(one.name, one.expression, one.levels) for one in fitted.features)


def metric_target(target: Target) -> MetricTarget:
    """The target as metrics see it."""
    return MetricTarget(target.task, target.class_names)


def _columns(target: Target) -> ScoredColumns:
    probabilities = tuple(probability_name(name) for name in target.class_names)
    return ScoredColumns(label=TARGET, predicted=PREDICTION, probabilities=probabilities, weight=WEIGHT)


def _importance(training: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    pairs = [(str(name), float(gain)) for name, gain in training["importance"]]
    return tuple(sorted(pairs, key=lambda pair: -pair[1]))


def _guess(found: dict[str, Any]) -> Guess:
    return Guess(shares=tuple(found.get("shares", ())), mean=found.get("mean"), median=found.get("median"))


def _headline(work: Workspace, target: Target) -> MetricName | None:
    declared = work.project.choose.metric
    if declared is None:
        return None
    name = MetricName.parse(declared)
    check_metric(name, metric_target(target))
    return name


def _history(training: dict[str, Any]) -> History:
    losses = {"train": tuple(one[0] for one in training["history"])}
    if all(one[1] is not None for one in training["history"]):
        losses["validation"] = tuple(one[1] for one in training["history"])
    return History(metric=training["metric"], losses=losses, best_round=training["best_round"])
