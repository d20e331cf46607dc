"""The ends of quantile intervals on the folds: what models that had not seen a row said of its quantiles."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from cauce.core.boosting import BoostRequest
from cauce.core.boosting_rows import POSITION
from cauce.core.candidates.trials import Trial
from cauce.core.out_of_fold import END_NAMES
from cauce.errors import CauceError
from cauce.ports.engine import TrainingRows
from cauce.running.tree_parameters import quantiles_of, tree_parameters
from cauce.running.trials.folded import Folded
from cauce.running.trials.refitting import rounds_for_all
from cauce.spec.models import Boosting


def fold_ends(folded: Folded, winner: Trial, *, level: float) -> tuple[pl.DataFrame, tuple[int, int]]:
    """Lower and upper quantile of every row outside the training rows, by POSITION, and the rounds that each
    of the two models has when it is fitted to all rows.

    Between them lies the share `level`. Each fold's two models are grown as the winner is, with the loss of a
    quantile, from the rows that teach it there. E2206 where the winner is no boosting.
    """
    model = winner.candidate.model
    if not isinstance(model, Boosting):
        raise CauceError("E2206", learner=model.learner)
    own, frames, rounds = folded.of(model), [], []
    for fold in folded.on.plan.folds:
        if fold.repeat:
            continue
        table = own.table(model, fold.number)
        parameters = tree_parameters(model, table.fitted, target=folded.on.target)
        asked = [
            BoostRequest(
                parameters=one,
                early_stopping=model.early_stopping or None,
                whole=not model.early_stopping,
                history=False,
                threads=folded.on.threads,
            )
            for one in quantiles_of(parameters, level)
        ]
        with table.lock:
            made = [_scored(table.rows, one) for one in asked]
        rounds.append([count for _, count in made])
        said = dict(zip(END_NAMES, (scores for scores, _ in made), strict=True))
        frames.append(pl.DataFrame({POSITION: table.rows.scored.get_column(POSITION), **said}))
    folds = [one for one, fold in zip(winner.folds, folded.on.plan.folds, strict=True) if not fold.repeat]
    low, high = (rounds_for_all(model, folds, rounds=list(one)) for one in zip(*rounds, strict=True))
    return pl.concat(frames).sort(POSITION), (low, high)


def _scored(rows: TrainingRows, asked: BoostRequest) -> tuple[npt.NDArray[np.float32], int]:
    found = rows.boost(asked)
    return rows.scores(found.score).astype(np.float32), found.result.best_round + 1
