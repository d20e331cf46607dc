"""Candidates judged on folds of the rows outside the test, and one of them chosen."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from cauce.core.candidates.batch_board import BatchedTable
from cauce.core.candidates.batches import Batches, BatchPlacement, fit_batches
from cauce.core.candidates.fold_fitting import FoldPlacement, FoldSettings, fit_folds
from cauce.core.candidates.folds import FoldPlan
from cauce.core.candidates.leaderboard import FoldCount, Leaderboard, choose, ranked
from cauce.core.candidates.protocol import Search
from cauce.core.candidates.trials import Trial
from cauce.core.metrics.judging import Judge
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.target import Target as MetricTarget
from cauce.core.metrics.target import metric_names
from cauce.core.preparation import Preparation
from cauce.errors import CauceError
from cauce.planning.step import Reference, Step
from cauce.running.clock import SystemClock
from cauce.running.continuing import features_for
from cauce.running.execution import Made
from cauce.running.memory import check_components_memory, check_tune_memory, machine_memory
from cauce.running.scales import checked_scale
from cauce.running.steps.choices import check_choices, headline, sampling
from cauce.running.steps.fit import preparation
from cauce.running.steps.ingest import Report
from cauce.running.steps.objects import keep_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.steps.register import Told
from cauce.running.steps.roles import split_settings
from cauce.running.told_trials import TrialTeller
from cauce.running.trials.comparing import rivals
from cauce.running.trials.ends import fold_ends
from cauce.running.trials.final_fit import final_seconds
from cauce.running.trials.folded import Folded, Judged
from cauce.running.trials.records import TrialRecords, costs_of, index_json, keep_frame, read_frame
from cauce.running.trials.refitting import Chosen, refitted
from cauce.running.trials.rounds import Rounds
from cauce.running.trials.searching import expected_trials, search_for
from cauce.running.workspace import Workspace
from cauce.spec import ModelSettings
from cauce.spec.evaluate import wants_quantiles
from cauce.spec.folds import Folds

_WIDTH = 10_000
"""Searches have widths of their own; lists are asked for whole."""


def tune(work: Workspace, step: Step, *, report: Report, told: Told | None = None) -> Made:
    """Judge every candidate on every fold, then choose. No test row is used. E2101 where all fail.

    told: who is told of the trials, if anyone.
    """
    before = work.engine.rows_scanned
    plans, on = _judged_on(work, step)
    records = TrialRecords(work.store, basis(step))
    with Folded(on) as folded:
        _check_memory(folded, rows=snapshot_source(work, step).manifest.rows)
        rounds = Rounds(folded, records, SystemClock(), every=work.project.choose.rule != "best")
        trials, ended = _tried(on, folded, rounds, report, told)
        order = ranked(trials, on.judge.metric)
        number, why = choose(order, rule=work.project.choose.rule)
        winner = next(one for one in order if one.candidate.number == number)
        found = rivals(on, rounds, ranked=order, how=sampling(work.project))
        kept = rounds.kept_of(winner)
        scores, ends = _with_ends(work, folded, winner, kept.scores)
        features = folded.of(winner.candidate.model).features(winner.candidate.model)[0]
    board = Leaderboard(
        metric=on.judge.metric,
        folds=on.plan.told(),
        trials=order,
        chosen=number,
        rule=work.project.choose.rule,
        why=why,
        rivals=found,
        by_count=_by_count(on, records, winner, plans),
        batches=_batched_tables(on),
        ended=ended,
    )
    outputs = {
        "leaderboard": keep_json(work.store, board.to_json()),
        "trials": keep_json(work.store, index_json(rounds.digests)),
        "folds": keep_json(work.store, on.plan.to_json()),
        "scores": scores,
        "first_model": Reference("object", kept.model),
        "first_features": keep_json(work.store, features.to_json()),
        "chosen": Reference("value", replace(_chosen(on, winner), ends=ends).to_json()),
    }
    facts: dict[str, Any] = {
        "candidates": len(order),
        "failed": sum(one.failed for one in order),
        "folds": len(on.plan.folds),
        "metric": str(on.judge.metric),
        "mean": winner.mean,
        "costs": _costs(work, rounds.digests),
        "rows_read": work.engine.rows_scanned - before,
    }
    return Made(outputs, facts)


def _check_memory(folded: Folded, *, rows: int) -> None:
    """E2311 and E2312 where the folds, or products for components, cannot be held. Of features that cannot
    be fitted, as few as there can be."""
    on = folded.on
    _check_components(on, rows)
    if on.work.project.engine.kind != "local":
        return

    def width(model: ModelSettings) -> int:
        try:
            return max(one.width for one in folded.features(model))
        except CauceError:
            return 1

    check_tune_memory(on.work, on.target, rows=rows, width=width, machine=machine_memory())


def _check_components(on: Judged, rows: int) -> None:
    for model in on.work.project.models:
        # What cannot be planned is told as a candidate that failed.
        with suppress(CauceError):
            planned = features_for(on.work, on.source.schema, target=on.target, model=model)
            break
    else:
        return
    check_components_memory(on.work, planned, rows=rows)


def _with_ends(
    work: Workspace, folded: Folded, winner: Trial, scores: str
) -> tuple[Reference, tuple[int, int] | None]:
    """Where the winner's scores are, and the rounds of the quantiles' models; where intervals are made of
    those, what they say of each row stands beside its score."""
    level = work.project.evaluate.interval
    if level is None or not wants_quantiles(work.project):
        return Reference("object", scores), None
    frame, rounds = fold_ends(folded, winner, level=level)
    both = read_frame(work.store, scores).with_columns(frame.get_columns()[1:])
    return keep_frame(work.store, both), rounds


def _judged_on(work: Workspace, step: Step) -> tuple[list[FoldPlan], Judged]:
    """Every plan of folds that was asked for, and what candidates are judged on by the first."""
    source = snapshot_source(work, step)
    prepared = preparation(work, step, schema=source.schema, keep=source.schema.names, learning=True)
    check_choices(work.project, prepared.target, schema=source.schema)
    prepared = replace(prepared, transform=checked_scale(work, source, prepared=prepared))
    judge = _judge(work, prepared)
    plans = [fold_plan(work, step, prepared=prepared, folds=one) for one in asked_folds(work)]
    return plans, Judged(
        work=work,
        source=source,
        prepared=replace(prepared, blocks=plans[0].rule),
        plan=plans[0],
        judge=judge,
        batches=_batches(work, step, prepared=prepared),
    )


def _tried(
    on: Judged, folded: Folded, rounds: Rounds, report: Report, told: Told | None
) -> tuple[tuple[Trial, ...], tuple[str, int] | None]:
    """Every trial of the project's search, in the order asked for, and why it ended early, if it did."""
    project = on.work.project
    counts = {rows: len(one.sizes) for rows, one in on.batches.items()}.__getitem__
    total, fits = expected_trials(project, counts), len(on.plan.folds)
    search = search_for(
        project,
        on.judge.metric,
        strengths=lambda model, path, ratio: folded.summed.strengths(model, path, l1_ratio=ratio),
        counts=counts,
        after=lambda trial: final_seconds(on, rounds, trial=trial),
    )
    rounds.late = search.is_late
    rounds.told = lambda done: report(done, None if total is None else total * fits)
    tell = None if told is None else TrialTeller(on.work, told, on.judge.metric)
    trials = _searched(search, rounds, tell)
    rounds.late = lambda: False
    return trials, search.ended


