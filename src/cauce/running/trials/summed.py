"""Linear and logistic candidates on all folds at once: solved from sums, in as few readings as there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from math import isfinite
from threading import RLock
from typing import TYPE_CHECKING, Any

from cauce.core.candidates.trials import Candidate, FoldScore
from cauce.core.linear.folds import FROM_SUMS, FoldSolutions, path_strengths, solved
from cauce.core.linear.model import LinearModel
from cauce.core.linear.penalties import LEAST_RATIO, spaced
from cauce.core.linear.quadratic import Penalty
from cauce.core.metrics.names import MetricName
from cauce.errors import CauceError
from cauce.ports.engine import KEPT_BYTES
from cauce.running.linear_learning import single
from cauce.running.trials.fold_sums import FoldNumbers
from cauce.running.trials.summed_classes import ClassFolds, KeptNumbers
from cauce.spec.models import Linear, Logistic, ModelSettings, StrengthPath
from cauce.stats.comoments import ComomentState

if TYPE_CHECKING:
    from cauce.running.trials.folded import Folded


@dataclass(eq=False)
class SummedFolds:
    """Linear and logistic candidates of one plan. Used as a context: what was read goes when it ends.

    One scan gives every linear candidate's coefficients and squared errors. Logistic ones keep the features'
    numbers, in one scan, and read them for each step of Newton's, all candidates and folds together.
    """

    folded: Folded
    _lock: Any = field(default_factory=RLock)
    _stack: ExitStack = field(default_factory=ExitStack)
    _solutions: dict[Penalty, tuple[tuple[FoldSolutions, ...], int]] = field(default_factory=dict)
    _made: dict[Any, Any] = field(default_factory=dict)
    _told: int = 0

    def close(self) -> None:
        """Let kept numbers go."""
        self._made.clear()
        self._stack.close()

    def newly_read(self) -> int:
        """How often rows were read since this was last asked: for sums, to keep numbers, and over those."""
        steps = sum(one.scans for one in self._made.values() if isinstance(one, ClassFolds))
        before, self._told = self._told, steps + sum(key in self._made for key in ("sums", "kept"))
        return self._told - before

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` gives, or the error that it raises, the first time."""
        if key not in self._made:
            try:
                self._made[key] = make()
            except CauceError as error:
                self._made[key] = error
        if isinstance(self._made[key], CauceError):
            raise self._made[key]
        return self._made[key]

    def strengths(self, model: ModelSettings, path: StrengthPath, *, l1_ratio: float) -> tuple[float, ...]:
        """The strengths of a path, the same on every fold: down from where no feature counts on any."""
        with self._lock:
            if isinstance(model, Linear):
                return path_strengths(
                    self._sums, self._numbers.divisions, l1_ratio=l1_ratio, count=path.path, least=path.least
                )
            first = self._of_classes(model).first_strength
        return spaced(first / max(l1_ratio, LEAST_RATIO), count=path.path, least=path.least)

    def prepare(
        self, candidates: Sequence[Candidate], *, told: Callable[[float], None] = lambda _: None
    ) -> None:
        """Solve all of these together, those that are linear or logistic; `model` says what prevents it.

        told: of how many fits of logistic ones are solved so far.
        """
        with self._lock, suppress(CauceError):
            self._solved(candidates, told)

    def _solved(
        self, candidates: Sequence[Candidate], told: Callable[[float], None] = lambda _: None
    ) -> None:
        numbers = self.folded.on.target.task == "regression"
        linear = [one.model for one in candidates if isinstance(one.model, Linear) and numbers]
        logistic = [one.model for one in candidates if isinstance(one.model, Logistic) and not numbers]
        penalties = [single(one.penalty) for one in linear]
        fresh = [one for one in dict.fromkeys(penalties) if one not in self._solutions]
        if fresh:
            found = solved(self._sums, self._numbers.divisions, penalties=fresh)
            self._solutions |= {one: (found, place) for place, one in enumerate(fresh)}
        wanted: dict[ModelSettings, list[Penalty]] = {}
        for one in logistic:
            wanted.setdefault(_penalty_apart(one), []).append(single(one.penalty))
        before = 0
        for model, own in wanted.items():
            self._of_classes(model).solve(own, told=partial(_told_beyond, told, before))
            before += len(own) * len(self.folded.on.plan.folds)

    def model(self, candidate: Candidate, number: int) -> LinearModel:
        """The candidate's model on one fold. Raises E0820, E0821, E0836, E2160 to E2163."""
        own: Any = candidate.model
        with self._lock:
            self._solved([candidate])
            if isinstance(own, Linear):
                folds, place = self._solutions[single(own.penalty)]
                return folds[number].model(place)
            return self._of_classes(own).model(single(own.penalty), number)

    def scores(self, candidate: Candidate, metric: MetricName) -> tuple[FoldScore, ...] | None:
        """The metric of a linear candidate on every fold from sums alone; None where that needs rows."""
        own: Any = candidate.model
        plain = metric.kind in FROM_SUMS and metric.scale is None and self.folded.on.transform is None
        if not isinstance(own, Linear) or not plain:
            return None
        try:
            with self._lock:
                self._solved([candidate])
                folds, place = self._solutions[single(own.penalty)]
        except CauceError:
            return None
        found = []
        for number, one in enumerate(folds):
            judged, learned = one.judged, one.learned
            score, train_score = (float(part.metric(metric.kind)[place]) for part in (judged, learned))
            found.append(FoldScore(number, judged.rows, score, train_score, None, learned.rows))
        fine = all(isfinite(one.score) and isfinite(one.train_score) for one in found)
        return tuple(found) if fine else None

    @cached_property
    def _numbers(self) -> FoldNumbers:
        on = self.folded.on
        fitted = self.folded.features(Linear())
        read = {name for one in fitted for name in one.required.names}
        names = tuple(name for name in on.prepared.input.names if name in read)
        prepared = replace(on.prepared, keep=names)
        return FoldNumbers(on.work.engine, on.source, prepared, on.plan, fitted)

    @property
    def _sums(self) -> tuple[ComomentState, ...]:
        found: tuple[ComomentState, ...] = self._once("sums", self._numbers.sums)
        return found

    def _of_classes(self, model: ModelSettings) -> ClassFolds:
        """What solves logistic models that differ from this one in their penalty alone."""
        own: Any = _penalty_apart(model)
        found: ClassFolds = self._once(own, lambda: ClassFolds(self._kept, own.class_weight))
        return found

    @property
    def _kept(self) -> KeptNumbers:
        memory = self.folded.on.work.project.engine.memory_bytes or KEPT_BYTES
        found: KeptNumbers = self._once(
            "kept", lambda: self._stack.enter_context(self._numbers.kept(memory=memory))
        )
        return found


def _told_beyond(told: Callable[[float], None], before: float, count: float) -> None:
    """Tell of so many fits beside those of other settings."""
    told(before + count)


def _penalty_apart(model: Any) -> ModelSettings:
    """The settings that candidates solved together have in common."""
    found: ModelSettings = replace(model, penalty=Logistic().penalty)
    return found
