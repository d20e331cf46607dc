"""Leaderboards made by hand, so that nothing has to be fitted to show them."""

from __future__ import annotations

import math
from typing import Any

from cauce.core.candidates.costs import TrialCosts
from cauce.core.candidates.leaderboard import FoldCount, Leaderboard, Rival, choose, ranked
from cauce.core.candidates.search.tables import search_of
from cauce.core.candidates.trials import Candidate, FoldScore, Trial
from cauce.core.comparison import PairedMetric
from cauce.core.metrics.interval import Interval
from cauce.core.metrics.names import MetricName
from cauce.spec import project_from_mapping

AUC = MetricName("roc_auc", positive="yes")
SPACE = {
    "max_depth": [3, 10],
    "eta": "log 0.01..0.3",
    "subsample": "0.5..1",
    "class_weight": ["none", "balanced"],
}
TABLES: list[dict[str, Any]] = [
    {"learner": "logistic", "penalty": {"lambda": [1, 0.1, 0.01]}},
    {"search": {"method": "random", "space": SPACE, "trials": 40}},
]


def models(tables: list[dict[str, Any]]) -> tuple[Any, ...]:
    mapping = {"name": "a", "data": {"source": "a.csv"}, "target": {"column": "y"}, "models": tables}
    return project_from_mapping(mapping).models


def worth(candidate: Candidate) -> float:
    """A score that depends on the settings, as one would: the same on every machine to four digits."""
    model: Any = candidate.model
    if model.learner != "boosting":
        return 0.70 + 0.01 * math.log10(model.penalty.strength + 0.001)
    away = (
        (model.max_depth - 6) ** 2 / 40 + math.log(model.eta / 0.06) ** 2 / 6 + (model.subsample - 0.8) ** 2
    )
    return 0.80 - 0.1 * away + 0.004 * (candidate.number % 5)


def trial(candidate: Candidate) -> Trial:
    if candidate.number == 9:
        return Trial(candidate, (), "E0806")
    score, model = worth(candidate), candidate.model
    rounds = 80 + candidate.number if model.learner == "boosting" else None
    folds = (-0.02, -0.01, 0.0, 0.01, 0.02)
    return Trial(
        candidate,
        tuple(
            FoldScore(at, 100, round(score + off, 4), round(score + 0.04, 4), rounds, 400)
            for at, off in enumerate(folds)
        ),
    )


def board(tables: list[dict[str, Any]] = TABLES, **changed: Any) -> Leaderboard:
    """A search of two tables: three logistic regressions and forty boosted ones, one of which failed."""
    search, found = search_of(models(tables), seed=0, higher=True), []
    while asked := search.ask(100):
        told = [trial(one) for one in asked]
        search.tell(told)
        found += told
    trials = ranked(found, AUC)
    number, why = choose(trials)
    second = trials[1].candidate.number
    gain = PairedMetric(AUC, trials[1].mean, trials[0].mean, Interval(-0.011, 0.014, method="delong"))
    third = PairedMetric(AUC, trials[-2].mean, trials[0].mean, Interval(0.021, 0.104, method="delong"))
    made: dict[str, Any] = {
        "metric": AUC,
        "folds": {"k": [5, 3], "by": "stratified", "repeats": 1},
        "trials": trials,
        "chosen": number,
        "why": why,
        "rivals": (
            Rival(second, number, 500, gain),
            Rival(trials[-2].candidate.number, number, 500, third),
        ),
        "by_count": (
            FoldCount(5, trials[0]),
            FoldCount(3, Trial(trials[0].candidate, trials[0].folds[1:4])),
        ),
    }
    return Leaderboard(**{**made, **changed})


def costs(of: Leaderboard) -> dict[int, TrialCosts]:
    return {one.candidate.number: TrialCosts(1.5 + one.candidate.number / 10, 0.0) for one in of.trials}
