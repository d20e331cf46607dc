"""What asks for candidates: a search is asked in rounds and told what came of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cauce.core.candidates.trials import Candidate, Trial


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
