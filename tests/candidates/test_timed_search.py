"""A time limit ends a search between two rounds, says so, and leaves the next table its time."""

from __future__ import annotations

from typing import Any

from search_loops import models, trial

from cauce.core.candidates.search.tables import search_of
from cauce.running.timed_search import TimedSearch
from cauce.testing.clocks import SteppingClock

SPACE = {"eta": "0.1..0.3"}


def rounds_of(search: TimedSearch, clock: SteppingClock, seconds: float) -> list[list[int]]:
    """The numbers asked for by round, where each round takes so long."""
    found = []
    while asked := search.ask(100):
        found.append([one.number for one in asked])
        clock.passed += seconds
        search.tell([trial(one, 0.5) for one in asked])
    return found


def limited(*limits: str | None) -> tuple[Any, ...]:
    return models(
        *(
            {
                "search": {
                    "method": "random",
                    "space": SPACE,
                    "trials": 8,
                    "width": 2,
                    "seed": place,
                    **({} if limit is None else {"time_limit": limit}),
                }
            }
            for place, limit in enumerate(limits)
        )
    )


def test_a_search_ends_after_the_round_in_which_its_time_is_over() -> None:
    """Half a round would be another search on a slower machine; a whole one more is asked for at most."""
    clock = SteppingClock(step=0.0)
    search = TimedSearch(search_of(limited("1 min"), seed=0, higher=True), clock)
    assert rounds_of(search, clock, 25.0) == [[0, 1], [2, 3], [4, 5]]
    assert search.ended == ("time_limit", 3)


def test_a_search_that_is_quick_enough_is_whole() -> None:
    """A limit that was not reached must not be said to have ended anything."""
    clock = SteppingClock(step=0.0)
    search = TimedSearch(search_of(limited("10 min"), seed=0, higher=True), clock)
    assert len(rounds_of(search, clock, 25.0)) == 4
    assert search.ended is None


def test_each_table_has_a_time_of_its_own() -> None:
    """A slow first learner would else leave nothing for the second."""
    clock = SteppingClock(step=0.0)
    search = TimedSearch(search_of(limited("30 s", "1 h", None), seed=0, higher=True), clock)
    found = rounds_of(search, clock, 40.0)
    assert [len(one) for one in found] == [2] * 9
    assert search.ended == ("time_limit", 1)
