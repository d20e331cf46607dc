"""Who was in charge, read from the entries alone; and entries that nobody can change unseen."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from histories import BEGAN, held, history
from hypothesis import given
from hypothesis import strategies as st

from cauce.core.promotion.gate import Contest, GateVerdict, Requirement
from cauce.core.promotion.history import (
    Change,
    Decision,
    Held,
    appointment_at,
    champion_of,
    checked_chain,
    decision_of,
    entry_key,
    moment_of,
    previous_champion,
)
from cauce.errors import CauceError
from cauce.stores.keys import checked_key


def test_rollback_goes_back_one_champion_after_the_other() -> None:
    """A second rollback that came back to the bad model would be worse than none."""
    entries = history(("promote", "a"), ("promote", "b"), ("refuse", "x"), ("promote", "c"))
    assert previous_champion(entries) == held("b")
    entries = history(*_events(entries), ("rollback", "b"))
    assert (champion_of(entries), previous_champion(entries)) == (held("b"), held("a"))
    entries = history(*_events(entries), ("rollback", "a"))
    assert previous_champion(entries) is None
    entries = history(*_events(entries), ("promote", "d"), ("remove", None))
    assert (champion_of(entries), previous_champion(entries)) == (None, held("d"))


def _events(entries: tuple[Change, ...]) -> list[tuple[str, str | None]]:
    names = {held(name): name for name in "abcdx"}
    known = [(one.event, one.refused or one.after) for one in entries]
    return [(event, None if one is None else names[one]) for event, one in known]


@given(st.lists(st.sampled_from("abc+"), max_size=12))
def test_promotions_and_rollbacks_are_a_stack(moves: list[str]) -> None:
    """Letters promote, + rolls back: the champion is what a list of promotions, shortened, ends with."""
    stack: list[str] = []
    events: list[tuple[str, str | None]] = []
    for move in moves:
        entries = history(*events)
        if move != "+" and (not stack or stack[-1] != move):
            stack.append(move)
            events.append(("promote", move))
        elif move == "+":
            back = previous_champion(entries)
            distinct = [one for one in stack if one != stack[-1]]
            assert (back is None) == (not distinct)
            if back is not None:
                while held(stack[-1]) != back:
                    stack.pop()
                events.append(("rollback", stack[-1]))
    found = champion_of(history(*events))
    assert found == (held(stack[-1]) if stack else None)


def test_who_was_in_charge_at_a_moment() -> None:
    """From the very moment of an entry on, its champion is in charge; before the first nobody is."""
    entries = history(("promote", "a"), ("refuse", "x"), ("promote", "b"), ("remove", None))
    when = [BEGAN + timedelta(hours=hours) for hours in (-1, 0, 1, 1.99, 2, 3, 99)]
    found = [appointment_at(entries, one) for one in when]
    champions = [None if one is None else one.after for one in found]
    assert champions == [None, held("a"), held("a"), held("a"), held("b"), None, None]
    assert found[2] is not None
    assert found[2].number == 1, "a refusal puts nobody in charge"


@pytest.fixture
def madrid(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock of Madrid: UTC+1, and UTC+2 from 2026-03-29 02:00 on."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-01", "2026-03-01T22:59:59.999999"),
        ("2026-03-29", "2026-03-29T21:59:59.999999"),
        ("2026-10-25", "2026-10-25T22:59:59.999999"),
        ("2026-03-01T12:00", "2026-03-01T11:00"),
        ("2026-07-01T12:00", "2026-07-01T10:00"),
        ("2026-03-01T12:00Z", "2026-03-01T12:00"),
        ("2026-03-01T12:00-05:00", "2026-03-01T17:00"),
    ],
)
@pytest.mark.usefixtures("madrid")
def test_a_day_ends_at_local_midnight(text: str, utc: str) -> None:
    """Worked out by hand: a day is the day of whoever asks, also when the clocks change."""
    assert moment_of(text) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-02-30", "01/03/2026", "9999-12-31"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(CauceError) as found:
        moment_of(text)
    assert found.value.code == "E2010"


def test_an_entry_reads_back_equal() -> None:
    """What cannot be read back is forgotten."""
    contest = Contest(champion=held("a").digest, metric="rmse", margin=0.1, confidence=0.9, reason="…")
    verdict = GateVerdict(requirements=(Requirement(metric="rmse", limit=3.0, value=None),), contest=contest)
    (one,) = history(("promote", "a"))
    for changed in (
        one,
        replace(one, event="refuse", refused=Held(held("b").digest, "3"), verdict=verdict),
        replace(one, why="ñ \\ud800 \n", run="r", forced=True, notify=True, before=held("c")),
    ):
        assert Change.from_bytes(changed.to_bytes(), "k") == changed


@pytest.mark.parametrize(
    "change",
    [
        {"number": 0},
        {"event": "appoint"},
        {"after": {"digest": "x", "version": None}},
        {"when": "soon"},
        {"forced": 1},
        {"verdict": {}},
        {"who": None},
        {"more": 1},
    ],
)
def test_a_damaged_entry_is_refused(change: dict[str, object]) -> None:
    (one,) = history(("promote", "a"))
    value = {**json.loads(one.to_bytes()), **change}
    with pytest.raises(CauceError) as found:
        Change.from_bytes(json.dumps(value).encode(), "k")
    assert found.value.code == "E0507"


def test_a_history_that_was_rewritten_is_refused() -> None:
    """Each entry names the one before by its bytes: none can be changed, left out or taken from another."""
    entries = history(("promote", "a"), ("promote", "b"), ("promote", "c"))
    other = history(("promote", "a"), model="n")
    changed = (entries[0], replace(entries[1], who="somebody else"), entries[2])
    for wrong in (changed, entries[1:], (entries[0], entries[2]), (*other, *entries[1:])):
        with pytest.raises(CauceError) as found:
            checked_chain("m", wrong)
        assert found.value.code == "E2002"
    assert checked_chain("m", entries) == entries


def test_a_decision_is_known_by_its_history_and_number() -> None:
    entries = history(("promote", "a"), ("promote", "b"), ("refuse", "x"))
    decided = decision_of(entries)
    assert decided is not None
    assert (decided.number, decided.history) == (2, decision_of(entries[:1]).history)  # type: ignore[union-attr]
    assert Decision.parse(str(decided)) == decided
    assert [Decision.parse(text) for text in (None, "", "x/1", f"{decided.history}/0")] == [None] * 4


@given(st.text())
def test_any_name_of_a_model_has_a_place_in_a_store(name: str) -> None:
    """A model called ../../etc/passwd keeps its history inside the store."""
    assert checked_key(entry_key(name, 1))
