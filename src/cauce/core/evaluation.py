"""All that is known about how good a model is: a value with JSON in and out, and no row of data in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cauce.core.answering.effects import AnswerEffects
from cauce.core.contributions.summary import ContributionSummary
from cauce.core.linear.path import CoefficientPath
from cauce.core.metrics.dataset import DatasetEvaluation
from cauce.core.metrics.gap import Gap, gap_between
from cauce.core.metrics.keys import DATASETS, Dataset, baseline_key, tracker_key
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.permutation import PermutationImportance
from cauce.core.metrics.residuals import ResidualAnalysis
from cauce.core.metrics.slices import Slice, weakest
from cauce.core.metrics.target import Target
from cauce.core.metrics.thresholds import ThresholdChoice, ThresholdTable
from cauce.errors import CauceError

VERSION = 2
READ = (1, 2)
THRESHOLD = 0.5
SLICES_TOLD = 3
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class History:
    """A loss by round of training. metric: the trainer's name for it. best_round: 0-based, the one kept;
    None of a forest, which keeps every tree."""

    metric: str
    losses: Mapping[str, tuple[float, ...]]
    best_round: int | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Evaluation:
    """How good a model is, on each dataset.

    threshold: a positive class's probability of this or more is predicted positive (binary; 0.5 unless
    chosen); with more classes the most probable is predicted, the first of equals. importance: total
    gain by feature, largest first; where `summed`, the size of each standardised coefficient. headline: the
    metric to name first; the first of the target's where not chosen. thresholds: what each gives on
    validation rows; choice: how `threshold` was chosen (both binary only). slices: parts of the validation
    and test rows. permutation: by column of the user's. answers: what calibration, another scale and
    intervals did, where there is any. path: of a linear or logistic model with a penalty, how coefficients
    grow as it weakens.
    """

    target: Target
    datasets: Mapping[Dataset, DatasetEvaluation]
    threshold: float = THRESHOLD
    headline: MetricName | None = None
    importance: tuple[tuple[str, float], ...] = ()
    history: History | None = field(default=None)
    thresholds: ThresholdTable | None = None
    choice: ThresholdChoice | None = None
    slices: tuple[Slice, ...] = ()
    permutation: PermutationImportance | None = None
    contributions: ContributionSummary | None = None
    residuals: ResidualAnalysis | None = None
    answers: AnswerEffects | None = None
    summed: bool = False
    path: CoefficientPath | None = None

    @property
    def gap(self) -> Gap:
        """Training against validation and test in the headline metric."""
        name = self.headline or next(iter(self.datasets.values())).metrics[0].name
        return gap_between(self.datasets, name)

    @property
    def weakest(self) -> tuple[Slice, ...]:
        """Slices that are worse than all rows beyond chance: of validation rows, of test rows without any."""
        judged = "validation" if "validation" in self.datasets else "test"
        return weakest([one for one in self.slices if one.dataset == judged])

    @property
    def notices(self) -> tuple[str, ...]:
        """What a user should hear beside the numbers, in sentences of the active language.

        Whether the model holds on rows it has not seen, how the threshold was chosen, the weakest slices.
        """
        gap = self.gap
        doubts = tuple(text for one, text in zip(gap.drops, gap.details, strict=True) if one.beyond_chance)
        chosen = self.choice is not None and self.choice.rule != "fixed"
        choice = (self.choice.sentence,) if self.choice is not None and chosen else ()
        answers = () if self.answers is None else self.answers.sentences
        return (
            gap.sentence,
            *doubts,
            *choice,
            *answers,
            *(one.sentence for one in self.weakest[:SLICES_TOLD]),
        )

    def tracked(self) -> dict[str, float]:
        """Every defined metric, its interval's ends and the best guess's value, by tracker key."""
        found = {}
        for dataset, one in self.datasets.items():
            for metric in one.metrics:
                if metric.value is not None:
                    found[tracker_key(metric.name, dataset)] = metric.value
                if metric.interval is not None:
                    found[tracker_key(metric.name, dataset, end="low")] = metric.interval.low
                    found[tracker_key(metric.name, dataset, end="high")] = metric.interval.high
                guess = one.baseline(str(metric.name))
                if guess is not None and guess.value is not None:
                    found[baseline_key(metric.name, dataset)] = guess.value
        return found

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        found: dict[str, Any] = {
            "version": VERSION,
            "target": self.target.to_json(),
            "threshold": self.threshold,
            "headline": None if self.headline is None else str(self.headline),
            "datasets": {name: one.to_json() for name, one in self.datasets.items()},
            "importance": [[name, gain] for name, gain in self.importance],
        }
        parts = {"thresholds": self.thresholds, "choice": self.choice, "permutation": self.permutation}
        found |= {name: part.to_json() for name, part in parts.items() if part is not None}
        if self.contributions is not None:
            found["contributions"] = self.contributions.to_json()
        if self.residuals is not None:
            found["residuals"] = self.residuals.to_json()
        if self.answers is not None:
            found["answers"] = self.answers.to_json()
        if self.summed:
            found["summed"] = True
        if self.path is not None:
            found["path"] = self.path.to_json()
        if self.slices:
            found["slices"] = [one.to_json() for one in self.slices]
        if self.history is not None:
            losses = {name: list(values) for name, values in self.history.losses.items()}
            found["history"] = {
                "metric": self.history.metric,
                "losses": losses,
                "best_round": self.history.best_round,
            }
        return found

    @staticmethod
    def from_json(value: dict[str, Any]) -> Evaluation:
        """The evaluation that `to_json` wrote. Raises E0906 for anything else."""
        try:
            return _evaluation(value)
        except CauceError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise CauceError("E0906", reason=f"{type(error).__name__}: {error}") from error


def encode_evaluation(evaluation: Evaluation) -> bytes:
    """The evaluation as JSON bytes, the same for equal evaluations."""
    text = json.dumps(evaluation.to_json(), allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def decode_evaluation(data: bytes) -> Evaluation:
    """The evaluation that `encode_evaluation` wrote. Raises E0906 for anything else."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CauceError("E0906", reason=type(error).__name__) from error
    return Evaluation.from_json(value)


