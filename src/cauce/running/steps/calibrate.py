"""What lies between the model's number and its answer, fitted on rows it has not learned from."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

from cauce.core.answering.answering import NOTHING, Answering
from cauce.core.answering.fitting import Fitting
from cauce.core.answering.interval import IntervalRule
from cauce.core.answering.rows import LearnerRows
from cauce.core.answering.transform import LEAST, Transform
from cauce.core.bundle.answers import LIMITS
from cauce.core.bundle.features import model_features
from cauce.core.bundle.scorer import Scorer
from cauce.core.columns import FOLD, VALIDATION
from cauce.core.features import FittedFeatures
from cauce.core.task import Target
from cauce.errors import warn
from cauce.planning.step import Step
from cauce.running.execution import Made
from cauce.running.steps.fit import preparation
from cauce.running.steps.ingest import Report
from cauce.running.steps.objects import keep_json, read_bytes, read_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.trials.out_of_fold import out_of_fold
from cauce.running.trials.refitting import model_of_step
from cauce.running.workspace import Workspace
from cauce.spec import Project
from cauce.spec.models import Forest, ModelSettings
from cauce.stats import Filtered


def calibrate(work: Workspace, step: Step, *, report: Report) -> Made:  # noqa: ARG001 - every action has it
    """Fit calibration, factors and intervals on the validation rows. One scan. E2202, E2204."""
    source = snapshot_source(work, step)
    engine, before = work.engine, work.engine.rows_scanned
    fitted = FittedFeatures.from_json(read_json(work.store, step.stored("features")))
    prepared = preparation(work, step, schema=source.schema, keep=fitted.required.names)
    training = read_json(work.store, step.stored("training"))
    model = model_of_step(work, step)
    fitting = fitting_of(work.project, prepared.target, model=model, training=training)
    scorer = Scorer(
        input=prepared.schema,
        features=model_features(fitted),
        target=prepared.target,
        xgboost=gzip.decompress(read_bytes(work.store, step.stored("model"))),
        margins=fitting.method is not None,
        ends=tuple((one, None) for one in ends_of(work, step)),
    )
    table = engine.map(engine.scan(source), prepared)
    table = engine.map(table, LearnerRows(prepared.schema, scorer, fitting.asked))
    unseen = (Filtered(FOLD, (VALIDATION,), one) for one in fitting.summaries)
    known = out_of_fold(work, step)
    found = engine.summarise(table, *unseen) if known is None else known.summarised(fitting)
    answering, facts = fitting.fit(found)
    if fitting.interval is not None and work.project.data.group is not None:
        warn("W2203", group=work.project.data.group, level=fitting.interval.level)
    kept = keep_json(work.store, {"answering": answering.to_json(), "facts": facts})
    return Made({"answering": kept}, {"rows_read": engine.rows_scanned - before})


def ends_of(work: Workspace, step: Step) -> tuple[bytes, ...]:
    """The payloads of the lower and the upper quantile, where there are any."""
    names = [name for name in LIMITS if name in step.inputs]
    return tuple(gzip.decompress(read_bytes(work.store, step.stored(name))) for name in names)


def answering_of(work: Workspace, step: Step) -> Answering:
    """What the step `calibrate` made, where the plan has one."""
    if "answering" not in step.inputs:
        return NOTHING
    return Answering.from_json(read_json(work.store, step.stored("answering"))["answering"])


def answering_facts(work: Workspace, step: Step) -> Mapping[str, Any]:
    """What the step `calibrate` found out beside it."""
    if "answering" not in step.inputs:
        return {}
    found: Mapping[str, Any] = read_json(work.store, step.stored("answering"))["facts"]
    return found


def fitting_of(
    project: Project, target: Target, *, model: ModelSettings, training: Mapping[str, Any]
) -> Fitting:
    """What the project wants fitted. training: what the step `fit` says of the training rows."""
    choose, evaluate, scale = project.choose, project.evaluate, project.target.transform
    guess, transform = training["guess"], None
    if scale is not None:
        transform = Transform(scale, least=0.0 if training["lowest"] >= 0 else LEAST)
    interval = None
    if evaluate.interval is not None:
        interval = IntervalRule(evaluate.interval, evaluate.interval_kind, 0.0, _floor(guess, transform))
    return Fitting(
        target=target,
        method=None if choose.calibration == "none" else choose.calibration,
        on="share" if isinstance(model, Forest) else "margin",
        transform=transform,
        interval=interval,
    )


def _floor(guess: Mapping[str, Any], transform: Transform | None) -> float:
    """What is added to a prediction's size: the typical size of the target, on the scale that is learned."""
    for name in ("median", "mean"):
        value = guess.get(name)
        if value:
            size = abs(float(value))
            return size if transform is None else float(transform.forward([size])[0])
    return 1.0
