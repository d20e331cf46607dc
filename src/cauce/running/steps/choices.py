"""Whether the project's wishes for the evaluation fit its target and columns, before anything is fitted."""

from __future__ import annotations

from cauce.core.metrics.doubt import Sampling
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.target import Target as MetricTarget
from cauce.core.metrics.target import check_metric
from cauce.core.roles import unknown_column
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.expr.schema import Schema
from cauce.spec import Project
from cauce.spec.models import TASKS


def check_choices(project: Project, target: Target, *, schema: Schema) -> None:
    """E0830 where no model's learner fits the task, E1401 for a sliced column that is none, E0905 for a
    metric of another task, E0909 for a threshold where there are not two classes, E0319 for answers of
    another task."""
    # One candidate of several that does not fit the task is listed as failed, and the others go on.
    if not any(target.task in TASKS[model.learner] for model in project.models):
        raise CauceError("E0830", learner=project.models[0].learner, task=target.task)
    for name in project.evaluate.slices:
        if name not in schema:
            raise unknown_column("evaluate.slices", name, schema=schema)
    if project.choose.threshold is not None and target.task != "binary":
        raise CauceError("E0909", task=target.task)
    _check_answers(project, target)
    headline(project, MetricTarget(target.task, target.class_names))


def _check_answers(project: Project, target: Target) -> None:
    """E0319 for a scale or an interval of classes, and for a calibration of numbers."""
    number = target.task == "regression"
    asked = (
        ("target.transform", project.target.transform is not None and not number),
        ("choose.calibration", project.choose.calibration != "none" and number),
        ("evaluate.interval", project.evaluate.interval is not None and not number),
    )
    for key, misfit in asked:
        if misfit:
            raise CauceError("E0319", key=key, task=target.task)


def headline(project: Project, target: MetricTarget) -> MetricName | None:
    """The metric that `choose.metric` names, or the one of the scale that is learned; E0905 where the target
    cannot have it."""
    if project.choose.metric is None:
        learned = project.target.transform is not None and target.log_scale
        return MetricName("rmse", scale="log1p") if learned else None
    name = MetricName.parse(project.choose.metric)
    check_metric(name, target)
    return name


def sampling(project: Project) -> Sampling:
    """How intervals are drawn: rows that come in groups, or count differently, by buckets."""
    data = project.data
    clustered = data.group is not None or data.weight is not None
    return Sampling(level=project.evaluate.level, seed=project.seed, clustered=clustered)
