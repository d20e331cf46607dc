"""The sums and the numbers of every fold's features, from one reading of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cauce.core.candidates.fold_numbers import OfFold, SideBySide, fold_features
from cauce.core.candidates.folds import FoldPlan
from cauce.core.columns import TARGET, WEIGHT
from cauce.core.features import FittedFeatures
from cauce.core.linear.folds import Division
from cauce.core.preparation import Preparation
from cauce.core.splits.blocks import block_name
from cauce.errors import CauceError
from cauce.expr.projection import Projection
from cauce.ports.engine import KEPT_BYTES, Engine, Source
from cauce.running.trials.summed_classes import KeptNumbers
from cauce.stats import Comoments, Counts, Grouped, LevelSums, Several, Worked
from cauce.stats.comoments import ComomentState

_NAMED = 5


@dataclass(frozen=True)
class FoldNumbers:
    """The folds' complete features over rows of `source`, as `prepared` has them.

    prepared: keeps every column that features read, and has the plan's blocks. fitted: of each fold.
    """

    engine: Engine
    source: Source
    prepared: Preparation
    plan: FoldPlan
    fitted: tuple[FittedFeatures, ...]

    @property
    def _table(self) -> Any:
        return self.engine.map(self.engine.scan(self.source), self.prepared)

    @cached_property
    def made(self) -> tuple[tuple[OfFold, Projection], ...]:
        """What makes each fold's features; one entry where all folds share them."""
        return fold_features(self.prepared.schema, self.plan.folds, fitted=self.fitted)

    @property
    def shared(self) -> bool:
        """Whether all folds have the same features."""
        return len(self.made) < len(self.plan.folds)

    def place(self, fold: int) -> tuple[int, int]:
        """Which entry of `made` a fold's features are, and which repetition its blocks are of."""
        return (0 if self.shared else fold), self.plan.folds[fold].repeat

    def _side_by_side(self, places: Sequence[int]) -> SideBySide:
        return SideBySide(
            self.prepared.schema, tuple(self.made[place] for place in places), self.plan.repeats
        )

    def _repeats(self, place: int) -> tuple[int, ...]:
        if self.shared:
            return tuple(range(self.plan.repeats))
        return (self.plan.folds[place].repeat,)

    @property
    def divisions(self) -> tuple[Division, ...]:
        """The blocks that train and score on each fold."""
        return tuple(Division(one.taught, one.score) for one in self.plan.folds)

    def sums(self) -> tuple[ComomentState, ...]:
        """Each fold's means and products by block, from one scan for all. E0833."""
        summaries = []
        for place in range(len(self.made)):
            work = self._side_by_side([place])
            own = (Comoments(work.names(0), TARGET, WEIGHT, block_name(at)) for at in self._repeats(place))
            summaries.append(Worked((work,), Several(tuple(own))))
        found = self.engine.summarise(self._table, *summaries)
        return self._by_fold(found)

    def _by_fold(self, found: Sequence[tuple[ComomentState, ...]]) -> tuple[ComomentState, ...]:
        places = [self.place(fold) for fold in range(len(self.plan.folds))]
        states = tuple(found[place][repeat if self.shared else 0] for place, repeat in places)
        for fold, state in enumerate(states):
            if state.skipped:
                self._refuse_missing(places[fold][0])
        return states

    def _refuse_missing(self, place: int) -> None:
        """E0833 with the features that leave rows out; one scan more, of candidates that cannot be fitted."""
        engine, work = self.engine, self._side_by_side([place])
        (counts,) = engine.summarise(engine.map(self._table, work), Counts(work.names(0)))
        outputs = self.made[place][1].outputs
        pairs = zip(outputs, work.names(0), strict=True)
        missing = [out.name for out, name in pairs if counts[name].nulls + counts[name].nans]
        more = ", …" if len(missing) > _NAMED else ""
        raise CauceError("E0833", features=", ".join(missing[:_NAMED]) + more)

    @contextmanager
    def kept(self, *, memory: int = KEPT_BYTES) -> Iterator[KeptNumbers]:
        """The numbers, to be read many times; the first reading makes them. memory: bytes kept in memory."""
        engine, work = self.engine, self._side_by_side(range(len(self.made)))
        names = tuple(name for place in range(len(self.made)) for name in work.names(place))
        table = engine.map(self._table, work)
        with engine.kept(table, single=names, memory=memory) as rows:
            summaries = []
            for place in range(len(self.made)):
                blocks = (block_name(at) for at in self._repeats(place))
                own = (Comoments(work.names(place), TARGET, WEIGHT, block) for block in blocks)
                summaries.append(Several(tuple(own)))
            every = range(self.plan.repeats)
            counts = [Grouped(block_name(at), LevelSums(TARGET, WEIGHT)) for at in every]
            found = engine.summarise(rows, *summaries, *counts)
            states = self._by_fold(found[: len(summaries)])
            yield KeptNumbers(
                scan=lambda *asked: engine.summarise(rows, *asked),
                target=self.prepared.target,
                divisions=self.divisions,
                states=states,
                levels=tuple(found[len(summaries) + one.repeat] for one in self.plan.folds),
                columns=tuple(
                    (work.names(self.place(fold)[0]), block_name(self.place(fold)[1]))
                    for fold in range(len(self.plan.folds))
                ),
            )
