"""All trials of a project, ranked, with the one that is chosen and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cauce.core.candidates.batch_board import BatchedTable
from cauce.core.candidates.trials import Trial
from cauce.core.comparison import PairedMetric
from cauce.core.metrics.names import MetricName
from cauce.errors import CauceError
from cauce.language import format_number, format_significant, translate
from cauce.language import gettext_noop as _

VERSION = 1
Rule = Literal["best", "one_standard_error"]
Why = Literal["only", "best", "tied", "simpler"]
_LEARNERS = ("linear", "logistic", "forest", "boosting")
_REASONS: dict[Why, str] = {
    "only": _("It is the only candidate with a score."),
    "best": _("It has the best mean of {metric}: {mean}."),
    "tied": _("It shares the best mean of {metric}, {mean}, and was asked for first."),
    "simpler": _(
        "It is the simplest candidate within one standard error ({error}) of the best mean of {metric}, "
        "{best}: its own is {mean}."
    ),
}


@dataclass(frozen=True)
class Rival:
    """The best candidate against another on the same rows, which neither has seen. second: the better one.

    first, second: candidates' numbers. metric: the difference second - first with its interval.
    """

    first: int
    second: int
    rows: int
    metric: PairedMetric

    def sentence(self, first: str, second: str) -> str:
        """The verdict in the active language. first, second: what to call the candidates."""
        one = self.metric
        gain = one.gain_interval
        told = {"metric": one.name, "first": first, "second": second, "rows": format_number(self.rows)}
        told["level"] = f"{format_number(100 * gain.level, digits=0)} %"
        told |= {"low": format_significant(gain.low, 3), "high": format_significant(gain.high, 3)}
        told["gain"] = format_significant(one.gain, 3)
        if one.verdict == "same":
            return translate(_("{second} and {first} give the same answers.")).format(**told)
        if one.verdict == "none":
            text = _(
                "{second} and {first} cannot be told apart: {gain} in {metric} ({level}: {low} to {high})."
            )
            return translate(text).format(**told)
        if one.verdict == "first":
            ends = {"low": format_significant(-gain.high, 3), "high": format_significant(-gain.low, 3)}
            told |= {**ends, "gain": format_significant(-one.gain, 3), "first": second, "second": first}
        text = _("{second} is better than {first} by {gain} in {metric} ({level}: {low} to {high}).")
        return translate(text).format(**told)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {
            "first": self.first,
            "second": self.second,
            "rows": self.rows,
            "metric": self.metric.to_json(),
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Rival:
        """What `to_json` gave."""
        metric = PairedMetric.from_json(value["metric"])
        return Rival(int(value["first"]), int(value["second"]), int(value["rows"]), metric)


@dataclass(frozen=True)
class FoldCount:
    """The chosen candidate judged with another number of folds. folds: 0 for training against validation."""

    folds: int
    trial: Trial

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {"folds": self.folds, "trial": self.trial.to_json()}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> FoldCount:
        """What `to_json` gave."""
        return FoldCount(int(value["folds"]), Trial.from_json(value["trial"]))


@dataclass(frozen=True, kw_only=True)
class Leaderboard:
    """Trials by rank. What took how long is beside it (`TrialCosts`), never in it.

    metric: what decides. folds: how the rows were cut, as `[choose] folds` with its defaults filled in.
    trials: the best mean first, equal means in the order asked for, failed ones last. chosen: the number of
    the candidate. rule, why: how it was chosen. rivals: the best against the next ones. by_count: the
    chosen one by number of folds, where several were asked for. ended: why the search ended before its
    budget ("time_limit") and after which round, None where it did not. batches: of the tables with a
    `subset`.
    """

    metric: MetricName
    folds: Mapping[str, Any]
    trials: tuple[Trial, ...]
    chosen: int
    rule: Rule = "best"
    why: Why = "best"
    rivals: tuple[Rival, ...] = ()
    by_count: tuple[FoldCount, ...] = ()
    ended: tuple[str, int] | None = None
    batches: tuple[BatchedTable, ...] = ()

    def __getitem__(self, number: int) -> Trial:
        """The trial of the candidate with this number; KeyError where there is none."""
        for one in self.trials:
            if one.candidate.number == number:
                return one
        raise KeyError(number)

    @property
    def winner(self) -> Trial:
        """The trial of the chosen candidate."""
        return self[self.chosen]

    @property
    def reason(self) -> str:
        """Why that candidate, in one sentence of the active language."""
        best, own = self.trials[0], self.winner
        return translate(_REASONS[self.why]).format(
            metric=self.metric,
            mean=format_significant(own.mean, 6),
            best=format_significant(best.mean, 6),
            error="" if best.error is None else format_significant(best.error, 3),
        )

    @property
    def on_batches(self) -> list[str]:
        """How rows were cut into batches and what batches lose; nothing where there are none."""
        return [text for one in self.batches for text in one.sentences(self.trials, self.metric)]

    def to_json(self) -> dict[str, Any]:
        """A JSON value; no clock in it."""
        batches = {"batches": [one.to_json() for one in self.batches]} if self.batches else {}
        return {
            "version": VERSION,
            "metric": str(self.metric),
            "folds": dict(self.folds),
            "trials": [one.to_json() for one in self.trials],
            "chosen": self.chosen,
            "rule": self.rule,
            "why": self.why,
            "rivals": [one.to_json() for one in self.rivals],
            "by_count": [one.to_json() for one in self.by_count],
            "ended": None if self.ended is None else list(self.ended),
            **batches,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Leaderboard:
        """What `to_json` gave."""
        ended = value["ended"]
        return Leaderboard(
            metric=MetricName.parse(value["metric"]),
            folds=dict(value["folds"]),
            trials=tuple(Trial.from_json(one) for one in value["trials"]),
            chosen=int(value["chosen"]),
            rule=value["rule"],
            why=value["why"],
            rivals=tuple(Rival.from_json(one) for one in value["rivals"]),
            by_count=tuple(FoldCount.from_json(one) for one in value["by_count"]),
            ended=None if ended is None else (str(ended[0]), int(ended[1])),
            batches=tuple(BatchedTable.from_json(one) for one in value.get("batches", ())),
        )


def ranked(trials: Iterable[Trial], metric: MetricName) -> tuple[Trial, ...]:
    """The best mean first, equal means in the order asked for; failed trials last."""
    sign = 1 if metric.direction == "lower" else -1
    found = list(trials)
    fine = sorted(
        (one for one in found if not one.failed), key=lambda one: (sign * one.mean, one.candidate.number)
    )
    return (*fine, *sorted((one for one in found if one.failed), key=lambda one: one.candidate.number))


def choose(trials: Sequence[Trial], *, rule: Rule = "best") -> tuple[int, Why]:
    """The candidate's number and why. trials: as `ranked` gives them. Raises E2101 where all failed.

    one_standard_error: the simplest candidate whose mean is within the best one's standard error of the
    best mean (Breiman and others 1984, 3.4.3; Hastie, Tibshirani and Friedman 2009, 7.10).
    """
    fine = [one for one in trials if not one.failed]
    if not fine:
        first = trials[0].failure if trials else None
        raise CauceError("E2101", count=len(trials), reason="-" if first is None else str(first))
    best = fine[0]
    if len(fine) == 1:
        return best.candidate.number, "only"
    if rule == "one_standard_error" and best.error is not None:
        # A model that saw fewer rows has fewer leaves for that reason alone, and is not simpler for it.
        whole = [one for one in fine if one is best or one.candidate.model.subset is None]
        near = [one for one in whole if abs(one.mean - best.mean) <= best.error]
        simplest = min(near, key=complexity)
        if complexity(simplest) < complexity(best):
            return simplest.candidate.number, "simpler"
    return best.candidate.number, "tied" if fine[1].mean == best.mean else "best"


def complexity(trial: Trial) -> tuple[float, ...]:
    """How much a candidate can bend to its training rows; the lower the simpler.

    By learner: linear and logistic, forest, boosting. Among linear ones the stronger penalty is simpler, then
    the sparser; among trees the fewer leaves: rounds kept on the folds, times 2 to the deepest level.
    """
    model: Any = trial.candidate.model
    order = float(_LEARNERS.index(model.learner))
    if model.learner in ("linear", "logistic"):
        penalty: Any = model.penalty
        return (
            (0.0, 0.0, 0.0) if penalty is None else (0.0, -float(penalty.strength), -float(penalty.l1_ratio))
        )
    trees: Any = getattr(model, "trees", None) or trial.rounds or model.rounds
    least = 2.0 if model.min_child_weight is None else float(model.min_child_weight)
    return order, float(trees) * 2.0 ** min(model.max_depth, 30), -least
