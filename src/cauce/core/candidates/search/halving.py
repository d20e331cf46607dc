"""Successive halving."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from cauce.core.candidates.search.proposals import Space, changed
from cauce.core.candidates.search.sampling import draws
from cauce.spec.models import ModelSettings
from cauce.spec.search import RESOURCE

LEAST = 5
"""No candidate is judged by fewer boosting rounds (trees of a forest)."""


@dataclass(frozen=True)
class Rung:
    """A round of halving: how many candidates get how much of the resource."""

    candidates: int
    resource: int


def rungs(candidates: int, most: int, *, factor: int) -> tuple[Rung, ...]:
    """The rounds: one candidate in `factor` goes on with `factor` times the resource, the last with `most`.

    Jamieson and Talwalkar 2016, Non-stochastic best arm identification and hyperparameter optimization
    (AISTATS). As many rounds as the candidates, and at least `LEAST` of the resource, allow.
    """
    count = 1
    while candidates >= factor**count and most >= LEAST * factor**count:
        count += 1
    return tuple(
        Rung(max(1, candidates // factor**place), max(1, round(most / factor ** (count - 1 - place))))
        for place in range(count)
    )


@dataclass
class HalvingSearch:
    """Draws many models, judges them by few rounds, and gives the best ones more.

    The resource is boosting rounds (trees of a forest), not rows: the binned matrices of the folds serve
    every round, and a candidate of an early one is an ordinary model with fewer rounds.
    """

    space: Space
    candidates: int
    factor: int
    _rung: int = 0
    _waiting: list[ModelSettings] = field(default_factory=list)
    _judged: list[tuple[ModelSettings, float | None]] = field(default_factory=list)
    _round: tuple[ModelSettings, ...] = ()
    _plan: tuple[Rung, ...] = ()

    def __post_init__(self) -> None:
        models = list(itertools.islice(draws(self.space), self.candidates))
        self._plan = rungs(len(models), getattr(self.space.model, self._resource), factor=self.factor)
        self._waiting = self._given(models)

    @property
    def _resource(self) -> str:
        return RESOURCE[self.space.model.learner]

    def _given(self, models: Sequence[ModelSettings]) -> list[ModelSettings]:
        """The models with the resource of the rung."""
        return [changed(one, {self._resource: self._plan[self._rung].resource}) for one in models]

    def propose(self, width: int) -> tuple[ModelSettings, ...]:
        """The next `width` of the rung; the next rung where all of it are judged."""
        if not self._waiting:
            self._climb()
        self._round = tuple(self._waiting[:width])
        del self._waiting[:width]
        return self._round

    def learn(self, worth: Sequence[float | None]) -> None:
        """Note what they are worth."""
        self._judged += zip(self._round, worth, strict=True)

    def _climb(self) -> None:
        self._rung += 1
        fine = [(model, value) for model, value in self._judged if value is not None]
        self._judged.clear()
        if self._rung < len(self._plan):
            best = sorted(fine, key=lambda one: -one[1])[: self._plan[self._rung].candidates]
            self._waiting = self._given([model for model, _ in best])
