"""The best candidates against each other, on rows that none of them has learned from."""

from __future__ import annotations

from typing import Any

import polars as pl

from cauce.core.boosting_rows import POSITION
from cauce.core.bundle.answers import Answers, probability_name
from cauce.core.candidates.leaderboard import Rival
from cauce.core.candidates.trials import Trial
from cauce.core.columns import TARGET, WEIGHT
from cauce.core.evaluation_rows import BUCKET
from cauce.core.metrics.doubt import Sampling
from cauce.core.metrics.pairing import PairedColumns, comparable, paired_metrics, paired_summaries
from cauce.core.out_of_fold import said_of
from cauce.core.paired_rows import PREDICTED, scored_name
from cauce.running.trials.folded import Judged
from cauce.running.trials.rounds import KEPT_TRIALS, Rounds


def answered(on: Judged, frame: pl.DataFrame, *, threshold: float | None) -> list[pl.Series]:
    """`prediction` and probabilities of kept rows, as a scorer with class numbers gives them."""
    said: Any = said_of(frame, outputs=max(len(on.target.classes), 1))
    if on.transform is not None:
        said = on.transform.back(said)
    return Answers(on.target, threshold, numbers=True).columns(said)


def rivals(on: Judged, rounds: Rounds, *, ranked: tuple[Trial, ...], how: Sampling) -> tuple[Rival, ...]:
    """The first candidate against each of the next ones, where the metric can be compared row by row."""
    fine = [one for one in ranked if not one.failed][:KEPT_TRIALS]
    metric, known = on.judge.metric, comparable(on.judge.target)
    if len(fine) < 2 or metric not in known:
        return ()
    threshold = on.judge.threshold
    best, found = rounds.scores(fine[0]), []
    for other in fine[1:]:
        one = _paired(on, (rounds.scores(other), best), how=how, threshold=threshold)
        if one is not None:
            found.append(Rival(other.candidate.number, fine[0].candidate.number, best.height, one))
    return tuple(found)


def _paired(on: Judged, frames: tuple[pl.DataFrame, pl.DataFrame], *, how: Sampling, threshold: float) -> Any:
    """The difference, second less first. Rows are the same and in the same order."""
    first, second = frames
    assert first[POSITION].equals(second[POSITION])
    columns: dict[str, Any] = {name: first.get_column(name) for name in (TARGET, WEIGHT, BUCKET)}
    for at, frame in enumerate(frames):
        for one in answered(on, frame, threshold=threshold):
            columns[scored_name(at, one.name)] = one
    names = [probability_name(name) for name in on.target.class_names]
    asked = PairedColumns(
        label=TARGET,
        predicted=PREDICTED,
        probabilities=tuple(tuple(scored_name(at, name) for name in names) for at in (0, 1)),  # type: ignore[arg-type]
        weight=WEIGHT if on.work.project.data.weight else None,
        thresholds=(threshold, threshold),
    )
    target, rows = on.judge.target, pl.DataFrame(columns)
    summaries = paired_summaries(target, asked, how=how)
    results = [one.result(one.update(one.start(), rows)) for one in summaries]
    found = paired_metrics(target, results, names=(on.judge.metric,), columns=asked, how=how)
    return found[0] if found else None
