"""A search with a clock: no round begins that would not end in time, the final fit included."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cauce.core.candidates.search.tables import TableSearch
from cauce.core.candidates.trials import Candidate, Trial
from cauce.ports.clock import Clock

LATE = 1.25
"""A round under way is given up when so many times the whole time is over."""


@dataclass
class TimedSearch:
    """Asks and tells as the search it holds, and stops a table between two rounds when there is no time for
    another one, which is taken to be as long as those before it, and for the final fit.

    whole: seconds for all tables together, from now on; None for no limit. A table's own time begins when it
    is first asked. What a killed run had finished costs none of it again. after: the seconds that the final
    fit of a candidate is foreseen to take. The first round of all is asked for in any case, and the first of
    a table with a limit of its own.
    """

    search: TableSearch
    clock: Clock
    whole: float | None = None
    after: Callable[[Trial], float] = lambda _: 0.0
    rounds: int = 0
    ended: tuple[str, int] | None = None
    _best: Trial | None = None
    _final: float = 0.0
    _asked: tuple[float, int] = (0.0, 0)
    _began: dict[int, float] = field(default_factory=dict)
    _took: dict[int, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._start = self.clock.seconds()

    def ask(self, width: int) -> tuple[Candidate, ...]:
        """The next round, of a table that has time for it."""
        while self._is_over():
            self.ended = ("time_limit", self.rounds)
            self.search.stop()
        asked = self.search.ask(width)
        now = self.clock.seconds()
        # A table that had no more to ask was left on the way.
        self._began.setdefault(self.search.table, now)
        self._asked = (now, len(asked))
        self.rounds += bool(asked)
        return asked

    def tell(self, trials: Sequence[Trial]) -> None:
        """What came of the round asked for last; of one that was given up, the trials that were finished."""
        now, (began, asked) = self.clock.seconds(), self._asked
        self._took.setdefault(self.search.table, []).append(now - began)
        self._learn(trials)
        if len(trials) == asked:
            self.search.tell(trials)
            return
        self.rounds -= 1
        self.ended = ("time_limit", self.rounds)
        while not self.search.over:
            self.search.stop()

    def is_late(self) -> bool:
        """Whether the round under way is to be given up: something can be chosen, and it takes too long."""
        if self.whole is None or self._best is None:
            return False
        return self.clock.seconds() + self._final > self._start + LATE * self.whole

    def _learn(self, trials: Sequence[Trial]) -> None:
        higher = self.search.higher
        for one in trials:
            best = self._best
            if not one.failed and (best is None or (one.mean > best.mean) == higher):
                self._best = one
        self._final = 0.0 if self._best is None else self.after(self._best)

    def _is_over(self) -> bool:
        if self.search.over:
            return False
        limit, table, now = self.search.seconds, self.search.table, self.clock.seconds()
        own = None if limit is None else self._began.setdefault(table, now) + limit
        whole = None if self.whole is None else self._start + self.whole
        took = self._took.get(table)
        # How long the first round of a table takes is not known.
        ends = [one for one in ((own, whole) if took else (whole,)) if one is not None]
        if not ends or not self.rounds:
            return False
        return now + (statistics.fmean(took) if took else 0.0) + self._final > min(ends)
