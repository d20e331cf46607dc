"""What asks for candidates: a search is asked in rounds and told what came of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cauce.core.candidates.trials import Candidate, Trial
from cauce.spec.models import ModelSettings


class Search(Protocol):
    """Asks for candidates in rounds. Trials are told in the order in which they were asked for.

    What it asks next depends on what it was told and on nothing else: no clock, no number of cores.
    """

    def ask(self, width: int) -> tuple[Candidate, ...]:
        """The next round, at most `width` candidates; none where the search is over."""
        ...

    def tell(self, trials: Sequence[Trial]) -> None:
        """What came of the round asked for last."""
        ...


@dataclass
class Listed:
    """The candidates a project lists, one after the other."""

    models: Sequence[ModelSettings]
    asked: int = field(default=0)

    def ask(self, width: int) -> tuple[Candidate, ...]:
        """The next `width` of the list."""
        first = self.asked
        self.asked = min(first + width, len(self.models))
        return tuple(Candidate(at, self.models[at], at) for at in range(first, self.asked))

    def tell(self, trials: Sequence[Trial]) -> None:
        """A list does not change with what is told."""


def families(candidates: Iterable[Candidate]) -> tuple[tuple[Candidate, ...], ...]:
    """Candidates by what can be solved at once: linear (or logistic) ones that differ in their penalty alone.

    Every other candidate is a family of its own. Families come in the order of their first candidate.
    """
    found: dict[object, list[Candidate]] = {}
    for one in candidates:
        found.setdefault(_family(one), []).append(one)
    return tuple(tuple(family) for family in found.values())


def _family(candidate: Candidate) -> object:
    model = candidate.model
    if model.learner not in ("linear", "logistic"):
        return candidate.number
    return (model.learner, getattr(model, "class_weight", None))
