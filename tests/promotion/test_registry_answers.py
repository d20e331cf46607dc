"""What the commands about who is in charge answer to people, word for word, and to programs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from histories import held, history

from cauce.cli.rendering.registry import carded, in_charge, promoted, remembered
from cauce.core.promotion.gate import GateVerdict, Requirement
from cauce.core.promotion.history import Change, Held
from cauce.ports.registry import ModelVersion
from cauce.running.charge import Charge, Past
from cauce.running.promotion import Promotion

ONE = Held(held("a").digest, "1")
TWO = Held(held("b").digest, "2")
SHORT = {one.version: one.digest[:12] for one in (ONE, TWO)}
VERDICT = GateVerdict(requirements=(Requirement(metric="rmse", limit=1.0, value=2.0),))


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def entries() -> tuple[Change, ...]:
    """Promoted by a run; refused; promoted all the same; rolled back; nobody."""
    plain = history(("promote", "a"), ("refuse", "b"), ("promote", "b"), ("rollback", "a"), ("remove", None))
    more = (
        {"after": ONE, "run": "r1", "notify": True},
        {"refused": TWO, "verdict": VERDICT},
        {"after": TWO, "forced": True, "why": "no other\x1b[31m"},
        {"after": ONE, "why": "worse"},
        {},
    )
    return tuple(replace(one, **changed) for one, changed in zip(plain, more, strict=True))  # type: ignore[arg-type]


def test_the_history_is_a_table_the_latest_first() -> None:
    past = Past(
        charge=Charge(model="m", moment=None, champion=None, entry=None), entries=entries(), told={1: "told"}
    )
    answer = remembered(past, 200)
    one, two = SHORT["1"], SHORT["2"]
    assert [" ".join(line.split()) for line in answer.text.splitlines()] == [
        "entry when what model who why webhook",
        "5 2026-03-01 16:00 nobody in charge – u@h – –",
        f"4 2026-03-01 15:00 rolled back 1 ({one}) u@h worse –",
        f"3 2026-03-01 14:00 promoted, gate overruled 2 ({two}) u@h no other\\x1b[31m –",
        f"2 2026-03-01 13:00 refused by the gate 2 ({two}) u@h rmse is 2.0000, at most 1.0000 is demanded –",
        f"1 2026-03-01 12:00 promoted 1 ({one}) u@h run r1 told",
    ]
    assert json.loads(json.dumps(answer.content))["entries"][0]["webhook"] == "told"


def test_who_is_in_charge_says_when_the_registry_shows_another() -> None:
    entry = entries()[3]
    shown = ModelVersion(name="m", version="3", digest="c" * 64, created=datetime(2026, 3, 1, tzinfo=UTC))
    charge = Charge(model="m", moment=None, champion=ONE, entry=entry, registry=shown, agreement="moved")
    assert in_charge(charge).text.splitlines() == [
        f"m 1 ({SHORT['1']}), in charge since 2026-03-01 15:00, by u@h",
        "Why: worse",
        "The registry shows another: version 3.",
    ]
    then = Charge(model="m", moment=datetime(2020, 1, 1, tzinfo=UTC), champion=None, entry=None)
    assert in_charge(then).text == "At 2020-01-01 00:00:00 +0000:\nNobody is in charge of m."


@pytest.mark.parametrize(
    ("before", "after", "changed", "said"),
    [
        (None, ONE, True, f"m 1 ({SHORT['1']}) is the champion."),
        (ONE, TWO, True, f"m 2 ({SHORT['2']}) is the champion; before it was 1 ({SHORT['1']})."),
        (ONE, None, True, f"Nobody is in charge of m any more; it was 1 ({SHORT['1']})."),
        (ONE, ONE, False, f"m 1 ({SHORT['1']}) is the champion already, since 2026-03-01 12:00 by u@h."),
    ],
)
def test_a_promotion_says_who_is_in_charge(
    before: Held | None, after: Held | None, changed: bool, said: str
) -> None:
    answer = promoted(Promotion("m", changed, before, after, entries()[0], VERDICT))
    assert (answer.text, answer.notes, answer.status) == (said, (), 0)
    forced = promoted(Promotion("m", True, ONE, TWO, entries()[2], VERDICT))
    assert forced.notes[1] == "- rmse is 2.0000, at most 1.0000 is demanded"


def test_a_card_is_printed_as_it_is() -> None:
    assert carded("3", "# Card\n").text == "# Card"
    assert carded("3", "# Card\n").content == {"version": "3", "markdown": "# Card\n"}
