"""A search with a clock: where a table's time is over, no further round of it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cauce.core.candidates.search.tables import TableSearch
from cauce.core.candidates.trials import Candidate, Trial
from cauce.ports.clock import Clock


@dataclass
class TimedSearch:
    """Asks and tells as the search it holds, and stops a table between two rounds when its time is over.

    A table's time begins when it is first asked; what a killed run had finished costs none of it again.
    """

    search: TableSearch
    clock: Clock
    rounds: int = 0
    ended: tuple[str, int] | None = None
    _began: dict[int, float] = field(default_factory=dict)

    def ask(self, width: int) -> tuple[Candidate, ...]:
        """The next round, of a table whose time is not over."""
        while self._is_over():
            self.ended = ("time_limit", self.rounds)
            self.search.stop()
        asked = self.search.ask(width)
        # A table that had no more to ask was left on the way.
        self._began.setdefault(self.search.table, self.clock.seconds())
        self.rounds += bool(asked)
        return asked

    def tell(self, trials: Sequence[Trial]) -> None:
        """What came of the round asked for last."""
        self.search.tell(trials)

    def _is_over(self) -> bool:
        limit, table = self.search.seconds, self.search.table
        if limit is None:
            return False
        return self.clock.seconds() - self._began.setdefault(table, self.clock.seconds()) > limit
