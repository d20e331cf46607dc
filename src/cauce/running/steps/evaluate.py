"""What the model is worth on training, validation and test rows."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

import polars as pl

from cauce.core.answering.judging import AnswerQuestion
from cauce.core.bundle.answers import PREDICTION, THRESHOLD, probability_name
from cauce.core.bundle.features import model_features
from cauce.core.bundle.scorer import Scorer
from cauce.core.columns import FOLD, HASH_A, HASH_B, TARGET, TEST, VALIDATION, WEIGHT
from cauce.core.contributions.explainer import Explainer
from cauce.core.contributions.summarising import ROWS as EXPLAINED
from cauce.core.contributions.summarising import summarised
from cauce.core.contributions.summary import ContributionSummary
from cauce.core.evaluation import Evaluation, History, encode_evaluation
from cauce.core.evaluation_rows import BUCKET, EvaluationRows, raw_frame, raw_name, slice_name
from cauce.core.features import FittedFeatures
from cauce.core.linear.path import CoefficientPath
from cauce.core.metrics.choosing import threshold_rule
from cauce.core.metrics.evaluating import Question, answered
from cauce.core.metrics.keys import DATASETS, Dataset
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.permutation import PermutationImportance
from cauce.core.metrics.requests import Guess, ScoredColumns
from cauce.core.metrics.slicing import MOST_VALUES, SliceColumn, SliceLook, judged_slices
from cauce.core.metrics.target import Target as MetricTarget
from cauce.core.metrics.target import metric_names
from cauce.core.numbering import Numbered, WithRow
from cauce.core.out_of_fold import SCORED_FOLD, WithOutOfFold
from cauce.core.permuting import Sample, permutation_importance, rows_for
from cauce.core.preparation import Preparation
from cauce.core.snapshot_reading import SnapshotSource
from cauce.core.task import Target
from cauce.errors import warn
from cauce.expr.batch import take
from cauce.planning.step import Step
from cauce.running.artifacts import begin_plots, expect_plots
from cauce.running.execution import Made
from cauce.running.readings import note_reading
from cauce.running.steps.calibrate import answering_facts, answering_of, ends_of
from cauce.running.steps.choices import check_choices, headline, sampling
from cauce.running.steps.fit import preparation
from cauce.running.steps.ingest import Report
from cauce.running.steps.objects import keep_bytes, read_bytes, read_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.steps.residuals import analysed, error_sample
from cauce.running.trials.out_of_fold import out_of_fold
from cauce.running.workspace import Workspace
from cauce.stats import Filtered, Grouped, LowestRows, Several

_SKEWED = 1.5


def evaluate(work: Workspace, step: Step, *, report: Report) -> Made:  # noqa: ARG001 - every action has it
    """Score every row once and keep the evaluation. One scan, and one of the sliced columns where any are."""
    source = snapshot_source(work, step)
    before = work.engine.rows_scanned
    target = Target.from_json(read_json(work.store, step.stored("split"))["target"])
    check_choices(work.project, target, schema=source.schema)
    expect_plots(work, source.manifest.rows)
    looked = _Looked.of(work, step, source=source, slices=_slice_columns(work, source))
    evaluation = _judged(work, step, looked, _seen(work, step, looked, source=source))
    kept = keep_bytes(work.store, encode_evaluation(evaluation), suffix=".json")
    begin_plots(work, kept)
    return Made({"evaluation": kept}, {"rows_read": work.engine.rows_scanned - before})


@dataclass(frozen=True)
class _Seen:
    """What the scan of every row says. whole: by dataset; slices: the same of each sliced column's values."""

    whole: Mapping[Dataset, Any]
    slices: tuple[Mapping[Dataset, Any], ...]
    answers: tuple[Any, ...]
    erring: tuple[Any, ...]
    sample: pl.DataFrame | None


def _seen(work: Workspace, step: Step, looked: _Looked, *, source: SnapshotSource) -> _Seen:
    """Ask everything of one scan."""
    engine, known = work.engine, out_of_fold(work, step)
    if known is None:
        table = engine.map(engine.map(engine.scan(source), looked.prepared), looked.rows)
    else:
        numbered = engine.map(engine.scan(Numbered(source)), WithRow(looked.prepared))
        table = engine.map(numbered, WithOutOfFold(looked.rows, known.frame))
    asked, sliced, answers = looked.question, looked.rows.slices, _answers(looked)
    inside = (Grouped(slice_name(at), Several(asked.summaries)) for at in range(len(sliced)))
    lowest = LowestRows((HASH_A, HASH_B), looked.sampled, looked.kept)
    sample = Filtered(FOLD, (VALIDATION,), lowest) if known is None else Filtered(SCORED_FOLD, (0,), lowest)
    wanted: tuple[tuple[Any, ...], ...] = (
        (Grouped(FOLD, Several(asked.summaries)),),
        tuple(Filtered(FOLD, (VALIDATION, TEST), Grouped(FOLD, one)) for one in inside),
        () if answers is None else answers.summaries,
        error_sample(asked.target, sliced),
        (sample,) if looked.rows.raw else (),
    )
    note_reading(work.store, source.manifest.identity, kind="evaluation", about={"step": step.digest})
    told = iter(engine.summarise(table, *chain.from_iterable(wanted)))
    (whole,), slices, answered_by, erring, sampled = (tuple(islice(told, len(one))) for one in wanted)
    parts = tuple(_by_dataset(part.groups) for part in slices)
    return _Seen(_by_dataset(whole.groups), parts, answered_by, erring, next(iter(sampled), None))


