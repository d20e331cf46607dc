"""How long the final fit will take, from what fits to folds took."""

from __future__ import annotations

import statistics

from cauce.core.candidates.trials import Trial
from cauce.running.trials.folded import Judged
from cauce.running.trials.records import costs_of
from cauce.running.trials.rounds import Rounds
from cauce.spec.evaluate import wants_quantiles


def final_seconds(on: Judged, rounds: Rounds, *, trial: Trial) -> float:
    """Seconds for what comes after the search if the trial's candidate is chosen; 0 where nothing is known.

    A fit to all rows takes as much more than one to a fold as there are more rows, with all threads instead
    of a fold's share of them. Ends of intervals are two more fits, there and on each fold.
    """
    costs = costs_of(rounds.records.store, rounds.digests[trial.candidate.number])
    if costs is None:
        return 0.0
    taught = statistics.fmean(one.trained + one.stopped for one in trial.folds)
    rows = max(one.trained + one.stopped + one.rows for one in trial.folds)
    side_by_side = max(1, min(on.threads, len(trial.folds)))
    fit = costs.seconds / len(trial.folds) * rows / max(taught, 1) / side_by_side
    ends = 2 * (fit + costs.seconds / side_by_side) if wants_quantiles(on.work.project) else 0.0
    return fit + ends
