"""One candidate on one fold: fitted, scored and judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cauce.core.boosting import BoostRequest
from cauce.core.candidates.trials import Candidate, FoldScore
from cauce.core.columns import WEIGHT
from cauce.core.matrix import Matrix
from cauce.errors import CauceError
from cauce.ports.clock import Clock
from cauce.running.tree_parameters import tree_parameters
from cauce.running.trials.folded import Folded, FoldTable, Judged, own_label
from cauce.spec.models import TASKS, Boosting, Forest

Raw = npt.NDArray[np.float32]
Score = Callable[[Matrix], Matrix]


class Stopped(Exception):  # noqa: N818 - no failure: somebody wants the work to end
    """Raised inside a fit that nobody waits for any more."""


@dataclass(frozen=True, eq=False)
class FoldResult:
    """What a candidate came to on one fold.

    raw: of the rows that score, in the order of the table's `rows.scored`: probabilities [n, classes], or
    values [n] on the scale that is learned. seconds: of fitting and scoring. payload: the fitted model's.
    """

    score: FoldScore
    raw: Raw
    seconds: float
    payload: bytes


@dataclass(frozen=True)
class _Fitted:
    """A model still at hand. rounds: those kept, None where there are none. trained: rows that taught it.

    whole: whether rows that could stop the training were among them.
    """

    score: Score
    rounds: int | None
    trained: int
    payload: bytes
    whole: bool = True


@dataclass(frozen=True, kw_only=True)
class How:
    """threads: of one fit. going: asked after every round whether to go on; `Stopped` is raised where not."""

    threads: int
    going: Callable[[], bool]
    clock: Clock

    def check(self, *_: Any) -> None:
        """Go on, or not."""
        if not self.going():
            raise Stopped


def judge_fold(folded: Folded, candidate: Candidate, *, number: int, how: How) -> FoldResult:
    """Fit `candidate` to the rows that train on fold `number` and judge it on those that score.

    Raises what a learner raises, E0830 and E2106.
    """
    on, model = folded.on, candidate.model
    if on.target.task not in TASKS[model.learner]:
        raise CauceError("E0830", learner=model.learner, task=on.target.task)
    table = folded.table(model, number)
    with table.lock:
        began = how.clock.seconds()
        if isinstance(model, Boosting | Forest):
            fitted = _trees(on, table, model, how)
        else:
            summed = folded.summed.model(candidate, number)
            fitted = _Fitted(summed.scores, None, table.rows.taught, summed.to_bytes())
        raw = table.rows.scores(fitted.score)
        sampled = table.rows.sampled_scores(fitted.score, whole=fitted.whole)
        seconds = how.clock.seconds() - began
    seen, sample = table.rows.scored, table.rows.sampled(whole=fitted.whole)
    taught = sample["label"].to_numpy()
    learned = taught if on.transform is None else on.transform.back(taught)
    score = FoldScore(
        fold=number,
        rows=len(raw),
        score=_metric(on, raw, own_label(on, seen), seen[WEIGHT].to_numpy(), number),
        train_score=_metric(on, sampled, learned, sample["weight"].to_numpy(), number),
        rounds=fitted.rounds,
        trained=fitted.trained,
        stopped=table.rows.taught - fitted.trained,
    )
    return FoldResult(score, raw, seconds, fitted.payload)


def _trees(on: Judged, table: FoldTable, model: Boosting | Forest, how: How) -> _Fitted:
    stops = (isinstance(model, Boosting) and model.early_stopping) or None
    asked = BoostRequest(
        parameters=tree_parameters(model, table.fitted, target=on.target),
        early_stopping=stops,
        whole=stops is None,
        history=False,
        threads=how.threads,
    )
    found = table.rows.boost(asked, observe=how.check)
    rounds = found.result.best_round + 1 if isinstance(model, Boosting) else None
    return _Fitted(found.score, rounds, found.result.rows, found.result.payload, asked.whole)


def _metric(on: Judged, raw: Raw, label: Any, weight: Any, number: int) -> float:
    scores: Any = raw if on.transform is None else on.transform.back(raw)
    found = on.judge.value(scores, label=label, weight=weight)
    if found is None or not np.isfinite(found):
        raise CauceError("E2106", name=on.judge.metric, fold=number + 1)
    return found
