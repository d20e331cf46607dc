"""Rows of the warehouse that are added run by run: what candidates were worth, and predictions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import polars as pl

from cauce.core.bundle.answers import Answers
from cauce.core.candidates.leaderboard import Leaderboard
from cauce.core.candidates.telling import settings_of
from cauce.core.candidates.trials import Candidate, Trial
from cauce.core.canonical import canonical_json, digest_of
from cauce.core.evaluation import Evaluation, decode_evaluation
from cauce.core.snapshot_reading import read_manifest
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.planning.step import Step
from cauce.running.prediction import ABOUT
from cauce.running.steps.objects import read_bytes, read_json
from cauce.running.workspace import Workspace
from cauce.spec.addresses import Address

_EXPERIMENTS = Schema(
    (
        *(Field(name, "text") for name in ("run", "project", "learner", "settings")),
        Field("candidate", "integer"),
        Field("chosen", "boolean"),
        *(Field(name, "text") for name in ("dataset", "metric")),
        *(Field(name, "float") for name in ("value", "low", "high", "deviation")),
        *(Field(name, "text") for name in ("failure", "model_version", "snapshot")),
        Field("recorded_at", "datetime", zone="UTC"),
    )
)
CAPTURED = (Field("row", "integer"), *(Field(name, "text") for name in ("request", "door", "input")))
"""What the table of predictions holds of rows that a service answered, beside what a file has."""


def load_experiments(work: Workspace, step: Step, *, at: Address, run: str) -> int:
    """Write a row for each candidate and metric, in place of those of the same model and trials; how many."""
    from cauce.sources.sql.warehouse import load_frame

    evaluation = decode_evaluation(read_bytes(work.store, step.stored("evaluation")))
    board = None
    if "leaderboard" in step.inputs:
        board = Leaderboard.from_json(read_json(work.store, step.stored("leaderboard")))
    about = {
        "run": run,
        "project": work.project.name,
        "snapshot": step.stored("snapshot"),
        "recorded_at": datetime.now(UTC).replace(tzinfo=None),
    }
    rows = [{**about, **row} for row in _judged(work, evaluation, board, step.stored("bundle"))]
    frame = pl.DataFrame(
        {one.name: pl.Series([row.get(one.name) for row in rows], dtype=one.dtype) for one in _EXPERIMENTS}
    )
    names = ("snapshot", "bundle", "evaluation", *(("leaderboard",) if board else ()))
    key = digest_of({name: step.stored(name) for name in names})
    return load_frame(frame, _EXPERIMENTS, place=at, run=key, home=work.folder)


def _judged(
    work: Workspace, evaluation: Evaluation, board: Leaderboard | None, bundle: str
) -> Iterator[dict[str, Any]]:
    """The model's metrics on each dataset, then what the candidates scored on the folds."""
    chosen = Candidate(0, work.project.models[0]) if board is None else board.winner.candidate
    told = {**_said(chosen), "chosen": True, "model_version": bundle}
    for dataset, one in evaluation.datasets.items():
        for metric in one.metrics:
            ends = metric.interval
            yield {
                **told,
                "dataset": dataset,
                "metric": str(metric.name),
                "value": _finite(metric.value),
                "low": None if ends is None else _finite(ends.low),
                "high": None if ends is None else _finite(ends.high),
            }
    if board is not None:
        for trial in board.trials:
            yield {**_scored(trial, str(board.metric)), "chosen": trial.candidate.number == board.chosen}


def _scored(trial: Trial, metric: str) -> dict[str, Any]:
    return {
        **_said(trial.candidate),
        "dataset": "folds",
        "metric": metric,
        "value": _finite(trial.mean),
        "deviation": None if trial.deviation is None else _finite(trial.deviation),
        "failure": trial.code,
    }


def _said(candidate: Candidate) -> dict[str, Any]:
    return {
        "candidate": candidate.number,
        "learner": candidate.model.learner,
        "settings": canonical_json(settings_of(candidate)).decode(),
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def make_predictions(work: Workspace, step: Step, *, at: Address) -> None:
    """Make the table of predictions where it is not there: with the columns of files that are scored, and
    of what a service keeps. A table that is there stays as it is."""
    from cauce.sources.sql.warehouse import make_table

    manifest = read_manifest(work.store, step.stored("snapshot"))
    target = Target.from_json(read_json(work.store, step.stored("split"))["target"])
    answers = Answers(target, interval=work.project.evaluate.interval is not None)
    key = manifest.schema.select(work.project.data.key)
    fields = {one.name: one for one in (*key, *CAPTURED, *answers.fields, *ABOUT)}
    try:
        make_table(at, Schema(tuple(fields.values())), home=work.folder)
    except CauceError as error:
        # Who writes predictions is told: a mirror of the run needs none.
        if error.code not in ("E2563", "E2564"):
            raise