def _judged(work: Workspace, step: Step, looked: _Looked, seen: _Seen) -> Evaluation:
    """What the scan says, as an evaluation."""
    asked, sliced = looked.question, looked.rows.slices
    answer = answered(asked, seen.whole)
    threshold = THRESHOLD if answer.choice is None else answer.choice.threshold
    chosen = headline(work.project, asked.target)
    first = chosen or metric_names(asked.target)[0]
    found = [
        (column, {name: one.groups for name, one in part.items()})
        for column, part in zip(sliced, seen.slices, strict=True)
    ]
    sample = seen.sample
    return Evaluation(
        target=asked.target,
        datasets=answer.datasets,
        threshold=threshold,
        headline=chosen,
        importance=_importance(looked.training),
        history=_history(looked.training),
        thresholds=answer.thresholds,
        choice=answer.choice,
        slices=judged_slices(asked, found, whole=answer.datasets, headline=first, threshold=threshold),
        permutation=None if sample is None else looked.permuted(sample, first, threshold=threshold),
        contributions=None if sample is None else looked.explained(sample),
        residuals=analysed(seen.erring[0], sliced) if seen.erring else None,
        answers=_effects(work, step, looked, seen),
        summed="coefficients" in looked.training,
        path=_path(looked.training),
    )


def _effects(work: Workspace, step: Step, looked: _Looked, seen: _Seen) -> Any:
    """What the way from the model's numbers to its answers does, where there is any."""
    question = _answers(looked)
    if question is None:
        return None
    return question.effects(
        seen.answers,
        facts=answering_facts(work, step),
        named={slice_name(at): one for at, one in enumerate(looked.rows.slices)},
        group=work.project.data.group,
    )


def _by_dataset(groups: Mapping[Any, Any]) -> dict[Dataset, Any]:
    return {name: groups[fold] for fold, name in enumerate(DATASETS) if fold in groups}


def _answers(looked: _Looked) -> AnswerQuestion | None:
    """What is asked about the way from the model's numbers to its answers, where there is any."""
    answering, question = looked.rows.scorer.answering, looked.question
    if not answering:
        return None
    return AnswerQuestion(
        target=question.target,
        answering=answering,
        slices=tuple(slice_name(at) for at in range(len(looked.rows.slices))),
        bucket=BUCKET if question.how.clustered else None,
        level=question.how.level,
    )


def _slice_columns(work: Workspace, source: SnapshotSource) -> tuple[SliceColumn, ...]:
    """How the declared columns are sliced; W0901 for one with too many values."""
    names = work.project.evaluate.slices
    if not names:
        return ()
    look = SliceLook(source.schema.select(names))
    found, refused = look.columns(work.engine.summarise(work.engine.scan(source), *look.summaries))
    for name in refused:
        warn("W0901", column=name, most=MOST_VALUES)
    return found


