"""The learning curve: the chosen model, fitted to growing parts of its training rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cauce.core.answering.answering import Answering
from cauce.core.bundle.features import model_features
from cauce.core.bundle.scorer import Scorer
from cauce.core.columns import FOLD, FOLD_NAMES, TRAIN, VALIDATION
from cauce.core.evaluation_rows import EvaluationRows
from cauce.core.features import FittedFeatures, fit_features
from cauce.core.metrics.evaluating import Question, answered
from cauce.core.metrics.learning_curve import SHARES, CurvePoint, LearningCurve
from cauce.core.metrics.target import metric_names
from cauce.core.nested_rows import NestedRows
from cauce.core.preparation import Preparation
from cauce.core.snapshot_reading import SnapshotSource
from cauce.errors import CauceError
from cauce.expr.projection import Projection
from cauce.planning.step import Step
from cauce.running.continuing import features_for
from cauce.running.execution import Made
from cauce.running.learning import KEPT, Learned, Rows, learn
from cauce.running.steps.calibrate import fitting_of
from cauce.running.steps.evaluate import question_of
from cauce.running.steps.fit import preparation
from cauce.running.steps.ingest import Report
from cauce.running.steps.objects import keep_json, read_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.trials.refitting import model_of_step
from cauce.running.workspace import Workspace
from cauce.spec import ModelSettings
from cauce.stats import Filtered, Grouped, Several
from cauce.stats.counts import Counts


def curve(work: Workspace, step: Step, *, report: Report) -> Made:
    """Fit and judge a model on each share. Four scans or more a share."""
    before = work.engine.rows_scanned
    fits = _Fits(
        work,
        step,
        snapshot_source(work, step),
        model_of_step(work, step),
        read_json(work.store, step.stored("training")),
    )
    question = fits.question
    points, left_out = [], []
    for at, share in enumerate(SHARES):
        report(at, len(SHARES))
        try:
            points.append(fits.point(share, question))
        except CauceError as refusal:
            if share == SHARES[-1]:
                raise
            left_out.append((share, refusal.code))
    report(len(SHARES), len(SHARES))
    metric = question.headline or metric_names(question.target)[0]
    found = LearningCurve(metric, tuple(points), tuple(left_out))
    facts = {"sizes": len(points), "rows_read": work.engine.rows_scanned - before}
    return Made({"curve": keep_json(work.store, found.to_json())}, facts)


@dataclass(frozen=True)
class _Fits:
    """What every share has in common. training: what the step `fit` left."""

    work: Workspace
    step: Step
    source: SnapshotSource
    model: ModelSettings
    training: Mapping[str, Any]

    def _prepared(self, keep: tuple[str, ...], *, learning: bool) -> Preparation:
        group = () if self.work.project.data.group is None else (self.work.project.data.group,)
        columns = tuple(dict.fromkeys((*keep, *group)))
        made = preparation(self.work, self.step, schema=self.source.schema, keep=columns, learning=learning)
        # Validation rows judge here, though they teach the model that is kept once one was chosen.
        return replace(made, merged=False)

    @property
    def question(self) -> Question:
        """What is asked of the scored rows."""
        prepared = self._prepared((), learning=False)
        return question_of(self.work, prepared.target, training=self.training)

    def point(self, share: float, question: Question) -> CurvePoint:
        """A model of this share of the training rows; what its learner raises."""
        fitted, learned = self._learned(share)
        engine = self.work.engine
        judged = self._prepared(fitted.required.names, learning=False)
        nested = NestedRows(judged.schema, share, self.work.project.data.group)
        table = engine.map(engine.map(engine.scan(self.source), judged), nested)
        rows = EvaluationRows(
            nested.schema,
            self._scorer(judged, fitted, learned),
            group=self.work.project.data.group,
            sizes=question.how.clustered and question.target.task == "regression",
        )
        wanted = Filtered(FOLD, (TRAIN, VALIDATION), Grouped(FOLD, Several(question.summaries)))
        counted = Filtered(FOLD, (TRAIN,), Counts((FOLD,)))
        scored, counts = engine.summarise(engine.map(table, rows), wanted, counted)
        found = answered(question, {FOLD_NAMES[fold]: one for fold, one in scored.groups.items()}).datasets  # type: ignore[misc]
        name = str(question.headline or metric_names(question.target)[0])
        return CurvePoint(share, counts[FOLD].rows, found["train"][name], found["validation"][name])

    def _learned(self, share: float) -> tuple[FittedFeatures, Learned]:
        work, engine = self.work, self.work.engine
        target = self._prepared((), learning=True).target
        planned = features_for(work, self.source.schema, target=target, model=self.model)
        taught = self._prepared(planned.columns, learning=True)
        stopping = bool(getattr(self.model, "early_stopping", 0))
        nested = NestedRows(taught.schema, share, work.project.data.group, learning=True, stopping=stopping)
        table = engine.map(engine.map(engine.scan(self.source), taught), nested)

        def look(projection: Projection | None, summaries: tuple[Any, ...]) -> tuple[Any, ...]:
            seen = table
            if projection is not None:
                keep = tuple(dict.fromkeys((*projection.keep, FOLD)))
                seen = engine.map(table, Projection(projection.outputs, projection.input, keep=keep))
            return tuple(engine.summarise(seen, *(Filtered(FOLD, (TRAIN,), one) for one in summaries)))

        fitted = fit_features(planned, look)
        made = engine.map(table, fitted.training_projection(table.schema, keep=KEPT))
        rows = Rows(table=made, fitted=fitted, target=target)
        return fitted, learn(work, rows, model=self.model, progress=lambda _done, _total: None)

    def _scorer(self, judged: Preparation, fitted: FittedFeatures, learned: Learned) -> Scorer:
        transform = fitting_of(
            self.work.project, judged.target, model=self.model, training=self.training
        ).transform
        return Scorer(
            input=judged.schema,
            features=model_features(fitted),
            target=judged.target,
            xgboost=learned.payload,
            numbers=True,
            answering=Answering(transform=transform),
        )