def _evaluation(value: dict[str, Any]) -> Evaluation:
    if value["version"] not in READ:
        raise CauceError("E0906", reason=f"version {value['version']}")
    unknown = set(value["datasets"]) - set(DATASETS)
    if unknown:
        raise CauceError("E0906", reason=f"dataset {min(unknown)}")
    history = value.get("history")
    headline = value["headline"]
    return Evaluation(
        target=Target.from_json(value["target"]),
        threshold=float(value["threshold"]),
        headline=None if headline is None else MetricName.parse(headline),
        datasets={name: DatasetEvaluation.from_json(part) for name, part in value["datasets"].items()},
        importance=tuple((str(name), float(gain)) for name, gain in value["importance"]),
        history=None if history is None else _history(history),
        thresholds=_part(value, "thresholds", ThresholdTable.from_json),
        choice=_part(value, "choice", ThresholdChoice.from_json),
        slices=tuple(Slice.from_json(one) for one in value.get("slices", ())),
        permutation=_part(value, "permutation", PermutationImportance.from_json),
        contributions=_part(value, "contributions", ContributionSummary.from_json),
        residuals=_part(value, "residuals", ResidualAnalysis.from_json),
        answers=_part(value, "answers", AnswerEffects.from_json),
        summed=bool(value.get("summed", False)),
        path=_part(value, "path", CoefficientPath.from_json),
    )


def _part(value: dict[str, Any], name: str, read: Callable[[dict[str, Any]], T]) -> T | None:
    return read(value[name]) if name in value else None


def _history(value: dict[str, Any]) -> History:
    losses = {name: tuple(map(float, values)) for name, values in value["losses"].items()}
    return History(metric=value["metric"], losses=losses, best_round=value["best_round"])
