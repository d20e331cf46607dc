"""What the terminal shows of a long leaderboard."""

from __future__ import annotations

from cauce.cli.rendering.tuning import in_short
from cauce.core.candidates.leaderboard import Leaderboard
from cauce.core.candidates.trials import Candidate, FoldScore, Trial
from cauce.core.metrics.names import MetricName
from cauce.spec import Boosting, Linear, ModelSettings, Penalty


def test_the_best_of_each_kind_of_model_is_shown_however_many_others_are_before_it() -> None:
    """A path of fifty penalties fills the first places; where boosting came would not be seen."""
    models: list[tuple[ModelSettings, int, float]]
    models = [(Linear(penalty=Penalty(strength=0.01 * k)), 0, 0.9 - k / 1000) for k in range(1, 51)]
    models += [(Boosting(max_depth=k), 1, 0.8 - k / 1000) for k in (3, 4)]
    trials = tuple(
        Trial(Candidate(number, model, table), (FoldScore(0, 10, score, score),))
        for number, (model, table, score) in enumerate(models)
    )
    board = Leaderboard(metric=MetricName("r2"), folds={}, trials=trials, chosen=0)
    lines = "\n".join(in_short(board, {}, width=100)).splitlines()
    assert any(line.startswith("51 ") and "boosting: max_depth 3" in line for line in lines)
    assert not any("max_depth 4" in line for line in lines)
    assert any("48 more" in line for line in lines)