@dataclass(frozen=True, kw_only=True)
class _Looked:
    """What is asked of which rows, and what training left behind."""

    prepared: Preparation
    rows: EvaluationRows
    question: Question
    training: dict[str, Any]
    seed: int
    shuffles: bool
    explains: bool
    shuffled: Scorer

    @staticmethod
    def of(
        work: Workspace, step: Step, *, source: SnapshotSource, slices: tuple[SliceColumn, ...]
    ) -> _Looked:
        fitted = FittedFeatures.from_json(read_json(work.store, step.stored("features")))
        training = read_json(work.store, step.stored("training"))
        data, settings = work.project.data, work.project.evaluate
        judged, tuned = bool(work.project.split.validation), "scores" in step.inputs
        sampled = (settings.permutation or settings.contributions) and (judged or tuned)
        group = () if data.group is None else (data.group,)
        first = None
        if tuned:
            first = FittedFeatures.from_json(read_json(work.store, step.stored("first_features")))
        read = tuple(dict.fromkeys((*fitted.required.names, *(first.required.names if first else ()))))
        keep = tuple(dict.fromkeys((*read, *group, *(one.column for one in slices))))
        prepared = preparation(work, step, schema=source.schema, keep=keep)
        question = question_of(work, prepared.target, training=training)
        scorer = Scorer(
            input=prepared.schema,
            features=model_features(fitted),
            target=prepared.target,
            xgboost=gzip.decompress(read_bytes(work.store, step.stored("model"))),
            numbers=True,
            answering=answering_of(work, step),
            ends=tuple((one, None) for one in ends_of(work, step)),
        )
        rows = EvaluationRows(
            prepared.schema,
            scorer,
            group=data.group,
            slices=slices,
            raw=read if sampled else (),
            sizes=question.how.clustered and question.target.task == "regression",
        )
        return _Looked(
            prepared=prepared,
            rows=rows,
            question=question,
            training=training,
            seed=work.project.seed,
            shuffles=bool(rows.raw) and settings.permutation,
            shuffled=scorer if first is None else _of_first_fold(work, step, scorer, first),
            explains=bool(rows.raw) and bool(settings.contributions),
        )

    @property
    def sampled(self) -> int:
        """How many validation rows to shuffle columns among."""
        return rows_for(len(self.rows.raw))

    @property
    def kept(self) -> tuple[str, ...]:
        """What is kept of the sampled rows."""
        return (TARGET, WEIGHT, *(raw_name(at) for at in range(len(self.rows.raw))))

    def explained(self, sample: pl.DataFrame) -> ContributionSummary | None:
        """The columns' contributions to the first rows of the sample, where wanted and any of them count."""
        if not self.explains:
            return None
        first = sample.head(EXPLAINED)
        weight = first.get_column(WEIGHT).to_numpy()
        if not weight.sum() > 0:
            return None
        explainer = Explainer(self.rows.scorer, self.rows.scorer.xgboost or b"")
        return summarised(explainer, raw_frame(first, self.rows.raw), weight=weight)

    def permuted(
        self, sample: pl.DataFrame, headline: MetricName, *, threshold: float
    ) -> PermutationImportance | None:
        """The columns' importance, where it is wanted and there are rows to shuffle."""
        if not self.shuffles or not sample.height:
            return None
        label, weight = (sample.get_column(name).to_numpy() for name in (TARGET, WEIGHT))
        columns = [name for name in self.rows.raw if name in self.shuffled.columns]
        raw = take(raw_frame(sample, self.rows.raw), columns)
        rows = Sample(rows=raw, label=label, weight=weight)
        return permutation_importance(
            self.shuffled,
            rows,
            target=self.question.target,
            metric=headline,
            threshold=threshold,
            seed=self.seed,
        )


def _of_first_fold(work: Workspace, step: Step, scorer: Scorer, fitted: FittedFeatures) -> Scorer:
    """The chosen candidate's model on the first fold: the rows it was judged on, it has not seen."""
    payload = gzip.decompress(read_bytes(work.store, step.stored("first_model")))
    return replace(scorer, features=model_features(fitted), xgboost=payload, ends=())


def question_of(work: Workspace, target: Target, *, training: Mapping[str, Any]) -> Question:
    """What is asked of scored rows. training: what the step `fit` left."""
    asked = metric_target(target, training["guess"])
    if training.get("lowest", -1.0) >= 0:
        asked = replace(asked, log_scale=True)
    return Question(
        target=asked,
        columns=_columns(target, weighted=work.project.data.weight is not None),
        guess=_guess(training["guess"]),
        how=sampling(work.project),
        rule=threshold_rule(work.project.choose.threshold),
        headline=headline(work.project, asked),
    )


def metric_target(target: Target, guess: Mapping[str, Any]) -> MetricTarget:
    """The target as metrics see it. guess: what the training rows say to guess.

    Amounts whose mean is at least one and a half times their median are also judged on the scale log(1 + x).
    """
    mean, median = guess.get("mean"), guess.get("median")
    skewed = mean is not None and median is not None and mean >= _SKEWED * median > 0
    return MetricTarget(target.task, target.class_names, skewed)


def _columns(target: Target, *, weighted: bool) -> ScoredColumns:
    probabilities = tuple(probability_name(name) for name in target.class_names)
    weight = WEIGHT if weighted else None
    return ScoredColumns(label=TARGET, predicted=PREDICTION, probabilities=probabilities, weight=weight)


def _importance(training: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    pairs = [(str(name), float(gain)) for name, gain in training["importance"]]
    return tuple(sorted(pairs, key=lambda pair: -pair[1]))


def _path(training: Mapping[str, Any]) -> CoefficientPath | None:
    """How coefficients grow as the penalty weakens, where that is known."""
    found = training.get("coefficients", {}).get("path")
    return None if found is None else CoefficientPath.from_json(found)


def _guess(found: dict[str, Any]) -> Guess:
    return Guess(shares=tuple(found.get("shares", ())), mean=found.get("mean"), median=found.get("median"))


def _history(training: dict[str, Any]) -> History | None:
    """The loss by round, of a learner that has rounds."""
    if "history" not in training:
        return None
    losses = {"train": tuple(one[0] for one in training["history"])}
    if all(one[1] is not None for one in training["history"]):
        losses["validation"] = tuple(one[1] for one in training["history"])
    # "lowest" is there where another scale is learned: the loss is on it.
    metric = f"{training['metric']}[log1p]" if "lowest" in training else training["metric"]
    return History(metric=metric, losses=losses, best_round=training["best_round"])