def _batches(work: Workspace, step: Step, *, prepared: Preparation) -> Mapping[int, Batches]:
    """The batches that candidates learn from, by their rows: one scan, or none where no table has any."""
    sizes = [one.subset.batches for one in work.project.models if one.subset is not None]
    if not sizes:
        return {}
    engine, split = work.engine, split_settings(work.project)
    placed = BatchPlacement(replace(prepared, keep=(), transform=None), split.hashed, split.seed)
    table = engine.map(engine.scan(snapshot_source(work, step)), placed)
    return fit_batches(sizes, seed=split.seed, look=lambda *asked: engine.summarise(table, *asked))


def _batched_tables(on: Judged) -> tuple[BatchedTable, ...]:
    """The tables with a subset, for the leaderboard."""
    return tuple(
        BatchedTable(at, one.learner, one.subset.batches, on.batches[one.subset.batches].sizes)
        for at, one in enumerate(on.work.project.models)
        if one.subset is not None
    )


def _chosen(on: Judged, winner: Trial) -> Chosen:
    """The winner as it is fitted to the rows outside the test, or to its batch of them."""
    number, subset = winner.candidate.number, winner.candidate.model.subset
    if subset is None or subset.batch is None:
        return Chosen(number, refitted(winner))
    batches = on.batches[subset.batches]
    part = batches.part(subset.batch)
    return Chosen(number, refitted(winner, rows=batches.sizes[subset.batch - 1]), part)


