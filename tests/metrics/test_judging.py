"""The metric that decides between candidates is the metric that the evaluation shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from cauce.core.metrics.doubt import Sampling
from cauce.core.metrics.evaluating import Question, answered
from cauce.core.metrics.judging import Judge
from cauce.core.metrics.requests import Guess, ScoredColumns
from cauce.core.metrics.target import Target, metric_names

ROWS = 700
TARGETS = {
    "binary": Target("binary", ("no", "yes")),
    "multiclass": Target("multiclass", ("a", "b", "c")),
    "regression": Target("regression", log_scale=True),
}


def rows(target: Target, *, weighted: bool) -> tuple[Any, Any, Any]:
    """Scores [n, classes] or [n], labels and weights, with ties."""
    draw = np.random.default_rng(8)
    weight = draw.integers(1, 5, ROWS).astype(float) if weighted else np.ones(ROWS)
    if target.task == "regression":
        label = draw.lognormal(2, 1, ROWS).round(2)
        return np.abs(label + draw.normal(size=ROWS)).astype(np.float32), label, weight
    classes = len(target.classes)
    raw = draw.random((ROWS, classes)).round(1) + 0.05
    scores = (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)
    label = np.array([draw.choice(classes, p=one / one.sum()) for one in scores.astype(float)], dtype=float)
    return scores, label, weight


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("task", TARGETS)
def test_every_metric_is_the_evaluations(task: str, weighted: bool) -> None:
    """A leaderboard by another roc_auc than the report's would choose by a number nobody can check."""
    target = TARGETS[task]
    scores, label, weight = rows(target, weighted=weighted)
    names = tuple(f"p{at}" for at in range(len(target.classes)))
    wide = scores.reshape(ROWS, -1).astype(np.float64)
    columns: dict[str, Any] = {"label": label, "weight": weight, "__bucket__": np.arange(ROWS) % 64}
    columns |= {name: wide[:, at] for at, name in enumerate(names)}
    predicted = wide[:, 0] if task == "regression" else np.argmax(scores, axis=1)
    if task == "binary":
        predicted = (wide[:, 1] >= 0.5).astype(int)
    asked = Question(
        target=target,
        columns=ScoredColumns(
            label="label", predicted="predicted", probabilities=names, weight="weight" if weighted else None
        ),
        guess=Guess(),
        how=Sampling(),
    )
    frame = pl.DataFrame({**columns, "predicted": predicted})
    if task == "regression":
        frame = frame.with_columns(pl.col("predicted").cast(pl.Float64))
    results = [one.result(one.update(one.start(), frame)) for one in asked.summaries]
    shown = {
        str(one.name): one.value
        for one in answered(asked, {"validation": results}).datasets["validation"].metrics
    }
    for name in metric_names(target):
        own = Judge(target, name).value(scores, label=label, weight=weight)
        assert own == pytest.approx(shown[str(name)], rel=1e-6, abs=1e-9), str(name)


def test_a_metric_without_a_value_is_none() -> None:
    target = TARGETS["binary"]
    scores = np.full((5, 2), 0.5, dtype=np.float32)
    judge = Judge(target, metric_names(target)[0])
    assert judge.value(scores, label=np.ones(5), weight=np.ones(5)) is None
    assert judge.value(scores[:0], label=np.ones(0), weight=np.ones(0)) is None
    numbers = Judge(TARGETS["regression"], replace(metric_names(TARGETS["regression"])[0], kind="r2"))
    assert numbers.value(np.ones(4), label=np.ones(4), weight=np.ones(4)) is None
