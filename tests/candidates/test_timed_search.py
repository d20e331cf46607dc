"""A time limit ends a search between two rounds, says so, and covers what comes after the search."""

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


def test_no_round_begins_that_would_not_end_in_time() -> None:
    """Half a round would be another search on a slower machine, and a whole one more is time not given."""
    clock = SteppingClock(step=0.0)
    search = TimedSearch(search_of(limited("1 min"), seed=0, higher=True), clock)
    assert rounds_of(search, clock, 25.0) == [[0, 1], [2, 3]]
    assert search.ended == ("time_limit", 2)


def test_the_final_fit_is_part_of_the_time() -> None:
    """Two minutes that were given would else become four."""
    clock = SteppingClock(step=0.0)
    search = TimedSearch(search_of(limited("90 s"), seed=0, higher=True), clock, after=lambda _: 20.0)
    assert rounds_of(search, clock, 25.0) == [[0, 1], [2, 3]]
    assert clock.passed + 20.0 <= 90.0


def test_the_whole_time_is_for_all_tables_together() -> None:
    """Three tables with a limit each take three times as long as anybody said."""
    clock = SteppingClock(step=0.0)
    tables = search_of(limited(None, "1 h", None), seed=0, higher=True)
    search = TimedSearch(tables, clock, whole=105.0, after=lambda _: 10.0)
    found = rounds_of(search, clock, 25.0)
    # Three rounds of the first table; of the second the one whose length was not known; none of the third.
    assert found == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert search.ended == ("time_limit", 4)


def test_a_table_begins_where_time_is_left_and_the_first_in_any_case() -> None:
    """A search that ended before it tried anything would leave nothing to choose."""
    clock = SteppingClock(step=0.0)
    search = TimedSearch(search_of(limited(None, None), seed=0, higher=True), clock, whole=0.0)
    assert rounds_of(search, clock, 25.0) == [[0, 1]]
    clock = SteppingClock(step=0.0)
    search = TimedSearch(search_of(limited("1 s", None), seed=0, higher=True), clock, whole=30.0)
    assert rounds_of(search, clock, 25.0) == [[0, 1], [2, 3]]


def test_a_round_that_takes_a_quarter_longer_than_all_is_given_up() -> None:
    """One slow learner at the end may not cost as much again; what it finished counts."""
    clock = SteppingClock(step=0.0)
    search = TimedSearch(search_of(limited(None), seed=0, higher=True), clock, whole=100.0)
    first = search.ask(100)
    clock.passed = 1000.0
    assert not search.is_late()
    clock.passed = 10.0
    search.tell([trial(one, 0.5) for one in first])
    second = search.ask(100)
    clock.passed = 124.0
    assert not search.is_late()
    clock.passed = 126.0
    assert search.is_late()
    search.tell([trial(second[0], 0.6)])
    assert search.ask(100) == ()
    assert search.ended == ("time_limit", 1)


def test_the_best_trial_says_how_long_the_final_fit_is() -> None:
    """A lower score is better for a loss."""
    for higher, expected in ((True, 0.75), (False, 0.25)):
        clock, asked = SteppingClock(step=0.0), []
        search = TimedSearch(
            search_of(limited(None), seed=0, higher=higher),
            clock,
            whole=100.0,
            after=lambda one: asked.append(one.mean) or 0.0,  # noqa: B023 - called inside the loop
        )
        search.tell([trial(one, score) for one, score in zip(search.ask(2), (0.25, 0.75), strict=True)])
        assert asked == [expected]


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