def _searched(search: Search, rounds: Rounds, tell: TrialTeller | None) -> tuple[Trial, ...]:
    """Every trial of the search, in the order asked for."""
    trials: list[Trial] = []
    while asked := search.ask(_WIDTH):
        judged = rounds.judged(asked)
        search.tell(judged)
        trials.extend(judged)
        if tell is None:
            continue
        for one in judged:
            tell(one, costs_of(rounds.records.store, rounds.digests[one.candidate.number]))
    return tuple(trials)


def _judge(work: Workspace, prepared: Preparation) -> Judge:
    """What decides between candidates; E2105 for a metric without a better direction."""
    target = MetricTarget(prepared.target.task, prepared.target.class_names)
    if prepared.transform is not None and prepared.transform.least == 0:
        target = replace(target, log_scale=True)
    metric: MetricName = headline(work.project, target) or metric_names(target)[0]
    if metric.direction == "none":
        choices = [str(one) for one in metric_names(target) if one.direction != "none"]
        raise CauceError("E2105", name=metric, choices=", ".join(choices[:5]))
    threshold = work.project.choose.threshold
    return Judge(target, metric, threshold if isinstance(threshold, float) else 0.5)


def asked_folds(work: Workspace) -> list[FoldSettings]:
    """The ways to cut the rows that the project asks for: the one that decides, then those beside it."""
    folds, split = work.project.choose.folds, split_settings(work.project)
    holdout = FoldSettings(by="holdout", k=1, repeats=1, split=split)
    if not isinstance(folds, Folds):
        return [holdout]
    by = folds.by or split.kind
    ways = [FoldSettings(by=by, k=k, repeats=folds.repeats, split=split) for k in dict.fromkeys(folds.k)]
    return [*ways, holdout] if len(ways) > 1 and work.project.split.validation else ways


def fold_plan(work: Workspace, step: Step, *, prepared: Preparation, folds: FoldSettings) -> FoldPlan:
    """The plan of folds over the step's snapshot: no scan, or one where limits are exact."""
    engine, source = work.engine, snapshot_source(work, step)
    table = engine.map(engine.scan(source), FoldPlacement(replace(prepared, keep=(), transform=None), folds))

    def look(*summaries: Any) -> tuple[Any, ...]:
        return engine.summarise(table, *summaries)

    return fit_folds(folds, prepared.target, look=look)


def basis(step: Step) -> Mapping[str, Any]:
    """What the scores of a trial depend on beside its settings and folds."""
    told = step.to_json()
    parameters = {name: value for name, value in told["parameters"].items() if name in _BASIS}
    inputs = {name: value for name, value in told["inputs"].items() if name in _READ}
    return {
        "inputs": inputs,
        "parameters": parameters,
        "libraries": told["libraries"],
        "version": told["version"],
    }


_READ = ("snapshot", "split", "earlier")
_BASIS = ("features", "roles", "seed", "transform", "metric", "threshold")


def _by_count(
    on: Judged, records: TrialRecords, winner: Trial, plans: list[FoldPlan]
) -> tuple[FoldCount, ...]:
    """The chosen candidate by number of folds, where several were asked for."""
    if len(plans) < 2:
        return ()
    found = [FoldCount(_count(plans[0]), winner)]
    for plan in plans[1:]:
        with Folded(replace(on, plan=plan, prepared=replace(on.prepared, blocks=plan.rule))) as folded:
            (trial,) = Rounds(folded, records, SystemClock()).judged([winner.candidate])
        found.append(FoldCount(_count(plan), trial))
    return tuple(found)


def _count(plan: FoldPlan) -> int:
    return 0 if plan.by == "holdout" else plan.k


def _costs(work: Workspace, digests: Mapping[int, str]) -> dict[str, Any]:
    known = {number: costs_of(work.store, digest) for number, digest in sorted(digests.items())}
    return {str(number): one.to_json() for number, one in known.items() if one is not None}
