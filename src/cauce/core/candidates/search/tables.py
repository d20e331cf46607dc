"""The searches of all `[[models]]` tables as one, numbered through, each candidate asked for once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from cauce.core.candidates.search.halving import HalvingSearch
from cauce.core.candidates.search.parzen import ParzenSearch, optuna_library
from cauce.core.candidates.search.proposals import Listed, Proposals, Space, changed
from cauce.core.candidates.search.refining import Refined
from cauce.core.candidates.search.sampling import RandomSearch, grid
from cauce.core.candidates.trials import Candidate, Trial
from cauce.spec.models import ModelSettings, StrengthPath
from cauce.spec.search import Search as Declared
from cauce.spec.space import space_of

Strengths: TypeAlias = Callable[[ModelSettings, StrengthPath, float], Sequence[float]]
"""The strengths of a path, for a linear or logistic model and one l1_ratio; they depend on the rows."""


Counts: TypeAlias = Callable[[int], int]
"""How many batches of so many rows there are; it depends on the rows."""


@dataclass(frozen=True)
class Table:
    """A `[[models]]` table's proposals. width: of its rounds. seconds: its time limit."""

    proposals: Proposals
    width: int
    seconds: float | None = None


def table_of(
    model: ModelSettings, *, seed: int, strengths: Strengths | None = None, counts: Counts | None = None
) -> Table:
    """What a `[[models]]` table of a checked project proposes. seed: where its search has none. E2139."""
    search: Declared | None = getattr(model, "search", None)
    if search is None:
        parts = [tuple(penalised(one, strengths)) for one in batched(model, counts)]
        # What differs in its penalty alone is solved together, so it is asked for together.
        return Table(Listed(tuple(itertools.chain.from_iterable(parts))), len(parts[0]))
    if search.method == "tpe":
        optuna_library()
    space = Space(
        changed(model, {"search": None}),
        space_of(model),
        seed if search.seed is None else search.seed,
    )
    made = Refined(space, lambda one: _method(search, one), search.refine, grid=search.method == "grid")
    return Table(made, search.width, search.seconds)


def batched(model: ModelSettings, counts: Counts | None = None) -> Iterator[ModelSettings]:
    """The model on all rows, then on each of its batches; a batch that holds all rows is not tried twice.

    Where the number of batches is not known, on all rows alone.
    """
    yield changed(model, {"subset": None})
    if model.subset is None or counts is None:
        return
    last = counts(model.subset.batches)
    numbers = range(1, last + 1) if model.subset.batch is None else (model.subset.batch,)
    for number in numbers if last > 1 else ():
        yield changed(model, {"subset": replace(model.subset, batch=number)})


def _method(search: Declared, space: Space) -> Proposals:
    match search.method:
        case "grid":
            return Listed(grid(space))
        case "random":
            return RandomSearch(space, search.budget)
        case "tpe":
            return ParzenSearch(space, search.budget)
        case "halving":
            return HalvingSearch(space, search.budget, search.factor)


def penalised(model: ModelSettings, strengths: Strengths | None = None) -> Iterator[ModelSettings]:
    """The model once for each of its penalties: l1_ratio outside, strengths from strong to weak inside.

    A path whose strengths are not known stays a path.
    """
    penalty: Any = getattr(model, "penalty", None)
    if penalty is None:
        yield model
        return
    for ratio in penalty.l1_ratio if isinstance(penalty.l1_ratio, tuple) else (penalty.l1_ratio,):
        found = penalty.strength
        if isinstance(found, StrengthPath):
            listed: Sequence[Any] = (found,) if strengths is None else strengths(model, found, ratio)
        else:
            listed = tuple(sorted(set(found), reverse=True)) if isinstance(found, tuple) else (found,)
        for one in listed:
            yield changed(model, {"penalty": replace(penalty, strength=one, l1_ratio=ratio)})


@dataclass
class TableSearch:
    """Asks the tables one after the other. A candidate that was asked for before is told, not asked for.

    higher: whether a higher score is better.
    """

    tables: Sequence[Table]
    higher: bool = True
    table: int = 0
    _known: dict[ModelSettings, float | None] = field(default_factory=dict)
    _round: tuple[ModelSettings, ...] = ()
    _asked: tuple[Candidate, ...] = ()

    @property
    def seconds(self) -> float | None:
        """The time limit of the table that is asked next; None where there is none."""
        return None if self.over else self.tables[self.table].seconds

    @property
    def over(self) -> bool:
        """Whether every table was asked for all it has, or stopped."""
        return self.table >= len(self.tables)

    def ask(self, width: int = 0) -> tuple[Candidate, ...]:  # noqa: ARG002 - of the protocol
        """The next round: of one table, as wide as its search says, whatever `width` is.

        What is learned from a round must not depend on who asks for it.
        """
        while not self.over:
            now = self.tables[self.table]
            self._round = now.proposals.propose(now.width)
            if not self._round:
                self.table += 1
                continue
            fresh = [model for model in dict.fromkeys(self._round) if model not in self._known]
            if fresh:
                numbers = itertools.count(len(self._known))
                self._asked = tuple(Candidate(next(numbers), one, self.table) for one in fresh)
                return self._asked
            self._learned()
        return ()

    def tell(self, trials: Sequence[Trial]) -> None:
        """What came of the round, in the order in which it was asked for."""
        told = {one.candidate.number: one for one in trials}
        for candidate in self._asked:
            trial = told[candidate.number]
            worth = trial.mean if self.higher else -trial.mean
            self._known[candidate.model] = None if trial.failed else worth
        self._asked = ()
        self._learned()

    def stop(self) -> None:
        """Ask the table under way for no more, and go on with the next."""
        self.table += 1

    def _learned(self) -> None:
        self.tables[self.table].proposals.learn([self._known[model] for model in self._round])


def search_of(
    models: Sequence[ModelSettings],
    *,
    seed: int,
    higher: bool,
    strengths: Strengths | None = None,
    counts: Counts | None = None,
) -> TableSearch:
    """The search that a project's `[[models]]` declare. seed: the project's. higher: is the better score."""
    tables = [table_of(one, seed=seed, strengths=strengths, counts=counts) for one in models]
    return TableSearch(tables, higher)
