"""The choice between candidates follows its rule, says why, and survives its own JSON."""

from __future__ import annotations

import json
import statistics

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from cauce.core.candidates.leaderboard import Leaderboard, choose, complexity, ranked
from cauce.core.candidates.trials import Candidate, FoldScore, Trial, failed_trial
from cauce.core.metrics.names import MetricName
from cauce.errors import CauceError
from cauce.running.trials.refitting import refitted
from cauce.spec.models import Boosting, Forest, Logistic, ModelSettings, Penalty

AUC, LOSS = MetricName("roc_auc", positive="yes"), MetricName("log_loss")


def trial(number: int, scores: list[float], model: ModelSettings | None = None, *, rounds: int = 9) -> Trial:
    folds = (FoldScore(at, 100, score, score + 0.05, rounds, 300, 100) for at, score in enumerate(scores))
    return Trial(Candidate(number, model or Boosting()), tuple(folds))


def test_the_figures_of_a_trial_are_those_of_its_folds() -> None:
    scores = [0.7, 0.8, 0.75, 0.9]
    one = trial(0, scores)
    assert one.mean == pytest.approx(statistics.fmean(scores))
    assert one.deviation == pytest.approx(statistics.stdev(scores))
    assert one.error == pytest.approx(statistics.stdev(scores) / 2)
    assert one.gap == pytest.approx(0.05)
    assert trial(0, [0.7]).deviation is None


@given(st.lists(st.lists(st.sampled_from([0.5, 0.6, 0.7]), min_size=3, max_size=3), min_size=1, max_size=8))
@limits(max_examples=40, deadline=None)
def test_ranks_go_by_the_mean_then_by_the_order_asked_for(scores: list[list[float]]) -> None:
    """A leaderboard would change with the order in which fits end."""
    trials = [trial(number, one) for number, one in enumerate(scores)]
    for metric, sign in ((AUC, -1), (LOSS, 1)):
        found = ranked(reversed(trials), metric)
        assert [(sign * one.mean, one.candidate.number) for one in found] == sorted(
            (sign * one.mean, one.candidate.number) for one in trials
        )
        number, why = choose(found)
        assert number == found[0].candidate.number
        tied = len(found) > 1 and found[0].mean == found[1].mean
        assert why == ("only" if len(found) == 1 else "tied" if tied else "best")


def test_failed_candidates_stand_last_and_are_never_chosen() -> None:
    error = CauceError("E0803", column="y", classes=3)
    failed = failed_trial(Candidate(0, Boosting()), error)
    found = ranked([failed, trial(1, [0.5, 0.6])], AUC)
    assert [one.failed for one in found] == [False, True]
    assert choose(found) == (1, "only")
    assert found[1].failure is not None
    assert found[1].failure.message == error.message
    with pytest.raises(CauceError) as caught:
        choose([failed])
    assert caught.value.code == "E2101"


def test_one_standard_error_takes_the_simplest_that_is_near_enough() -> None:
    """By hand: the best mean is 0.80 with deviation 0.02 over 4 folds, so 0.79 is near and 0.7899 is not."""
    best = trial(0, [0.78, 0.82, 0.78, 0.82], Boosting(max_depth=8))
    assert best.error == pytest.approx(0.0231 / 2, abs=1e-4)
    near, far = trial(1, [0.789] * 4, Boosting(max_depth=4)), trial(2, [0.788] * 4, Logistic())
    order = ranked([best, near, far], AUC)
    assert choose(order) == (0, "best")
    assert choose(order, rule="one_standard_error") == (1, "simpler")
    assert choose(ranked([best, far], AUC), rule="one_standard_error") == (0, "best")


def test_simplicity_has_an_order_that_can_be_told() -> None:
    models: list[ModelSettings] = [
        Logistic(penalty=Penalty(strength=1.0)),
        Logistic(penalty=Penalty(strength=0.1)),
        Forest(trees=20, max_depth=5),
        Forest(trees=20, max_depth=9),
        Boosting(max_depth=3),
        Boosting(max_depth=6),
    ]
    simple = [complexity(trial(at, [0.5, 0.6], one)) for at, one in enumerate(models)]
    assert simple == sorted(simple)
    assert complexity(trial(0, [0.5], Boosting(), rounds=10)) < complexity(
        trial(0, [0.5], Boosting(), rounds=90)
    )


def test_a_leaderboard_survives_its_json() -> None:
    failed = failed_trial(Candidate(2, Boosting()), CauceError("E0803", column="y", classes=3))
    trials = ranked([trial(0, [0.7, 0.8]), trial(1, [0.6, 0.7], Logistic()), failed], AUC)
    board = Leaderboard(
        metric=AUC,
        folds={"by": "random", "k": 2, "repeats": 1},
        trials=trials,
        chosen=0,
        ended=("time_limit", 3),
    )
    again = Leaderboard.from_json(json.loads(json.dumps(board.to_json())))
    assert again == board
    assert again.winner.candidate.model == Boosting()
    assert again.reason == "It has the best mean of roc_auc[positive=yes]: 0.75."
    assert again[2].failed
    with pytest.raises(KeyError):
        again[7]


def test_rounds_grow_with_the_rows_up_to_what_was_asked() -> None:
    """By hand: 9 rounds on 300 of 500 rows are 15 on 500; 150 are 250, and no more than 200."""
    assert refitted(trial(0, [0.7, 0.8], rounds=9)) == Boosting(rounds=15, early_stopping=0)
    assert refitted(trial(0, [0.7, 0.8], rounds=150)) == Boosting(rounds=200, early_stopping=0)
    kept = Boosting(early_stopping=0, rounds=40)
    assert refitted(trial(0, [0.7, 0.8], kept, rounds=40)) == kept
